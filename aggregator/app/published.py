"""What an installation publishes of its digests."""

from aggregator.app.installation import App
from aggregator.channels.feed import atom, json_feed


def published_feed(app: App, subscription: str, form: str) -> bytes | None:
    """Give a subscription's latest digests as a feed, "atom" or "json"; None where there is no such subscription or nothing to show."""
    if subscription not in app.delivering.subscriptions:
        return None
    digests = [digest for _, digest in app.store.digests(subscription, limit=50)]
    write = {"atom": atom, "json": json_feed}.get(form)
    return write(digests, app.settings.public_url) if write and digests else None

"""Alerts: when news may wake somebody.

News is held, never dropped: the subscription's window stays open, so whatever is held goes out together in the next message. It is
held in quiet hours, for the cooldown after the alert before, and until it was gathered for a while, so that a burst is one message.
A story of urgent score breaks all three, and what else waits goes with it.
"""

from datetime import datetime, timedelta

from aggregator.models import QuietHours, SubscriptionSpec


def held_until(
    subscription: SubscriptionSpec, score: float, news_at: datetime | None, last_alert_at: datetime | None, now: datetime
) -> datetime | None:
    """Give the moment until which an alert waits, or None where it may go out now.

    `score` is the highest of the stories that wait, `news_at` when the first of them changed. A date ahead of `now` was written under
    a clock that was wrong, and holds nothing.
    """
    if subscription.urgent is not None and score >= subscription.urgent:
        return None
    ends = [
        _ends(last_alert_at, subscription.cooldown, now),
        _ends(news_at, subscription.gather, now),
        wakes_at(subscription.quiet, now.astimezone(subscription.schedule.time_zone)) if subscription.quiet else None,
    ]
    return max((end for end in ends if end is not None and end > now), default=None)


def wakes_at(quiet: QuietHours, local: datetime) -> datetime | None:
    """Give the end of the quiet hours that hold at a local time, or None outside them; they may span midnight and a clock change."""
    at = local.time()
    across_midnight = quiet.start > quiet.end
    inside = (at >= quiet.start or at < quiet.end) if across_midnight else quiet.start <= at < quiet.end
    if not inside:
        return None
    day = local.date() + timedelta(days=1 if across_midnight and at >= quiet.start else 0)
    return datetime.combine(day, quiet.end, tzinfo=local.tzinfo)


def _ends(since: datetime | None, wait: timedelta, now: datetime) -> datetime | None:
    return since + wait if since is not None and since <= now else None

"""The site of an installation: the desk and its door, and what the addresses in mails lead to.

A service loads this when the first page is asked for; until then it answers checks and metrics alone.
"""

import asyncio
from collections.abc import Awaitable, Callable

from starlette.types import ASGIApp

from aggregator.app.installation import App
from aggregator.app.published import published_feed
from aggregator.app.sending import signing_key
from aggregator.app.stores import make_desk
from aggregator.desk import Desk
from aggregator.labelling import Told, find_told, label_told
from aggregator.leaving import find_reader, leave_subscription
from aggregator.listener import is_local, names
from aggregator.reload import Live
from aggregator.web import Door, ReaderDesk, Status, create_site


def site_of(live: Live, status: Callable[[], Awaitable[Status]]) -> ASGIApp:
    """Make the pages and the API; they show the configuration that is live when they are asked for."""
    app = live.app
    desk = make_desk(app.settings, lambda: live.app.configuration, app.desk_store, app.delivering.clock)
    return create_site(status, desk=(desk, door(app)), readers=_readers(live, desk))


def door(app: App) -> Door:
    """Decide who is let in: on loopback whoever sits here until there is a user; elsewhere users and the trusted proxy only."""
    settings = app.settings
    return Door(
        store=app.readers,
        clock=app.delivering.clock,
        local=is_local(settings),
        hosts=names(settings),
        proxies=settings.trusted_proxies,
        proxy_header=settings.proxy_user_header or "",
        proxy_editors=settings.proxy_editors,
        secure=(settings.public_url or "").startswith("https:"),
    )


def _readers(live: Live, desk: Desk) -> ReaderDesk:
    """Give the site what readers may do: unsubscribe, judge what a mail told, and read a subscription as a feed."""
    secret, store, clock = signing_key(live.app.settings), live.app.store, live.app.delivering.clock

    async def find(token: str) -> str | None:
        found = await asyncio.to_thread(find_reader, store, secret, token)
        known = live.app.delivering.subscriptions.get(found.delivery.subscription) if found else None
        return (known.name if known else found.delivery.subscription) if found else None

    async def leave(token: str) -> bool:
        return await asyncio.to_thread(leave_subscription, store, secret, token, clock())

    async def feed(subscription: str, form: str) -> bytes | None:
        return await asyncio.to_thread(published_feed, live.app, subscription, form)

    async def told(token: str, place: int) -> Told | None:
        return await asyncio.to_thread(find_told, desk, secret, token, place)

    async def judge(found: Told, topic: str, verdict: str) -> None:
        await asyncio.to_thread(label_told, desk, found, topic, verdict)

    return ReaderDesk(find=find, leave=leave, feed=feed, told=told, judge=judge)

"""The service: one process that polls, judges, decides and sends whenever something is due, and shows its status page.

It holds the installation's lock, so a second one on the same database refuses to start. SIGTERM and SIGINT stop it within seconds:
running steps are cancelled, a transaction is whole or undone, and what was left over is due at the next start.
"""

import asyncio
import signal
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace
from datetime import datetime, timedelta

import structlog
from starlette.types import ASGIApp

from aggregator import __version__
from aggregator import alarms as delivery_alarms
from aggregator.app.configured import utc_now
from aggregator.app.installation import App, declare, free_leases, open_app
from aggregator.app.recipients import is_diverted, unset
from aggregator.app.upgrading import upgrade_apart
from aggregator.channels import CHANNELS
from aggregator.listener import address_of, listening, names
from aggregator.models import Configuration, Failed, FeedHealth
from aggregator.records import Connections, FeedState, Overview
from aggregator.reload import Live
from aggregator.runners import InProcess, ticks
from aggregator.scheduler import Pulse, Tick, ticking
from aggregator.setbacks import refusals
from aggregator.settings import Settings
from aggregator.store import installation_lock
from aggregator.web import Crew, Front, Metrics, Patient, Status, check_routes, metrics_route
from aggregator.web.serving import serve_until_stopped

log = structlog.get_logger(__name__)

PATIENCE = timedelta(minutes=15)
"""How late a step may be before the service says that it is not doing its job; a poll of all feeds may take minutes."""
MOST_WAITING = 50_000
"""Revisions that may wait for judgement before the service says that it does not keep up."""
BEAT = timedelta(minutes=1)
SHOW_ALARMS = timedelta(days=7)


def serve(settings: Settings, read: Callable[[], Configuration]) -> None:
    """Run the service until it is told to stop; raises `UsageError` where another one holds the database."""
    configuration = read()
    with installation_lock(settings.database_url), listening(settings) as listener:
        upgrade_apart(settings)
        asyncio.run(_serve(settings, configuration, listener))


async def _serve(settings: Settings, configuration: Configuration, listener: socket.socket) -> None:
    async with open_app(settings, configuration, at_once=False) as app:
        free_leases(app.settings, app.store)
        declare(app)
        tell_start(app, listener)
        live, metrics = Live(app), Metrics(CHANNELS)
        watchman = Watchman(live, utc_now)
        await serve_site(make_site(watchman, metrics, live, lambda: _working(live, watchman, metrics)), live, listener)
    log.info("stopped")


async def serve_site(site: Front, live: Live, listener: socket.socket) -> None:
    """Serve the pages, and whatever works while they are up, until the process is told to stop."""
    asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, live.ask)
    await serve_until_stopped(site, listener)


def tell_start(app: App, listener: socket.socket) -> None:
    """Log what this installation will do, and which subscriptions have nobody to write to."""
    enabled = sum(feed.enabled for feed in app.configuration.feeds)
    log.info("started", version=__version__, feeds=enabled, page=address_of(listener))
    for subscription in app.configuration.subscriptions:
        found, missing = app.delivering.addresses(subscription), unset(app.settings, subscription)
        if not found:
            log.warning("subscription sleeps: no recipient is configured", subscription=subscription.id, wants=missing)
        elif is_diverted(subscription, found):
            log.warning("no mail server or recipient is configured; digests are written to files", subscription=subscription.id)
        elif missing:
            log.warning("some recipients get nothing: their variables are not set", subscription=subscription.id, wants=missing)


def _shown(app: App, feeds: Sequence[FeedHealth]) -> Sequence[FeedHealth]:
    """Order feeds by what needs a look first, and say of a disabled one why it is."""
    order = ("failing", "never", "retired", "ok", "disabled")
    reasons = {feed.id: f"since {feed.disabled_on}: {feed.disabled_reason}" for feed in app.configuration.feeds if not feed.enabled}
    told = (replace(feed, error=feed.error or reasons.get(feed.feed_id)) for feed in feeds)
    return sorted(told, key=lambda feed: (order.index(feed.status), feed.name))


async def _nobody_else() -> Crew | None:
    return None


class Watchman:
    """Know how the service does: for the pages, the metrics and the heartbeat.

    `others` tells of the processes that do part of the work, None where there are none; `more` counts connections beside the store's.
    """

    def __init__(self, live: Live, clock: Callable[[], datetime]) -> None:
        self._live, self._clock, self._started_at = live, clock, clock()
        self._alarms = delivery_alarms.Watchman()
        self.pulse: Pulse | None = None
        self.leads = True
        self.others: Callable[[], Awaitable[Crew | None]] = _nobody_else
        self.more: Callable[[], Connections] = Connections

    async def watch(self) -> None:
        """Log each alarm of deliveries once when it is raised, and once when it is over."""
        await asyncio.to_thread(self._alarms.watch, self._live.app.delivering)

    async def status(self) -> Status:
        """Say how everything does now."""
        now, app = self._clock(), self._live.app
        crew = await self.others()
        overview, feeds, deliveries, raised, told, waiting = await asyncio.to_thread(
            lambda: (
                app.store.overview(),
                app.store.feed_health(),
                app.store.deliveries(limit=20),
                app.store.alarms(since=now - SHOW_ALARMS),
                delivery_alarms.alarms(app.delivering),
                app.store.due_feeds(now - PATIENCE, 1),
            )
        )
        overdue = [f"{alarm.subscription}: {alarm.text}" for alarm in told if alarm.kind == "overdue"]
        return Status(
            version=__version__,
            now=now,
            started_at=self._started_at,
            overview=overview,
            feeds=_shown(app, feeds),
            deliveries=deliveries,
            subscriptions=[subscription.id for subscription in app.configuration.subscriptions if app.delivering.addresses(subscription)],
            alarms=raised,
            notices=[f"{alarm.subscription}: {alarm.text}" for alarm in told if alarm.kind != "overdue"],
            late=self.pulse.late(now, PATIENCE) if self.pulse else (),
            troubles=(
                *self._troubles(overview),
                *self._unpolled(overview, waiting, now),
                *(self.pulse.setbacks.troubles() if self.pulse else ()),
                *refusals(feeds),
                *(crew.troubles if crew else ()),
                *overdue,
            ),
            leads=self.leads,
            connections=app.store.connections() + self.more(),
            crew=crew,
        )

    async def beat(self) -> None:
        """Call the heartbeat's address while the service does its job; its silence is the alarm."""
        address = self._live.app.settings.heartbeat_url
        if address is None or not (await self.status()).working:
            return
        answer = await self._live.app.poster.post(address.get_secret_value(), b"", {})
        if isinstance(answer, Failed):
            log.warning("the heartbeat did not arrive", reason=answer.message)

    def _unpolled(self, overview: Overview, waiting: Sequence[FeedState], now: datetime) -> Iterator[str]:
        """Say so where feeds have been due for long and none was asked, whoever is to ask them."""
        last = max(overview.last_poll_at or self._started_at, self._started_at)
        if waiting and now - last > PATIENCE:
            yield f"no feed was polled for {(now - last) // timedelta(minutes=1)} minutes, though some are due"

    def _troubles(self, overview: Overview) -> Iterator[str]:
        if self._live.trouble:
            yield self._live.trouble
        if dead := overview.deliveries_by_status.get("dead", 0):
            yield f"{dead} deliveries are dead: nobody was told"
        if trouble := self._live.app.delivering.book.trouble:
            yield f"nothing more is sent until what was taken can be kept: {trouble}"
        if overview.unjudged > MOST_WAITING:
            yield f"{overview.unjudged:,} revisions wait for judgement"


def own_ticks(live: Live, watchman: Watchman) -> tuple[Tick, ...]:
    """Name what every service process does for itself, leading or not."""
    return (
        Tick(name="reload", every=timedelta(seconds=2), run=live.look),
        Tick(name="heartbeat", every=BEAT, run=watchman.beat),
        Tick(name="watch", every=BEAT, run=watchman.watch),
    )


@asynccontextmanager
async def _working(live: Live, watchman: Watchman, metrics: Metrics) -> AsyncIterator[None]:
    steps = (*ticks(InProcess(live, metrics)), *own_ticks(live, watchman))
    async with ticking(steps, utc_now) as watchman.pulse:
        yield


def make_site(watchman: Watchman, metrics: Metrics, live: Live, work: Callable[[], AbstractAsyncContextManager[None]]) -> Front:
    """Make the pages of a service, with its checks and metrics; they show the configuration that is live when they are asked for."""
    settings = live.app.settings

    def opened() -> ASGIApp:
        from aggregator.site import site_of  # pages and API are large, and may be looked at by nobody for weeks

        return site_of(live, watchman.status)

    status = Patient(watchman.status)
    token = metrics_token(settings)
    figures = metrics_route(metrics, status, token)
    keyed = (figures.path,) if token else ()  # a Prometheus asks for the name or the address of the container
    return Front((*check_routes(status), figures), work, opened, names(settings), keyed)


def metrics_token(settings: Settings) -> str | None:
    """Give the token that whoever reads the metrics must send."""
    return settings.metrics_token.get_secret_value() if settings.metrics_token else None

"""The service: one process that polls, judges, decides and sends whenever something is due, and shows its status page.

It holds the installation's lock, so a second one on the same database refuses to start. SIGTERM and SIGINT stop it within seconds:
running steps are cancelled, a transaction is whole or undone, and what was left over is due at the next start.
"""

import asyncio
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from urllib.parse import urlsplit

import structlog
import uvicorn

from aggregator import __version__
from aggregator.app import App, addresses, declare, open_app, read_configuration, utc_now
from aggregator.deliver import decide_due, send_due
from aggregator.judge import judge_pending
from aggregator.models import Configuration, FeedHealth
from aggregator.poll import poll_due
from aggregator.scheduler import Pulse, Tick, ticking
from aggregator.settings import Settings
from aggregator.store import installation_lock
from aggregator.web import Door, Status, create_site

log = structlog.get_logger(__name__)

PATIENCE = timedelta(minutes=15)
"""How late a step may be before the service says that it is not doing its job; a poll of all feeds may take minutes."""
KEEP_FETCHES = timedelta(days=90)
STOP_SECONDS = 5
LOOPBACK = ("127.0.0.1", "::1", "localhost")


def serve(settings: Settings) -> None:
    """Run the service until it is told to stop; raises `UsageError` where another one holds the database."""
    configuration = read_configuration(settings)
    with installation_lock(settings.database_url):
        asyncio.run(_serve(settings, configuration))


async def _serve(settings: Settings, configuration: Configuration) -> None:
    async with open_app(settings, configuration) as app:
        app.store.release_leases()
        declare(app)
        tell_start(app)
        site = create_site(*_site_parts(app, utc_now), (app.desk, door(app)))
        await _until_stopped(
            uvicorn.Config(
                site,
                host=settings.host,
                port=settings.port,
                log_config=None,
                access_log=False,
                server_header=False,
                proxy_headers=False,
                timeout_graceful_shutdown=STOP_SECONDS,
            )
        )
    log.info("stopped")


class _Server(uvicorn.Server):
    """Leave signals to the service: uvicorn would end the process with them before store and workers are closed."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


async def _until_stopped(config: uvicorn.Config) -> None:
    """Serve until SIGTERM or SIGINT; a second signal does not wait for open connections."""
    server, loop = _Server(config), asyncio.get_running_loop()

    def stop() -> None:
        server.force_exit = server.should_exit
        server.should_exit = True

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop)
    await server.serve()


def tell_start(app: App) -> None:
    """Log what this installation will do, and which subscriptions have nobody to write to."""
    enabled = sum(feed.enabled for feed in app.configuration.feeds)
    log.info("started", version=__version__, feeds=enabled, page=f"http://{app.settings.host}:{app.settings.port}/")
    for subscription in app.configuration.subscriptions:
        found = addresses(app.settings, subscription)
        if not found:
            log.warning("subscription sleeps: no recipient is configured", subscription=subscription.id, wants=subscription.recipients)
        elif found[0].channel != subscription.channel:
            log.warning("no mail server or recipient is configured; digests are written to files", subscription=subscription.id)


def ticks(app: App) -> tuple[Tick, ...]:
    """Name the questions the service asks again and again."""
    return (
        Tick(name="poll", every=timedelta(seconds=5), run=lambda: _poll(app)),
        Tick(name="judge", every=timedelta(seconds=2), run=lambda: _judge(app)),
        Tick(name="decide", every=timedelta(seconds=5), run=lambda: _decide(app)),
        Tick(name="send", every=timedelta(seconds=2), run=lambda: _send(app)),
        Tick(name="upkeep", every=timedelta(hours=1), run=lambda: _upkeep(app)),
    )


async def _poll(app: App) -> None:
    await poll_due(app.polling)


async def _judge(app: App) -> None:
    await judge_pending(app.judging)


async def _decide(app: App) -> None:
    await asyncio.to_thread(decide_due, app.delivering)


async def _send(app: App) -> None:
    await send_due(app.delivering)


async def _upkeep(app: App) -> None:
    pruned = await asyncio.to_thread(app.store.prune_fetches, app.delivering.clock() - KEEP_FETCHES)
    overview = await asyncio.to_thread(app.store.overview)
    log.info("upkeep", fetches_pruned=pruned, entries=overview.entries, stories=overview.stories, unjudged=overview.unjudged)


def _shown(app: App, feeds: Sequence[FeedHealth]) -> Sequence[FeedHealth]:
    """Order feeds by what needs a look first, and say of a disabled one why it is."""
    order = ("failing", "never", "ok", "disabled")
    reasons = {feed.id: f"since {feed.disabled_on}: {feed.disabled_reason}" for feed in app.configuration.feeds if not feed.enabled}
    told = (replace(feed, error=feed.error or reasons.get(feed.feed_id)) for feed in feeds)
    return sorted(told, key=lambda feed: (order.index(feed.status), feed.name))


def door(app: App) -> Door:
    """Decide who is let in: on loopback whoever sits here until there is a user; elsewhere users and the trusted proxy only."""
    settings = app.settings
    public = urlsplit(settings.public_url or "")
    local = settings.host in LOOPBACK
    names = {"localhost", "127.0.0.1", "::1", settings.host, public.hostname or settings.host}
    return Door(
        store=app.readers,
        clock=app.desk.clock,
        local=local,
        hosts=frozenset(names) if local or settings.public_url else frozenset(),
        proxies=settings.trusted_proxies,
        proxy_header=settings.proxy_user_header or "",
        proxy_editors=settings.proxy_editors,
        secure=public.scheme == "https",
    )


def _site_parts(
    app: App, clock: Callable[[], datetime]
) -> tuple[Callable[[], Awaitable[Status]], Callable[[], AbstractAsyncContextManager[None]]]:
    """Give the site its two parts: what to show, and what to run while it is up."""
    started_at, pulses = clock(), list[Pulse]()

    @asynccontextmanager
    async def run() -> AsyncIterator[None]:
        async with ticking(ticks(app), clock) as pulse:
            pulses.append(pulse)
            yield

    async def status() -> Status:
        now = clock()
        overview, feeds, deliveries = await asyncio.to_thread(
            lambda: (app.store.overview(), app.store.feed_health(), app.store.deliveries(limit=20))
        )
        return Status(
            version=__version__,
            now=now,
            started_at=started_at,
            overview=overview,
            feeds=_shown(app, feeds),
            deliveries=deliveries,
            subscriptions=[subscription.id for subscription in app.configuration.subscriptions if addresses(app.settings, subscription)],
            late=pulses[-1].late(now, PATIENCE) if pulses else (),
        )

    return status, run

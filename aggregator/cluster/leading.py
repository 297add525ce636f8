"""Leading: say what is due, and hand it to the workers; stand by where another process does.

Every `aggregator run` with the runner "queue" serves the pages; the one that holds the leader's lock also asks what is due and queues
it. It steps down as soon as it cannot prove that it holds the lock.
"""

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta

import structlog

from aggregator.app.configured import utc_now
from aggregator.app.installation import at_work, declare, open_app
from aggregator.app.upgrading import upgrade_apart
from aggregator.channels import CHANNELS
from aggregator.cluster.signs import crew, demand_cluster
from aggregator.errors import StoreError
from aggregator.listener import listening
from aggregator.models import Configuration
from aggregator.reload import Live
from aggregator.runners import ticks
from aggregator.scheduler import Tick, ticking
from aggregator.service import Watchman, make_site, own_ticks, serve_site, tell_start
from aggregator.settings import Settings
from aggregator.shares import shares
from aggregator.store.sessions import LEADER, SessionLocks, session_name
from aggregator.web import Metrics
from aggregator.worker import Queue, open_queue

log = structlog.get_logger(__name__)

MOST_QUEUED = 5_000
"""Hosts that may wait to be polled before no more are queued."""
MOST_UNJUDGED = 20_000
"""Revisions that may wait for judgement before polling is held back."""
LOOK = 1.0
"""Seconds between two looks at the leader's lock."""


class Deferring:
    """Queue each step for the workers."""

    def __init__(self, live: Live, queue: Queue) -> None:
        self._live = live
        self._queue = queue

    async def poll(self) -> None:
        """Queue the hosts with due feeds that do not wait already, unless judging does not keep up."""
        store, now, busy = self._live.app.store, self._live.app.polling.clock(), await self._queue.hosts()
        due = await asyncio.to_thread(store.due_feeds, now, MOST_QUEUED, None, busy)
        if not due:
            return
        overview = await asyncio.to_thread(store.overview)
        if overview.unjudged > MOST_UNJUDGED or len(busy) > MOST_QUEUED:
            log.warning("polling is held back", unjudged=overview.unjudged, queued=len(busy))
            return
        await self._queue.defer_polls(shares(due, busy))

    async def judge(self) -> None:
        """Queue judging where something waits."""
        if await asyncio.to_thread(self._live.app.store.unjudged, 1):
            await self._queue.defer("judge")

    async def revisit(self) -> None:
        """Queue looking at pages again where one is due."""
        if await asyncio.to_thread(self._live.app.store.pages_due, self._live.app.revisiting.clock()):
            await self._queue.defer("revisit")

    async def decide(self) -> None:
        """Queue deciding where a subscription is due."""
        if await asyncio.to_thread(self._live.app.store.due_subscriptions, self._live.app.delivering.clock()):
            await self._queue.defer("decide")

    async def send(self) -> None:
        """Queue sending; whether something is due only the sender finds out."""
        await self._queue.defer("send")

    async def upkeep(self) -> None:
        """Queue upkeep, and a run that groups the archive again where its next batch was lost."""
        await self._queue.defer("upkeep")
        run = await asyncio.to_thread(self._live.app.store.regrouping)
        if run and run.carries_out:
            await self._queue.defer("regroup")

    async def take_up_stalled(self) -> None:
        """Take up the jobs of workers that died."""
        if taken := await self._queue.take_up_stalled():
            log.warning("jobs of silent workers were taken up again", jobs=taken)

    def ticks(self) -> tuple[Tick, ...]:
        """Name the leader's questions."""
        return (*ticks(self), Tick(name="stalled", every=timedelta(seconds=5), run=self.take_up_stalled))


def serve_cluster(settings: Settings, read: Callable[[], Configuration]) -> None:
    """Serve the pages, and lead or stand by; raises `UsageError` where the database is a file."""
    demand_cluster(settings)
    configuration = read()
    upgrade_apart(settings)
    with listening(settings) as listener, at_work(settings):  # nobody restores or copies over us, also while we stand by
        asyncio.run(_serve(settings, configuration, listener))


async def _serve(settings: Settings, configuration: Configuration, listener: socket.socket) -> None:
    async with (
        open_app(settings, configuration, at_once=False) as app,
        open_queue(settings.database_url, name=session_name("service")) as queue,
    ):
        tell_start(app, listener)
        live, metrics = Live(app, declares=False), Metrics(CHANNELS)
        watchman = Watchman(live, utc_now)
        watchman.leads = False
        locks = SessionLocks(settings.database_url, "leader")
        watchman.others = lambda: crew(queue, locks)
        watchman.more = queue.connections

        @asynccontextmanager
        async def run() -> AsyncIterator[None]:
            async with asyncio.TaskGroup() as group, ticking(own_ticks(live, watchman), utc_now):
                leading = group.create_task(_lead(live, queue, watchman, locks))
                yield
                leading.cancel()

        try:
            await serve_site(make_site(watchman, metrics, live, run), live, listener)
        finally:
            locks.close()
    log.info("stopped")


async def _lead(live: Live, queue: Queue, watchman: Watchman, locks: SessionLocks) -> None:
    """Stand by until the lock is free, lead until it is lost, for ever."""
    while True:
        try:
            if await asyncio.to_thread(locks.take, LEADER):
                await _lead_once(live, queue, watchman, locks)
        except StoreError as error:
            log.warning("the database cannot be reached; trying again", reason=str(error))
        await asyncio.sleep(LOOK)


async def _lead_once(live: Live, queue: Queue, watchman: Watchman, locks: SessionLocks) -> None:
    log.info("this process leads")
    live.declares = True
    try:
        await asyncio.to_thread(declare, live.app)
        async with ticking(Deferring(live, queue).ticks(), utc_now) as watchman.pulse:
            watchman.leads = True
            await _until_lost(locks)
        log.warning("the leader's lock was lost; standing by")
    finally:
        live.declares, watchman.leads, watchman.pulse = False, False, None
        locks.free(LEADER)


async def _until_lost(locks: SessionLocks) -> None:
    held = True
    while held:
        await asyncio.sleep(LOOK)
        held = await asyncio.to_thread(locks.holds, LEADER)

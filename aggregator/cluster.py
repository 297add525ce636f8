"""The cluster: a leader that says what is to do, standbys that take over from it, and workers that do it.

Every `aggregator run` with the runner "queue" serves the pages; the one that holds the leader's lock also asks what is due and queues
it. It steps down as soon as it cannot prove that it holds the lock. Workers poll shares of the hosts (see `shares`); as everywhere, each
request takes its turn at the host, so no two requests to one host overlap across the cluster, whatever becomes of jobs and leases.
"""

import asyncio
import contextlib
import signal
import socket
from collections.abc import AsyncIterator, Callable, Collection, Coroutine, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Literal

import structlog

from aggregator.app.configured import utc_now
from aggregator.app.installation import declare, open_app
from aggregator.app.upgrading import upgrade_apart
from aggregator.errors import StoreError, UsageError
from aggregator.listener import listening
from aggregator.models import Configuration
from aggregator.reapply import reapply_some
from aggregator.regroup import regroup_next
from aggregator.reload import Live
from aggregator.runners import InProcess, ticks
from aggregator.scheduler import Tick, ticking
from aggregator.service import PATIENCE, Watchman, make_site, own_ticks, serve_site, tell_start
from aggregator.settings import Settings
from aggregator.shares import poll_share, shares
from aggregator.store.sessions import LEADER, SessionLocks
from aggregator.web import Metrics
from aggregator.worker import QUEUES, SILENT, Queue, Share, Steps, open_queue

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
        store, now = self._live.app.store, self._live.app.polling.clock()
        due = await asyncio.to_thread(store.due_feeds, now, MOST_QUEUED)
        if not due:
            return
        overview, busy = await asyncio.to_thread(store.overview), await self._queue.hosts()
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
        """Queue upkeep."""
        await self._queue.defer("upkeep")

    async def take_up_stalled(self) -> None:
        """Take up the jobs of workers that died."""
        if taken := await self._queue.take_up_stalled():
            log.warning("jobs of silent workers were taken up again", jobs=taken)

    def ticks(self) -> tuple[Tick, ...]:
        """Name the leader's questions."""
        return (*ticks(self), Tick(name="stalled", every=timedelta(seconds=5), run=self.take_up_stalled))


def serve_cluster(settings: Settings, read: Callable[[], Configuration]) -> None:
    """Serve the pages, and lead or stand by; raises `UsageError` where the database is a file."""
    _check(settings)
    configuration = read()
    upgrade_apart(settings)
    with listening(settings) as listener:
        asyncio.run(_serve(settings, configuration, listener))


def work(settings: Settings, read: Callable[[], Configuration], queues: Collection[str], concurrency: int) -> None:
    """Work on queues until told to stop; raises `UsageError` for a queue that there is not."""
    _check(settings)
    if unknown := sorted(set(queues) - set(QUEUES)):
        raise UsageError(f"there is no queue {', '.join(unknown)}: choose among {', '.join(QUEUES)}")
    configuration = read()
    upgrade_apart(settings)
    asyncio.run(_work(settings, configuration, tuple(queues), concurrency))


async def _serve(settings: Settings, configuration: Configuration, listener: socket.socket) -> None:
    async with open_app(settings, configuration, at_once=False) as app, open_queue(settings.database_url) as queue:
        tell_start(app, listener)
        live, metrics = Live(app, declares=False), Metrics()
        watchman = Watchman(live, utc_now)
        watchman.leads = False
        locks = SessionLocks(settings.database_url, "leader")
        watchman.others = lambda: missing(queue, locks)

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


async def missing(queue: Queue, locks: SessionLocks) -> Sequence[str]:
    """Say what of the cluster does not work: a leader that is gone or stands still, no workers, a queue that nobody works on."""
    silence = await asyncio.to_thread(locks.silence, LEADER)
    found = ["nobody leads: start aggregator run"] if silence is None else []
    if silence is not None and silence > SILENT:
        found.append(f"the process that leads has stood still for {silence:.0f} s: end it, and a standby takes over")
    if not await queue.workers():
        found.append("no worker is alive: start aggregator worker")
    late = {name: seconds // 60 for name, seconds in (await queue.waits()).items() if seconds > PATIENCE.total_seconds()}
    found += [f"a job has waited for {late[name]:.0f} minutes: start aggregator worker --queues {name}" for name in sorted(late)]
    return found


async def _until_lost(locks: SessionLocks) -> None:
    held = True
    while held:
        await asyncio.sleep(LOOK)
        held = await asyncio.to_thread(locks.holds, LEADER)


async def _work(settings: Settings, configuration: Configuration, queues: Sequence[str], concurrency: int) -> None:
    async with (
        open_app(settings, configuration, at_once=False) as app,
        open_queue(settings.database_url, concurrency // 4 + 3) as queue,
    ):
        live, locks = Live(app, declares=False), SessionLocks(settings.database_url, "worker")
        steps = worker_steps(live, locks, queue)
        log.info("working", queues=list(queues), concurrency=concurrency)
        try:
            async with ticking((Tick(name="reload", every=timedelta(seconds=2), run=live.look),), utc_now):
                await _until_told(live, queue.work(steps, queues, concurrency))
        finally:
            locks.close()
    log.info("stopped")


async def _until_told(live: Live, working: Coroutine[None, None, None]) -> None:
    loop, task = asyncio.get_running_loop(), asyncio.create_task(working)
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, task.cancel)
    loop.add_signal_handler(signal.SIGHUP, live.ask)
    with contextlib.suppress(asyncio.CancelledError):
        await task


def worker_steps(live: Live, locks: SessionLocks, queue: Queue) -> Steps:
    """Give what a worker does: the steps of a single process, but polling host by host under the cluster's lock."""
    own = InProcess(live, Metrics())

    async def poll(hosts: Share) -> None:
        await poll_share(live.app, locks, hosts)

    async def again() -> None:
        """Judge one batch of the archive by the present rules, and queue the next, so that what is new comes in between."""
        if await reapply_some(live.app.judging):
            await queue.defer("reapply")

    async def group_again() -> None:
        """Group one batch of the archive by the present rules, and queue the next."""
        if await regroup_next(live.app.judging):
            await queue.defer("regroup")

    own_steps = {name: getattr(own, name) for name in ("judge", "revisit", "decide", "send", "upkeep")}
    return Steps(poll=poll, reapply=again, regroup=group_again, **own_steps)


async def queue_archive(settings: Settings, step: Literal["reapply", "regroup"]) -> None:
    """Let the workers judge the archive again, or group it again, a batch a job."""
    async with open_queue(settings.database_url) as queue:
        await queue.defer(step)


def _check(settings: Settings) -> None:
    if not settings.database_url.startswith("postgresql"):
        raise UsageError("many workers need PostgreSQL: set AGGREGATOR_DATABASE_URL=postgresql://user@host/name; see aggregator db copy")
    if settings.public_url and not settings.secret("AGGREGATOR_SECRET_KEY"):
        log.warning("each machine signs the addresses in mails with a key of its own: set the same AGGREGATOR_SECRET_KEY on all")

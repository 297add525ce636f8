"""Working: take jobs from the queues, on any number of machines.

Workers poll shares of the hosts; as everywhere, each request takes its turn at the host, so no two requests to one host overlap across the
cluster. A feed that a worker's own feeds.yaml does not name is left alone: polled without its configuration it would be read wrongly.
"""

import asyncio
import contextlib
import signal
import socket
from collections.abc import Callable, Collection, Coroutine, Sequence
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Literal

import structlog

from aggregator.app.configured import utc_now
from aggregator.app.installation import at_work, open_app
from aggregator.app.upgrading import upgrade_apart
from aggregator.channels import CHANNELS
from aggregator.cluster.signs import Foreman, demand_cluster
from aggregator.errors import UsageError
from aggregator.listener import address_of, worker_listening, worker_names
from aggregator.models import Configuration
from aggregator.poll import Polling
from aggregator.reapply import reapply_some
from aggregator.regroup import regroup_next
from aggregator.reload import Live
from aggregator.runners import InProcess, Timed
from aggregator.scheduler import Tick, ticking
from aggregator.service import metrics_token
from aggregator.settings import Settings
from aggregator.shares import poll_share
from aggregator.store.sessions import SessionLocks, session_name
from aggregator.web import Metrics, Patient, UnderOurNames, check_routes, checks_alone, metrics_route
from aggregator.web.serving import served
from aggregator.worker import QUEUES, Queue, Share, Steps, open_queue

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Work:
    """Say which queues to work on, and how many jobs at a time."""

    queues: Sequence[str]
    concurrency: int


def work(settings: Settings, read: Callable[[], Configuration], queues: Collection[str], concurrency: int) -> None:
    """Work on queues until told to stop; raises `UsageError` for a queue that there is not."""
    demand_cluster(settings)
    if not queues:
        raise UsageError(f"there is no queue to work on: choose among {', '.join(QUEUES)}")
    if unknown := sorted(set(queues) - set(QUEUES)):
        raise UsageError(f"there is no queue {', '.join(unknown)}: choose among {', '.join(QUEUES)}")
    with worker_listening(settings) as listener:
        configuration = read()
        upgrade_apart(settings)
        with at_work(settings):  # nobody restores or copies over us
            asyncio.run(_work(settings, configuration, Work(tuple(queues), concurrency), listener))


async def _work(settings: Settings, configuration: Configuration, meant: Work, listener: socket.socket | None) -> None:
    connections, name = meant.concurrency // 4 + 3, session_name("worker")
    async with open_app(settings, configuration, at_once=False) as app, open_queue(settings.database_url, connections, name=name) as queue:
        live, locks, metrics = Live(app, declares=False), SessionLocks(settings.database_url, "worker"), Metrics(CHANNELS, worker=True)
        crew = Crewman(live, locks, metrics)
        foreman = Foreman(live, queue, meant.queues, metrics)
        foreman.strange = lambda: len(crew.strange)
        log.info("working", queues=list(meant.queues), concurrency=meant.concurrency, checks=address_of(listener) if listener else None)
        try:
            look = Tick(name="reload", every=timedelta(seconds=2), run=live.look)
            async with _checks(settings, foreman, metrics, listener), ticking((look,), utc_now):
                await _until_told(live, queue.work(worker_steps(crew, queue), meant.queues, meant.concurrency))
        finally:
            locks.close()
    log.info("stopped")


def _checks(settings: Settings, foreman: Foreman, metrics: Metrics, listener: socket.socket | None) -> AbstractAsyncContextManager[None]:
    """Serve a worker's checks and metrics where it has a port for them."""
    if listener is None:
        return nullcontext()
    health = Patient(foreman.health)
    token = metrics_token(settings)
    figures = metrics_route(metrics, health, token)
    site = checks_alone([*check_routes(health), figures])
    return served(UnderOurNames(site, worker_names(settings), (figures.path,) if token else ()), listener)


async def _until_told(live: Live, working: Coroutine[None, None, None]) -> None:
    loop, task = asyncio.get_running_loop(), asyncio.create_task(working)
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, task.cancel)
    loop.add_signal_handler(signal.SIGHUP, live.ask)
    with contextlib.suppress(asyncio.CancelledError):
        await task


class Crewman:
    """Poll shares of hosts; `strange` holds the feeds that our configuration does not know."""

    def __init__(self, live: Live, locks: SessionLocks, metrics: Metrics) -> None:
        self.live, self.metrics = live, metrics
        self.strange: set[str] = set()
        self._locks = locks

    async def poll(self, hosts: Share) -> None:
        """Poll a share."""
        with self.metrics.step("poll"):
            await poll_share(self.live.app, self._locks, hosts, self._prepare, self.metrics.count_poll)

    async def _prepare(self, polling: Polling, due: Sequence[str]) -> tuple[Polling, Sequence[str]]:
        """Leave out what our configuration does not know, after a look at the file where it does not know all."""
        if any(feed not in polling.feeds for feed in due):
            await self.live.look()
            polling = self.live.app.polling
        strange = {feed for feed in due if feed not in polling.feeds}
        for feed in sorted(strange - self.strange):
            log.warning("a feed is not in this worker's feeds.yaml and is left alone", feed=feed)
        self.strange = {feed for feed in self.strange | strange if feed not in polling.feeds}
        timed = replace(polling, fetcher=Timed(polling.fetcher, self.metrics))
        return timed, [feed for feed in due if feed in polling.feeds]


def worker_steps(crew: Crewman, queue: Queue) -> Steps:
    """Give what a worker does: the steps of a single process, but polling host by host under the cluster's lock."""
    own = InProcess(crew.live, crew.metrics)

    async def again() -> None:
        """Judge one batch of the archive by the present rules, and queue the next, so that what is new comes in between."""
        with crew.metrics.step("reapply"):
            judged = await reapply_some(crew.live.app.judging)
            crew.metrics.count_judged(judged)
            if judged:
                await queue.defer("reapply")

    async def group_again() -> None:
        """Group one batch of the archive by the present rules, and queue the next."""
        with crew.metrics.step("regroup"):
            if await regroup_next(crew.live.app.judging):
                await queue.defer("regroup")

    own_steps = {name: getattr(own, name) for name in ("judge", "revisit", "decide", "send", "upkeep")}
    return Steps(poll=crew.poll, reapply=again, regroup=group_again, **own_steps)


async def queue_archive(settings: Settings, step: Literal["reapply", "regroup"]) -> None:
    """Let the workers judge the archive again, or group it again, a batch a job."""
    async with open_queue(settings.database_url, name=session_name("command")) as queue:
        await queue.defer(step)

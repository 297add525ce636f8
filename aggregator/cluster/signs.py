"""Signs: what of a cluster does not work, as its services tell it, and how a worker does, as the worker tells it."""

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

import structlog

from aggregator import __version__, worker
from aggregator.errors import UsageError
from aggregator.records import Connections
from aggregator.reload import Live
from aggregator.service import PATIENCE
from aggregator.setbacks import refusals
from aggregator.settings import Settings
from aggregator.store.sessions import LEADER, SessionLocks
from aggregator.web import Crew, Health, Metrics
from aggregator.worker import Queue

log = structlog.get_logger(__name__)


async def crew(queue: Queue, locks: SessionLocks) -> Crew:
    """Tell of the workers and what waits for them, and what is missing."""
    workers, jobs, waits = await queue.workers(), await queue.depths(), await queue.waits()
    silence = await asyncio.to_thread(locks.silence, LEADER)
    return Crew(workers=workers, jobs=jobs, waits=waits, troubles=missing(silence, workers, waits))


def missing(silence: float | None, workers: int, waits: Mapping[str, float]) -> Sequence[str]:
    """Say what of the cluster does not work: a leader that is gone or stands still, no workers, a queue that nobody works on.

    `silence` is for how many seconds the leader asked nothing, None where nobody leads.
    """
    found = ["nobody leads: start aggregator run"] if silence is None else []
    if silence is not None and silence > worker.SILENT:
        found.append(f"the process that leads has stood still for {silence:.0f} s: end it, and a standby takes over")
    if not workers:
        found.append("no worker is alive: start aggregator worker")
    late = {name: seconds // 60 for name, seconds in waits.items() if seconds > PATIENCE.total_seconds()}
    return found + [f"a job has waited for {late[name]:.0f} minutes: start aggregator worker --queues {name}" for name in sorted(late)]


class Foreman:
    """Know how a worker does, for its checks and its metrics: what it should be working on, and whether it does."""

    def __init__(self, live: Live, queue: Queue, queues: Sequence[str], metrics: Metrics) -> None:
        self._live, self._queue, self._queues, self._metrics = live, queue, queues, metrics
        self._began = time.monotonic()
        self.started_at: datetime = live.app.polling.clock()
        self.strange: Callable[[], int] = int

    async def health(self) -> Health:
        """Say how the worker does now; raises `StoreError` where the database is away."""
        troubles = [] if await self._queue.present() else ["the queue has no sign of life of this worker"]
        idle = time.monotonic() - max(self._metrics.ended_at or 0.0, self._began)
        waits = await self._queue.waits()
        waiting = [name for name in self._queues if waits.get(name, 0.0) > PATIENCE.total_seconds()]
        if waiting and idle > PATIENCE.total_seconds():
            troubles.append(f"no job came to its end for {idle / 60:.0f} minutes, though some wait: {', '.join(waiting)}")
        troubles.extend(self._queue.setbacks.troubles())
        if "poll" in self._queues:
            troubles.extend(refusals(await asyncio.to_thread(self._live.app.store.feed_health)))
        if self._live.trouble:
            troubles.append(self._live.trouble)
        if strange := self.strange():
            troubles.append(f"{strange} feeds are not in this worker's feeds.yaml and are left alone: give it the services' file")
        return Health(version=__version__, started_at=self.started_at, troubles=troubles, connections=self._connections())

    def _connections(self) -> Connections:
        return self._live.app.store.connections() + self._queue.connections()


def demand_cluster(settings: Settings) -> None:
    """Raise `UsageError` where the database is a file; warn where each machine would sign with a key of its own."""
    if not settings.database_url.startswith("postgresql"):
        raise UsageError("many workers need PostgreSQL: set AGGREGATOR_DATABASE_URL=postgresql://user@host/name; see aggregator db copy")
    if settings.public_url and not settings.secret("AGGREGATOR_SECRET_KEY"):
        log.warning("each machine signs the addresses in mails with a key of its own: set the same AGGREGATOR_SECRET_KEY on all")

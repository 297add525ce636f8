"""Runners: the six steps of the service, whoever takes them.

With SQLite, or PostgreSQL on one machine, the service takes them itself. With many workers it only says what is to do, and the queue
hands it out. Both call the same use cases; what is due is decided by the dates in the store alone.
"""

import asyncio
import time
from collections.abc import Callable, Coroutine
from dataclasses import replace
from datetime import timedelta
from functools import wraps
from typing import Any, Protocol, TypeAlias

import structlog

from aggregator.deliver import Sent, decide_due, send_due
from aggregator.judge import judge_pending
from aggregator.models import Failed, FetchOutcome, FetchRequest, NotModified
from aggregator.poll import poll_due
from aggregator.ports import Fetcher
from aggregator.reapply import sample_last_week
from aggregator.reload import Live
from aggregator.revisit import revisit_due
from aggregator.scheduler import Tick
from aggregator.store.retention import prune
from aggregator.web.metrics import Metrics

log = structlog.get_logger(__name__)

KEEP_FETCHES = timedelta(days=90)
FOREVER = timedelta(days=365 * 1000)
_Step: TypeAlias = Callable[["InProcess"], Coroutine[Any, Any, None]]


class Runner(Protocol):
    """Take a step, or have it taken; each comes back until nothing is due."""

    async def poll(self) -> None:
        """Poll what is due."""
        ...

    async def judge(self) -> None:
        """Judge what waits."""
        ...

    async def revisit(self) -> None:
        """Look at pages again that are due."""
        ...

    async def decide(self) -> None:
        """Decide what each subscription is told."""
        ...

    async def send(self) -> None:
        """Send what was decided."""
        ...

    async def upkeep(self) -> None:
        """Forget what is old enough."""
        ...


def _counted(take: _Step) -> _Step:
    @wraps(take)
    async def counted(self: "InProcess") -> None:
        with self.metrics.step(take.__name__):
            await take(self)

    return counted


class Timed:
    """Fetch, and count how long each answer took."""

    def __init__(self, fetcher: Fetcher, metrics: Metrics) -> None:
        self._fetcher = fetcher
        self._metrics = metrics

    async def fetch(self, request: FetchRequest) -> FetchOutcome:
        """Fetch as the fetcher within does."""
        started = time.perf_counter()
        outcome = await self._fetcher.fetch(request)
        answer = "failed" if isinstance(outcome, Failed) else "not_modified" if isinstance(outcome, NotModified) else "fetched"
        self._metrics.count_fetch(answer, time.perf_counter() - started)
        return outcome


class InProcess:
    """Take each step in this process, and count it."""

    def __init__(self, live: Live, metrics: Metrics) -> None:
        self._live = live
        self.metrics = metrics

    @_counted
    async def poll(self) -> None:
        """Poll what is due."""
        polling = self._live.app.polling
        await poll_due(replace(polling, fetcher=Timed(polling.fetcher, self.metrics)), progress=self.metrics.count_poll)

    @_counted
    async def judge(self) -> None:
        """Judge what waits."""
        done = await judge_pending(self._live.app.judging)
        self.metrics.count_judged(done)

    @_counted
    async def revisit(self) -> None:
        """Look at pages again that are due."""
        await revisit_due(self._live.app.revisiting)

    @_counted
    async def decide(self) -> None:
        """Decide what each subscription is told."""
        await asyncio.to_thread(decide_due, self._live.app.delivering)

    @_counted
    async def send(self) -> None:
        """Send what was decided."""
        await send_due(self._live.app.delivering, self._count)

    @_counted
    async def upkeep(self) -> None:
        """Forget what is old enough, and tell the figures."""
        settings, now = self._live.app.settings, self._live.app.delivering.clock()
        kept = timedelta(days=settings.keep_unmatched_days) if settings.keep_unmatched_days else FOREVER
        pruned = await asyncio.to_thread(prune, settings.database_url, now - kept, now - KEEP_FETCHES)
        await asyncio.to_thread(self._live.app.store.drop_draft)
        await asyncio.to_thread(sample_last_week, self._live.app.store, now)
        if mended := await asyncio.to_thread(self._live.app.store.mend_feed_dates, now):
            log.warning("feeds were polled under a clock that ran ahead; they are due now", feeds=mended)
        overview = await asyncio.to_thread(self._live.app.store.overview)
        figures = {"entries": overview.entries, "stories": overview.stories, "unjudged": overview.unjudged}
        log.info("upkeep", emptied=pruned.entries, fetches_pruned=pruned.polls, responses_pruned=pruned.responses, **figures)

    def _count(self, sent: Sent) -> None:
        self.metrics.count_sent(taken=sent.error is None, channel=sent.claimed.delivery.channel)


def ticks(runner: Runner) -> tuple[Tick, ...]:
    """Name the questions that are asked again and again."""
    return (
        Tick(name="poll", every=timedelta(seconds=5), run=runner.poll, side_by_side=24),
        Tick(name="judge", every=timedelta(seconds=3), run=runner.judge),
        Tick(name="revisit", every=timedelta(seconds=30), run=runner.revisit),
        Tick(name="decide", every=timedelta(seconds=5), run=runner.decide),
        Tick(name="send", every=timedelta(seconds=3), run=runner.send),
        Tick(name="upkeep", every=timedelta(hours=1), run=runner.upkeep),
    )

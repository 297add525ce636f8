"""Schedule: ask every few seconds "what is due?" and let the use cases do it.

The due dates are columns of the store; APScheduler only ticks and keeps no jobs of its own (a shared job store would be a second
truth, and a pickle). A tick that still runs is not started again, and one that fails is logged and comes back: one poisoned feed or
message does not stop the loop. When the clock is set back, APScheduler would wait until it has caught up; so the ticks are set anew.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import structlog
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.interval import IntervalTrigger

from aggregator.setbacks import Setbacks

log = structlog.get_logger(__name__)

LOOK = 2.0
"""Seconds between two looks at the clock."""
STEP = 1.0
"""Seconds that a clock may be set back without anybody noticing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tick:
    """Name one question that is asked every `every`, first at once; `side_by_side` answers to it may be under way."""

    name: str
    every: timedelta
    run: Callable[[], Awaitable[None]]
    side_by_side: int = 1


@dataclass(slots=True)
class Pulse:
    """Remember when each tick last came to its end, so that the health check can tell "alive" from "doing its job"."""

    ticks: Sequence[Tick]
    started_at: datetime
    ended_at: dict[str, datetime] = field(default_factory=dict)
    stopping: bool = False
    setbacks: Setbacks = field(default_factory=Setbacks)

    def late(self, now: datetime, patience: timedelta) -> tuple[str, ...]:
        """Name the ticks that have not ended for longer than their own rhythm and `patience`."""
        return tuple(tick.name for tick in self.ticks if now - self.ended_at.get(tick.name, self.started_at) > tick.every + patience)


@asynccontextmanager
async def ticking(ticks: Sequence[Tick], clock: Callable[[], datetime]) -> AsyncIterator[Pulse]:
    """Run the ticks until the block is left; ticks still running then are cancelled and their transactions undone or whole."""
    pulse = Pulse(ticks=ticks, started_at=clock())
    running: set[asyncio.Task[None]] = set()
    scheduler = AsyncIOScheduler(timezone=UTC)
    for tick in ticks:
        scheduler.add_job(
            _tracked,
            IntervalTrigger(seconds=tick.every.total_seconds(), timezone=UTC),
            args=(tick, pulse, clock, running),
            id=tick.name,
            max_instances=tick.side_by_side,
            coalesce=True,
            misfire_grace_time=None,
            next_run_time=datetime.now(UTC),
        )
    scheduler.start()
    watching = asyncio.create_task(_set_anew_after_steps(scheduler))
    try:
        yield pulse
    finally:
        pulse.stopping = True
        watching.cancel()
        scheduler.pause()
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
        scheduler.shutdown(wait=False)


async def _set_anew_after_steps(scheduler: AsyncIOScheduler) -> None:
    """Run every tick at once when the clock was set back; forwards needs nothing, what is late then runs by itself."""
    ahead = time.time() - time.monotonic()
    while True:
        await asyncio.sleep(LOOK)
        before, ahead = ahead, time.time() - time.monotonic()
        if ahead < before - STEP:
            log.warning("the clock was set back", seconds=round(before - ahead))
            for job in scheduler.get_jobs():
                job.modify(next_run_time=datetime.now(UTC))


async def _tracked(tick: Tick, pulse: Pulse, clock: Callable[[], datetime], running: set[asyncio.Task[None]]) -> None:
    task = asyncio.current_task()
    if task is not None:
        running.add(task)
        task.add_done_callback(running.discard)
    try:
        await tick.run()
        pulse.ended_at[tick.name] = clock()
        pulse.setbacks.succeeded(tick.name)
    except asyncio.CancelledError:
        if not pulse.stopping:
            raise
    except Exception as error:  # a tick must come back whatever happened in it
        pulse.setbacks.failed(tick.name, error)

"""Ticks come back whatever happens in them, and stop when they are told to."""

import asyncio
from datetime import UTC, datetime, timedelta

import time_machine

from aggregator.scheduler import Pulse, Tick, ticking

SOON = timedelta(milliseconds=20)


def utc_now() -> datetime:
    return datetime.now(UTC)


async def test_a_tick_runs_at_once_and_again() -> None:
    runs, third = 0, asyncio.Event()

    async def run() -> None:
        nonlocal runs
        runs += 1
        if runs == 3:
            third.set()

    async with ticking([Tick(name="poll", every=SOON, run=run)], utc_now) as pulse:
        await asyncio.wait_for(third.wait(), 5)
    assert "poll" in pulse.ended_at


async def test_a_failing_tick_comes_back_and_stops_nobody_else() -> None:
    failures, other = 0, asyncio.Event()

    async def fail() -> None:
        nonlocal failures
        failures += 1
        raise RuntimeError("poison")

    async def watch() -> None:
        if failures >= 3:
            other.set()

    async with ticking([Tick(name="poison", every=SOON, run=fail), Tick(name="watch", every=SOON, run=watch)], utc_now) as pulse:
        await asyncio.wait_for(other.wait(), 5)
    assert "poison" not in pulse.ended_at


async def test_leaving_cancels_what_still_runs() -> None:
    started, cancelled = asyncio.Event(), asyncio.Event()

    async def hang() -> None:
        started.set()
        try:
            await asyncio.sleep(3600)
        finally:
            cancelled.set()

    async with ticking([Tick(name="hang", every=SOON, run=hang)], utc_now):
        await asyncio.wait_for(started.wait(), 5)
    assert cancelled.is_set()


async def test_a_tick_that_still_runs_is_not_started_again() -> None:
    running, most, seen = 0, 0, asyncio.Event()

    async def slow() -> None:
        nonlocal running, most
        running += 1
        most = max(most, running)
        await asyncio.sleep(0.1)
        running -= 1
        seen.set()

    async with ticking([Tick(name="slow", every=SOON, run=slow)], utc_now):
        await asyncio.wait_for(seen.wait(), 5)
    assert most == 1


def test_a_step_that_does_not_end_is_late() -> None:
    async def run() -> None: ...

    start = datetime(2026, 5, 3, tzinfo=UTC)
    pulse = Pulse(ticks=[Tick(name="poll", every=timedelta(seconds=5), run=run)], started_at=start)
    assert pulse.late(start + timedelta(minutes=1), timedelta(minutes=2)) == ()
    assert pulse.late(start + timedelta(minutes=3), timedelta(minutes=2)) == ("poll",)
    pulse.ended_at["poll"] = start + timedelta(minutes=3)
    assert pulse.late(start + timedelta(minutes=4), timedelta(minutes=2)) == ()


async def test_a_clock_that_is_set_back_holds_up_no_tick() -> None:
    runs, again = 0, asyncio.Event()

    async def run() -> None:
        nonlocal runs
        runs += 1
        if runs > before + 1:
            again.set()

    before = 1_000_000
    with time_machine.travel(datetime.now(UTC) + timedelta(hours=1), tick=True) as traveller:
        async with ticking([Tick(name="poll", every=SOON, run=run)], utc_now):
            await asyncio.sleep(0.1)
            traveller.move_to(datetime.now(UTC) - timedelta(hours=1))
            before = runs
            await asyncio.wait_for(again.wait(), 10)

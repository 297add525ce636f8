"""A step that fails again and again is a trouble with a name and a reason, and one line a minute in the log."""

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest

from aggregator.core.conclusions import UNSTORED
from aggregator.errors import StoreError
from aggregator.models import Failed, FailureKind, FeedHealth
from aggregator.records import PollRecord
from aggregator.reload import Live
from aggregator.scheduler import Pulse, Tick, ticking
from aggregator.service import Watchman
from aggregator.setbacks import ROW, Setbacks, refusals
from tests.conftest import Clock
from tests.deliver.test_labelling import installed
from tests.service.test_scheduler import SOON, utc_now

READ_ONLY = StoreError("nothing is sent: there is no room in receipts to note what was taken (Read-only file system)")


def test_a_row_of_failures_is_a_trouble_until_the_step_succeeds() -> None:
    setbacks = Setbacks()
    for _ in range(ROW - 1):
        setbacks.failed("send", READ_ONLY)
    assert setbacks.troubles() == []
    setbacks.failed("send", READ_ONLY)
    assert setbacks.troubles() == [f"send failed {ROW} times in a row: {READ_ONLY}"]
    setbacks.succeeded("send")
    assert setbacks.troubles() == []


def test_the_same_failure_is_one_line_a_minute_and_only_ours_has_no_traceback(capsys: pytest.CaptureFixture[str]) -> None:
    now = [0.0]
    setbacks = Setbacks(clock=lambda: now[0])
    for second in range(0, 120, 3):
        now[0] = float(second)
        setbacks.failed("send", READ_ONLY)
    said = capsys.readouterr()
    assert (said.out + said.err).count("a step failed") == 2
    assert "Traceback" not in said.out + said.err
    try:
        raise RuntimeError("poison")
    except RuntimeError as error:
        setbacks.failed("send", error)
    said = capsys.readouterr()
    assert "Traceback" in said.out + said.err
    assert "poison" not in setbacks.troubles()[0]


async def test_a_tick_that_always_fails_is_a_trouble(tmp_path: Path, clock: Clock) -> None:
    async with installed(tmp_path, clock) as desk:
        watchman = Watchman(Live(desk.app), clock)
        watchman.pulse = Pulse(ticks=(), started_at=clock())
        for _ in range(ROW):
            watchman.pulse.setbacks.failed("poll", READ_ONLY)
        status = await watchman.status()
        assert f"poll failed {ROW} times in a row: {READ_ONLY}" in status.troubles
        assert not status.working


async def test_the_scheduler_counts_what_fails_and_what_succeeds() -> None:
    times, enough, well = 0, asyncio.Event(), asyncio.Event()

    async def fail() -> None:
        nonlocal times
        times += 1
        if times > ROW:
            enough.set()
        if not well.is_set():
            raise READ_ONLY

    async with ticking([Tick(name="send", every=SOON, run=fail)], utc_now) as pulse:
        await asyncio.wait_for(enough.wait(), 5)
        assert len(pulse.setbacks.troubles()) == 1
        well.set()
        for _ in range(500):
            if not pulse.setbacks.troubles():
                break
            await asyncio.sleep(0.01)
        assert pulse.setbacks.troubles() == []


def feed(name: str, error: str | None, clock: Clock) -> FeedHealth:
    return FeedHealth(feed_id=name, name=name, status="failing" if error else "ok", last_attempt_at=clock(), error=error)


def test_one_bad_feed_among_others_is_no_trouble_of_the_process_and_many_are(clock: Clock) -> None:
    bad, good = f"{UNSTORED}: the disk is full", None
    assert list(refusals([feed("a", bad, clock), feed("b", good, clock)])) == []
    assert list(refusals([feed(name, "HTTP 500", clock) for name in "abc"])) == []
    assert list(refusals([feed("a", bad, clock)])) == [f"poll: what 1 feeds served could not be stored; a: {bad}"]
    assert len(list(refusals([*(feed(name, bad, clock) for name in "abc"), feed("d", good, clock)]))) == 1


async def test_a_store_that_refuses_what_is_polled_is_told_until_it_takes_some(tmp_path: Path, clock: Clock) -> None:
    async with installed(tmp_path, clock) as desk:
        watchman, now, due = Watchman(Live(desk.app), clock), clock(), clock() + timedelta(hours=1)
        failure = Failed(kind=FailureKind.TEMPORARY, message=f"{UNSTORED}: the disk is full", status=200)
        feeds = [one.id for one in desk.app.configuration.feeds]
        desk.app.store.record_polls(
            [PollRecord(feed_id=one, started_at=now, finished_at=now, outcome="failed", next_due_at=due, failure=failure) for one in feeds]
        )
        told = [words for words in (await watchman.status()).troubles if "could not be stored" in words]
        assert len(told) == 1
        assert "the disk is full" in told[0]
        desk.app.store.record_polls(
            [PollRecord(feed_id=one, started_at=now, finished_at=now, outcome="unchanged", next_due_at=due) for one in feeds]
        )
        assert not any("could not be stored" in words for words in (await watchman.status()).troubles)

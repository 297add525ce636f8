"""Alerts that wait lose nothing: the window stays open, and what comes meanwhile goes out with it."""

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from aggregator.deliver import decide_due
from aggregator.models import QuietHours, Schedule
from aggregator.store import SqlStore
from tests.conftest import Clock
from tests.deliver.outbox import ALERTS, DIGEST, HOOK, RecordingChannel, delivering, headlines, tell

QUIET = replace(ALERTS, schedule=Schedule(every="immediate", time_zone=ZoneInfo("Asia/Seoul")), quiet=QuietHours(time(22, 0), time(7, 0)))


def test_quiet_hours_queue_never_expires_and_wakes_as_one_message(sqlite_store: SqlStore, clock: Clock) -> None:
    clock.now = datetime(2026, 3, 1, 13, 30, tzinfo=UTC)  # 22:30 in Seoul
    use = delivering(sqlite_store, clock, RecordingChannel(), QUIET, to=(HOOK,))
    for name in ("one", "two", "three"):
        tell(sqlite_store, clock, name)
        assert decide_due(use) == ()
        clock.pass_by(hours=2)
    clock.now = datetime(2026, 3, 1, 22, 0, tzinfo=UTC)
    assert len(decide_due(use)) == 1
    assert headlines(sqlite_store, "alerts") == [["Workers one", "Workers two", "Workers three"]]


def test_an_urgent_story_wakes_and_takes_along_what_waits(sqlite_store: SqlStore, clock: Clock) -> None:
    clock.now = datetime(2026, 3, 1, 13, 30, tzinfo=UTC)
    calm = delivering(sqlite_store, clock, RecordingChannel(), replace(QUIET, urgent=99.0), to=(HOOK,))
    tell(sqlite_store, clock, "one")
    assert decide_due(calm) == ()
    urgent = delivering(sqlite_store, clock, RecordingChannel(), replace(QUIET, urgent=2.0), to=(HOOK,))
    tell(sqlite_store, clock, "two")
    decide_due(urgent)
    assert headlines(sqlite_store, "alerts") == [["Workers one", "Workers two"]]


def test_a_burst_is_one_message_and_the_next_waits_for_the_cooldown(sqlite_store: SqlStore, clock: Clock) -> None:
    brakes = replace(ALERTS, gather=timedelta(minutes=2), cooldown=timedelta(minutes=15))
    use = delivering(sqlite_store, clock, RecordingChannel(), brakes, to=(HOOK,))
    clock.pass_by(hours=1)  # the samples judge an hour after they were seen
    for name in ("one", "two", "three"):
        tell(sqlite_store, clock, name)
        assert decide_due(use) == ()
    clock.pass_by(minutes=2)
    assert len(decide_due(use)) == 1
    tell(sqlite_store, clock, "four")
    clock.pass_by(minutes=14)
    assert decide_due(use) == ()
    clock.pass_by(minutes=1)
    assert len(decide_due(use)) == 1
    assert headlines(sqlite_store, "alerts") == [["Workers one", "Workers two", "Workers three"], ["Workers four"]]


def test_only_stories_of_the_wanted_sources_are_told_and_the_others_are_counted(sqlite_store: SqlStore, clock: Clock) -> None:
    use = delivering(sqlite_store, clock, RecordingChannel(), replace(DIGEST, sources=("yonhap",)))
    tell(sqlite_store, clock, "one")
    clock.pass_by(days=1)
    decide_due(use)
    ((_, digest),) = sqlite_store.digests()
    assert (digest.items, digest.coverage.unmatched_by_reason) == ((), {"other_source": 1})


def test_catch_up_after_an_outage_is_one_digest_that_says_so(sqlite_store: SqlStore, clock: Clock) -> None:
    use = delivering(sqlite_store, clock, RecordingChannel())
    due = datetime(2026, 3, 1, 22, 30, tzinfo=UTC)
    for name in ("one", "two", "three"):
        tell(sqlite_store, clock, name)
        clock.pass_by(days=1)
    assert len(decide_due(use)) == 1
    ((_, digest),) = sqlite_store.digests()
    assert (digest.due_at, digest.missed, len(digest.items)) == (due, 2, 3)
    clock.now = datetime(2026, 3, 4, 22, 31, tzinfo=UTC)
    decide_due(use)
    assert sqlite_store.digests()[0][1].due_at is None

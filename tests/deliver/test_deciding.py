"""What is due is decided late rather than never, once, and for everybody who is to have it."""

import threading
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from aggregator.deliver import decide_due, decide_now, preview, send_due
from aggregator.errors import ConfigurationError, Problem, StoreError
from aggregator.models import Schedule, SubscriptionSpec
from aggregator.records import Address
from aggregator.store import SqlStore, open_store
from tests.conftest import Clock
from tests.deliver.outbox import ALERTS, DAILY, DIGEST, HERE, HOOK, RecordingChannel, delivering, headlines, say_nothing, tell
from tests.store.samples import intake, joined, matched, take_in

DUE = datetime(2026, 3, 1, 22, 30, tzinfo=UTC)
"""07:30 in Seoul on the morning after the store's first day."""


@pytest.mark.parametrize("late", [timedelta(0), timedelta(seconds=1), timedelta(minutes=59), timedelta(hours=9), timedelta(days=3)])
def test_a_missed_digest_time_runs_late_and_once(sqlite_store: SqlStore, clock: Clock, late: timedelta) -> None:
    use = delivering(sqlite_store, clock, RecordingChannel())
    tell(sqlite_store, clock, "one")
    clock.now = DUE - timedelta(seconds=1)
    assert decide_due(use) == ()
    clock.now = DUE + late
    assert len(decide_due(use)) == 1
    assert decide_due(use) == ()
    assert headlines(sqlite_store) == [["Workers one"]]


def test_days_without_power_are_one_digest_that_covers_them_all(sqlite_store: SqlStore, clock: Clock) -> None:
    use = delivering(sqlite_store, clock, RecordingChannel())
    for name in ("one", "two", "three"):
        tell(sqlite_store, clock, name)
        clock.pass_by(days=1)
    decide_due(use)
    (digest,) = (digest for _, digest in sqlite_store.digests())
    assert (digest.after_seq, digest.through_seq, len(digest.items)) == (0, 3, 3)


def test_windows_follow_each_other_without_gap_or_overlap(sqlite_store: SqlStore, clock: Clock) -> None:
    use = delivering(sqlite_store, clock, RecordingChannel())
    for name in ("one", "two", "three"):
        tell(sqlite_store, clock, name)
        clock.pass_by(days=1)
        decide_due(use)
    windows = [(digest.after_seq, digest.through_seq) for _, digest in reversed(sqlite_store.digests())]
    assert windows == [(0, 1), (1, 2), (2, 3)]
    assert headlines(sqlite_store) == [["Workers one"], ["Workers two"], ["Workers three"]]


def test_what_is_dated_long_ago_but_served_late_is_told(sqlite_store: SqlStore, clock: Clock) -> None:
    use = delivering(sqlite_store, clock, RecordingChannel())
    clock.pass_by(days=30)
    decide_due(use)
    tell(sqlite_store, clock, "a-month-old")  # its date is that of the store's first day
    clock.pass_by(days=1)
    decide_due(use)
    assert headlines(sqlite_store)[-1] == ["Workers a-month-old"]


@pytest.mark.parametrize(("when_empty", "digests"), [("send", 1), ("silent", 0)])
def test_a_window_without_news_is_sent_or_passed_over_in_silence(
    sqlite_store: SqlStore, clock: Clock, when_empty: str, digests: int
) -> None:
    use = delivering(sqlite_store, clock, RecordingChannel(), replace(DIGEST, when_empty=when_empty))
    say_nothing(sqlite_store, clock, "one", "two")
    clock.now = DUE
    assert len(decide_due(use)) == digests
    state = sqlite_store.subscription_state("morning")
    assert state is not None
    assert (state.after_seq, state.next_due_at) == (2, DUE + timedelta(days=1))
    if digests:
        ((_, digest),) = sqlite_store.digests()
        assert (digest.items, digest.coverage.seen, digest.coverage.unmatched) == ((), 2, 2)


def test_an_empty_alert_is_never_sent(sqlite_store: SqlStore, clock: Clock) -> None:
    use = delivering(sqlite_store, clock, RecordingChannel(), replace(ALERTS, when_empty="send"))
    say_nothing(sqlite_store, clock, "one")
    assert decide_due(use) == ()
    assert sqlite_store.due_subscriptions(clock()) == []


def test_an_alert_goes_out_as_soon_as_something_is_judged(sqlite_store: SqlStore, clock: Clock) -> None:
    use = delivering(sqlite_store, clock, RecordingChannel(), ALERTS)
    assert decide_due(use) == ()
    tell(sqlite_store, clock, "one")
    assert len(decide_due(use)) == 1
    assert decide_due(use) == ()


@pytest.mark.parametrize(("topics", "told"), [((), ["Workers two", "Workers three"]), (("workers",), ["Workers three"])])
def test_a_query_of_the_subscription_decides_in_place_of_topics_or_beside_them(
    sqlite_store: SqlStore, clock: Clock, topics: tuple[str, ...], told: list[str]
) -> None:
    use = delivering(sqlite_store, clock, RecordingChannel(), replace(ALERTS, topics=topics, query="title:Dandong"))
    tell(sqlite_store, clock, "one")
    tell(sqlite_store, clock, "two", topics=("alerts.query",))
    tell(sqlite_store, clock, "three", topics=("workers", "alerts.query"))
    assert len(decide_due(use)) == 1
    (made,) = headlines(sqlite_store, "alerts")
    assert sorted(made) == sorted(told)


def test_without_an_address_the_window_stays_open_until_there_is_one(sqlite_store: SqlStore, clock: Clock) -> None:
    use = delivering(sqlite_store, clock, RecordingChannel(), to=())
    tell(sqlite_store, clock, "one")
    clock.now = DUE
    assert decide_due(use) == ()
    assert decide_now(use, "morning") is None
    clock.pass_by(days=5)
    assert len(decide_due(replace(use, addresses=lambda subscription: (HERE,)))) == 1
    assert headlines(sqlite_store) == [["Workers one"]]


def test_a_subscription_nobody_declared_is_not_decided(sqlite_store: SqlStore, clock: Clock) -> None:
    assert decide_now(delivering(sqlite_store, clock, RecordingChannel()), "unknown") is None


def test_a_subscription_that_left_the_file_is_not_decided_any_more(sqlite_store: SqlStore, clock: Clock) -> None:
    use = delivering(sqlite_store, clock, RecordingChannel())
    tell(sqlite_store, clock, "one")
    clock.now = DUE
    assert decide_due(replace(use, subscriptions={})) == ()


@pytest.mark.parametrize(
    "error",
    [ConfigurationError([Problem("environment", 0, 0, "HOOK_FILE", "cannot be read")]), StoreError("full"), RuntimeError("unexpected")],
)
def test_an_error_in_one_subscription_stops_no_other(sqlite_store: SqlStore, clock: Clock, error: Exception) -> None:
    def addresses(subscription: SubscriptionSpec) -> Sequence[Address]:
        if subscription.id == "a-broken-one":
            raise error
        return (HERE,)

    broken = replace(DIGEST, id="a-broken-one")
    use = delivering(sqlite_store, clock, RecordingChannel(), broken, DIGEST, addresses=addresses)
    tell(sqlite_store, clock, "one")
    clock.now = DUE
    assert len(decide_due(use)) == 1
    assert [state.subscription for state in sqlite_store.due_subscriptions(clock())] == ["a-broken-one"]
    assert len(decide_due(replace(use, addresses=lambda subscription: (HERE,)))) == 1


def test_two_processes_decide_a_window_once(sqlite_store: SqlStore, store_url: str, clock: Clock) -> None:
    use = delivering(sqlite_store, clock, RecordingChannel())
    tell(sqlite_store, clock, "one")
    clock.now = DUE
    composed, other = preview(use, DIGEST), open_store(store_url)
    assert decide_now(use, "morning") is not None
    assert other.record_digest(composed, (HERE,), None, clock()) is None
    other.close()
    assert headlines(sqlite_store) == [["Workers one"]]
    assert len(sqlite_store.deliveries()) == 1


async def test_the_preview_is_what_is_sent_afterwards_and_stores_nothing(sqlite_store: SqlStore, clock: Clock) -> None:
    channel = RecordingChannel()
    use = delivering(sqlite_store, clock, channel)
    tell(sqlite_store, clock, "one", "two")
    before = sqlite_store.overview(), sqlite_store.subscription_state("morning")
    shown = preview(use, DIGEST)
    assert (sqlite_store.overview(), sqlite_store.subscription_state("morning")) == before
    assert [item.headline for item in shown.items] == ["Workers one", "Workers two"]
    digest_id = decide_now(use, "morning")
    assert digest_id is not None
    await send_due(use)
    assert sqlite_store.digest(digest_id) == shown
    assert len(channel.sent) == 1


def test_a_preview_of_a_subscription_nobody_declared_shows_everything_stored(sqlite_store: SqlStore, clock: Clock) -> None:
    use = delivering(sqlite_store, clock, RecordingChannel())
    tell(sqlite_store, clock, "one")
    assert [item.headline for item in preview(use, replace(DIGEST, id="planned")).items] == ["Workers one"]


@pytest.mark.parametrize(
    ("zone", "at", "start", "dues"),
    [
        ("Europe/Berlin", time(7, 30), "2026-03-27T12:00+00:00", ["28T06:30", "29T05:30", "30T05:30"]),
        ("Europe/Berlin", time(7, 30), "2026-10-23T12:00+00:00", ["24T05:30", "25T06:30", "26T06:30"]),
        ("Europe/Berlin", time(2, 30), "2026-03-27T12:00+00:00", ["28T01:30", "29T01:30", "30T00:30"]),
        ("Europe/Berlin", time(2, 30), "2026-10-23T12:00+00:00", ["24T00:30", "25T00:30", "26T01:30"]),
        ("Asia/Seoul", time(7, 30), "2026-03-27T12:00+00:00", ["27T22:30", "28T22:30", "29T22:30"]),
    ],
)
def test_a_schedule_keeps_its_local_time_across_a_clock_change_and_runs_once_a_day(
    sqlite_store: SqlStore, clock: Clock, zone: str, at: time, start: str, dues: Sequence[str]
) -> None:
    clock.now = datetime.fromisoformat(start)
    schedule = Schedule(every="day", at=at, time_zone=ZoneInfo(zone))
    use = delivering(sqlite_store, clock, RecordingChannel(), replace(DIGEST, schedule=schedule))
    decided: list[str] = []
    while len(decided) < len(dues):
        clock.pass_by(minutes=30)
        decided += [f"{clock():%dT%H:%M}" for _ in decide_due(use)]
    assert decided == list(dues)


def test_a_changed_schedule_takes_effect_with_the_next_start(sqlite_store: SqlStore, clock: Clock) -> None:
    delivering(sqlite_store, clock, RecordingChannel())
    hourly_later = replace(DIGEST, schedule=replace(DAILY, at=time(18, 0)))
    delivering(sqlite_store, clock, RecordingChannel(), hourly_later)
    state = sqlite_store.subscription_state("morning")
    assert state is not None
    assert state.next_due_at == datetime(2026, 3, 1, 9, 0, tzinfo=UTC)


def test_nobody_takes_a_story_apart_while_a_digest_is_decided(sqlite_store: SqlStore, clock: Clock) -> None:
    def part(*_: str) -> str:
        """Let another thread part the story's articles in the middle of deciding, and note what stands together then."""
        if not parting:
            parting.append(threading.Thread(target=sqlite_store.split_story, args=(1, [2], clock())))
            parting[0].start()
            parting[0].join(0.2)
            together.extend(member.article_id for member in sqlite_store.story_record(1).members)
        return ""

    parting: list[threading.Thread] = []
    together: list[int] = []
    use = delivering(sqlite_store, clock, RecordingChannel(), ALERTS, to=(HOOK,), label=part)
    tell(sqlite_store, clock, "one")
    (late,) = take_in(sqlite_store, intake("late"), at=clock())
    sqlite_store.record_judged(matched(late, joined(1)))
    assert len(decide_due(use)) == 1
    parting[0].join()
    assert together == [1, 2]
    assert [member.article_id for member in sqlite_store.story_record(1).members] == [1]
    assert decide_due(use) == ()


def test_a_story_that_turns_out_not_to_be_the_told_one_is_told_and_its_books_balance(sqlite_store: SqlStore, clock: Clock) -> None:
    use = delivering(sqlite_store, clock, RecordingChannel(), ALERTS, to=(HOOK,))
    tell(sqlite_store, clock, "one")
    decide_due(use)
    (late,) = take_in(sqlite_store, intake("late"), at=clock())
    sqlite_store.record_judged(matched(late, joined(1)))
    decide_due(use)
    sqlite_store.split_story(1, [2], clock())
    decide_due(use)
    assert decide_due(use) == ()
    parted, first = (digest for _, digest in sqlite_store.digests())
    assert [[item.story_id for item in digest.items] for digest in (first, parted)] == [[1], [2]]
    assert (parted.items[0].kind, parted.coverage.told, parted.coverage.parted, parted.coverage.seen) == ("new", 0, 1, 0)

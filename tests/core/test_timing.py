"""Due dates: late, never not at all; a clock change runs a day once."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from aggregator.core.timing import DELIVERY_RETRIES, next_attempt_at, next_due_at, next_poll_at
from aggregator.models import Failed, FailureKind, FeedSpec, Schedule

NOW = datetime(2026, 5, 3, 12, tzinfo=UTC)
FEED = FeedSpec(id="wire", name="Wire", url="https://example.org/", publisher="Wire", family="wire", min_interval=timedelta(minutes=10))


def failed(kind: FailureKind, retry_after: timedelta | None = None) -> Failed:
    return Failed(kind=kind, message="no", retry_after=retry_after)


def test_a_good_poll_comes_back_after_the_shortest_interval() -> None:
    wait = next_poll_at(FEED, 0, None, NOW) - NOW
    assert timedelta(minutes=10) <= wait <= timedelta(minutes=11)


def test_failures_back_off_up_to_half_a_day() -> None:
    waits = [next_poll_at(FEED, count, failed(FailureKind.TEMPORARY), NOW) - NOW for count in range(1, 12)]
    assert waits == sorted(waits)
    assert waits[0] < timedelta(minutes=12)
    assert waits[-1] <= timedelta(hours=13.2)


def test_the_server_may_ask_for_a_longer_pause() -> None:
    answer = failed(FailureKind.TEMPORARY, timedelta(hours=5))
    assert next_poll_at(FEED, 1, answer, NOW) == NOW + timedelta(hours=5)


def test_a_permanent_failure_is_tried_again_after_a_day() -> None:
    assert next_poll_at(FEED, 1, failed(FailureKind.PERMANENT), NOW) >= NOW + timedelta(days=1)


@pytest.mark.parametrize(
    ("every", "zone", "at", "after", "due"),
    [
        ("day", "Asia/Seoul", time(7, 30), "2026-05-03T12:00", "2026-05-03T22:30"),
        ("day", "UTC", time(12), "2026-05-03T12:00", "2026-05-04T12:00"),
        ("weekday", "UTC", time(7), "2026-05-01T08:00", "2026-05-04T07:00"),
        ("week", "UTC", time(7), "2026-05-04T08:00", "2026-05-11T07:00"),
        ("day", "America/New_York", time(2, 30), "2026-03-08T00:00", "2026-03-08T07:30"),
        ("day", "America/New_York", time(1, 30), "2026-11-01T00:00", "2026-11-01T05:30"),
        ("day", "America/New_York", time(1, 30), "2026-11-01T05:30", "2026-11-02T06:30"),
    ],
)
def test_the_next_due_moment(every: str, zone: str, at: time, after: str, due: str) -> None:
    schedule = Schedule(every=every, at=at, time_zone=ZoneInfo(zone))
    assert next_due_at(schedule, datetime.fromisoformat(after).replace(tzinfo=UTC)) == datetime.fromisoformat(due).replace(tzinfo=UTC)


def test_a_year_of_days_runs_every_day_once_whatever_the_clocks_do() -> None:
    schedule = Schedule(every="day", at=time(2, 30), time_zone=ZoneInfo("Europe/Berlin"))
    due, days = datetime(2026, 1, 1, tzinfo=UTC), []
    while (due := next_due_at(schedule, due) or due).year == 2026:
        days.append(due.astimezone(schedule.time_zone).date())
    assert len(days) == len(set(days)) == 365


def test_an_immediate_schedule_is_always_due() -> None:
    assert next_due_at(Schedule(every="immediate"), NOW) is None


def test_a_rhythm_that_never_runs_is_refused() -> None:
    with pytest.raises(ValueError, match="never runs"):
        next_due_at(Schedule(every="week", at=time(7), weekday=9), NOW)


def test_deliveries_are_tried_again_by_date_until_they_are_dead() -> None:
    dates = [next_attempt_at(attempt, None, NOW) for attempt in range(1, len(DELIVERY_RETRIES) + 2)]
    assert dates[-1] is None
    assert all(date is not None and date > NOW for date in dates[:-1])


@pytest.mark.parametrize(("asked", "wait"), [(3600, 3600), (10, 30), (10**12, 86_400)])
def test_a_receiver_may_ask_for_a_longer_wait_within_a_day(asked: float, wait: int) -> None:
    assert next_attempt_at(1, asked, NOW) == NOW + timedelta(seconds=wait)

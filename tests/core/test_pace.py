"""How often a feed is asked: its own rhythm, its window, its wishes, its bounds."""

import math
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.core.pace import after_skips, first_habits, freshness, interval, later_habits, overflow_bound, wish_of
from aggregator.core.timing import next_poll_at
from aggregator.models import FeedHints, FeedSpec
from aggregator.records import Habits

NOW = datetime(2026, 5, 4, 12, tzinfo=UTC)  # a Monday
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
FEED = FeedSpec(id="f", name="F", url="https://f.example/", publisher="F", family="f", min_interval=10 * MINUTE, max_interval=6 * HOUR)


def test_an_unknown_rhythm_is_asked_at_the_shortest_interval() -> None:
    assert interval(FEED, Habits()) == 10 * MINUTE


@pytest.mark.parametrize(
    ("per_day", "expected"), [(1000.0, 10 * MINUTE), (24.0, 10 * MINUTE), (3.0, 48 * MINUTE), (0.1, 6 * HOUR), (0.0, 6 * HOUR)]
)
def test_a_feed_is_asked_ten_times_for_each_entry_within_its_bounds(per_day: float, expected: timedelta) -> None:
    assert abs(interval(FEED, Habits(rate=per_day, window=1000, burst=per_day)) - expected) < timedelta(seconds=1)


def test_a_window_that_could_run_over_is_asked_in_time() -> None:
    habits = Habits(rate=1.0, burst=48.0, window=10)
    assert overflow_bound(habits) == 10 * DAY / 48 / 3
    assert interval(FEED, habits, wish=DAY) == overflow_bound(habits)


def test_the_first_document_tells_rhythm_and_burst() -> None:
    dates = [NOW - place * 8 * HOUR for place in range(10)]
    habits = first_habits(Habits(), dates, 10)
    assert habits.rate == pytest.approx(3.0)
    assert habits.burst == pytest.approx(4.0)
    assert first_habits(Habits(), dates[:2], 2).rate is None


def test_the_rhythm_follows_what_comes_within_two_weeks() -> None:
    habits = Habits(rate=10.0, burst=10.0, window=20)
    for _ in range(24 * 28):
        habits = later_habits(habits, 0, HOUR)
    assert habits.rate == pytest.approx(10 * math.exp(-2), rel=0.01)


@given(st.lists(st.tuples(st.integers(0, 500), st.floats(1, 10_000)), max_size=30))
def test_whatever_comes_intervals_stay_in_their_bounds(polls: list[tuple[int, float]]) -> None:
    habits = Habits(window=10)
    for new, minutes in polls:
        habits = later_habits(habits, new, timedelta(minutes=minutes))
        assert FEED.min_interval <= interval(FEED, habits, DAY) <= FEED.max_interval


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({"cache-control": "max-age=900"}, 15 * MINUTE),
        ({"cache-control": "public, MAX-AGE=1000000000"}, DAY),
        ({"cache-control": "s-maxage=900"}, None),
        ({"cache-control": "no-cache, max-age=900"}, None),
        ({"cache-control": "max-age=0"}, None),
        ({"expires": "Mon, 04 May 2026 13:00:00 GMT"}, HOUR),
        ({"expires": "Mon, 04 May 9999 13:00:00 GMT"}, DAY),
        ({"expires": "0"}, None),
        ({"expires": "Mon, 04 May 2020 13:00:00 GMT"}, None),
        ({}, None),
    ],
)
def test_what_an_answer_says_of_its_freshness(headers: dict[str, str], expected: timedelta | None) -> None:
    assert freshness(headers, NOW) == expected


def test_a_wish_lengthens_the_interval_but_not_past_the_bound() -> None:
    busy = Habits(rate=100.0, burst=100.0, window=10_000)
    assert interval(FEED, busy, wish_of({}, FeedHints(least=HOUR), NOW)) == HOUR
    assert interval(FEED, busy, wish_of({"cache-control": "max-age=1000000000"}, FeedHints(), NOW)) == 6 * HOUR


@pytest.mark.parametrize(
    ("hints", "hours"),
    [
        (FeedHints(), 0),
        (FeedHints(skip_hours=(12, 13)), 2),
        (FeedHints(skip_days=(0,)), 12),
        (FeedHints(skip_hours=tuple(range(24))), 24),
        (FeedHints(skip_days=(0, 1, 2)), 24),
    ],
)
def test_hours_and_days_without_news_are_passed_over_up_to_the_bound(hints: FeedHints, hours: int) -> None:
    assert after_skips(NOW, hints, NOW + DAY) == NOW + hours * HOUR


def test_the_due_date_heeds_all_of_it() -> None:
    habits = Habits(rate=100.0, burst=100.0, window=10_000, hints=FeedHints(skip_hours=(12, 13)))
    assert next_poll_at(FEED, 0, None, NOW, habits) == NOW + 2 * HOUR

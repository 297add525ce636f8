"""What is lost, what is somebody else's, what is silent, and what is too much."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from random import Random

import pytest

from aggregator.core.pace import first_habits, later_habits
from aggregator.core.watch import (
    Break,
    Served,
    break_of,
    connects,
    gap_message,
    hold,
    is_flood,
    silence,
    site_after,
    takeover_message,
)
from aggregator.models import Entry, FeedSpec
from aggregator.records import FeedState, Habits, Intake

NOW = datetime(2026, 5, 8, 12, tzinfo=UTC)  # a Friday
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
SEEN = FeedState(
    feed_id="f",
    url="https://paper.example/feed",
    last_success_at=NOW - DAY,
    last_new_at=NOW - DAY,
    newest_published_at=NOW - 10 * HOUR,
    habits=Habits(rate=3.0, burst=3.0, window=10, site="paper.example"),
)
NEW = FeedState(feed_id="f", url="https://paper.example/feed")


def entries(*hours: float | None, site: str = "www.paper.example") -> tuple[Entry, ...]:
    return tuple(
        Entry(id=str(place), url=f"https://{site}/{place}", title="t", published_at=None if ago is None else NOW - ago * HOUR)
        for place, ago in enumerate(hours)
    )


def served(*hours: float | None, site: str = "www.paper.example", overlaps: bool = False) -> Served:
    return Served(entries=entries(*hours, site=site), overlaps=overlaps, window=len(hours))


@pytest.mark.parametrize(
    ("state", "document", "expected"),
    [
        (SEEN, served(1, 2, 3, overlaps=True), Break.NONE),
        (NEW, served(1, 2, 3), Break.NONE),
        (SEEN, served(1, 2, 3), Break.GAP),
        (SEEN, served(None, None, None), Break.GAP),
        (SEEN, served(1, 2, 30), Break.GAP),
        (SEEN, served(*range(1, 10), 7000), Break.GAP),
        (SEEN, served(1, 20, 30), Break.TAKEOVER),
        (SEEN, served(1, 30), Break.GAP),
        (SEEN, served(1, 2, 3, site="casino.example"), Break.TAKEOVER),
        (SEEN, served(1, 2, 3, site="casino.example", overlaps=True), Break.NONE),
    ],
)
def test_how_a_document_connects_to_the_one_before(state: FeedState, document: Served, expected: Break) -> None:
    assert break_of(state, document) is expected


def test_sites_of_one_owner_are_one_site() -> None:
    korean = FeedState(feed_id="f", url="u", last_success_at=NOW, habits=Habits(window=3, site="en.yna.co.kr"))
    assert break_of(korean, served(1, 2, 3, site="www.yna.co.kr")) is Break.GAP
    assert break_of(korean, served(1, 2, 3, site="www.other.co.kr")) is Break.TAKEOVER


def test_messages_say_between_which_moments_and_what_changed() -> None:
    assert "between 2026-05-08 02:00 UTC and 2026-05-08 09:00 UTC" in gap_message(SEEN, served(1, 2, 3))
    assert "since 2026-05-07 12:00 UTC" in gap_message(SEEN, served(None))
    assert "led to paper.example and lead to casino.example" in takeover_message(SEEN, served(1, site="casino.example"))


def feed(expects: str) -> FeedSpec:
    return FeedSpec(id="f", name="F", url="u", publisher="F", family="f", expects=expects)


@pytest.mark.parametrize(
    ("expects", "rate", "days", "alarm"),
    [
        ("daily", 3.0, 2.9, False),
        ("daily", 4.0, 3.1, True),
        ("daily", 1.0, 8.0, False),
        ("daily", 1.0, 9.5, True),
        ("daily", 20.0, 0.9, False),
        ("daily", 20.0, 1.1, True),
        ("weekdays", 4.0, 4.5, False),
        ("weekdays", 4.0, 5.5, True),
        ("weekly", 1.0, 9.5, False),
        ("weekly", 1.0, 10.5, True),
        ("irregular", 20.0, 300.0, False),
    ],
)
def test_silence_is_what_neither_rhythm_nor_holidays_explain(expects: str, rate: float, days: float, alarm: bool) -> None:
    monday = NOW + 3 * DAY
    since = monday - days * DAY
    lowered = later_habits(Habits(rate=rate + 1 / 28), 0, days * DAY)
    assert (silence(feed(expects), lowered, since, monday) is not None) is alarm


@pytest.mark.parametrize(
    ("expects", "per_day", "soon"),
    [("weekly", 1 / 7, 80), ("weekly", 2 / 7, 40), ("daily", 0.5, 25), ("daily", 1.0, 12), ("weekdays", 2.0, 11), ("daily", 8.0, 4)],
)
def test_feeds_of_every_pace_are_silent_once_they_ended_and_never_before(expects: str, per_day: float, soon: int) -> None:
    chance, step = Random(7), timedelta(hours=6)
    first = [NOW - place * DAY / per_day for place in range(20)]
    habits, now, last, ended = first_habits(Habits(), first, 20), NOW, NOW, NOW + 200 * DAY
    coming = NOW + DAY / per_day
    while silence(feed(expects), habits, last, now) is None and now < ended + 400 * DAY:
        now, new = now + step, 0
        while coming <= min(now, ended):
            new += expects != "weekdays" or coming.weekday() < 5
            coming += DAY / per_day * chance.uniform(0.5, 1.5)
        habits, last = later_habits(habits, new, step), now if new else last
    assert ended < now <= last + soon * DAY


def test_a_silent_feed_is_said_to_have_brought_what_it_did() -> None:
    habits = later_habits(Habits(rate=0.25), 0, 70 * DAY)
    assert "used to bring 1.5 entries a week" in (silence(feed("weekly"), habits, NOW - 70 * DAY, NOW) or "")


def many_sites(*hours: float) -> tuple[Entry, ...]:
    return tuple(replace(entry, url=f"https://outlet{place}.example/") for place, entry in enumerate(entries(*hours)))


def test_a_search_that_leads_to_many_sites_is_not_taken_over_by_another_of_them() -> None:
    found = Served(entries=many_sites(*range(1, 10)), overlaps=False, window=9)
    assert break_of(SEEN, found) is Break.GAP
    assert site_after(SEEN.habits, found.entries) is None
    search = replace(SEEN, habits=replace(SEEN.habits, site=None))
    assert site_after(search.habits, entries(1, 2, site="one.example")) is None
    assert break_of(search, served(1, 2, 3, site="one.example")) is Break.GAP
    assert site_after(SEEN.habits, entries(1, site="new.example")) == "new.example"
    assert site_after(Habits(), entries(1)) == "www.paper.example"


def hashes(names: str) -> bytes:
    return b"".join(name.encode() * 8 for name in names)


@pytest.mark.parametrize(
    ("before", "after", "unchanged", "expected"),
    [
        ("Sabcd", "Swxyz", 1, False),
        ("Sabcd", "Swxya", 2, True),
        ("abcde", "wxyza", 1, True),
        ("abcde", "abcdefg", 5, True),
        ("abcde", "eabcd", 5, True),
        ("abcde", "abc", 3, True),
        ("", "abc", 0, False),
    ],
)
def test_an_item_pinned_to_the_head_connects_no_windows(before: str, after: str, unchanged: int, expected: bool) -> None:
    assert connects(replace(SEEN, item_hashes=hashes(before)), hashes(after), unchanged, ()) is expected


def test_a_known_entry_connects_windows_where_a_window_reaches_back_to_it() -> None:
    assert connects(SEEN, b"", 0, entries(12))
    assert connects(SEEN, b"", 0, entries(None))
    assert not connects(SEEN, b"", 0, entries(24 * 30))
    assert connects(NEW, b"", 0, entries(24 * 30))


def test_a_feed_that_never_brought_anything_cannot_fall_silent() -> None:
    assert silence(feed("daily"), Habits(), None, NOW) is None
    assert silence(feed("daily"), Habits(rate=None), NOW - 90 * DAY, NOW) is None


def intakes(*ages: float) -> tuple[Intake, ...]:
    return tuple(
        Intake(
            entry_id=None,
            identity=str(place),
            raw_hash="h",
            article_key=str(place),
            entry=Entry(id=str(place), url=None, title="t", published_at=NOW - age * DAY),
        )
        for place, age in enumerate(ages)
    )


def told(state: FeedState, *ages: float, breaks: Break = Break.NONE) -> list[str]:
    return [intake.identity for intake in hold(intakes(*ages), state, breaks, NOW) if not intake.entry.notes]


def test_of_a_first_document_the_newest_thirty_and_the_last_week_are_told() -> None:
    old_first = [400.0 - place for place in range(300)]
    assert told(NEW, *old_first) == [str(place) for place in range(270, 300)]
    assert len(told(NEW, *[100.0] * 50, *[1.0] * 60)) == 60
    assert len(told(NEW, *[1.0] * 300)) == 100


def test_the_newest_are_told_whichever_end_of_the_document_they_stand_at() -> None:
    newest_first = [place / 1000 for place in range(150)]
    assert set(told(SEEN, *newest_first)) == {str(place) for place in range(100)}
    assert set(told(NEW, *[400.0 + place for place in range(300)])) == {str(place) for place in range(30)}


def test_a_later_burst_is_told_up_to_three_times_the_usual() -> None:
    assert len(told(SEEN, *[0.1] * 90)) == 90
    assert len(told(SEEN, *[0.1] * 300)) == 100
    busy = FeedState(feed_id="f", url="u", last_success_at=NOW - 5 * DAY, habits=Habits(rate=20.0, window=300))
    assert len(told(busy, *[0.1] * 300)) == 300
    assert is_flood(101, SEEN, NOW)
    assert not is_flood(300, busy, NOW)


def test_nothing_of_a_takeover_is_told_and_known_entries_are_left_alone() -> None:
    assert told(SEEN, 0.1, 0.2, breaks=Break.TAKEOVER) == []
    (known,) = hold([Intake(entry_id=7, identity="k", raw_hash="h", article_key="k", entry=entries(1)[0])], SEEN, Break.TAKEOVER, NOW)
    assert known.entry.notes == ()

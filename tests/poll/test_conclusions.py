"""What polls conclude: moves, ends, breaks, and what is held of what they brought."""

from dataclasses import replace
from datetime import timedelta

import pytest

from aggregator.models import Failed, FailureKind, FetchOutcome, FetchRequest, NotModified
from aggregator.poll import poll_due
from aggregator.store import SqlStore
from tests.conftest import Clock
from tests.poll.newsstand import Item, ScriptedFetcher, feed, fetched, polling, rss, serving
from tests.poll.test_intake import FIRST, state
from tests.store.samples import NOW

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
NEW_HOME = "https://new.example/feed.xml"
GONE = Failed(kind=FailureKind.PERMANENT, message="the server answers 410 Gone", status=410)
MISSING = Failed(kind=FailureKind.SOFT, message="the server answers 404", status=404)


def moving(request: FetchRequest) -> FetchOutcome:
    return replace(fetched(request, rss(FIRST)), moved_to=None if request.url == NEW_HOME else NEW_HOME)


async def polled(store: SqlStore, fetcher: ScriptedFetcher, clock: Clock, times: int) -> list[str]:
    use = polling(store, fetcher, clock)
    for _ in range(times):
        await poll_due(use, only=["paper"])
        clock.pass_by(hours=1)
    return [alarm.kind for alarm in store.alarms(since=NOW)]


async def test_a_permanent_redirect_is_followed_from_the_third_poll_on(sqlite_store: SqlStore, clock: Clock) -> None:
    fetcher = ScriptedFetcher(moving)
    assert await polled(sqlite_store, fetcher, clock, 5) == ["moved"]
    assert fetcher.asked == ["https://paper.example/paper.xml"] * 3 + [NEW_HOME] * 2


async def test_a_304_at_the_new_place_confirms_it_too(sqlite_store: SqlStore, clock: Clock) -> None:
    fetcher = ScriptedFetcher(lambda request: NotModified(moved_to=None if request.url == NEW_HOME else NEW_HOME))
    await polled(sqlite_store, serving(FIRST), clock, 1)
    assert await polled(sqlite_store, fetcher, clock, 4) == ["moved"]
    assert fetcher.asked[-1] == NEW_HOME


async def test_a_redirect_that_does_not_last_is_forgotten(sqlite_store: SqlStore, clock: Clock) -> None:
    await polled(sqlite_store, ScriptedFetcher(moving), clock, 2)
    await polled(sqlite_store, serving(FIRST), clock, 1)
    fetcher = ScriptedFetcher(moving)
    assert await polled(sqlite_store, fetcher, clock, 2) == []
    assert NEW_HOME not in fetcher.asked


async def test_where_the_new_place_fails_the_configured_one_is_asked_again(sqlite_store: SqlStore, clock: Clock) -> None:
    await polled(sqlite_store, ScriptedFetcher(moving), clock, 3)
    fetcher = ScriptedFetcher(lambda request: MISSING if request.url == NEW_HOME else fetched(request, rss(FIRST)))
    await polled(sqlite_store, fetcher, clock, 2)
    assert fetcher.asked == [NEW_HOME, "https://paper.example/paper.xml"]


async def test_a_feed_that_is_gone_is_asked_no_more_and_revived_by_name(sqlite_store: SqlStore, clock: Clock) -> None:
    assert await polled(sqlite_store, ScriptedFetcher(lambda request: GONE), clock, 1) == ["gone"]
    clock.pass_by(days=90)
    fetcher = serving(FIRST)
    use = polling(sqlite_store, fetcher, clock)
    assert await poll_due(use) == ()
    (poll,) = await poll_due(use, only=["paper"])
    assert poll.outcome == "ok"
    assert [alarm.cleared_at is None for alarm in sqlite_store.alarms(since=NOW)] == [False]
    assert state(sqlite_store, clock).next_due_at is not None


@pytest.mark.parametrize(("failure", "polls"), [(MISSING, 3), (replace(MISSING, kind=FailureKind.PERMANENT, status=None), 1)])
async def test_failures_become_one_alarm_that_ends_with_the_first_success(
    sqlite_store: SqlStore, clock: Clock, failure: Failed, polls: int
) -> None:
    fetcher = ScriptedFetcher(lambda request: failure)
    assert await polled(sqlite_store, fetcher, clock, polls - 1) == []
    assert await polled(sqlite_store, fetcher, clock, 6) == ["failing"]
    await polled(sqlite_store, serving(FIRST), clock, 1)
    (alarm,) = sqlite_store.alarms(since=NOW)
    assert alarm.cleared_at is not None


async def test_a_host_that_asks_for_peace_gets_it_for_all_its_feeds(sqlite_store: SqlStore, clock: Clock) -> None:
    busy = Failed(kind=FailureKind.TEMPORARY, message="the server answers 429", status=429, retry_after=5 * HOUR)
    fetcher = ScriptedFetcher(lambda request: busy)
    use = polling(sqlite_store, fetcher, clock, feed("a", "one.example"), feed("b", "one.example"), feed("c", "two.example"))
    polls = {poll.feed_id: poll.outcome for poll in await poll_due(use)}
    assert sorted(polls.values()) == ["deferred", "failed", "failed"]
    assert len(fetcher.asked) == 2
    clock.pass_by(hours=4)
    assert await poll_due(use) == ()


async def test_a_gap_is_reported_with_its_ends(sqlite_store: SqlStore, clock: Clock) -> None:
    await polled(sqlite_store, serving(FIRST), clock, 1)
    clock.pass_by(days=5)
    later = [Item(f"later {number}", clock() - number * HOUR) for number in range(3)]
    (poll,) = await poll_due(polling(sqlite_store, serving(*later), clock))
    assert poll.new == 3
    assert [alarm.kind for alarm in poll.raised] == ["gap"]
    assert "between 2026-03-01 07:00 UTC and" in (poll.message or "")


async def test_a_pinned_item_hides_no_gap(sqlite_store: SqlStore, clock: Clock) -> None:
    pinned, old = Item("pinned", NOW - 300 * DAY), [Item(f"old {number}", NOW - number * HOUR) for number in range(5)]
    await polled(sqlite_store, serving(pinned, *old), clock, 1)
    clock.pass_by(days=5)
    later = [Item(f"later {number}", clock() - number * HOUR) for number in range(5)]
    (poll,) = await poll_due(polling(sqlite_store, serving(pinned, *later), clock), only=["paper"])
    assert [alarm.kind for alarm in poll.raised] == ["gap"]
    clock.pass_by(days=1)
    follows = Item("follows", clock())
    (poll,) = await poll_due(polling(sqlite_store, serving(pinned, follows, *later[:4]), clock), only=["paper"])
    assert poll.raised == ()


async def test_a_feed_that_serves_other_content_at_once_is_stored_held_and_told_to_the_operator(
    sqlite_store: SqlStore, clock: Clock
) -> None:
    await polled(sqlite_store, serving(*(Item(f"{number}", NOW - number * HOUR) for number in range(5))), clock, 1)
    spam = [Item(f"spam {number}", NOW - number * HOUR) for number in range(500)]
    (poll,) = await poll_due(polling(sqlite_store, serving(*spam), clock), only=["paper"])
    assert poll.new == 500
    assert [alarm.kind for alarm in poll.raised] == ["takeover"]
    marks = [revision.entry.notes for revision in sqlite_store.unjudged(600)][5:]
    assert set(marks) == {("takeover",)}


PAGES = {
    "page": b"<!DOCTYPE html><html><head><title>Hello</title></head><body>Welcome</body></html>",
    "empty feed": rss(),
    "challenge": b"<html><head><title>Just a moment...</title></head><body>cf-chl</body></html>",
    "parked": b"<html><body>This domain is for sale</body></html>",
}


@pytest.mark.parametrize("name", PAGES)
async def test_a_quiet_failure_becomes_one_alarm(sqlite_store: SqlStore, clock: Clock, name: str) -> None:
    await polled(sqlite_store, serving(FIRST), clock, 1)
    fetcher = ScriptedFetcher(lambda request: fetched(request, PAGES[name]))
    assert await polled(sqlite_store, fetcher, clock, 6) == ["failing"]
    assert {line.status for line in sqlite_store.feed_health()} == {"failing"}


async def test_304_for_ever_is_silence(sqlite_store: SqlStore, clock: Clock) -> None:
    busy = replace(feed(), expects="daily")
    items = [Item(f"{number}", NOW - number * 3 * HOUR) for number in range(40)]
    await poll_due(polling(sqlite_store, serving(*items), clock, busy))
    use = polling(sqlite_store, ScriptedFetcher(lambda request: NotModified()), clock, busy)
    for _ in range(20):
        clock.pass_by(hours=6)
        await poll_due(use, only=["paper"])
    assert [(alarm.kind, alarm.cleared_at) for alarm in sqlite_store.alarms(since=NOW)] == [("silence", None)]


@pytest.mark.parametrize(("kind", "alarms"), [("listing", ["failing"]), ("syndication", [])])
async def test_a_list_that_changed_its_shape_is_told_at_once(sqlite_store: SqlStore, clock: Clock, kind: str, alarms: list[str]) -> None:
    fetcher = ScriptedFetcher(lambda request: fetched(request, b"<html><body>New look</body></html>"))
    use = polling(sqlite_store, fetcher, clock)
    page = replace(feed(), kind=kind, options={"item": "li"} if kind == "listing" else {})
    await poll_due(replace(use, feeds={page.id: page}), only=["paper"])
    assert [alarm.kind for alarm in sqlite_store.alarms(since=NOW)] == alarms

"""Everything that a feed served is stored, before anything judges it."""

from collections.abc import Sequence
from datetime import timedelta

import pytest

from aggregator.models import NotModified
from aggregator.poll import poll_due
from aggregator.records import FeedState
from aggregator.store import SqlStore
from tests.conftest import Clock
from tests.poll.newsstand import Item, ScriptedFetcher, feed, fetched, polling, rss, serving, titles
from tests.store.samples import NOW

HOUR = timedelta(hours=1)
FIRST = Item("first", NOW - HOUR)


def state(store: SqlStore, clock: Clock) -> FeedState:
    """Give what the store remembers of the feed, by claiming and releasing it."""
    (found,) = store.claim_feeds(clock(), HOUR, 1, only=["paper"])
    store.release_leases()
    return found


async def test_what_was_served_is_stored_and_waits_to_be_judged(sqlite_store: SqlStore, clock: Clock) -> None:
    (poll,) = await poll_due(polling(sqlite_store, serving(Item("later", NOW), FIRST), clock))
    assert (poll.outcome, poll.entries, poll.new, poll.revised) == ("ok", 2, 2, 0)
    assert [revision.entry.title for revision in sqlite_store.unjudged(10)] == ["first", "later"]
    assert {outcome.code for outcome in sqlite_store.outcomes()} == {"not_judged"}


@pytest.mark.parametrize(
    "late",
    [
        [Item("equal", NOW - HOUR)],
        [Item("missing")],
        [Item("older", NOW - 2 * HOUR)],
        [Item("from_last_year", NOW - 365 * 24 * HOUR)],
        [Item("from_tomorrow", NOW + 24 * HOUR)],
        [Item("equal", NOW - HOUR), Item("equal_too", NOW - HOUR), Item("missing"), Item("missing_too"), Item("older", NOW - 2 * HOUR)],
    ],
    ids=lambda late: "+".join(item.name for item in late),
)
async def test_entries_with_strange_dates_are_stored_when_they_come_late(
    sqlite_store: SqlStore, clock: Clock, late: Sequence[Item]
) -> None:
    fetcher = serving(FIRST)
    use = polling(sqlite_store, fetcher, clock)
    await poll_due(use)
    clock.pass_by(hours=2)
    fetcher.answer = serving(FIRST, *late).answer
    (poll,) = await poll_due(use)
    assert poll.new == len(late)
    assert set(titles(sqlite_store.outcomes())) == {"first", *(item.name for item in late)}


async def test_trap_a_slice_loses_a_burst(sqlite_store: SqlStore, clock: Clock) -> None:
    items = [Item(f"item {number}", NOW - number * HOUR) for number in range(250)]
    (poll,) = await poll_due(polling(sqlite_store, serving(*items), clock))
    assert poll.new == 250
    assert titles(sqlite_store.outcomes()) == [item.name for item in reversed(items)]


async def test_trap_an_edited_headline_becomes_a_new_article(sqlite_store: SqlStore, clock: Clock) -> None:
    fetcher = serving(FIRST)
    use = polling(sqlite_store, fetcher, clock)
    await poll_due(use)
    clock.pass_by(hours=2)
    fetcher.answer = serving(Item("first", NOW, title="First, corrected")).answer
    (poll,) = await poll_due(use)
    assert (poll.new, poll.revised) == (0, 1)
    assert sqlite_store.overview().articles == 1
    assert [revision.first for revision in sqlite_store.unjudged(10)] == [True, False]


async def test_a_moved_date_alone_is_no_revision(sqlite_store: SqlStore, clock: Clock) -> None:
    fetcher = serving(FIRST)
    use = polling(sqlite_store, fetcher, clock)
    await poll_due(use)
    clock.pass_by(hours=2)
    fetcher.answer = serving(Item("first", NOW)).answer
    (poll,) = await poll_due(use)
    assert (poll.outcome, poll.new, poll.revised) == ("ok", 0, 0)


@pytest.mark.parametrize(("renewed", "kept"), [(None, '"1"'), ('"2"', '"2"')])
async def test_a_304_stores_nothing_and_keeps_the_validators_or_renews_them(
    sqlite_store: SqlStore, clock: Clock, renewed: str | None, kept: str
) -> None:
    fetcher = ScriptedFetcher(lambda request: fetched(request, rss(FIRST), '"1"', "Sun, 01 Mar 2026 07:00:00 GMT"))
    use = polling(sqlite_store, fetcher, clock)
    await poll_due(use)
    clock.pass_by(hours=2)
    fetcher.answer = lambda request: NotModified(etag=renewed)
    (poll,) = await poll_due(use)
    assert (fetcher.requests[-1].etag, fetcher.requests[-1].last_modified) == ('"1"', "Sun, 01 Mar 2026 07:00:00 GMT")
    assert (poll.outcome, poll.status, poll.entries) == ("not_modified", 304, 0)
    after = state(sqlite_store, clock)
    assert (after.etag, after.last_modified, after.failures) == (kept, "Sun, 01 Mar 2026 07:00:00 GMT", 0)
    assert len(sqlite_store.outcomes()) == 1


async def test_the_same_body_stores_nothing_and_takes_the_new_validators(sqlite_store: SqlStore, clock: Clock) -> None:
    fetcher = serving(FIRST, etag='"1"')
    use = polling(sqlite_store, fetcher, clock)
    await poll_due(use)
    clock.pass_by(hours=2)
    fetcher.answer = serving(FIRST, etag='"2"').answer
    (poll,) = await poll_due(use)
    assert (poll.outcome, poll.entries, poll.new) == ("unchanged", 0, 0)
    after = state(sqlite_store, clock)
    assert (after.etag, after.last_success_at) == ('"2"', clock())
    assert after.next_due_at is not None
    assert after.next_due_at >= clock() + timedelta(minutes=30)


async def test_entries_beside_an_error_are_kept_and_the_error_is_told(sqlite_store: SqlStore, clock: Clock) -> None:
    fetcher = ScriptedFetcher(lambda request: fetched(request, rss(FIRST, end="<item><title>cut o")))
    (poll,) = await poll_due(polling(sqlite_store, fetcher, clock))
    assert poll.outcome == "ok"
    assert poll.message
    assert "first" in titles(sqlite_store.outcomes())


async def test_a_page_in_two_feeds_is_one_article_seen_twice(sqlite_store: SqlStore, clock: Clock) -> None:
    await poll_due(polling(sqlite_store, serving(FIRST), clock, feed("paper"), feed("search")))
    overview = sqlite_store.overview()
    assert (overview.entries, overview.articles) == (2, 1)


async def test_a_poll_that_was_killed_before_it_was_written_brings_the_same_again(sqlite_store: SqlStore, clock: Clock) -> None:
    use = polling(sqlite_store, serving(FIRST), clock)
    sqlite_store.claim_feeds(clock(), HOUR, 1)  # claimed by a process that died
    sqlite_store.release_leases()
    assert [poll.new for poll in await poll_due(use)] == [1]

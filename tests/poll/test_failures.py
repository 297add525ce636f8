"""A failed feed is a stored poll with a reason: it keeps what it had, comes back by date, and stops nobody."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from aggregator.errors import StoreError
from aggregator.models import Failed, FailureKind, FeedSpec, FetchOutcome, FetchRequest, ParsedFeed
from aggregator.poll import poll_due
from aggregator.records import Poll, PollRecord
from aggregator.store import SqlStore
from aggregator.store.database import Database
from aggregator.store.engine import database_url
from tests.conftest import Clock
from tests.poll.newsstand import Item, PlainReader, ScriptedFetcher, feed, fetched, polling, rss, serving, titles
from tests.poll.test_intake import FIRST, state

GONE_AWAY = Failed(kind=FailureKind.TEMPORARY, message="the server answers 503", status=503)
PAGE = b"<!DOCTYPE html><html><head><title>Maintenance</title></head><body>Back soon</body></html>"


def failing(feed_id: str, failure: FetchOutcome | Exception) -> ScriptedFetcher:
    """Give a network on which one feed fails and all others serve."""

    def answer(request: FetchRequest) -> FetchOutcome:
        if feed_id not in request.url:
            return fetched(request, rss(Item(request.url)))
        if isinstance(failure, Exception):
            raise failure
        return failure

    return ScriptedFetcher(answer)


async def test_a_failed_feed_keeps_its_validators(sqlite_store: SqlStore, clock: Clock) -> None:
    fetcher = serving(FIRST, etag='"1"')
    use = polling(sqlite_store, fetcher, clock)
    await poll_due(use)
    before = state(sqlite_store, clock)
    clock.pass_by(hours=2)
    fetcher.answer = lambda request: GONE_AWAY
    (poll,) = await poll_due(use)
    assert (poll.outcome, poll.status, poll.message) == ("failed", 503, "the server answers 503")
    after = state(sqlite_store, clock)
    assert (after.etag, after.body_hash, after.last_success_at) == (before.etag, before.body_hash, before.last_success_at)
    assert (after.failures, after.error) == (1, "the server answers 503")


async def test_a_feed_that_goes_on_failing_is_asked_less_and_less_until_it_recovers(sqlite_store: SqlStore, clock: Clock) -> None:
    fetcher = failing("paper", GONE_AWAY)
    use = polling(sqlite_store, fetcher, clock)
    waits: list[timedelta] = []
    for _ in range(8):
        await poll_due(use, only=["paper"])
        waits.append((state(sqlite_store, clock).next_due_at or clock()) - clock())
        clock.pass_by(minutes=1)
    assert waits == sorted(waits)
    assert waits[1] >= 1.9 * waits[0]
    assert max(waits) <= timedelta(hours=13.2)
    fetcher.answer = serving(FIRST).answer
    await poll_due(use, only=["paper"])
    recovered = state(sqlite_store, clock)
    assert (recovered.failures, recovered.error) == (0, None)


async def test_a_server_that_asks_for_a_pause_gets_it(sqlite_store: SqlStore, clock: Clock) -> None:
    busy = replace(GONE_AWAY, status=429, retry_after=timedelta(hours=5))
    await poll_due(polling(sqlite_store, failing("paper", busy), clock))
    assert state(sqlite_store, clock).next_due_at == clock() + timedelta(hours=5)


async def test_a_failed_feed_stops_no_other(sqlite_store: SqlStore, clock: Clock) -> None:
    use = polling(sqlite_store, failing("bad", GONE_AWAY), clock, feed("bad"), feed("good"), feed("fine"))
    polls = {poll.feed_id: poll.outcome for poll in await poll_due(use)}
    assert polls == {"bad": "failed", "good": "ok", "fine": "ok"}


async def test_an_exception_inside_one_feed_is_a_stored_poll_with_a_reason(sqlite_store: SqlStore, clock: Clock) -> None:
    use = polling(sqlite_store, failing("bad", RuntimeError("secret inside")), clock, feed("bad"), feed("good"))
    polls = {poll.feed_id: poll for poll in await poll_due(use)}
    assert polls["bad"].message == "internal error: RuntimeError; see the log"
    assert polls["good"].outcome == "ok"
    assert sqlite_store.polls("bad") == [polls["bad"]]


class BreakingReader(PlainReader):
    """Break on one feed."""

    async def read(
        self, feed: FeedSpec, url: str, headers: Mapping[str, str], body: bytes, now: datetime, known: bytes = b""
    ) -> ParsedFeed:
        if feed.id == "bad":
            raise RecursionError
        return await super().read(feed, url, headers, body, now, known)


async def test_an_exception_of_the_reader_is_one_feeds_failure(sqlite_store: SqlStore, clock: Clock) -> None:
    use = replace(polling(sqlite_store, serving(FIRST), clock, feed("bad"), feed("good")), reader=BreakingReader())
    polls = {poll.feed_id: poll.outcome for poll in await poll_due(use)}
    assert polls == {"bad": "failed", "good": "ok"}


@pytest.mark.parametrize(("body", "word"), [(rss(), "no entries"), (PAGE, ""), (b"", ""), (b"\x00\xff" * 50, "")])
async def test_a_document_without_entries_is_a_failure_with_a_sentence(
    sqlite_store: SqlStore, clock: Clock, body: bytes, word: str
) -> None:
    fetcher = ScriptedFetcher(lambda request: fetched(request, body, '"1"'))
    (poll,) = await poll_due(polling(sqlite_store, fetcher, clock))
    assert poll.outcome == "failed"
    assert poll.message
    assert word in poll.message
    after = state(sqlite_store, clock)
    assert (after.etag, after.body_hash) == (None, None)


async def test_a_feed_that_was_a_page_for_a_while_is_read_whole_again(sqlite_store: SqlStore, clock: Clock) -> None:
    fetcher = serving(FIRST)
    use = polling(sqlite_store, fetcher, clock)
    await poll_due(use)
    fetcher.answer = lambda request: fetched(request, PAGE)
    await poll_due(use, only=["paper"])
    fetcher.answer = serving(FIRST, Item("meanwhile")).answer
    (poll,) = await poll_due(use, only=["paper"])
    assert (poll.outcome, poll.new) == ("ok", 1)


async def test_a_feed_that_left_the_file_between_claim_and_poll_is_polled_as_it_was(sqlite_store: SqlStore, clock: Clock) -> None:
    use = replace(polling(sqlite_store, serving(FIRST), clock), feeds={})
    (poll,) = await poll_due(use)
    assert (poll.outcome, poll.new) == ("ok", 1)


async def test_a_feed_that_left_the_file_is_never_due_and_keeps_its_entries(sqlite_store: SqlStore, clock: Clock) -> None:
    await poll_due(polling(sqlite_store, serving(FIRST), clock))
    clock.pass_by(days=2)
    fetcher = serving(FIRST)
    await poll_due(polling(sqlite_store, fetcher, clock, feed("other")))
    assert fetcher.asked == ["https://other.example/other.xml"]
    assert "first" in titles(sqlite_store.outcomes())


class RefusingStore(SqlStore):
    """Refuse to keep what one feed served, or anything at all."""

    refuses = "bad"

    def record_polls(self, records: Sequence[PollRecord]) -> Sequence[Poll]:
        if self.refuses == "everything" or any(record.feed_id == self.refuses and record.intakes for record in records):
            raise StoreError("the database refused: a text that it cannot hold")
        return super().record_polls(records)


@pytest.fixture
def refusing(store_url: str) -> RefusingStore:
    return RefusingStore(Database(database_url(store_url)))


async def test_what_the_store_refuses_is_one_feeds_failure_and_takes_nothing_else_along(refusing: RefusingStore, clock: Clock) -> None:
    use = polling(refusing, serving(FIRST, etag='"1"'), clock, feed("bad"), feed("good"), feed("fine"))
    polls = {poll.feed_id: poll for poll in await poll_due(use)}
    refusing.close()
    assert {name: poll.outcome for name, poll in polls.items()} == {"bad": "failed", "good": "ok", "fine": "ok"}
    assert polls["bad"].message == "what the feed served could not be stored: the database refused: a text that it cannot hold"
    health = {found.feed_id: found for found in refusing.feed_health()}
    assert health["bad"].status == "failing"
    assert health["bad"].entries == 0
    refusing.close()


async def test_a_store_that_keeps_nothing_is_one_error_that_callers_can_catch(refusing: RefusingStore, clock: Clock) -> None:
    use = polling(refusing, serving(FIRST), clock, feed("good"), feed("fine"))
    refusing.refuses = "everything"
    with pytest.raises(StoreError, match="the database refused"):
        await poll_due(use)
    refusing.close()

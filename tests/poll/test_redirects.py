"""Redirects: each hop in the turn of its own host, and no turn held while another one is waited for."""

import asyncio
from collections import Counter
from collections.abc import Mapping
from datetime import timedelta

import pytest

from aggregator.core.urls import host_of
from aggregator.errors import ReaderError
from aggregator.models import Failed, FailureKind, FeedSpec, FetchOutcome, FetchRequest, ParsedFeed
from aggregator.poll import UNREAD, Polling, poll_due
from aggregator.store import SqlStore
from tests.conftest import Clock
from tests.poll.newsstand import ScriptedFetcher, feed, fetched, polling, rss
from tests.poll.test_intake import FIRST
from tests.store.samples import NOW


def leading(location: str, status: int = 302) -> Failed:
    return Failed(kind=FailureKind.SOFT, message="it is elsewhere", status=status, location=location)


class Signposts(ScriptedFetcher):
    """Lead from address to address, serve a feed at the end, and count what one host is asked at once."""

    def __init__(self, ways: Mapping[str, FetchOutcome]) -> None:
        super().__init__(lambda request: ways.get(request.url) or fetched(request, rss(FIRST)))
        self.under_way: Counter[str] = Counter()
        self.most: Counter[str] = Counter()

    async def fetch(self, request: FetchRequest) -> FetchOutcome:
        host = host_of(request.url)
        self.under_way[host] += 1
        self.most |= self.under_way
        await asyncio.sleep(0.001)
        self.under_way[host] -= 1
        return await super().fetch(request)


async def test_feeds_that_lead_to_one_host_take_turns_there(sqlite_store: SqlStore, clock: Clock) -> None:
    feeds = [feed(f"f{number}") for number in range(8)]
    fetcher = Signposts({one.url: leading(f"https://one.example/{one.id}") for one in feeds})
    polls = await poll_due(polling(sqlite_store, fetcher, clock, *feeds))
    assert {poll.outcome for poll in polls} == {"ok"}
    assert fetcher.most["one.example"] == 1
    assert len(fetcher.requests) == 16


async def test_two_hosts_that_lead_to_each_other_keep_nobody_waiting(sqlite_store: SqlStore, clock: Clock) -> None:
    here, there = feed("here"), feed("there")
    fetcher = Signposts({here.url: leading(there.url), there.url: leading(here.url)})
    polls = await asyncio.wait_for(poll_due(polling(sqlite_store, fetcher, clock, here, there)), 10)
    assert {poll.message for poll in polls} == {"there.example redirects in a circle", "here.example redirects in a circle"}


async def test_a_host_that_asks_for_peace_gets_it_wherever_the_request_came_from(sqlite_store: SqlStore, clock: Clock) -> None:
    wait = timedelta(hours=1)
    busy = Failed(kind=FailureKind.TEMPORARY, message="too many requests", status=429, retry_after=wait)
    leads, own = feed("leads"), feed("own", "busy.example")
    fetcher = Signposts({leads.url: leading("https://busy.example/x"), "https://busy.example/x": busy})
    use = polling(sqlite_store, fetcher, clock, leads, own)
    await poll_due(use, only=["leads"])
    assert use.doorsteps.peace_of("busy.example", clock()) == wait
    assert use.doorsteps.peace_of("leads.example", clock()) is None
    await poll_due(use)
    assert own.url not in fetcher.asked


@pytest.mark.parametrize(
    ("statuses", "moves"),
    [((301, 308), True), ((301, 302), False), ((302, 301), False)],
)
async def test_only_a_chain_of_permanent_redirects_moves_a_feed(
    sqlite_store: SqlStore, clock: Clock, statuses: tuple[int, int], moves: bool
) -> None:
    one = feed()
    ways = {
        one.url: leading("https://middle.example/", statuses[0]),
        "https://middle.example/": leading("https://end.example/", statuses[1]),
    }
    use = polling(sqlite_store, Signposts(ways), clock, one)
    for _ in range(4):
        await poll_due(use)
        clock.pass_by(hours=6)
    assert [alarm.kind for alarm in sqlite_store.alarms(since=NOW)] == (["moved"] if moves else [])


async def test_a_chain_without_end_is_given_up(sqlite_store: SqlStore, clock: Clock) -> None:
    fetcher = ScriptedFetcher(lambda request: leading(request.url + "x"))
    (poll,) = await poll_due(polling(sqlite_store, fetcher, clock, feed()))
    assert poll.message == "more than 5 redirects, the last one from paper.example"
    assert len(fetcher.requests) == 6


class NoReader:
    """Be what a machine without memory has."""

    async def read(self, *document: object) -> ParsedFeed:
        raise ReaderError("no process to read documents could be started: Cannot allocate memory")


async def test_a_feed_that_nothing_can_read_is_put_off_and_not_blamed(sqlite_store: SqlStore, clock: Clock) -> None:
    spec: FeedSpec = feed()
    use = polling(sqlite_store, Signposts({}), clock, spec)
    without = Polling(store=use.store, fetcher=use.fetcher, reader=NoReader(), feeds=use.feeds, clock=clock, spacing=0.0)
    for _ in range(3):
        (poll,) = await poll_due(without)
        assert poll.outcome == "deferred"
        clock.pass_by(seconds=UNREAD.total_seconds())
    assert not sqlite_store.alarms(since=NOW)
    (poll,) = await poll_due(use)
    assert (poll.outcome, poll.new) == ("ok", 1)

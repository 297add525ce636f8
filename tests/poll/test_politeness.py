"""One request at a time to a host, with a pause between; hosts side by side, up to the limit; leases that end."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

import pytest

from aggregator.core.urls import host_of
from aggregator.doorsteps import STANDING, Doorsteps
from aggregator.models import Failed, FailureKind, FetchOutcome, FetchRequest
from aggregator.poll import LEASE, Polling, poll_due
from aggregator.records import Poll, PollRecord
from aggregator.store import SqlStore
from aggregator.store.database import Database
from aggregator.store.engine import database_url
from tests.conftest import Clock
from tests.poll.newsstand import ScriptedFetcher, feed, polling, serving
from tests.poll.test_intake import FIRST

PATIENCE = 10
DAY = timedelta(days=1)


class WatchedFetcher(ScriptedFetcher):
    """Count what is under way at once, by host and in all; requests meet at a barrier where there is one."""

    def __init__(self, meeting: int = 0) -> None:
        super().__init__(serving(FIRST).answer)
        self.meeting = asyncio.Barrier(meeting) if meeting else None
        self.under_way: Counter[str] = Counter()
        self.most: Counter[str] = Counter()
        self.times: list[tuple[float, float]] = []

    async def fetch(self, request: FetchRequest) -> FetchOutcome:
        started, places = asyncio.get_running_loop().time(), (host_of(request.url), "all")
        self.under_way.update(places)
        self.most |= self.under_way
        if self.meeting:
            await asyncio.wait_for(self.meeting.wait(), PATIENCE)
        for _ in range(5):
            await asyncio.sleep(0)
        self.under_way.subtract(places)
        self.times.append((started, asyncio.get_running_loop().time()))
        return await super().fetch(request)


async def test_a_host_gets_one_request_at_a_time(sqlite_store: SqlStore, clock: Clock) -> None:
    fetcher = WatchedFetcher()
    polls = await poll_due(polling(sqlite_store, fetcher, clock, *(feed(f"f{number}", "one.example") for number in range(6))))
    assert len(polls) == 6
    assert fetcher.most["one.example"] == 1


async def test_a_host_gets_a_pause_between_two_requests(sqlite_store: SqlStore, clock: Clock) -> None:
    fetcher = WatchedFetcher()
    use = polling(sqlite_store, fetcher, clock, *(feed(f"f{number}", "one.example") for number in range(3)))
    await poll_due(replace(use, spacing=0.03))
    assert all(following[0] - before[1] >= 0.025 for before, following in pairwise(fetcher.times))


async def test_many_hosts_are_asked_side_by_side(sqlite_store: SqlStore, clock: Clock) -> None:
    fetcher = WatchedFetcher(meeting=12)
    polls = await poll_due(polling(sqlite_store, fetcher, clock, *(feed(f"f{number}") for number in range(12))))
    assert {poll.outcome for poll in polls} == {"ok"}
    assert fetcher.most["all"] == 12


async def test_no_more_requests_are_under_way_than_the_limit_says(sqlite_store: SqlStore, clock: Clock) -> None:
    fetcher = WatchedFetcher(meeting=3)
    use = polling(sqlite_store, fetcher, clock, *(feed(f"f{number}") for number in range(12)))
    await poll_due(replace(use, concurrency=3))
    assert fetcher.most["all"] == 3


class WaitingFetcher(ScriptedFetcher):
    """Let one host wait until it is told to answer."""

    def __init__(self) -> None:
        super().__init__(serving(FIRST).answer)
        self.asked_slow, self.answer_slow = asyncio.Event(), asyncio.Event()
        self.waiting, self.crowded = 0, asyncio.Event()

    async def fetch(self, request: FetchRequest) -> FetchOutcome:
        if "slow" in request.url:
            self.asked_slow.set()
            self.waiting += 1
            if self.waiting > STANDING:
                self.crowded.set()
            await asyncio.wait_for(self.answer_slow.wait(), PATIENCE)
        return await super().fetch(request)


async def test_a_slow_host_delays_nobody_and_finished_polls_are_written_meanwhile(sqlite_store: SqlStore, clock: Clock) -> None:
    fetcher, seen = WaitingFetcher(), list[str]()

    def progress(poll: Poll) -> None:
        assert sqlite_store.polls(poll.feed_id)
        seen.append(poll.feed_id)
        if len(seen) == 3:
            fetcher.answer_slow.set()

    use = polling(sqlite_store, fetcher, clock, feed("slow"), feed("a", "one.example"), feed("b", "one.example"), feed("c"))
    await poll_due(use, progress=progress)
    assert seen[-1] == "slow"


async def test_hosts_that_hang_take_no_room_from_the_others(sqlite_store: SqlStore, clock: Clock) -> None:
    fetcher, seen = WaitingFetcher(), list[str]()

    def progress(poll: Poll) -> None:
        seen.append(poll.feed_id)
        if len(seen) == 3:
            fetcher.answer_slow.set()

    slow = (feed(f"a-slow-{number}") for number in range(5))
    use = polling(sqlite_store, fetcher, clock, *slow, feed("b"), feed("c"), feed("d"))
    polls = await poll_due(replace(use, concurrency=2, patience=0.01), progress=progress)
    assert sorted(seen[:3]) == ["b", "c", "d"]
    assert {poll.outcome for poll in polls} == {"ok"}


async def test_only_so_many_requests_go_on_without_a_seat(sqlite_store: SqlStore, clock: Clock) -> None:
    fetcher = WaitingFetcher()
    use = polling(sqlite_store, fetcher, clock, *(feed(f"slow-{number}") for number in range(2 + STANDING)))
    running = asyncio.create_task(poll_due(replace(use, concurrency=1, patience=0.001)))
    await asyncio.wait_for(fetcher.crowded.wait(), PATIENCE)
    await asyncio.sleep(0.02)
    assert fetcher.waiting == 1 + STANDING
    fetcher.answer_slow.set()
    assert len(await running) == 2 + STANDING


async def test_a_cancelled_poll_leaves_leases_that_can_be_released(sqlite_store: SqlStore, clock: Clock) -> None:
    fetcher = WaitingFetcher()
    use = polling(sqlite_store, fetcher, clock, feed("slow"))
    running = asyncio.create_task(poll_due(use))
    await asyncio.wait_for(fetcher.asked_slow.wait(), PATIENCE)
    running.cancel()
    assert isinstance((await asyncio.gather(running, return_exceptions=True))[0], asyncio.CancelledError)
    assert await poll_due(use) == ()
    sqlite_store.release_leases()
    fetcher.answer_slow.set()
    assert [poll.outcome for poll in await poll_due(use)] == ["ok"]


async def test_a_lease_whose_holder_died_ends_by_time(sqlite_store: SqlStore, clock: Clock) -> None:
    use = polling(sqlite_store, serving(FIRST), clock)
    sqlite_store.claim_feeds(clock(), LEASE, 10)
    clock.now += LEASE - timedelta(seconds=1)
    assert await poll_due(use) == ()
    clock.pass_by(seconds=1)
    assert len(await poll_due(use)) == 1


async def test_only_the_named_feeds_are_polled_due_or_not(sqlite_store: SqlStore, clock: Clock) -> None:
    use = polling(sqlite_store, serving(FIRST), clock, feed("a"), feed("b"), feed("c"))
    await poll_due(use)
    assert await poll_due(use) == ()
    assert {poll.feed_id for poll in await poll_due(use, only=["a", "c"])} == {"a", "c"}
    assert await poll_due(use, only=[]) == ()


async def test_a_limit_takes_the_longest_due_and_leaves_the_rest_due(sqlite_store: SqlStore, clock: Clock) -> None:
    use = polling(sqlite_store, serving(FIRST), clock, *(feed(name) for name in "abcd"))
    await poll_due(use, only=["b"])
    clock.pass_by(days=1)
    assert [poll.feed_id for poll in await poll_due(use, limit=3)] == ["a", "c", "d"]
    assert [poll.feed_id for poll in await poll_due(use, limit=3)] == ["b"]


class HangingFetcher(ScriptedFetcher):
    """Let a minute pass with each request, and let others poll meanwhile."""

    def __init__(self, clock: Clock) -> None:
        super().__init__(serving(FIRST).answer)
        self.clock, self.meanwhile = clock, list[asyncio.Task[tuple[Poll, ...]]]()
        self.other: Polling | None = None

    async def fetch(self, request: FetchRequest) -> FetchOutcome:
        self.clock.pass_by(minutes=1)
        if self.other:
            self.meanwhile.append(asyncio.create_task(poll_due(self.other)))
            await asyncio.sleep(0.01)
        return await super().fetch(request)


async def test_feeds_that_wait_longer_than_a_lease_lasts_are_asked_once(sqlite_store: SqlStore, clock: Clock) -> None:
    fetcher = HangingFetcher(clock)
    use = polling(sqlite_store, fetcher, clock, *(replace(feed(f"f{number:02}", "slow.example"), min_interval=DAY) for number in range(15)))
    fetcher.other = replace(use, doorsteps=Doorsteps())
    polls = await poll_due(use)
    fetcher.other = None
    others = [poll for polled in await asyncio.gather(*fetcher.meanwhile) for poll in polled]
    assert sorted(poll.feed_id for poll in (*polls, *others)) == [f"f{number:02}" for number in range(15)]
    assert len(fetcher.asked) == 15


async def test_feeds_that_somebody_else_polled_after_the_lease_was_over_are_left_out(sqlite_store: SqlStore, clock: Clock) -> None:
    fetcher = WaitingFetcher()
    use = polling(sqlite_store, fetcher, clock, feed("a", "slow.example"), feed("b", "slow.example"))
    running = asyncio.create_task(poll_due(use))
    await asyncio.wait_for(fetcher.asked_slow.wait(), PATIENCE)
    clock.now += LEASE
    await poll_due(replace(use, fetcher=serving(FIRST), doorsteps=Doorsteps()))
    fetcher.answer_slow.set()
    assert [poll.feed_id for poll in await running] == ["a"]


@pytest.mark.parametrize(("wait", "status"), [(timedelta(hours=6), 429), (None, 429), (None, 503)])
async def test_peace_for_a_host_holds_for_feeds_that_come_due_later(
    sqlite_store: SqlStore, clock: Clock, wait: timedelta | None, status: int
) -> None:
    busy = Failed(kind=FailureKind.TEMPORARY, message="busy", status=status, retry_after=wait)
    fetcher = ScriptedFetcher(lambda request: busy)
    use = polling(sqlite_store, fetcher, clock, *(feed(name, "one.example") for name in "abcd"))
    await poll_due(use, only=["a"])
    assert len(fetcher.asked) == 1
    clock.pass_by(minutes=5)
    assert {poll.outcome for poll in await poll_due(use)} == {"deferred"}
    assert len(fetcher.asked) == 1
    assert [poll.outcome for poll in await poll_due(use, only=["b"])] == ["failed"]  # asked for by name before it is due
    clock.pass_by(hours=13)
    fetcher.answer = serving(FIRST).answer
    assert {poll.outcome for poll in await poll_due(use)} == {"ok"}


async def test_a_host_without_a_word_of_how_long_is_left_alone_at_once(sqlite_store: SqlStore, clock: Clock) -> None:
    fetcher = ScriptedFetcher(lambda request: Failed(kind=FailureKind.TEMPORARY, message="busy", status=429))
    await poll_due(polling(sqlite_store, fetcher, clock, *(feed(f"f{number}", "one.example") for number in range(6))))
    assert len(fetcher.asked) == 1


async def test_an_address_that_changes_while_it_is_asked_leaves_nothing_on_the_new_one(sqlite_store: SqlStore, clock: Clock) -> None:
    old = feed("a", "old.example")
    new = replace(old, url="https://new.example/feed")

    def answer(request: FetchRequest) -> FetchOutcome:
        sqlite_store.sync_feeds([new], clock())
        return serving(FIRST, etag='"old"').answer(request)

    (poll,) = await poll_due(polling(sqlite_store, ScriptedFetcher(answer), clock, old))
    assert (poll.outcome, poll.new) == ("ok", 1)
    (state,) = sqlite_store.claim_feeds(clock(), LEASE, 1)
    assert (state.url, state.etag, state.last_success_at, state.body_hash) == (new.url, None, None, None)


class CountingStore(SqlStore):
    """Remember how many polls each transaction held; the first waits until all are there."""

    def __init__(self, url: str) -> None:
        super().__init__(Database(database_url(url)))
        self.sizes: list[int] = []

    def record_polls(self, records: Sequence[PollRecord]) -> Sequence[Poll]:
        self.sizes.append(len(records))
        return super().record_polls(records)


async def test_finished_polls_are_written_in_batches_of_bounded_size(store_url: str, clock: Clock) -> None:
    store = CountingStore(store_url)
    use = replace(polling(store, ScriptedFetcher(serving(FIRST).answer), clock, *(feed(f"f{number:02}") for number in range(20))), batch=4)
    polls = await poll_due(use)
    store.close()
    assert len({poll.feed_id for poll in polls}) == 20
    assert sum(store.sizes) == 20
    assert max(store.sizes) <= 4


async def test_a_name_that_leads_nowhere_is_looked_up_once_for_all_feeds_of_its_host(sqlite_store: SqlStore, clock: Clock) -> None:
    nowhere = Failed(kind=FailureKind.TEMPORARY, message="cannot resolve one.example", unresolved=True)
    fetcher = ScriptedFetcher(lambda request: nowhere)
    use = polling(sqlite_store, fetcher, clock, *(feed(f"f{number}", "one.example") for number in range(6)), feed("other", "two.example"))
    polls = await asyncio.wait_for(poll_due(replace(use, spacing=600.0)), 20)
    assert sorted(url.split("/")[2] for url in fetcher.asked) == ["one.example", "two.example"]
    assert [poll.message for poll in polls] == ["cannot resolve one.example"] * 7

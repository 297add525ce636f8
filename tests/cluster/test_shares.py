"""Shares of hosts: how due feeds are parted, and what a worker polls of a share."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from pathlib import Path

import psycopg
import pytest

from aggregator.app.configured import read_configuration
from aggregator.app.installation import App, declare, open_app
from aggregator.cli.environment import settings_from_environment
from aggregator.models import Failed, FetchOutcome, FetchRequest, NotModified
from aggregator.poll import LEASE
from aggregator.records import FeedState
from aggregator.shares import MOST_FEEDS, MOST_HOSTS, Fenced, poll_share, shares
from aggregator.store.hosts import SessionGate, share_lock
from aggregator.store.sessions import SessionLocks

_FEED = "  - {{id: {0}, name: {0}, publisher: {0}, family: {0}, language: en, url: 'http://127.0.0.{1}:{2}/'}}\n"
_TOPIC = "topics:\n  - {id: labour, name: Labour, query: 'rain*'}\nsubscriptions: []\n"


def state(feed: str, host: str, failures: int = 0) -> FeedState:
    return FeedState(feed_id=feed, url=f"https://{host}/{feed}", failures=failures)


def test_the_feeds_of_a_host_stay_together() -> None:
    assert shares([state("one", "a.example"), state("two", "b.example"), state("three", "A.example")]) == [
        {"a.example": ["one", "three"]},
        {"b.example": ["two"]},
    ]


def test_many_hosts_are_parted_into_shares_of_many() -> None:
    parts = shares([state(str(number), f"{number}.example") for number in range(1000)])
    assert [len(part) for part in parts] == [MOST_HOSTS] * 31 + [8]
    assert list(parts[0])[:2] == ["0.example", "1.example"]


def test_a_host_that_failed_last_time_keeps_no_other_waiting() -> None:
    due = [state(str(number), f"{number}.example", failures=int(number == 3)) for number in range(64)]
    assert {"3.example": ["3"]} in shares(due)
    assert sum(len(part) for part in shares(due)) == 64


def test_a_host_with_very_many_feeds_is_polled_a_part_at_a_time() -> None:
    (share,) = shares([state(str(number), "a.example") for number in range(3 * MOST_FEEDS)])
    assert share == {"a.example": [str(number) for number in range(MOST_FEEDS)]}


def test_hosts_that_somebody_polls_are_left_out() -> None:
    assert shares([state("one", "a.example"), state("two", "b.example")], {"a.example"}) == [{"b.example": ["two"]}]


class Hosts:
    """Serve a feed that holds nothing, and note who asked which host."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        self.asked.append(head.lower().partition(b"host: ")[2].partition(b":")[0].decode())
        writer.write(b"HTTP/1.1 410 Gone\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        await writer.drain()
        writer.close()


@pytest.fixture
async def hosts() -> AsyncIterator[tuple[Hosts, int]]:
    hosts = Hosts()
    async with await asyncio.start_server(hosts.answer, "0.0.0.0", 0) as server:
        yield hosts, server.sockets[0].getsockname()[1]


@pytest.fixture
async def app(hosts: tuple[Hosts, int], database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[App]:
    feeds = "".join(_FEED.format(name, number, hosts[1]) for name, number in (("one", 1), ("two", 2), ("three", 3)))
    (tmp_path / "feeds.yaml").write_text(f"feeds:\n{feeds}{_TOPIC}", encoding="utf-8")
    given = {"DATABASE_URL": database, "DATA_DIR": str(tmp_path), "FEEDS_FILE": str(tmp_path / "feeds.yaml"), "HTTP_ALLOW": "127.0.0.0/8"}
    for name, value in given.items():
        monkeypatch.setenv(f"AGGREGATOR_{name}", value)
    settings = settings_from_environment(quiet=True)
    async with open_app(settings, read_configuration(settings)) as app:
        declare(app)
        yield app


@pytest.fixture
def locks(database: str) -> Iterator[SessionLocks]:
    locks = SessionLocks(database, "worker")
    yield locks
    locks.close()


SHARE = {"127.0.0.1": ["one"], "127.0.0.2": ["two"], "127.0.0.3": ["three"]}


async def test_a_share_is_polled_but_for_what_another_worker_has(
    app: App, hosts: tuple[Hosts, int], locks: SessionLocks, database: str
) -> None:
    other = SessionLocks(database, "worker")
    assert other.take(share_lock("127.0.0.2"))
    await poll_share(app, locks, SHARE)
    assert sorted(hosts[0].asked) == ["127.0.0.1", "127.0.0.3"]
    assert locks.take_all([share_lock(host) for host in SHARE]) == {share_lock("127.0.0.1"), share_lock("127.0.0.3")}
    other.close()


async def test_feeds_of_a_worker_that_died_are_polled_at_once(app: App, hosts: tuple[Hosts, int], locks: SessionLocks) -> None:
    assert app.store.claim_feeds(app.polling.clock(), LEASE, 10, ["one", "two"])
    await poll_share(app, locks, SHARE)
    assert len(hosts[0].asked) == 3


async def test_a_share_that_comes_twice_finds_nothing_to_do(app: App, hosts: tuple[Hosts, int], locks: SessionLocks) -> None:
    await poll_share(app, locks, SHARE)
    await poll_share(app, locks, SHARE)
    assert len(hosts[0].asked) == 3


@pytest.fixture
def gate(database: str) -> Iterator[SessionGate]:
    gate = SessionGate(database)
    yield gate
    gate.close()


async def test_turns_at_many_hosts_are_taken_and_given_back_together(gate: SessionGate, database: str) -> None:
    names, other = [f"{number}.example" for number in range(20)], SessionGate(database)
    await asyncio.gather(*[gate.enter(name) for name in names])
    waiting = [asyncio.create_task(other.enter(name)) for name in names]
    assert not (await asyncio.wait(waiting, timeout=0.2))[0]
    for name in names:
        gate.leave(name, 0.0)
    await asyncio.wait_for(asyncio.gather(*waiting), 20)
    other.close()


async def test_a_job_that_is_told_to_stop_while_it_takes_its_hosts_leaves_none_taken(app: App, locks: SessionLocks, database: str) -> None:
    with locks._guard:  # as long as another job of the worker asks the server
        job = asyncio.create_task(poll_share(app, locks, SHARE))
        await asyncio.sleep(0.1)
        job.cancel()
        await asyncio.sleep(0.1)
    with suppress(asyncio.CancelledError):
        await job
    other = SessionLocks(database, "worker")
    assert len(other.take_all([share_lock(host) for host in SHARE])) == 3
    other.close()


async def test_of_two_who_wait_for_one_host_one_goes_first(gate: SessionGate) -> None:
    both = [asyncio.create_task(gate.enter("a.example")) for _ in range(2)]
    done, waiting = await asyncio.wait(both, timeout=20, return_when=asyncio.FIRST_COMPLETED)
    assert (len(done), len(waiting)) == (1, 1)
    gate.leave("a.example", 0.0)
    await asyncio.wait_for(next(iter(waiting)), 20)


async def test_a_turn_that_nobody_waits_for_any_more_is_given_back(gate: SessionGate, database: str) -> None:
    for pause in (0, 0.001, 0.01):
        leaver = asyncio.create_task(gate.enter("a.example"))
        await asyncio.sleep(pause)
        leaver.cancel()
        with suppress(asyncio.CancelledError):
            await leaver
            gate.leave("a.example", 0.0)
    other = SessionGate(database)
    await asyncio.wait_for(other.enter("a.example"), 20)
    other.close()


async def test_the_turn_of_a_session_that_was_lost_is_not_held(gate: SessionGate, database: str) -> None:
    await gate.enter("a.example")
    assert await gate.holds("a.example")
    with psycopg.connect(database) as connection:
        connection.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE 'aggregator poll%'")
    gate._locks._answered_at -= 60  # as if the process had been stopped for a minute
    assert not await gate.holds("a.example")


class _Fetcher:
    async def fetch(self, request: FetchRequest) -> FetchOutcome:
        return NotModified()


@pytest.mark.parametrize(("taken", "kind"), [(True, NotModified), (False, Failed)])
async def test_nothing_is_fetched_out_of_turn(taken: bool, kind: type, gate: SessionGate) -> None:
    if taken:
        await gate.enter("a.example")
    assert isinstance(await Fenced(_Fetcher(), gate).fetch(FetchRequest(url="http://a.example/")), kind)

"""Parsing in processes that can be killed."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime

import pytest
import pytest_asyncio

from aggregator.errors import ParseError
from aggregator.models import FeedSpec, ParsedFeed
from aggregator.sources.workers import ReaderPool, Worker

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
FEED = FeedSpec(id="f", name="F", url="https://news.example/rss", publisher="p", family="p")
GOOD = b"<rss version='2.0'><channel><item><title>t</title></item></channel></rss>"
# feedparser looks a category up among all former ones: time grows with the square of their number.
SLOW = (
    b"<!DOCTYPE rss><rss version='2.0'><channel><item>"
    + b"".join(b"<category>%d</category>" % n for n in range(60_000))
    + b"</item></channel></rss>"
)


@pytest.fixture
def worker() -> Iterator[Worker]:
    worker = Worker(deadline=10)
    yield worker
    worker.stop()


@pytest_asyncio.fixture
async def pool() -> AsyncIterator[ReaderPool]:
    pool = ReaderPool(workers=2, deadline=1.0)
    pool.start()
    yield pool
    await pool.aclose()


async def _read(pool: ReaderPool, body: bytes, feed: FeedSpec = FEED) -> ParsedFeed:
    return await pool.read(feed, feed.url, {}, body, NOW)


async def test_documents_are_read_side_by_side(pool: ReaderPool) -> None:
    feeds = await asyncio.gather(*(_read(pool, GOOD) for _ in range(20)))
    assert {feed.entries[0].title for feed in feeds} == {"t"}


async def test_document_that_takes_too_long_is_given_up_and_others_are_read(pool: ReaderPool) -> None:
    slow, good = await asyncio.gather(_read(pool, SLOW), _read(pool, GOOD))
    assert slow == ParsedFeed(error="reading the document took longer than 1 s")
    assert good.error is None
    after = await asyncio.gather(_read(pool, GOOD), _read(pool, GOOD))
    assert [feed.error for feed in after] == [None, None]


async def test_unknown_kind_is_an_error_that_names_the_known_ones(pool: ReaderPool) -> None:
    feed = FeedSpec(id="f", name="F", url="", publisher="p", family="p", kind="telex")
    error = "there is no source of the kind 'telex' (known: jsonfeed, listing, sitemap, syndication)"
    assert (await _read(pool, GOOD, feed)).error == error


async def test_closing_does_not_wait_for_a_slow_document() -> None:
    pool = ReaderPool(workers=1, deadline=60)
    reading = asyncio.create_task(_read(pool, SLOW))
    await asyncio.sleep(0.3)
    async with asyncio.timeout(5):
        await pool.aclose()
        assert (await reading).error == "the document made its reader break off"
    assert pool._workers[0]._live is None


async def test_closed_pool_says_so_through_its_threads() -> None:
    pool = ReaderPool(workers=1)
    await pool.aclose()
    with pytest.raises(RuntimeError, match="after shutdown"):
        await _read(pool, GOOD)


def test_worker_that_dies_is_replaced(worker: Worker) -> None:
    first = worker.run(os.getpid)
    with pytest.raises(ParseError, match="made its reader break off"):
        worker.run(os.abort)
    second = worker.run(os.getpid)
    os.kill(second, signal.SIGKILL)
    os.waitid(os.P_PID, second, os.WEXITED | os.WNOWAIT)
    assert len({first, second, worker.run(os.getpid), os.getpid()}) == 4


def test_exception_over_there_is_a_sentence_here(worker: Worker) -> None:
    with pytest.raises(ParseError, match=r"^the document cannot be read \(ValueError in its reader\)$"):
        worker.run(int, "x")


def test_memory_is_bounded(worker: Worker) -> None:
    with pytest.raises(ParseError, match="MemoryError"):
        worker.run(bytes, 3 * 1024**3)
    assert worker.run(os.getpid)


def test_signals_for_the_program_do_not_end_a_worker(worker: Worker) -> None:
    identity = worker.run(os.getpid)
    assert os.getpgid(identity) != os.getpgid(0)
    for number in (signal.SIGINT, signal.SIGTERM):
        os.kill(identity, number)
    assert worker.run(os.getpid) == identity


PROGRAM = """
import os, time
from aggregator.sources.workers import Worker
worker = Worker()
print(worker.run(os.getpid), flush=True)
time.sleep(30)
"""


def test_worker_ends_when_its_program_is_killed() -> None:
    with subprocess.Popen([sys.executable, "-c", PROGRAM], stdout=subprocess.PIPE) as program:
        assert program.stdout is not None
        identity = int(program.stdout.readline())
        program.kill()
    assert _gone(identity, within=10)


def _gone(identity: int, within: float) -> bool:
    deadline = time.monotonic() + within
    while time.monotonic() < deadline:
        try:
            os.kill(identity, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.02)
    return False


def test_alarm_is_set_while_a_worker_works(worker: Worker) -> None:
    assert 10 < worker.run(signal.alarm, 0) <= 15

"""Hostile servers and documents, over real sockets and real reader processes: each is one failed or cut feed, the good one is read."""

import asyncio
import gzip
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress

import pytest

from aggregator.http_client import HttpClient, Limits
from aggregator.models import FeedSpec
from aggregator.poll import Polling, poll_due
from aggregator.records import Poll
from aggregator.sources.workers import ReaderPool
from aggregator.store import SqlStore
from tests.conftest import Clock
from tests.poll.newsstand import Item, rss

GOOD = rss(Item("good"))
BOMB = gzip.compress(b"x" * 14_000_000, 1)
LAUGHS = b'<!DOCTYPE rss [<!ENTITY a "ha">' + b"".join(
    b'<!ENTITY %c "%s">' % (98 + place, b"&%c;" % (97 + place) * 10) for place in range(9)
)
OPEN, CLOSE = b"<rss version='2.0'><channel><item><title>", b"</title></item></channel></rss>"
DOCUMENTS = {
    "billion laughs": LAUGHS + b"]>" + OPEN + b"&j;" + CLOSE,
    "quadratic": b'<!DOCTYPE rss [<!ENTITY a "' + b"x" * 50_000 + b'">]>' + OPEN + b"&a;" * 3_000 + CLOSE,
    "file entity": b'<!DOCTYPE rss [<!ENTITY a SYSTEM "file:///etc/passwd">]>' + OPEN + b"&a;" + CLOSE,
    "web entity": b'<!DOCTYPE rss [<!ENTITY a SYSTEM "http://127.0.0.1:PORT/stolen">]>' + OPEN + b"&a;" + CLOSE,
    "parameter entity": b'<!DOCTYPE rss [<!ENTITY % a SYSTEM "http://127.0.0.1:PORT/stolen"> %a;]>' + OPEN + b"x" + CLOSE,
    "external dtd": b'<!DOCTYPE rss SYSTEM "http://127.0.0.1:PORT/stolen">' + OPEN + b"x" + CLOSE,
    "xinclude": b"<rss xmlns:xi='http://www.w3.org/2001/XInclude'><channel><item><xi:include href='http://127.0.0.1:PORT/stolen'/></item>"
    b"</channel></rss>",
    "utf-16": (OPEN + b"x" + CLOSE).decode().encode("utf-16"),
    "utf-32": (OPEN + b"x" + CLOSE).decode().encode("utf-32"),
    "nul": OPEN + b"a\x00b\x01c" + CLOSE,
    "huge attribute": b"<rss><channel><item a='" + b"x" * 1_000_000 + b"'><title>x</title></item></channel></rss>",
    "deep": b"<rss><channel><item>" + b"<a>" * 100_000 + b"</item></channel></rss>",
    "unclosed comment": OPEN + b"x" + b"<!--" * 250_000,
    "no such character": OPEN + b"&#99999999999;" + CLOSE,
    "wrong encoding": b'<?xml version="1.0" encoding="utf-8"?>' + OPEN + "북한 노동자".encode("euc-kr") + CLOSE,
    "reverse encoding": b'<?xml version="1.0" encoding="euc-kr"?>' + OPEN + "북한 노동자".encode() + CLOSE,
    "page": b"<!DOCTYPE html><html><body>" + b"<p>x" * 10_000,
    "huge entry": OPEN + b"x</title><description>" + b"y" * 8_000_000 + b"</description></item></channel></rss>",
    "huge title": OPEN + b"x" * 1_000_000 + CLOSE,
    "many tags": OPEN + b"x</title>" + b"<category>t</category>" * 10_000 + b"</item></channel></rss>",
    "long link": OPEN + b"x</title><link>https://a.example/" + b"x" * 100_000 + b"</link></item></channel></rss>",
}


class Hostile:
    """Serve the documents, and count requests for what no reader may ask for."""

    def __init__(self) -> None:
        self.port = 0
        self.stolen = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        path = (await reader.readuntil(b"\r\n\r\n")).split(b" ")[1].decode().strip("/").replace("%20", " ")
        self.stolen += path == "stolen"
        try:
            async for piece in self.answer(path):
                writer.write(piece)
                await writer.drain()
        except ConnectionError:
            return
        finally:
            writer.close()

    async def answer(self, path: str) -> AsyncIterator[bytes]:
        head = b"HTTP/1.1 200 OK\r\nContent-Type: application/rss+xml\r\n"
        if path == "hangs":
            with suppress(asyncio.CancelledError):
                await asyncio.sleep(9)
        elif path == "drips":
            for place in range(9_000):
                yield head[place : place + 1] or b"x"
                await asyncio.sleep(0.001)
        elif path == "trickles":
            yield head + b"\r\n"
            for _ in range(9_000):
                yield b"x"
                await asyncio.sleep(0.001)
        elif path == "bomb":
            yield head + b"Content-Encoding: gzip\r\nConnection: close\r\n\r\n" + BOMB
        else:
            body = DOCUMENTS.get(path, GOOD).replace(b"PORT", str(self.port).encode())
            yield head + b"Content-Length: %d\r\n\r\n" % len(body) + body


@asynccontextmanager
async def everything(store: SqlStore, clock: Clock, names: list[str]) -> AsyncIterator[tuple[Hostile, Polling]]:
    hostile, reader = Hostile(), ReaderPool(deadline=4.0)
    server = await asyncio.start_server(hostile.serve, "0.0.0.0", 0)
    hostile.port = server.sockets[0].getsockname()[1]
    http = HttpClient(Limits(deadline=4.0, max_body=12_000_000, max_wire=12_000_000), allow=("127.0.0.0/8",))
    feeds = {
        name: FeedSpec(id=name, name=name, url=f"http://127.0.2.{place + 1}:{hostile.port}/{name}", publisher="p", family="f")
        for place, name in enumerate(names)
    }
    store.sync_feeds(list(feeds.values()), clock())
    async with server:
        yield hostile, Polling(store=store, fetcher=http, reader=reader, feeds=feeds, clock=clock, spacing=0.0)
        await http.aclose()
        await reader.aclose()


def by_name(polls: tuple[Poll, ...]) -> Iterator[tuple[str, str]]:
    return ((poll.feed_id, poll.outcome) for poll in polls)


async def test_hostile_documents_harm_nobody_and_ask_for_nothing(sqlite_store: SqlStore, clock: Clock) -> None:
    async with everything(sqlite_store, clock, [*DOCUMENTS, "good"]) as (hostile, polling):
        polls = await poll_due(polling)
    outcomes = dict(by_name(polls))
    assert len(outcomes) == len(DOCUMENTS) + 1
    assert outcomes["good"] == "ok"
    assert hostile.stolen == 0
    assert not [poll.message for poll in polls if "internal error" in (poll.message or "")]
    for revision in sqlite_store.unjudged(100_000):
        told = f"{revision.entry.title}{revision.entry.summary}"
        assert "root:" not in told
        assert len(told) <= 1_001_000
        assert len(revision.entry.categories) <= 100
        assert (revision.entry.title == "북한 노동자") == (revision.feed_id in ("wrong encoding", "reverse encoding"))
    read = {name for name, outcome in outcomes.items() if outcome == "ok"}
    assert read >= {"utf-16", "nul", "huge title", "many tags", "long link", "wrong encoding", "reverse encoding", "huge entry"}
    assert outcomes["page"] == "failed"


async def test_slow_hosts_and_bombs_end_at_their_limits_while_others_are_polled(sqlite_store: SqlStore, clock: Clock) -> None:
    async with everything(sqlite_store, clock, ["hangs", "drips", "trickles", "bomb", "good"]) as (_, polling):
        await poll_due(polling, only=["good"])  # a reader process may take its time to start
        done: list[str] = []
        polls = await poll_due(
            polling, only=["hangs", "drips", "trickles", "bomb", "good"], progress=lambda poll: done.append(poll.feed_id)
        )
    messages = {poll.feed_id: poll.message or "" for poll in polls}
    assert done.index("good") < done.index("hangs")
    assert "did not finish within" in messages["hangs"]
    assert "did not finish within" in messages["drips"]
    assert "did not finish within" in messages["trickles"]
    assert "larger than 12 MB" in messages["bomb"]


async def test_proxies_of_the_environment_are_ignored(sqlite_store: SqlStore, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    async with everything(sqlite_store, clock, ["good"]) as (_, polling):
        assert dict(by_name(await poll_due(polling))) == {"good": "ok"}


async def test_a_listed_private_address_is_refused_at_the_poll(sqlite_store: SqlStore, clock: Clock) -> None:
    async with everything(sqlite_store, clock, ["good"]) as (hostile, polling):
        guarded = HttpClient(Limits())
        feeds = [
            FeedSpec(id=f"p{place}", name="p", url=url.replace("PORT", str(hostile.port)), publisher="p", family="p")
            for place, url in enumerate(
                ("http://127.0.0.1:PORT/", "http://localhost:PORT/", "http://169.254.169.254/", "file:///etc/passwd")
            )
        ]
        sqlite_store.sync_feeds(feeds, clock())
        use = Polling(
            store=sqlite_store,
            fetcher=guarded,
            reader=polling.reader,
            feeds={feed.id: feed for feed in feeds},
            clock=clock,
            spacing=0.0,
        )
        polls = await poll_due(use)
        await guarded.aclose()
    assert {poll.outcome for poll in polls} == {"failed"}
    assert hostile.stolen == 0
    assert {alarm.kind for alarm in sqlite_store.alarms()} == {"failing"}

"""Visits of real servers through the real client: robots.txt at every hop, turns at hosts, patience."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest

from aggregator.app.gathering import read_fetched
from aggregator.core.urls import host_of
from aggregator.doorsteps import Turns
from aggregator.enrich.pages import Served, read_page
from aggregator.errors import ParseError
from aggregator.http_client import HttpClient
from aggregator.models import Failed, Fetched, Page
from aggregator.sources.workers import ReaderPool
from aggregator.visiting import ROBOTS_KEPT, UNREACHABLE_KEPT, Visitor
from tests.conftest import Clock
from tests.http_client.conftest import Exchange, Server, response

SENTENCE = "North Korean workers left the plant in Dandong when their permits ended that spring, its manager said. "
PAGE = f"<html><head><title>Workers leave</title></head><body><article>{f'<p>{SENTENCE}</p>' * 4}</article></body></html>".encode()


class Site:
    """Serve answers by path, and remember what was asked."""

    def __init__(self) -> None:
        self.answers: dict[str, bytes] = {}
        self.asked: list[str] = []
        self.url: Callable[[str], str] = str
        self.held: set[str] = set()

    async def answer(self, exchange: Exchange) -> None:
        self.asked.append(exchange.path)
        if exchange.path in self.held:
            await asyncio.Event().wait()
        await exchange.send(self.answers.get(exchange.path, response(404)))


@asynccontextmanager
async def a_site() -> AsyncIterator[Site]:
    site = Site()
    server = Server(site.answer)
    await server.start("127.0.0.1", 0)
    site.url = server.url
    site.answers["/story"] = html(PAGE)
    try:
        yield site
    finally:
        await server.stop()


def html(body: bytes) -> bytes:
    return response(200, body, Content_Type="text/html; charset=utf-8")


@pytest.fixture
async def site() -> AsyncIterator[Site]:
    async with a_site() as site:
        yield site


@pytest.fixture
async def other() -> AsyncIterator[Site]:
    async with a_site() as site:
        yield site


async def read(fetched: Fetched) -> Page:
    return read_page(Served(body=fetched.body, url=fetched.url))


@pytest.fixture
async def visitor(clock: Clock) -> AsyncIterator[Visitor]:
    http = HttpClient(allow=("127.0.0.1",))
    yield Visitor(fetcher=http, read=read, clock=clock, turns=Turns(spacing=0))
    await http.aclose()


async def failure(visitor: Visitor, url: str) -> str:
    visited = await visitor.visit(url)
    assert isinstance(visited, Failed)
    return visited.message


async def test_host_that_a_redirect_leads_to_is_asked_for_its_robots_first(visitor: Visitor, site: Site, other: Site) -> None:
    site.answers["/moved"] = response(302, Location=other.url("/story"))
    other.answers["/robots.txt"] = response(200, b"User-agent: *\nDisallow: /")
    assert "robots.txt forbids" in await failure(visitor, site.url("/moved"))
    assert (site.asked, other.asked) == (["/robots.txt", "/moved"], ["/robots.txt"])


async def test_redirect_to_a_path_that_its_own_host_forbids_is_not_followed(visitor: Visitor, site: Site) -> None:
    site.answers["/robots.txt"] = response(200, b"User-agent: *\nDisallow: /story")
    site.answers["/moved"] = response(301, Location="/story")
    assert "robots.txt forbids" in await failure(visitor, site.url("/moved"))
    assert "/story" not in site.asked


async def test_redirects_that_are_allowed_lead_to_the_page(visitor: Visitor, site: Site, other: Site) -> None:
    site.answers["/moved"] = response(302, Location=other.url("/again"))
    other.answers["/again"] = response(302, Location="/story")
    visited = await visitor.visit(site.url("/moved"))
    assert isinstance(visited, Page)
    assert (visited.url, visited.title) == (other.url("/story"), "Workers leave")


@pytest.mark.parametrize("target", ["/moved", "http://169.254.169.254/latest", "ftp://127.0.0.1/story", "http://["])
async def test_redirect_in_a_circle_or_to_what_is_guarded_ends(visitor: Visitor, site: Site, target: str) -> None:
    site.answers["/moved"] = response(302, Location=target)
    assert await failure(visitor, site.url("/moved"))


@pytest.mark.parametrize("answer", [response(500), response(503), response(429), b"", b"garbage\r\n\r\n"])
async def test_host_whose_robots_fail_once_is_asked_again_after_minutes(visitor: Visitor, site: Site, clock: Clock, answer: bytes) -> None:
    site.answers["/robots.txt"] = answer
    assert await failure(visitor, site.url("/story"))
    site.answers["/robots.txt"] = response(404)
    assert await failure(visitor, site.url("/story"))
    assert "/story" not in site.asked
    clock.pass_by(minutes=UNREACHABLE_KEPT.total_seconds() / 60 + 6)
    assert isinstance(await visitor.visit(site.url("/story")), Page)


async def test_robots_that_forbid_are_kept_for_a_day(visitor: Visitor, site: Site, clock: Clock) -> None:
    site.answers["/robots.txt"] = response(200, b"User-agent: *\nDisallow: /")
    await failure(visitor, site.url("/story"))
    clock.pass_by(hours=ROBOTS_KEPT.total_seconds() / 3600 - 1)
    await failure(visitor, site.url("/story"))
    assert site.asked == ["/robots.txt"]


@pytest.mark.parametrize("allowing", [True, False])
async def test_only_the_first_half_megabyte_of_robots_counts(visitor: Visitor, site: Site, allowing: bool) -> None:
    rules = b"" if allowing else b"User-agent: *\nDisallow: /story\n"
    site.answers["/robots.txt"] = response(200, rules + b"# comment\n" * 1_200_000 + b"User-agent: *\nDisallow: /\n")
    assert isinstance(await visitor.visit(site.url("/story")), Page) is allowing


@pytest.mark.parametrize("hops", [3, 9])
async def test_robots_behind_redirects_are_read_and_behind_too_many_there_are_none(visitor: Visitor, site: Site, hops: int) -> None:
    for hop in range(hops):
        site.answers["/robots.txt" if hop == 0 else f"/robots{hop}"] = response(302, Location=f"/robots{hop + 1}")
    site.answers[f"/robots{hops}"] = response(200, b"User-agent: *\nDisallow: /")
    assert isinstance(await visitor.visit(site.url("/story")), Page) is (hops > 5)


async def test_robots_that_lead_in_a_circle_are_none(visitor: Visitor, site: Site) -> None:
    site.answers["/robots.txt"] = response(302, Location="/robots.txt?")
    site.answers["/robots.txt?"] = response(302, Location="/robots.txt")
    assert isinstance(await visitor.visit(site.url("/story")), Page)


async def test_host_that_asks_for_peace_gets_it_from_visits_and_polls_alike(visitor: Visitor, site: Site, clock: Clock) -> None:
    site.answers["/busy"] = response(429, Retry_After="3600")
    assert "429" in await failure(visitor, site.url("/busy"))
    assert "left alone" in await failure(visitor, site.url("/story"))
    assert visitor.turns.doorsteps.peace_of(host_of(site.url("/")), clock()) is not None
    clock.pass_by(hours=1.1)
    assert isinstance(await visitor.visit(site.url("/story")), Page)
    assert site.asked == ["/robots.txt", "/busy", "/story"]


class Gate:
    """Record who enters and leaves."""

    def __init__(self) -> None:
        self.seen: list[str] = []

    async def enter(self, host: str) -> None:
        self.seen.append("enter")

    def leave(self, host: str, pause: float) -> None:
        self.seen.append(f"leave {pause:g}")

    async def holds(self, host: str) -> bool:
        return True


async def test_every_request_of_a_visit_takes_the_turn_that_processes_share(visitor: Visitor, site: Site) -> None:
    gate = Gate()
    visitor.turns = Turns(gate=gate, spacing=0.001)
    site.answers["/moved"] = response(302, Location="/story")
    await visitor.visit(site.url("/moved"))
    assert gate.seen == ["enter", "leave 0.001"] * 3


async def test_host_that_keeps_silent_is_not_waited_for_twice(visitor: Visitor, site: Site) -> None:
    site.held.add("/story")
    visitor.patience = 0.0
    assert isinstance(await visitor.visit_soon(site.url("/story"), 0.3), Failed)
    assert "too slow lately" in (await _soon(visitor, site.url("/other"))).message
    site.held.clear()
    assert isinstance(await visitor.visit(site.url("/story")), Page)


async def _soon(visitor: Visitor, url: str) -> Failed:
    visited = await visitor.visit_soon(url, 5)
    assert isinstance(visited, Failed)
    return visited


HOSTILE = [b"<p>a b c d e f</p>" * 60_000, b"<p>" * 300_000, b"<html><head>" + b"<script type=application/ld+json>" * 12_000]


@pytest.mark.parametrize("body", HOSTILE)
async def test_hostile_page_is_read_in_a_process_that_has_an_end(clock: Clock, site: Site, body: bytes) -> None:
    pool, http = ReaderPool(workers=1, deadline=5), HttpClient(allow=("127.0.0.1",))
    site.answers["/story"] = html(body)

    async def elsewhere(fetched: Fetched) -> Page:
        return await pool.run(read_fetched, fetched.body, fetched.url, "text/html")

    visitor = Visitor(fetcher=http, read=elsewhere, clock=clock, turns=Turns(spacing=0))
    try:
        visited = await visitor.visit(site.url("/story"))
    finally:
        await http.aclose()
        await pool.aclose()
    assert isinstance(visited, Page)
    assert visited.text == ""


async def test_page_that_its_reader_dies_of_is_a_failure_in_a_sentence(visitor: Visitor, site: Site) -> None:
    async def dying(fetched: Fetched) -> Page:
        raise ParseError("reading the document took longer than 20 s")

    reading: Callable[[Fetched], Awaitable[Page]] = dying
    visitor.read = reading
    assert "longer than 20 s" in await failure(visitor, site.url("/story"))

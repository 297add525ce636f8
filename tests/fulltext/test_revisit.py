"""The page of a matched article is looked at again, on a real server, through the real client and the real store."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import pytest

from aggregator.core import outcomes
from aggregator.core.revisits import SOON
from aggregator.desk_records import PageDetail
from aggregator.doorsteps import Turns
from aggregator.enrich.pages import Served, read_page
from aggregator.fulltext import FullText
from aggregator.http_client import HttpClient
from aggregator.judge import Judging, judge_pending
from aggregator.models import Fetched, Page
from aggregator.ports import Store
from aggregator.revisit import Revisiting, revisit_due
from aggregator.store import SqlStore
from aggregator.visiting import Visitor
from tests.conftest import Clock
from tests.http_client.conftest import Exchange, Server, response
from tests.judge.newsroom import FEEDS, codes, entry, judging, serve, stories

CAPTION = "Workers walk over the bridge. Image: Daily NK"
LINES = (
    "A seafood plant in Dandong told {count} North Korean workers to go home by the end of the month, its manager said on Monday.",
    "Their visas ran out in March, and nobody at the office that issues them would renew them, the manager said by telephone.",
    "The workers had lived in a dormitory beside the plant for six years and were not allowed to leave it alone, he added that evening.",
)


class Site:
    """Serve one article that its newsroom may edit, take down, or hide."""

    def __init__(self) -> None:
        self.count, self.status, self.robots, self.wall, self.asked = 300, 200, "", "", list[str]()
        self.leads_to = ""

    async def answer(self, exchange: Exchange) -> None:
        self.asked.append(f"{exchange.path} {exchange.header('if-none-match') or ''}".strip())
        await exchange.send(self._response(exchange))

    def _response(self, exchange: Exchange) -> bytes:
        if exchange.path == "/robots.txt":
            return response(200 if self.robots else 404, self.robots.encode())
        if self.status != 200:
            return response(self.status, b"no")
        if self.leads_to and exchange.path != self.leads_to:
            return response(302, Location=self.leads_to)
        tag = f'"{self.count}"'
        if exchange.header("if-none-match") == tag:
            return response(304, ETag=tag)
        return response(200, (self.wall or self.page()).encode(), ETag=tag, Content_Type="text/html; charset=utf-8")

    def page(self) -> str:
        body = "".join(f"<p>{line.format(count=self.count)}</p>" for line in (LINES[0], CAPTION, *LINES[1:]))
        head = '<meta name="author" content="Kim Min"><meta property="article:section" content="Border">'
        return f"<html><head><title>Plant sends workers home</title>{head}</head><body><article>{body}</article></body></html>"


class Desk:
    """Hold the installation of a test: a short entry leads to the site's page."""

    def __init__(self, store: SqlStore, clock: Clock, url: str, http: HttpClient) -> None:
        self.store, self.clock = store, clock
        visitor = Visitor(fetcher=http, read=read, clock=clock, turns=Turns(spacing=0))
        plain = judging(store, clock)
        full = FullText(visitor=visitor, enrich=plain.enrich, matches=lambda article: True)
        self.judging: Judging = replace(plain, enrich=full)
        self.revisiting = Revisiting(store=store, visitor=visitor, feeds=FEEDS, clock=clock)
        self.entry = entry(text="North Korean workers are told to go.", url=url)

    async def tell(self) -> None:
        serve(self.store, self.clock, self.entry)
        await judge_pending(self.judging)

    async def look(self, **later: float) -> int:
        self.clock.pass_by(**later)
        changed = await revisit_due(self.revisiting)
        await judge_pending(self.judging)
        return changed

    def page(self) -> PageDetail:
        article = self.store.article(1)
        assert article is not None
        assert article.page is not None
        return article.page


async def read(fetched: Fetched) -> Page:
    return read_page(Served(body=fetched.body, url=fetched.url), keep_datelines=True)


@pytest.fixture
def site() -> Site:
    return Site()


@pytest.fixture
async def desk(sqlite_store: SqlStore, clock: Clock, site: Site) -> AsyncIterator[Desk]:
    sqlite_store.sync_feeds(tuple(FEEDS.values()), clock())
    server, http = Server(site.answer), HttpClient(allow=("127.0.0.1",))
    await server.start("127.0.0.1", 0)
    try:
        yield Desk(sqlite_store, clock, server.url("/plant"), http)
    finally:
        await http.aclose()
        await server.stop()


async def test_page_is_kept_with_its_metadata_and_the_lines_that_were_taken_out(desk: Desk) -> None:
    await desk.tell()
    page = desk.page().page
    assert page is not None
    assert (page.authors, page.section, page.text) == (("Kim Min",), "Border", "")
    assert [(line.text, line.reason) for line in page.removed] == [(CAPTION, "caption")]
    assert desk.page().next_look_at == desk.clock() + timedelta(hours=1)


async def test_page_is_looked_at_five_times_and_an_unchanged_one_is_not_sent_again(desk: Desk, site: Site) -> None:
    await desk.tell()
    for hours in (1, 5, 18, 48, 96, 24 * 30):
        assert await desk.look(hours=hours + 0.01) == 0
    assert [path for path in site.asked if path != "/robots.txt"] == ["/plant", *['/plant "300"'] * 5]
    assert desk.page().next_look_at is None
    assert codes(desk.store) == [outcomes.NEW_STORY]


async def test_nothing_is_asked_before_it_is_due(desk: Desk, site: Site) -> None:
    await desk.tell()
    assert await desk.look(minutes=59) == 0
    assert site.asked.count("/plant") == 1


async def test_changed_figure_becomes_a_revision_that_is_told_and_a_reworded_page_one_that_is_not(desk: Desk, site: Site) -> None:
    await desk.tell()
    site.count = 3000
    assert await desk.look(hours=1.1) == 1
    assert codes(desk.store) == [outcomes.NEW_STORY, outcomes.MATERIAL_REVISION]
    (sketch,) = stories(desk.store, desk.clock)
    assert sketch.version == 2
    assert "3000 North Korean workers" in sketch.members[0].text
    assert desk.page().next_look_at == desk.clock() - timedelta(hours=1.1) + timedelta(hours=6)


async def test_feed_that_serves_the_entry_as_before_tells_nothing_new_after_a_revision(desk: Desk, site: Site) -> None:
    await desk.tell()
    site.count = 3000
    await desk.look(hours=1.1)
    await desk.tell()
    assert len(codes(desk.store)) == 2


async def test_page_that_is_taken_down_is_marked_and_its_return_too(desk: Desk, site: Site) -> None:
    await desk.tell()
    site.status = 410
    await desk.look(hours=1.1)
    gone_at = desk.page().gone_at
    assert gone_at == desk.clock()
    await desk.look(hours=6)
    assert desk.page().gone_at == gone_at
    assert desk.page().page is not None
    site.status, site.count = 200, 301
    await desk.look(hours=24)
    assert desk.page().gone_at is None


@pytest.mark.parametrize("status", [500, 403])
async def test_page_that_does_not_answer_changes_nothing_but_the_note_of_it(desk: Desk, site: Site, status: int) -> None:
    await desk.tell()
    site.status = status
    assert await desk.look(hours=1.1) == 0
    assert desk.page().gone_at is None
    assert str(status) in (desk.page().problem or "")


async def test_page_that_robots_forbid_meanwhile_is_left_alone(desk: Desk, site: Site) -> None:
    await desk.tell()
    site.robots = "User-agent: *\nDisallow: /"
    await desk.look(hours=25)
    assert "robots.txt forbids" in (desk.page().problem or "")
    assert site.asked.count("/plant") == 1


async def test_wall_in_the_place_of_a_page_is_no_revision(desk: Desk, site: Site) -> None:
    await desk.tell()
    site.wall, site.count = "<html><title>Just a moment...</title><body><p>Checking your browser</p></body></html>", 301
    assert await desk.look(hours=1.1) == 0
    assert desk.page().problem == "challenge"


NEWS = "".join(
    f"<p>The ministry of trade said on Tuesday that exports of steel rose by {number} percent in a year, more than banks had forecast.</p>"
    f"<p>Analysts in Seoul expect another rise, since shipyards have ordered plates for {number} tankers that are due in two years.</p>"
    for number in range(3, 8)
)
OTHER_NEWS = f"<html><title>Steel exports rise</title><body><article>{NEWS}</article></body></html>"
SORRY = "<p>방문하시려는 페이지의 주소가 잘못 입력되었거나, 변경되어 사용하실 수 없습니다. 입력하신 주소를 다시 확인해 주시기 바랍니다.</p>"
NOTICE = f"<html><title>오류</title><body><h1>죄송합니다</h1>{SORRY * 3}</body></html>"


@pytest.mark.parametrize("front", ["/", "/en/", "/index.html"])
async def test_page_that_leads_to_the_front_page_is_gone_and_no_revision(desk: Desk, site: Site, front: str) -> None:
    await desk.tell()
    site.leads_to, site.count = front, 301
    assert await desk.look(hours=1.1) == 0
    assert desk.page().gone_at == desk.clock()


async def test_page_that_leads_to_another_article_is_gone_and_no_revision(desk: Desk, site: Site) -> None:
    await desk.tell()
    site.leads_to, site.wall = "/economy/steel", OTHER_NEWS
    assert await desk.look(hours=1.1) == 0
    assert "leads to another page" in (desk.page().problem or "")
    assert desk.page().gone_at == desk.clock()


@pytest.mark.parametrize("body", [OTHER_NEWS, NOTICE])
async def test_another_text_at_the_address_is_no_revision(desk: Desk, site: Site, body: str) -> None:
    await desk.tell()
    site.wall, site.count = body, 301
    assert await desk.look(hours=1.1) == 0
    assert desk.page().problem
    site.wall = ""
    assert await desk.look(hours=6) == 1


async def test_page_that_moved_and_was_revised_is_a_revision(desk: Desk, site: Site) -> None:
    await desk.tell()
    site.leads_to, site.count = "/archive/plant-sends-workers-home", 3000
    assert await desk.look(hours=1.1) == 1
    assert codes(desk.store) == [outcomes.NEW_STORY, outcomes.MATERIAL_REVISION]


async def test_page_that_could_not_be_had_is_looked_at_soon_and_completes_its_article(desk: Desk, site: Site) -> None:
    site.status = 500
    await desk.tell()
    assert desk.page().next_look_at == desk.clock() + SOON
    site.status = 200
    assert await desk.look(minutes=11) == 1
    (sketch,) = stories(desk.store, desk.clock)
    assert "300 North Korean workers" in sketch.members[0].text


async def test_page_of_an_article_that_has_its_feeds_body_is_first_only_taken_down(desk: Desk, site: Site) -> None:
    desk.entry = replace(desk.entry, content=f"<p>{'North Korean workers in Dandong are told to go home. ' * 40}</p>")
    await desk.tell()
    assert desk.page().page is None
    assert await desk.look(hours=1.1) == 0
    assert desk.page().page is not None
    site.count = 3000
    assert await desk.look(hours=6) == 1


async def test_two_processes_never_look_at_one_page_at_once(desk: Desk) -> None:
    await desk.tell()
    now = desk.clock.pass_by(hours=2)
    lease = timedelta(minutes=20)
    store: Store = desk.store
    assert len(store.claim_pages(now, lease, 10)) == 1
    assert store.claim_pages(now, lease, 10) == []
    assert len(store.claim_pages(now + lease, lease, 10)) == 1

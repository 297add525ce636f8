import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from aggregator.doorsteps import Turns
from aggregator.enrich import Enricher
from aggregator.enrich.pages import Served, read_page
from aggregator.fulltext import MISSING, FullText
from aggregator.judge import judge_pending
from aggregator.models import Article, Entry, Failed, FailureKind, Fetched, FetchOutcome, FetchRequest, Page
from aggregator.records import StoredRevision, Understood
from aggregator.store import SqlStore
from aggregator.visiting import Visitor
from tests.conftest import Clock
from tests.enrich.facts import feed
from tests.judge.newsroom import FEEDS, judging, serve
from tests.judge.newsroom import entry as news

URL = "https://paper.example/story"
NOW = datetime(2024, 7, 10, tzinfo=UTC)
LEFT = "North Korean workers left the plant in Dandong when their permits ended that spring."
BODY = "".join(f"<p>About {number}00 {LEFT}</p>" for number in range(2, 9))
PAGE = f"<html><head><title>Workers leave</title></head><body><article>{BODY}</article></body></html>"
NO_ROBOTS = Failed(kind=FailureKind.SOFT, message="not found", status=404)


class RecordingFetcher:
    def __init__(self, answers: Mapping[str, FetchOutcome]) -> None:
        self.answers = answers
        self.asked: list[str] = []

    async def fetch(self, request: FetchRequest) -> FetchOutcome:
        self.asked.append(request.url.removeprefix("https://paper.example"))
        return self.answers[request.url.removeprefix("https://paper.example")]


def served(body: str) -> Fetched:
    return Fetched(url=URL, status=200, headers={"content-type": "text/html"}, body=body.encode())


async def read(fetched: Fetched) -> Page:
    return read_page(Served(body=fetched.body, url=fetched.url), keep_datelines=True)


def full_text(fetcher: RecordingFetcher, matches: bool = True) -> FullText:
    visitor = Visitor(fetcher=fetcher, read=read, clock=lambda: NOW, turns=Turns(spacing=0))
    return FullText(visitor=visitor, enrich=Enricher().enrich, matches=lambda article: matches)


async def told(fetcher: RecordingFetcher, summary: str = "A teaser.", matches: bool = True) -> Article:
    return await full_text(fetcher, matches)(Entry(id="1", url=URL, title="Workers leave", summary=summary), feed())


async def test_short_entry_that_matches_gets_its_page() -> None:
    fetcher = RecordingFetcher({"/robots.txt": NO_ROBOTS, "/story": served(PAGE)})
    article = await told(fetcher)
    assert fetcher.asked == ["/robots.txt", "/story"]
    assert article.text.count("left the plant") == 7
    assert "person:200" in {fact.concept for fact in article.facts}
    assert article.missing == ()


async def test_entry_that_no_topic_wants_costs_no_request() -> None:
    fetcher = RecordingFetcher({})
    assert (await told(fetcher, matches=False)).text == "A teaser."
    assert fetcher.asked == []


async def test_long_feed_body_costs_no_request() -> None:
    fetcher = RecordingFetcher({})
    await told(fetcher, summary="North Korean workers left the plant. " * 60)
    assert fetcher.asked == []


FORBIDDING: list[FetchOutcome] = [
    served("User-agent: *\nDisallow: /"),
    Failed(kind=FailureKind.TEMPORARY, message="server error", status=503),
    Failed(kind=FailureKind.TEMPORARY, message="no answer"),
]


@pytest.mark.parametrize("robots", FORBIDDING)
async def test_page_is_not_asked_for_where_robots_forbid_it_or_do_not_answer(robots: FetchOutcome) -> None:
    fetcher = RecordingFetcher({"/robots.txt": robots})
    article = await told(fetcher)
    assert fetcher.asked == ["/robots.txt"]
    assert (article.text, article.missing) == ("A teaser.", (MISSING,))


LACKING: list[FetchOutcome] = [
    Failed(kind=FailureKind.TEMPORARY, message="timed out"),
    served("<html><title>Just a moment...</title><body><p>Checking your browser before accessing</p></body></html>"),
    served("<html><body><nav><a href='/'>Home</a></nav></body></html>"),
]


@pytest.mark.parametrize("answer", LACKING)
async def test_article_goes_on_with_its_feed_body_where_the_page_is_no_article(answer: FetchOutcome) -> None:
    article = await told(RecordingFetcher({"/robots.txt": NO_ROBOTS, "/story": answer}))
    assert (article.text, article.missing) == ("A teaser.", (MISSING,))


async def test_richer_feed_body_wins() -> None:
    summary = "North Korean workers left the plant in the town when their permits ended. " * 12
    short = served(f"<html><body><article>{BODY[:330]}</p></article></body></html>")
    article = await told(RecordingFetcher({"/robots.txt": NO_ROBOTS, "/story": short}), summary=summary)
    assert article.text == summary.strip()


async def test_robots_are_asked_for_once_a_day() -> None:
    fetcher = RecordingFetcher({"/robots.txt": NO_ROBOTS, "/story": served(PAGE)})
    step = full_text(fetcher)
    entry = Entry(id="1", url=URL, title="Workers leave", summary="A teaser.")
    await step(entry, feed())
    await step(entry, feed())
    assert fetcher.asked.count("/robots.txt") == 1
    step.visitor.clock = lambda: NOW + timedelta(days=2)
    await step(entry, feed())
    assert fetcher.asked.count("/robots.txt") == 2


class Hosts:
    """Serve pages of many hosts; all wait until so many are asked at once."""

    def __init__(self, at_once: int) -> None:
        self.barrier = asyncio.Barrier(at_once)

    async def fetch(self, request: FetchRequest) -> FetchOutcome:
        if request.url.endswith("/robots.txt"):
            return NO_ROBOTS
        async with asyncio.timeout(20):
            await self.barrier.wait()
        return served(PAGE)


@pytest.mark.parametrize("assisted", [False, True])
async def test_pages_of_several_hosts_are_asked_for_at_once(sqlite_store: SqlStore, clock: Clock, assisted: bool) -> None:
    sqlite_store.sync_feeds(tuple(FEEDS.values()), clock())
    visitor = Visitor(fetcher=Hosts(5), read=read, clock=clock, turns=Turns(spacing=0))
    plain = judging(sqlite_store, clock)
    full = FullText(visitor=visitor, enrich=plain.enrich, matches=lambda article: True, patience=30)
    serve(sqlite_store, clock, *(news(id=str(number), url=f"https://paper{number}.example/a") for number in range(5)))

    async def nothing_understood(waiting: Sequence[StoredRevision]) -> Sequence[Understood | None]:
        return [None] * len(waiting)

    understand = nothing_understood if assisted else None
    assert await judge_pending(replace(plain, enrich=full, batch=5, understand=understand)) == 5


class Silent:
    """Answer for robots.txt only."""

    async def fetch(self, request: FetchRequest) -> FetchOutcome:
        if not request.url.endswith("/robots.txt"):
            await asyncio.Event().wait()
        return NO_ROBOTS


async def test_host_that_keeps_silent_does_not_keep_its_article_from_being_told() -> None:
    visitor = Visitor(fetcher=Silent(), read=read, clock=lambda: NOW, turns=Turns(spacing=0), patience=0)
    step = FullText(visitor=visitor, enrich=Enricher().enrich, matches=lambda article: True, patience=0.05)
    for path in ("a", "b"):
        article = await step(Entry(id=path, url=f"https://paper.example/{path}", title="Workers leave", summary="A teaser."), feed())
        assert (article.text, article.missing) == ("A teaser.", (MISSING,))
    assert list(visitor.slow) == ["paper.example"]


async def test_dead_link_to_the_front_page_gives_no_article() -> None:
    front = replace(served(PAGE), url="https://paper.example/")
    article = await told(RecordingFetcher({"/robots.txt": NO_ROBOTS, "/story": front}))
    assert (article.text, article.missing) == ("A teaser.", (MISSING,))


async def test_long_feed_body_that_breaks_off_is_completed() -> None:
    summary = "North Korean workers left the plant in the town when their permits ended. " * 17 + "They were [\u2026]"
    whole = served(PAGE.replace(BODY, BODY * 2))
    fetcher = RecordingFetcher({"/robots.txt": NO_ROBOTS, "/story": whole})
    article = await told(fetcher, summary=summary)
    assert "/story" in fetcher.asked
    assert article.text.count("left the plant in Dandong") == 14

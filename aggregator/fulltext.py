"""Full text: fetch the page of an entry whose feed body is short, where a first judgement of title and summary makes it worth while.

robots.txt is asked first and remembered for a day (RFC 9309, section 2.4): a missing file allows everything, a server that fails allows
nothing. A host is asked one request at a time, with a pause between. The better of feed body and page wins, by text gained; a wall
or a challenge is never the article. Whatever fails, the article goes on with what its feed said, and names the part it lacks.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from html import escape

import structlog

from aggregator.core.robots import allowed, robots_url
from aggregator.core.urls import host_of
from aggregator.models import Article, Entry, Failed, FailureKind, FeedSpec, Fetched, FetchRequest, Page
from aggregator.ports import Fetcher

log = structlog.get_logger(__name__)

OPTION = "full_text"
"""The feed option: ``always`` fetches every short entry, ``never`` none; else the first judgement decides."""
SHORT = 1_200
GAIN = 1.2
ROBOTS_KEPT = timedelta(days=1)
MISSING = "full_text"
_ACCEPT = "text/html, application/xhtml+xml;q=0.9"
_WALLS = frozenset(("challenge", "consent", "no_article"))
_MOST_HOSTS = 5_000


@dataclass(frozen=True, slots=True)
class _Robots:
    """Hold a host's robots.txt, None where nothing may be asked for."""

    text: str | None
    read_at: datetime


@dataclass(kw_only=True)
class FullText:
    """Enrich entries with their page where that is worth while; stands before the judge in the place of the plain enricher.

    `matches` is the first judgement; `read` turns a fetched page into text; `product` is our token in robots.txt.
    """

    fetcher: Fetcher
    enrich: Callable[[Entry, FeedSpec], Awaitable[Article]]
    matches: Callable[[Article], bool]
    read: Callable[[Fetched], Page]
    clock: Callable[[], datetime]
    product: str = "aggregator"
    spacing: float = 1.0
    robots: dict[str, _Robots] = field(default_factory=dict)
    hosts: dict[str, asyncio.Lock] = field(default_factory=dict)

    async def __call__(self, entry: Entry, feed: FeedSpec) -> Article:
        """Give an entry's article with the richer of its two texts."""
        article = await self.enrich(entry, feed)
        if entry.url is None or not self._worth_while(article, feed):
            return article
        page = await self._page(entry.url)
        if page is None:
            return replace(article, missing=(*article.missing, MISSING))
        return await self._better(article, entry, feed, page)

    def _worth_while(self, article: Article, feed: FeedSpec) -> bool:
        rule = feed.options.get(OPTION, "")
        if rule == "never" or len(article.text) >= SHORT:
            return False
        return rule == "always" or self.matches(article)

    async def _better(self, article: Article, entry: Entry, feed: FeedSpec, page: Page) -> Article:
        """Take the page's text where it gains enough; facts and judgement are then those of the page."""
        if page.partial in _WALLS or len(page.text) < GAIN * len(article.text):
            return replace(article, missing=(*article.missing, MISSING)) if page.partial else article
        paragraphs = "".join(f"<p>{escape(paragraph)}</p>" for paragraph in page.text.split("\n\n"))
        published = entry.published_at or page.published_at
        richer = await self.enrich(replace(entry, content=paragraphs, published_at=published), feed)
        return replace(richer, missing=(*richer.missing, MISSING)) if page.partial else richer

    async def _page(self, url: str) -> Page | None:
        """Fetch and read a page, or give None where it may not or cannot be had."""
        lock = self._lock(host_of(url))
        async with lock:
            if not await self._allowed(url):
                log.info("robots.txt forbids the page", url=url)
                return None
            outcome = await self.fetcher.fetch(FetchRequest(url=url, accept=_ACCEPT))
            await asyncio.sleep(self.spacing)
        if not isinstance(outcome, Fetched):
            log.info("a page could not be fetched", url=url, reason=outcome.message if isinstance(outcome, Failed) else "not modified")
            return None
        return await asyncio.to_thread(self.read, outcome)

    async def _allowed(self, url: str) -> bool:
        address, now = robots_url(url), self.clock()
        known = self.robots.get(address)
        if known is None or now - known.read_at > ROBOTS_KEPT:
            if len(self.robots) >= _MOST_HOSTS:
                self.robots.clear()
            outcome = await self.fetcher.fetch(FetchRequest(url=address, accept="text/plain"))
            known = self.robots[address] = _Robots(_robots_text(outcome), now)
            await asyncio.sleep(self.spacing)
        return known.text is not None and allowed(known.text, self.product, url)

    def _lock(self, host: str) -> asyncio.Lock:
        if len(self.hosts) >= _MOST_HOSTS:
            self.hosts = {name: lock for name, lock in self.hosts.items() if lock.locked()}
        return self.hosts.setdefault(host, asyncio.Lock())


def _robots_text(outcome: object) -> str | None:
    """Read the answer to a question for robots.txt: "unavailable" (4xx) allows all, "unreachable" (5xx, no answer) nothing."""
    if isinstance(outcome, Fetched):
        return outcome.body.decode("utf-8", errors="replace")
    status = outcome.status if isinstance(outcome, Failed) else None
    refused = isinstance(outcome, Failed) and outcome.kind is FailureKind.PERMANENT and status is None
    return "" if status is not None and 400 <= status < 500 and status != 429 and not refused else None

"""Full text: fetch the page of an entry whose feed body is short, where a first judgement of title and summary makes it worth while.

A page that does not come soon holds up nobody's judging: its article goes on without it, and it is looked at again.
The better of feed body and page wins, by text gained; a wall or a challenge is never the article. Whatever fails, the article goes on
with what its feed said, and names the part it lacks. What the page tells beside its text goes with the article either way.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from html import escape

import structlog

from aggregator.core.fullness import needs_page
from aggregator.core.revisits import FULL_TEXT
from aggregator.core.sameness import is_front_page
from aggregator.core.teasers import is_teaser
from aggregator.models import Article, Entry, Failed, FeedSpec, Page
from aggregator.visiting import Visitor

log = structlog.get_logger(__name__)

GAIN = 1.2
MISSING = FULL_TEXT
PATIENCE = 10.0
"""Seconds that judging waits for pages."""
WALLS = frozenset(("challenge", "consent", "no_article"))


@dataclass(kw_only=True)
class FullText:
    """Enrich entries with their page where that is worth while; stands before the judge in the place of the plain enricher.

    `matches` is the first judgement; a page that has not come within `patience` seconds is done without.
    """

    visitor: Visitor
    enrich: Callable[[Entry, FeedSpec], Awaitable[Article]]
    matches: Callable[[Article], bool]
    patience: float = PATIENCE

    async def __call__(self, entry: Entry, feed: FeedSpec) -> Article:
        """Give an entry's article with the richer of its two texts."""
        article = await self.enrich(entry, feed)
        if entry.url is None or not needs_page(entry, article, lambda: self.matches(article)):
            return article
        page = await self.visitor.visit_soon(entry.url, self.patience)
        if not isinstance(page, Page):
            log.info("a page could not be had", url=entry.url, reason=page.message if isinstance(page, Failed) else "not modified")
            return replace(article, missing=(*article.missing, MISSING))
        return replace(await self._better(article, entry, feed, page), page=page)

    async def _better(self, article: Article, entry: Entry, feed: FeedSpec, page: Page) -> Article:
        """Take the page's text where it gains enough; facts and judgement are then those of the page."""
        elsewhere = bool(entry.url and page.url) and is_front_page(entry.url or "", page.url or "")
        if elsewhere or page.partial in WALLS or not gains(page, article.text):
            return replace(article, missing=(*article.missing, MISSING)) if page.partial or elsewhere else article
        published = entry.published_at or page.published_at
        richer = await self.enrich(replace(entry, content=as_html(page.text), published_at=published), feed)
        return replace(richer, missing=(*richer.missing, MISSING)) if page.partial else richer


def gains(page: Page, text: str) -> bool:
    """Tell whether a page has so much more than a text that it wins; one that breaks off loses to any whole one."""
    return len(page.text) >= (1 if is_teaser(text) and not page.partial else GAIN) * len(text)


def as_html(text: str) -> str:
    """Write a page's text as the body of an entry."""
    return "".join(f"<p>{escape(paragraph)}</p>" for paragraph in text.split("\n\n"))

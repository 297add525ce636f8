"""Enrich: turn a served entry into an article with text, language and facts, by one visible list of steps.

A step takes an article and gives an article with more in it; it never drops anything. A step that fails is named in
`Article.missing`, and the article goes on without its part. To add a step, write it in a module of its own and add it to `STEPS`;
the order matters, since later steps read what earlier ones found.
"""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from typing import TypeAlias

from aggregator.enrich.article import article_of
from aggregator.enrich.attribution import attribution_by, find_attribution
from aggregator.enrich.claims import find_claims
from aggregator.enrich.dates import find_dates
from aggregator.enrich.figures import find_figures
from aggregator.enrich.gazetteer import load_gazetteer, outlet_concept
from aggregator.enrich.language import detect_language
from aggregator.enrich.names import Name
from aggregator.enrich.organisations import find_organisations
from aggregator.enrich.places import find_places
from aggregator.enrich.plaintext import extract_text, plain_text
from aggregator.enrich.reporting import facts_cut, facts_report
from aggregator.enrich.responses import find_responses
from aggregator.enrich.verification import find_unverified
from aggregator.models import Article, Entry, Fact, FeedSpec

__all__ = [
    "STEPS",
    "Enricher",
    "Step",
    "article_of",
    "enrich",
    "facts_cut",
    "facts_report",
    "load_gazetteer",
    "outlet_concept",
    "plain_text",
]

Step: TypeAlias = Callable[[Article], Awaitable[Article]]

STEPS: tuple[Step, ...] = (
    extract_text,
    detect_language,
    find_organisations,
    find_places,
    find_figures,
    find_attribution,
    find_unverified,
    find_claims,
    find_responses,
    find_dates,
)

READING = (extract_text, detect_language)


async def enrich(article: Article, steps: Sequence[Step] = STEPS) -> Article:
    """Run the steps over an article, one after the other; a failing step is noted, and the next gets the article as it was."""
    for step in steps:
        try:
            article = await step(article)
        except Exception as error:  # the article must survive whatever a step makes of hostile text
            name = getattr(step, "__name__", type(step).__name__)
            _tell(name, article, error)
            article = replace(article, missing=(*article.missing, name))
    return article


def _tell(step: str, article: Article, error: Exception) -> None:
    import structlog  # what logs is large, and processes that only read texts hardly ever need it

    structlog.get_logger(__name__).warning("enrichment step failed", step=step, feed=article.feed.id, error=repr(error)[:200])


class Enricher:
    """Enrich the entries of configured feeds; a cited outlet that is configured goes by its feed's family (``outlet/yonhap``)."""

    def __init__(self, feeds: Iterable[FeedSpec] = ()) -> None:
        self._feeds = tuple(feeds)

    @cached_property
    def _families(self) -> Mapping[str, str]:
        """Give the concepts of configured outlets; the gazetteer is loaded with the first match, since most polls bring none."""
        return dict(named for feed in self._feeds if (named := _named(feed)))

    @cached_property
    def _steps(self) -> tuple[Step, ...]:
        cited = (Name(f"outlet/{feed.family}", name, exact=name.isascii()) for feed in self._feeds for name in feed.cited_as)
        return tuple(attribution_by(cited) if step is find_attribution else step for step in STEPS if step not in READING)

    async def enrich(self, entry: Entry, feed: FeedSpec) -> Article:
        """Turn a served entry into an article with all its facts."""
        return await self.find_facts(await self.read(entry, feed))

    async def read(self, entry: Entry, feed: FeedSpec) -> Article:
        """Turn a served entry into an article with text and language, which is all that topics look at."""
        return await enrich(article_of(entry, feed), READING)

    async def find_facts(self, article: Article) -> Article:
        """Add its facts to an article that was read."""
        article = await enrich(article, self._steps)
        return replace(article, facts=tuple(self._by_family(fact) for fact in article.facts))

    def level(self, concept: str) -> str:
        """Give a place's level, see `Gazetteer.level`."""
        return load_gazetteer().level(concept)

    def _by_family(self, fact: Fact) -> Fact:
        concept = self._families.get(fact.concept)
        return replace(fact, concept=concept) if concept else fact


def _named(feed: FeedSpec) -> tuple[str, str] | None:
    concept = outlet_concept(feed.publisher) or outlet_concept(feed.family)
    return (concept, f"outlet/{feed.family}") if concept else None

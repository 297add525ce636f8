"""What judges texts: the enricher and the compiled topics, made when the first text waits.

A service that polls much and finds little news needs neither for hours, and they are most of what it would load. A topic with a query
of its own is compiled at once where that is asked for, so that a mistake in it ends a service's start and not its first judgement.
"""

from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING

from aggregator.models import Article, Configuration, Entry, FeedSpec, Judgement, TopicSpec

if TYPE_CHECKING:
    from aggregator.core.traits import Embed
    from aggregator.enrich import Enricher
    from aggregator.matching import Judge


class Rules:
    """Enrich and judge under one configuration."""

    def __init__(self, configuration: Configuration, *, at_once: bool = False) -> None:
        self._feeds: Sequence[FeedSpec] = configuration.feeds
        self._topics: Sequence[TopicSpec] = configuration.judged
        if at_once and any(topic.query or topic.combinations for topic in self._topics):
            _ = self._judge

    @property
    def rule_version(self) -> str:
        """Name the version of the topics; loads everything, so that what cannot be loaded is known before a text is judged without it."""
        _ = self._enricher
        return self._judge.rule_version

    def judge(self, article: Article) -> tuple[Judgement, ...]:
        """Judge an article by every topic."""
        return self._judge.judge(article)

    def matches(self, article: Article) -> bool:
        """Tell whether any topic matches."""
        return any(judgement.matched for judgement in self.judge(article))

    async def enrich(self, entry: Entry, feed: FeedSpec) -> Article:
        """Turn a served entry into an article with text."""
        return await self._enricher.read(entry, feed)

    async def find_facts(self, article: Article) -> Article:
        """Add its facts to an article that was read."""
        return await self._enricher.find_facts(article)

    def level(self, place: str) -> str:
        """Tell a place's level."""
        return self._enricher.level(place)

    def embed(self, title: str, lead: str) -> tuple[tuple[float, ...], ...]:
        """Turn title and lead into vectors, where sentence embeddings are installed."""
        return self._embed(title, lead)

    @cached_property
    def _embed(self) -> "Embed":
        from aggregator.enrich.meaning import load_embedding

        return load_embedding()

    @cached_property
    def _enricher(self) -> "Enricher":
        from aggregator.enrich import Enricher

        return Enricher(self._feeds)

    @cached_property
    def _judge(self) -> "Judge":
        from aggregator.matching import compile_topics
        from aggregator.vocabulary import load_packs

        return compile_topics(self._topics, load_packs())


def label(concept: str, language: str = "en") -> str:
    """Name a concept in a language."""
    from aggregator.vocabulary import load_packs

    return load_packs().label(concept, language)

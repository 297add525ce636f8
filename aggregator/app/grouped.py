"""Sort files of articles into stories, with the enrichment and topics of this installation."""

from collections.abc import Callable, Sequence
from pathlib import Path

from aggregator.app.configured import read_configuration
from aggregator.enrich import Enricher, outlet_concept
from aggregator.enrich.meaning import load_embedding
from aggregator.grouping import Clustered, Clustering, cluster
from aggregator.matching import compile_topics
from aggregator.models import Configuration, FeedSpec
from aggregator.settings import Settings
from aggregator.sources.rows import read_rows
from aggregator.vocabulary import load_packs


async def cluster_file(settings: Settings, path: Path) -> tuple[Sequence[tuple[Clustered, str]], Sequence[str]]:
    """Sort the articles of a file into stories: each row's story and role with its title, and a sentence per line that is no row."""
    rows, problems = read_rows(path)
    clustered = await cluster(clustering_of(settings), rows)
    return [(found, row.title) for found, row in zip(clustered, rows, strict=True)], problems


def clustering_of(settings: Settings) -> Clustering:
    """Put together what clustering works with; without a feeds file no topic lends its words."""
    configured = settings.feeds_file.exists()
    configuration = read_configuration(settings) if configured else Configuration(feeds=(), topics=(), subscriptions=())
    enricher = Enricher(configuration.feeds)
    return Clustering(
        enrich=enricher.enrich,
        topics=compile_topics(configuration.topics, load_packs()),
        level=enricher.level,
        newsroom=_newsrooms(configuration.feeds),
        embed=load_embedding(),
    )


def _newsrooms(feeds: Sequence[FeedSpec]) -> Callable[[str, str], FeedSpec]:
    """Find the newsroom of an outlet's name: a configured feed's, a known outlet's, else one of its own."""
    known = {name.casefold(): feed.family for feed in feeds for name in (feed.family, feed.publisher, feed.name)}

    def newsroom(source: str, language: str) -> FeedSpec:
        concept = outlet_concept(source) if source else None
        family = known.get(source.casefold()) or (concept.partition("/")[2] if concept else source.casefold().strip()) or "unnamed"
        return FeedSpec(id=family, name=source, url="", publisher=source, family=family, language=language or "en")

    return newsroom

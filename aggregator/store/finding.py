"""Finding: what an article is compared and found by, kept as of the text it shows, and how often its terms occur in the archive."""

import json
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from zlib import crc32

from sqlalchemy import Connection, bindparam, select, text, update

from aggregator.core.minhash import bands_of
from aggregator.core.rarity import Rarity
from aggregator.core.traits import keys_of
from aggregator.records import Judged, Traits
from aggregator.store.columns import clean
from aggregator.store.database import insert_rows
from aggregator.store.neighbours import TOTAL, counts_of, list_of, mark_rows
from aggregator.store.story_tables import article_marks, article_traits

COMMON, SAMPLED = 0.45, 8
"""Weight below which a term is common in an archive of hundreds of articles and more, and the part of its articles that is counted."""

_MARK_ALL = text(
    "INSERT INTO article_marks (mark, told_on, article_id, band) "
    "SELECT * FROM unnest(CAST(:mark AS bigint[]), CAST(:told_on AS bigint[]), CAST(:article_id AS bigint[]), CAST(:band AS boolean[]))"
)
_COUNT = {
    "sqlite": "INSERT INTO term_counts (term, articles) SELECT key, value FROM json_each(:counts) WHERE true "
    "ON CONFLICT (term) DO UPDATE SET articles = term_counts.articles + excluded.articles",
    "postgresql": "INSERT INTO term_counts (term, articles) SELECT key, CAST(value AS bigint) FROM jsonb_each_text(CAST(:counts AS jsonb)) "
    "ON CONFLICT (term) DO UPDATE SET articles = term_counts.articles + excluded.articles",
}
_COUNTING = {dialect: text(statement) for dialect, statement in _COUNT.items()}
_HAS_TRAITS = select(article_traits.c.article_id).where(article_traits.c.article_id == bindparam("id"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """Hold what an article is compared and found by, as of the text it shows: `language` is the article's, or else its feed's."""

    article_id: int
    traits: Traits
    concepts: frozenset[str]
    text: str
    language: str
    told_at: datetime


class Counts:
    """Hold how many articles have each of some terms, with those of a batch that are to be counted."""

    def __init__(self, connection: Connection, terms: Collection[str]) -> None:
        self._counted = Counter(counts_of(connection, terms))

    def rarity(self, terms: Collection[str]) -> Rarity:
        """Give the counts of these terms, as if an article with all of them were in the archive."""
        return Rarity(self._counted[TOTAL] + 1, {term: self._counted[term] + 1 for term in terms})

    def add(self, found: Found) -> None:
        """Count an article."""
        self._counted.update(terms_counted(found))


def found_by(judged: Judged, told_at: datetime) -> Found:
    """Give what a judged article is compared and found by."""
    article = judged.article
    return Found(
        article_id=judged.revision.article_id,
        traits=judged.traits,
        concepts=judged.concepts,
        text=article.text,
        language=article.language or article.feed.language,
        told_at=told_at,
    )


def keep_traits(connection: Connection, judged: Judged, told_at: datetime) -> None:
    """Keep what an article is compared and found by, as of the text it shows now; its terms are counted once."""
    found = found_by(judged, told_at)
    if connection.execute(_HAS_TRAITS, {"id": found.article_id}).first() is None:
        keep_new_traits(connection, [found])
        return
    connection.execute(update(article_traits).where(article_traits.c.article_id == found.article_id).values(traits=found.traits))
    connection.execute(article_marks.delete().where(article_marks.c.article_id == found.article_id))
    _mark(connection, [found])


def keep_new_traits(connection: Connection, many: Sequence[Found]) -> None:
    """Keep what articles are compared and found by that had nothing of the kind, and count their terms."""
    insert_rows(connection, article_traits, [{"article_id": found.article_id, "traits": found.traits} for found in many])
    counts: Counter[str] = Counter()
    for found in many:
        counts.update(terms_counted(found))
    connection.execute(_COUNTING[connection.dialect.name], {"counts": json.dumps(counts)})
    _mark(connection, many)


def terms_counted(found: Found) -> Mapping[str, int]:
    """Give by how much each term counts: of common ones every eighth article counts for eight.

    A word of thousands of articles weighs the same one more or less (Morris, 1978), and its row would be written with every article.
    """
    sampled, traits = found.traits.doubt == 0.0, found.traits
    chosen = {TOTAL: 1}
    for term, weight in {**dict.fromkeys(found.concepts, 1.0), **traits.lead, **traits.title, **traits.facts}.items():
        by = SAMPLED if sampled and weight < COMMON else 1
        if by == 1 or crc32(f"{found.article_id} {term}".encode("utf-8", "surrogatepass")) % by == 0:
            chosen[clean(term)] = by
    return chosen


def _mark(connection: Connection, many: Sequence[Found]) -> None:
    """Write the marks of articles; PostgreSQL takes them as four lists."""
    rows = [
        row
        for found in many
        for row in mark_rows(found.article_id, found.told_at, keys_of(found.traits, found.language), bands_of(found.text))
    ]
    if rows and connection.dialect.name == "postgresql":
        columns = {name: list_of("postgresql", [int(row[name]) for row in rows]) for name in ("mark", "told_on", "article_id", "band")}
        connection.execute(_MARK_ALL, columns)
    else:
        insert_rows(connection, article_marks, rows)

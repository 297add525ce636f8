"""Neighbours: the stories a new article may belong to, found by rows of an index, never by reading a window whole.

An article's marks are its rarest facts and words and the bands of its text. Who shares a mark within the window is a candidate; the
stories of the likeliest candidates are read, with what is known of pairs of their members. Texts are read of near copies only.
"""

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache, lru_cache
from typing import Any

from sqlalchemy import (
    BindParameter,
    Boolean,
    Connection,
    Select,
    Text,
    TextClause,
    bindparam,
    insert,
    or_,
    select,
    text,
    type_coerce,
)

from aggregator.core.fingerprints import tells_enough
from aggregator.core.minhash import bands_of
from aggregator.core.rarity import Rarity
from aggregator.core.shingles import resemblance, shared_sentences
from aggregator.core.traits import keys_of
from aggregator.models import Role
from aggregator.records import Bond, Neighbourhood, Overlap, StorySketch, Telling, Traits
from aggregator.store.columns import clean, from_json
from aggregator.store.database import Section
from aggregator.store.story_tables import article_traits, overlaps
from aggregator.store.tables import articles, stories, story_articles

COPIES_WITHIN, STORIES_WITHIN = timedelta(days=14), timedelta(days=3)
MOST_CANDIDATES, MOST_COPIES, MOST_MEMBERS = 24, 12, 240
IN_PARTS = 0.5
"""Share of the shorter text from which an overlap is kept."""
TOTAL = ""
# Lists go over as one value: a statement with a place for each of them is put together anew every time.
_SHARE = {
    "sqlite": "SELECT m.article_id FROM json_each(:marks) AS j CROSS JOIN article_marks AS m "
    "ON m.mark = j.value AND m.told_on BETWEEN :since AND :until",
    "postgresql": "SELECT m.article_id FROM article_marks AS m WHERE m.mark = ANY(CAST(:marks AS bigint[])) "
    "AND m.told_on BETWEEN :since AND :until",
}
_RANKED = " GROUP BY m.article_id ORDER BY count(*) DESC, m.article_id LIMIT :most"
_LISTED = {
    "sqlite": "SELECT t.term, t.articles FROM json_each(:terms) AS j JOIN term_counts AS t ON t.term = j.value",
    "postgresql": "SELECT term, articles FROM term_counts WHERE term = ANY(ARRAY(SELECT jsonb_array_elements_text(CAST(:terms AS jsonb))))",
}
_COUNTED = {dialect: text(statement) for dialect, statement in _LISTED.items()}
SHOWN = (
    articles.c.id,
    articles.c.current_seq,
    articles.c.feed_id,
    articles.c.outlet,
    articles.c.family,
    articles.c.language,
    articles.c.title,
    articles.c.text_hash,
    articles.c.told_at,
)
"""What an article says of itself, for comparing."""
STANDS_AS = (
    type_coerce(articles.c.concepts, Text).label("concepts"),
    type_coerce(article_traits.c.traits, Text).label("traits"),
    story_articles.c.story_id,
    story_articles.c.role,
    story_articles.c.echo_of,
)
_IDS: BindParameter[Any] = bindparam("ids", expanding=True)
_STANDS = select(story_articles.c.story_id).where(story_articles.c.article_id.in_(_IDS))
_MEMBERS = (
    select(*SHOWN, *STANDS_AS, stories.c.version, stories.c.lead_article_id)
    .join(story_articles, story_articles.c.article_id == articles.c.id)
    .join(stories, stories.c.id == story_articles.c.story_id)
    .outerjoin(article_traits, article_traits.c.article_id == articles.c.id)
    .where(story_articles.c.story_id.in_(_STANDS))
    .order_by(articles.c.told_at.desc(), articles.c.id)
    .limit(MOST_MEMBERS)
)
TEXTS = select(articles.c.id, articles.c.text, articles.c.text_hash).where(articles.c.id.in_(_IDS))
_EQUAL = (
    select(articles.c.id)
    .where(articles.c.text_hash == bindparam("hash"), articles.c.told_at.between(bindparam("since"), bindparam("until")))
    .limit(MOST_COPIES)
)


@dataclass(frozen=True, slots=True)
class Searched:
    """Name where candidates are found: among the articles of stories, or of a grouping that is being drafted.

    `marks` is the table of their marks; `equal` asks for those of a text hash, `members` for those that stand with any of some articles.
    """

    marks: str
    equal: Select[Any]
    members: Select[Any]


_STANDING = Searched(marks="article_marks", equal=_EQUAL, members=_MEMBERS)
_OF_PAIR = or_(overlaps.c.one.in_(_IDS), overlaps.c.other.in_(_IDS))
_OVERLAPPING = select(overlaps).where(_OF_PAIR)
# Overlaps and bonds at once; both articles of a pair that matters are among those asked for. Sentences are for people.
_INSIDE = {
    "sqlite": "SELECT o.one, o.other, o.share, NULL AS together FROM json_each(:ids) AS j CROSS JOIN text_overlaps AS o ON o.one = j.value "
    "UNION ALL SELECT b.one, b.other, NULL, b.together FROM json_each(:ids) AS j CROSS JOIN bonds AS b ON b.one = j.value",
    "postgresql": "SELECT one, other, share, CAST(NULL AS boolean) AS together FROM text_overlaps WHERE one = ANY(CAST(:ids AS bigint[])) "
    "UNION ALL SELECT one, other, CAST(NULL AS double precision), together FROM bonds WHERE one = ANY(CAST(:ids AS bigint[]))",
}
_PAIRS = {dialect: text(statement).columns(together=Boolean) for dialect, statement in _INSIDE.items()}
_KEEP_OVERLAPS = insert(overlaps)


class Neighbours(Section):
    """Find what a new article is compared with, and keep what later ones find it by."""

    def rarity(self, terms: Collection[str]) -> Rarity:
        """Give the archive's counts of these terms, as if an article with all of them were in it."""
        with self._database.read() as connection:
            counted = counts_of(connection, terms)
        return Rarity(counted.get(TOTAL, 0) + 1, {term: counted.get(term, 0) + 1 for term in terms})

    def neighbourhood(self, telling: Telling) -> Neighbourhood:
        """Give the stories an article may belong to, with what is known of pairs of their articles."""
        with self._database.read() as connection:
            return neighbours_in(connection, telling, _STANDING)


def neighbours_in(connection: Connection, telling: Telling, searched: Searched, bound: Collection[int] = ()) -> Neighbourhood:
    """Find what a telling is compared with; `bound` are articles that are candidates whatever they share with it."""
    banded = _sharing(connection, telling, (searched.marks, bands_of(telling.text)), COPIES_WITHIN, MOST_COPIES)
    copies = _copies(connection, telling, banded, searched.equal)
    keys = keys_of(telling.traits, telling.language)
    near = set(_sharing(connection, telling, (searched.marks, keys), STORIES_WITHIN, MOST_CANDIDATES))
    near = {*near, *bound, *(overlap.other for overlap in copies)} - {telling.article_id}
    if not near:
        return Neighbourhood()
    sketches = _sketches(connection, near, searched.members)
    pairs = pairs_among(connection, [telling.article_id, *(member.article_id for sketch in sketches for member in sketch.members)])
    known = tuple(Overlap(one=row.one, other=row.other, share=row.share) for row in pairs if row.share is not None)
    bonded = tuple(Bond(one=row.one, other=row.other, together=row.together) for row in pairs if row.share is None)
    return Neighbourhood(stories=sketches, overlaps=(*known, *copies), bonds=bonded)


def counts_of(connection: Connection, terms: Collection[str]) -> dict[str, int]:
    """Give how many articles have each of these terms, and how many there are."""
    listed = json.dumps([clean(term) for term in {TOTAL, *terms}])
    return {row.term: int(row.articles) for row in connection.execute(_COUNTED[connection.dialect.name], {"terms": listed})}


def mark_rows(article_id: int, told_at: datetime, keys: Iterable[int], bands: Iterable[int]) -> list[dict[str, int | bool]]:
    """Give the rows that an article is found by."""
    return [
        {"mark": mark, "told_on": seconds(told_at), "article_id": article_id, "band": band}
        for band, marks in ((False, keys), (True, bands))
        for mark in dict.fromkeys(marks)
    ]


def keep_overlaps(connection: Connection, found: Iterable[Overlap]) -> None:
    """Keep how much two texts share, and which sentences; a pair that is known stays."""
    wanted: dict[tuple[int, int], Overlap] = {}
    for overlap in found:
        wanted.setdefault((min(overlap.one, overlap.other), max(overlap.one, overlap.other)), overlap)
    if not wanted:
        return
    ids = sorted({number for pair in wanted for number in pair})
    known = {(row.one, row.other) for row in pairs_among(connection, ids) if row.share is not None}
    fresh = {pair: overlap for pair, overlap in wanted.items() if pair not in known}
    rows = [{"one": pair[0], "other": pair[1], "share": each.share, "sentences": each.sentences} for pair, each in fresh.items()]
    if rows:
        connection.execute(_KEEP_OVERLAPS, rows)


def known_overlaps(connection: Connection, ids: Collection[int]) -> tuple[Overlap, ...]:
    """Give the overlaps of these articles with any other."""
    if not ids:
        return ()
    rows = connection.execute(_OVERLAPPING, {"ids": list(ids)})
    return tuple(Overlap(one=row.one, other=row.other, share=row.share, sentences=row.sentences) for row in rows)


def light(row: Mapping[Any, Any]) -> Telling:
    """Make a telling without its text, as grouping needs it."""
    names = ("feed_id", "outlet", "family", "language", "title", "text_hash", "told_at", "story_id", "echo_of")
    return Telling(
        article_id=row["id"],
        seq=row["current_seq"],
        text="",
        concepts=_concepts(row["concepts"]) if row["concepts"] else frozenset(),
        role=Role(row["role"]) if row["role"] else Role.UNKNOWN,
        traits=_traits(row["traits"]) if row["traits"] else Traits(),
        **{name: row[name] for name in names},
    )


@lru_cache(maxsize=256)
def _traits(said: str) -> Traits:
    """Read traits, of which a day's are met again and again."""
    traits: Traits = from_json(Traits, said)
    return traits


@lru_cache(maxsize=256)
def _concepts(said: str) -> frozenset[str]:
    return frozenset(json.loads(said))


@cache
def _marked(dialect: str, table: str) -> TextClause:
    return text(_SHARE[dialect].replace("article_marks", table) + _RANKED)


def _sharing(connection: Connection, telling: Telling, marked: tuple[str, Sequence[int]], period: timedelta, most: int) -> list[int]:
    """Give the articles of a period that share most marks in a table."""
    table, marks = marked
    if not marks:
        return []
    window = {"since": seconds(telling.told_at - period), "until": seconds(telling.told_at + period)}
    dialect = connection.dialect.name
    return list(connection.execute(_marked(dialect, table), {"marks": list_of(dialect, marks), "most": most, **window}).scalars())


def _copies(connection: Connection, telling: Telling, banded: Sequence[int], same: Select[Any]) -> tuple[Overlap, ...]:
    """Compare texts that share a band or are equal, those with most bands first."""
    period = {"since": telling.told_at - COPIES_WITHIN, "until": telling.told_at + COPIES_WITHIN}
    equal = [row.id for row in connection.execute(same, {"hash": telling.text_hash, **period})]
    ids = [article for article in dict.fromkeys((*equal, *banded)) if article != telling.article_id]
    if not ids:
        return ()
    compared = (overlap_of(telling, row) for row in connection.execute(TEXTS, {"ids": ids}))
    return tuple(overlap for overlap in compared if overlap.share >= IN_PARTS)


def overlap_of(telling: Telling, row: Any) -> Overlap:
    """Compare a text with that of another article."""
    same = row.text_hash == telling.text_hash and tells_enough(telling.title, telling.text)
    share = 1.0 if same else resemblance(telling.text, row.text or "")
    sentences = shared_sentences(telling.text, row.text or "") if share >= IN_PARTS else ()
    return Overlap(one=telling.article_id, other=row.id, share=share, sentences=sentences)


def _sketches(connection: Connection, near: Collection[int], members: Select[Any]) -> tuple[StorySketch, ...]:
    told: dict[tuple[int, int, int], list[Telling]] = {}
    for row in connection.execute(members, {"ids": sorted(near)}).mappings():
        told.setdefault((row["story_id"], row["version"], row["lead_article_id"]), []).append(light(row))
    return tuple(
        StorySketch(story_id=story, version=version, lead_article_id=lead, members=tuple(members))
        for (story, version, lead), members in sorted(told.items(), key=lambda item: item[0])
    )


def pairs_among(connection: Connection, ids: Sequence[int]) -> Sequence[Any]:
    """Give the overlaps and bonds among these articles, and some with others; a bond has no share."""
    dialect = connection.dialect.name
    return connection.execute(_PAIRS[dialect], {"ids": list_of(dialect, ids)}).all()


def list_of(dialect: str, numbers: Sequence[int]) -> str:
    """Write numbers as one value: JSON for SQLite, an array for PostgreSQL."""
    listed = json.dumps(list(numbers))
    return "{" + listed[1:-1] + "}" if dialect == "postgresql" else listed


def seconds(moment: datetime) -> int:
    """Give a moment as marks keep it."""
    return int(moment.timestamp())

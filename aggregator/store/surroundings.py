"""Surroundings: what the articles of a batch are compared with, read for all of them at once and kept up to date while they are placed.

Candidates, their texts, the stories they stand in and what is known of pairs are a handful of statements however many articles arrive
together. Each article meets what it would meet if those before it in the batch had been stored: they are candidates like the stored ones,
counted and cut off by the same rules.
"""

from bisect import insort
from collections import Counter, defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import Connection, Integer, Select, func, select, text

from aggregator.core.minhash import bands_of
from aggregator.core.traits import keys_of
from aggregator.records import Bond, Neighbourhood, Overlap, Placement, StorySketch, Telling, Traits
from aggregator.store.candidates import Marked, Worded, saying_the_same, sharing
from aggregator.store.columns import clean, to_json
from aggregator.store.neighbours import (
    COPIES_WITHIN,
    IN_PARTS,
    MOST_CANDIDATES,
    MOST_COPIES,
    MOST_MEMBERS,
    SHOWN,
    STANDS_AS,
    STORIES_WITHIN,
    TEXTS,
    light,
    list_of,
    overlap_of,
    pairs_among,
    seconds,
)
from aggregator.store.story_tables import article_traits
from aggregator.store.tables import articles, stories, story_articles

_END = datetime.max.replace(tzinfo=UTC)


@dataclass(slots=True)
class Standing:
    """Hold a story as it stands within the batch; `members` are without text, last told first."""

    version: int
    lead: int
    lead_by_hand: bool
    members: list[Telling] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Asked:
    """Hold what one article is looked for by, and which stored articles were found so."""

    bands: Marked
    keys: Marked
    worded: Worded


@dataclass(frozen=True, slots=True)
class _Words:
    id: int
    text: str
    text_hash: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrived:
    """Hold an article of the batch as it is stored: `marks` it is found by, and when it is told."""

    telling: Telling
    marks: Sequence[int]
    told_at: datetime


class Surroundings:
    """Hold what the articles of a batch are compared with; the caller holds the lock of judging, so nothing else moves."""

    def __init__(self, connection: Connection, tellings: Sequence[Telling]) -> None:
        self._connection = connection
        self._asked = {telling.article_id: _questions(telling) for telling in tellings}
        asked = list(self._asked.values())
        marked = sharing(connection, [each.bands for each in asked] + [each.keys for each in asked], MOST_CANDIDATES)
        self._banded = dict(zip(self._asked, marked[: len(asked)], strict=True))
        self._keyed = dict(zip(self._asked, marked[len(asked) :], strict=True))
        self._equal = dict(zip(self._asked, saying_the_same(connection, [each.worded for each in asked], MOST_COPIES), strict=True))
        self._words: dict[int, _Words] = {}
        self._compared: dict[tuple[int, int], Overlap] = {}
        self._by_mark: dict[int, list[int]] = defaultdict(list)
        self._arrived: dict[int, Arrived] = {}
        self.stands: dict[int, int] = {}
        self.stories: dict[int, Standing] = {}
        self._overlaps: dict[int, list[Overlap]] = {}
        self._bonds: dict[int, list[Bond]] = {}
        self._paired: set[int] = set()
        self._read_words()
        self._read_stands({article for telling in tellings for article in self._near(telling)[0]})
        if self.stands:
            self._read_members(set(self.stands.values()))
            self._read_pairs(list(self._asked))

    def of(self, telling: Telling) -> Neighbourhood:
        """Give the stories an article may belong to, with what is known of pairs of their articles."""
        near, copies = self._near(telling)
        if not near:
            return Neighbourhood()
        sketches = self._sketches({self.stands[article] for article in near if article in self.stands})
        ids = [telling.article_id, *(member.article_id for sketch in sketches for member in sketch.members)]
        known = tuple(overlap for article in ids for overlap in self._overlaps.get(article, ()))
        bonds = tuple(bond for article in ids for bond in self._bonds.get(article, ()))
        return Neighbourhood(stories=sketches, overlaps=(*known, *copies), bonds=bonds)

    def add(self, arrived: Arrived, placement: Placement, story_id: int) -> None:
        """Note that an article of the batch was placed, and what that changed beside it."""
        telling = arrived.telling
        self._arrived[telling.article_id] = arrived
        for mark in arrived.marks:
            self._by_mark[mark].append(telling.article_id)
        self._words[telling.article_id] = _Words(telling.article_id, clean(telling.text), telling.text_hash)
        for overlap in placement.overlaps:
            self._know(replace(overlap, one=min(overlap.one, overlap.other), other=max(overlap.one, overlap.other), sentences=()))
        self._paired.add(telling.article_id)
        if placement.moves:
            self._move(telling.article_id, placement)
            return
        self.stands[telling.article_id] = story_id
        member = replace(_stored(telling, arrived.told_at), story_id=story_id, role=placement.role, echo_of=placement.echo_of)
        story = self.stories.setdefault(story_id, Standing(1, telling.article_id, lead_by_hand=False))
        insort(story.members, member, key=_latest_first)
        for standing in placement.standings:
            members = self.stories[self.stands[standing.article_id]].members
            position = next(at for at, other in enumerate(members) if other.article_id == standing.article_id)
            members[position] = replace(members[position], role=standing.role, echo_of=standing.echo_of)

    def _move(self, article_id: int, placement: Placement) -> None:
        """Read the stories again that an arrived article moved others between, now that they were moved."""
        changed = {move.source for move in placement.moves} | {move.target for move in placement.moves} | {placement.story_id}
        self._read_stands({article_id, *(article for article, story in self.stands.items() if story in changed)})
        opened = {self.stands[article] for article in (article_id, *(move.article_id for move in placement.moves))}
        affected = opened | {story for story in changed if story is not None}
        for story_id in affected:
            self.stories.pop(story_id, None)
        self._read_members(affected)

    def _read_stands(self, article_ids: Collection[int]) -> None:
        dialect = self._connection.dialect.name
        if article_ids:
            found = self._connection.execute(_stands(dialect), {"ids": list_of(dialect, sorted(article_ids))})
            self.stands.update((row.article_id, row.story_id) for row in found)

    def _read_members(self, story_ids: Collection[int]) -> None:
        """Read stories with their articles, and what is known of pairs of those that were not met before."""
        dialect, fresh = self._connection.dialect.name, []
        for row in self._connection.execute(_members(dialect), {"ids": list_of(dialect, sorted(story_ids))}).mappings():
            heading = Standing(row["version"], row["lead_article_id"], bool(row["lead_by_hand"]))
            self.stories.setdefault(row["story_id"], heading).members.append(light(row))
            self.stands[row["id"]] = row["story_id"]
            fresh.append(row["id"])
        self._read_pairs([article_id for article_id in fresh if article_id not in self._paired])

    def _read_pairs(self, article_ids: Sequence[int]) -> None:
        self._paired.update(article_ids)
        for row in pairs_among(self._connection, article_ids) if article_ids else ():
            if row.share is None:
                self._bonds.setdefault(row.one, []).append(Bond(one=row.one, other=row.other, together=row.together))
            else:
                self._know(Overlap(one=row.one, other=row.other, share=row.share))

    def _know(self, overlap: Overlap) -> None:
        """Keep an overlap among those that are known, once."""
        known = self._overlaps.setdefault(overlap.one, [])
        if all(other.other != overlap.other for other in known):
            insort(known, overlap, key=lambda each: each.other)

    def _near(self, telling: Telling) -> tuple[set[int], tuple[Overlap, ...]]:
        """Give the candidates of an article, and the near copies among them."""
        asked, article = self._asked[telling.article_id], telling.article_id
        copies = self._copies(telling)
        likely = self._ranked(self._keyed[article], asked.keys, MOST_CANDIDATES)
        return {*likely, *(overlap.other for overlap in copies)} - {article}, copies

    def _ranked(self, stored: Sequence[tuple[int, int]], asked: Marked, most: int) -> list[int]:
        """Give those that share most marks, of the stored ones and of the batch."""
        added: Counter[int] = Counter()
        for mark in asked.marks:
            added.update(self._by_mark.get(mark, ()))
        within = [(other, count) for other, count in added.items() if asked.since <= seconds(self._arrived[other].told_at) <= asked.until]
        return [other for other, _ in sorted((*stored, *within), key=lambda item: (-item[1], item[0]))[:most]]

    def _copies(self, telling: Telling) -> tuple[Overlap, ...]:
        """Compare texts that share a band or are equal, those with most bands first."""
        asked, article = self._asked[telling.article_id], telling.article_id
        same = [other for other, arrived in self._arrived.items() if _is_worded(arrived, asked.worded)]
        equal = sorted((*self._equal[article], *same))[:MOST_COPIES]
        banded = self._ranked(self._banded[article], asked.bands, MOST_COPIES)
        compared = (self._overlap(telling, other) for other in sorted({*equal, *banded} - {article}))
        return tuple(overlap for overlap in compared if overlap.share >= IN_PARTS)

    def _overlap(self, telling: Telling, other: int) -> Overlap:
        pair = (telling.article_id, other)
        if pair not in self._compared:
            self._compared[pair] = overlap_of(telling, self._words[other])
        return self._compared[pair]

    def _read_words(self) -> None:
        """Read the texts that may be copies of an article of the batch or its original."""
        banded = (other for found in self._banded.values() for other, _ in found[:MOST_COPIES])
        ids = {*banded, *(other for found in self._equal.values() for other in found)}
        if ids:
            for row in self._connection.execute(TEXTS, {"ids": sorted(ids)}):
                self._words[row.id] = _Words(row.id, row.text or "", row.text_hash)

    def _sketches(self, near: Collection[int]) -> tuple[StorySketch, ...]:
        """Give stories with their last told members, as many as are read of all of them together."""
        told = {story_id: self.stories[story_id].members for story_id in near if story_id in self.stories}
        if sum(map(len, told.values())) > MOST_MEMBERS:
            last = sorted((member for members in told.values() for member in members), key=_latest_first)[:MOST_MEMBERS]
            told = {story_id: [member for member in last if member.story_id == story_id] for story_id in told}
        return tuple(
            StorySketch(story_id=story_id, version=story.version, lead_article_id=story.lead, members=tuple(told[story_id]))
            for story_id in sorted(told)
            if told[story_id] and (story := self.stories[story_id])
        )


def marks_of(telling: Telling) -> tuple[Sequence[int], Sequence[int]]:
    """Give the keys and the bands that an article is found by."""
    return tuple(dict.fromkeys(keys_of(telling.traits, telling.language))), tuple(dict.fromkeys(bands_of(telling.text)))


def _stored(telling: Telling, told_at: datetime) -> Telling:
    """Give an article of the batch as it would be read back."""
    said = {name: clean(getattr(telling, name)) for name in ("feed_id", "outlet", "family", "language", "title", "text_hash")}
    kept = {
        "concepts": to_json(tuple[str, ...], tuple(sorted(telling.concepts))),
        "traits": to_json(Traits, telling.traits),
    }
    places = {"role": None, "story_id": None, "echo_of": None}
    return light({"id": telling.article_id, "current_seq": telling.seq, "told_at": told_at, **said, **kept, **places})


def _questions(telling: Telling) -> _Asked:
    keys, bands = marks_of(telling)
    period = (telling.told_at - COPIES_WITHIN, telling.told_at + COPIES_WITHIN)
    return _Asked(
        bands=Marked(bands, seconds(period[0]), seconds(period[1])),
        keys=Marked(keys, seconds(telling.told_at - STORIES_WITHIN), seconds(telling.told_at + STORIES_WITHIN)),
        worded=Worded(telling.text_hash, *period),
    )


def _is_worded(arrived: Arrived, asked: Worded) -> bool:
    return arrived.telling.text_hash == asked.text_hash and asked.since <= arrived.told_at <= asked.until


def _latest_first(telling: Telling) -> tuple[timedelta, int]:
    return _END - telling.told_at, telling.article_id


@cache
def _stands(dialect: str) -> Select[Any]:
    return select(story_articles.c.article_id, story_articles.c.story_id).where(_among(dialect, "article_id"))


@cache
def _members(dialect: str) -> Select[Any]:
    """Ask for the members of stories, the last told ones of each."""
    last = func.row_number().over(partition_by=story_articles.c.story_id, order_by=(articles.c.told_at.desc(), articles.c.id))
    standing = (
        select(*SHOWN, *STANDS_AS, stories.c.version, stories.c.lead_article_id, stories.c.lead_by_hand, last.label("place"))
        .join(story_articles, story_articles.c.article_id == articles.c.id)
        .join(stories, stories.c.id == story_articles.c.story_id)
        .outerjoin(article_traits, article_traits.c.article_id == articles.c.id)
        .where(_among(dialect, "story_id"))
        .subquery()
    )
    return select(standing).where(standing.c.place <= MOST_MEMBERS).order_by(standing.c.told_at.desc(), standing.c.id)


def _among(dialect: str, name: str) -> Any:
    if dialect == "postgresql":
        return text(f"story_articles.{name} = ANY(CAST(:ids AS bigint[]))")
    return story_articles.c[name].in_(text("SELECT value FROM json_each(:ids)").columns(value=Integer))

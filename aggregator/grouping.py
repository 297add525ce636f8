"""Cluster: sort a list of articles into stories with the same enrichment and the same decisions as the service, in memory.

The list is its own archive: how rare a word or a fact is, is counted over all of it before the first article is placed. After that
each article is placed online, in the order of the list, and may join, split or merge the stories that stand. Nothing is stored.
"""

import sys
from bisect import bisect_left, bisect_right, insort
from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from heapq import nsmallest

from aggregator.core.fingerprints import tells_enough, text_hash
from aggregator.core.minhash import bands_of
from aggregator.core.rarity import Rarity
from aggregator.core.shingles import resemblance
from aggregator.core.stories import WINDOW, Weighed, settle, story_concepts
from aggregator.core.traits import Embed, countable, keys_of, no_meaning, traits_of
from aggregator.core.urls import canonical_url, web_url
from aggregator.matching import Judge
from aggregator.models import Article, Entry, FeedSpec, Role
from aggregator.records import Neighbourhood, Overlap, Placement, Row, StorySketch, Telling

COPIES_WITHIN = timedelta(days=14)
MOST_PER_KEY = 30
MOST_CANDIDATES = 24
MOST_WEIGHED = 200_000
"""Pairs whose probability is remembered: some 30 MB."""
SAME_TEXT_IN_PARTS = 0.5
"""Share of the shorter text from which an overlap is kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Clustering:
    """Hold what clustering works with, see `aggregator.judge.Judging`; `newsroom` gives the feed of an outlet's name and language."""

    enrich: Callable[[Entry, FeedSpec], Awaitable[Article]]
    topics: Judge
    level: Callable[[str], str]
    newsroom: Callable[[str, str], FeedSpec]
    embed: Embed = no_meaning


@dataclass(frozen=True, slots=True)
class Clustered:
    """Say where a row ended: the story's number, and its role there."""

    id: str | int
    story: int
    role: Role


@dataclass(slots=True)
class Desk:
    """Keep tellings, their stories and the keys they are found by, as the store does in tables."""

    tellings: dict[int, Telling] = field(default_factory=dict)
    stands: dict[int, int] = field(default_factory=dict)
    members: dict[int, list[int]] = field(default_factory=lambda: defaultdict(list))
    overlaps: dict[int, list[Overlap]] = field(default_factory=lambda: defaultdict(list))
    by_key: dict[int, list[tuple[datetime, int]]] = field(default_factory=lambda: defaultdict(list))
    by_band: dict[int, list[tuple[datetime, int]]] = field(default_factory=lambda: defaultdict(list))
    weighed: Weighed = field(default_factory=dict)
    opened: int = 0

    def add(self, telling: Telling) -> Placement:
        """Place a telling, and give what was decided."""
        keys, bands = keys_of(telling.traits, telling.language), (*bands_of(telling.text), hash(telling.text_hash))
        if len(self.weighed) > MOST_WEIGHED:
            self.weighed.clear()
        placement = settle(telling, self._near(telling, keys, bands), self.weighed)
        self._keep(telling, placement)
        for index, names in ((self.by_key, keys), (self.by_band, bands)):
            for name in names:
                insort(index[name], (telling.told_at, telling.article_id))
        return placement

    def _near(self, telling: Telling, keys: Iterable[int], bands: Iterable[int]) -> Neighbourhood:
        copies = {other for band in bands for _, other in _within(self.by_band[band], telling.told_at, COPIES_WITHIN)}
        overlaps = tuple(_overlapping(telling, self.tellings[other]) for other in sorted(copies))
        found: Counter[int] = Counter()
        for key in keys:
            found.update(_nearest(self.by_key[key], telling.told_at))
        candidates = {other for other, _ in sorted(found.items(), key=lambda item: (-item[1], item[0]))[:MOST_CANDIDATES]}
        candidates |= {overlap.other for overlap in overlaps if overlap.share >= SAME_TEXT_IN_PARTS}
        stories = sorted({self.stands[other] for other in candidates})
        known = {overlap for story in stories for member in self.members[story] for overlap in self.overlaps[member]}
        kept = [overlap for overlap in overlaps if overlap.share >= SAME_TEXT_IN_PARTS]
        return Neighbourhood(stories=tuple(self._sketch(story) for story in stories), overlaps=(*known, *kept))

    def _sketch(self, story: int) -> StorySketch:
        members = tuple(self.tellings[member] for member in self.members[story])
        return StorySketch(story_id=story, version=1, lead_article_id=members[0].article_id, members=members)

    def _keep(self, telling: Telling, placement: Placement) -> None:
        opened: dict[int, int] = {}
        if placement.story_id is None:
            self.opened += 1
            opened[0] = self.opened
        target = placement.story_id or opened[0]
        self.tellings[telling.article_id] = replace(telling, role=placement.role, echo_of=placement.echo_of, story_id=target)
        self._stand(telling.article_id, target)
        for move in placement.moves:
            if move.target is None and move.opens not in opened:
                self.opened += 1
                opened[move.opens] = self.opened
            self.members[move.source].remove(move.article_id)
            self._stand(move.article_id, move.target if move.target is not None else opened[move.opens])
        for standing in placement.standings:
            told = self.tellings[standing.article_id]
            self.tellings[standing.article_id] = replace(told, role=standing.role, echo_of=standing.echo_of)
        for overlap in placement.overlaps:
            self.overlaps[overlap.one].append(overlap)
            self.overlaps[overlap.other].append(overlap)

    def _stand(self, article: int, story: int) -> None:
        self.stands[article] = story
        self.members[story].append(article)


def _within(told: Sequence[tuple[datetime, int]], at: datetime, period: timedelta) -> Sequence[tuple[datetime, int]]:
    """Cut what was told within a period of a moment out of a list in the order of time."""
    return told[bisect_left(told, (at - period, -1)) : bisect_right(told, (at + period, sys.maxsize))]


def _nearest(told: Sequence[tuple[datetime, int]], at: datetime) -> list[int]:
    near = _within(told, at, WINDOW)
    chosen = near if len(near) <= MOST_PER_KEY else nsmallest(MOST_PER_KEY, near, key=lambda each: (abs(each[0] - at), each[1]))
    return [other for _, other in chosen]


async def cluster(clustering: Clustering, rows: Sequence[Row]) -> tuple[Clustered, ...]:
    """Give the story and role of each row, in the order of the list."""
    firsts = _firsts(rows)
    kept = sorted(set(firsts))
    desk = place_all(await read_all(clustering, [rows[number] for number in kept]))
    placed = {number: (desk.stands[place], desk.tellings[place].role) for place, number in enumerate(kept)}
    found = (
        Clustered(row.id, placed[first][0], placed[first][1] if first == number else Role.COPY)
        for number, (row, first) in enumerate(zip(rows, firsts, strict=True))
    )
    return tuple(_numbered(found))


def _firsts(rows: Sequence[Row]) -> list[int]:
    """Give for each row the first one of its page; the front page of a site is no article's address."""
    seen: dict[str, int] = {}
    found: list[int] = []
    for number, row in enumerate(rows):
        page = canonical_url(row.url) if web_url(row.url) else ""
        found.append(seen.setdefault(page, number) if page.split("/", 3)[3:] not in ([], [""]) else number)
    return found


async def read_all(clustering: Clustering, rows: Sequence[Row]) -> tuple[Telling, ...]:
    """Enrich every row and weigh it by the whole list."""
    read = [await _read(clustering, row) for row in rows]
    counts = Counter(term for article, concepts in read for term in countable(article, concepts))
    rarity = Rarity(len(rows), counts)
    return tuple(
        _telling(number, row, article, concepts, rarity, clustering.embed)
        for number, (row, (article, concepts)) in enumerate(zip(rows, read, strict=True))
    )


def place_all(tellings: Iterable[Telling]) -> Desk:
    """Place tellings one after the other."""
    desk = Desk()
    for telling in tellings:
        desk.add(telling)
    return desk


async def _read(clustering: Clustering, row: Row) -> tuple[Article, frozenset[str]]:
    feed = clustering.newsroom(row.source, row.language)
    outlet = row.source or None
    entry = Entry(
        id=str(row.id), url=row.url, title=row.title, content=row.text, published_at=row.published_at, language=row.language, outlet=outlet
    )
    article = await clustering.enrich(entry, feed)
    return article, story_concepts(article.facts, clustering.topics.judge(article), clustering.level)


def _telling(number: int, row: Row, article: Article, concepts: frozenset[str], rarity: Rarity, embed: Embed) -> Telling:
    return Telling(
        article_id=number,
        seq=number,
        feed_id=article.feed.id,
        outlet=row.source,
        family=article.feed.family,
        language=article.language or row.language,
        title=article.title,
        text=article.text,
        text_hash=text_hash(article.title, article.text),
        told_at=row.published_at,
        concepts=concepts,
        traits=traits_of(article, concepts, rarity, embed),
    )


def _overlapping(telling: Telling, other: Telling) -> Overlap:
    same = telling.text_hash == other.text_hash and tells_enough(telling.title, telling.text)
    return Overlap(one=telling.article_id, other=other.article_id, share=1.0 if same else resemblance(telling.text, other.text))


def _numbered(clustered: Iterable[Clustered]) -> Iterator[Clustered]:
    """Count stories by their first row, so that numbers say nothing of splits and merges on the way."""
    numbers: dict[int, int] = {}
    for row in clustered:
        yield replace(row, story=numbers.setdefault(row.story, len(numbers) + 1))

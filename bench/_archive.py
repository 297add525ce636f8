"""An archive of any size, written straight into the tables: what years of polling and judging would have left.

``python bench/_archive.py URL [--articles 1000000]`` fills an empty SQLite file or PostgreSQL database; `build` does so from code.
Invented news in five languages from two hundred feeds over a thousand days: one article in ten matches, stories have one to forty
articles, every article has decisions and some have facts, one in twenty was revised. The same number always gives the same archive.
"""

import argparse
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import cycle, islice
from typing import Any

from _bulk import Bulk, open_bulk
from _wording import LANGUAGES, Piece, Wording

from aggregator.models import Entry, Evidence, FeedSpec, TopicSpec
from aggregator.store import open_store
from aggregator.store.columns import to_json
from aggregator.store.search_index import label

START = datetime(2024, 1, 1, tzinfo=UTC)
NOW = START + timedelta(days=1000)
TOPICS = (
    TopicSpec(id="workers", name="Workers abroad", anchor="country_anchor", themes={"labour": 1.0}),
    TopicSpec(id="sanctions", name="Sanctions", anchor="country_anchor", themes={"sanctions": 1.0}),
)
_SHARES = {"en": 90, "ko": 60, "zh": 20, "ja": 20, "ru": 10}
_SPOKEN = [language for language, share in _SHARES.items() for _ in range(share)]
FEEDS = tuple(
    FeedSpec(id=f"feed{n}", name=f"Feed {n}", url=f"https://f{n}.example/", publisher=f"Press {n}", family=f"p{n}", language=language)
    for n, language in enumerate(_SPOKEN)
)
MATCHED = 10
"""One article in so many matches."""
REVISED = 20
SIZES = (1, 1, 1, 2, 1, 3, 1, 1, 5, 2, 1, 12, 1, 1, 2, 40)
"""Articles in a story, in turn."""
_ROLES = ("independent", "echo", "echo", "copy", "unknown")
_PLACES = (
    "china",
    "russia",
    "dandong",
    "vladivostok",
    "pyongyang",
    "hunchun",
    "khabarovsk",
    "seoul",
    "beijing",
    "moscow",
    "poland",
    "qatar",
)
BATCH = 5_000


def build(url: str, count: int, progress: bool = False) -> None:
    """Fill a database with `count` articles and everything that belongs to them."""
    store = open_store(url)
    store.upgrade()
    store.sync_feeds(FEEDS, START)
    store.close()
    with open_bulk(url) as bulk:
        world = World(count)
        for first in range(1, count + 1, BATCH):
            for number in range(first, min(first + BATCH, count + 1)):
                world.tell(number)
            world.flush(bulk)
            if progress:
                print(f"\r{min(first + BATCH - 1, count):,} articles", end="", flush=True)
        world.finish()
        world.flush(bulk)
        _add_polls(bulk)
        _add_deliveries(bulk, world)
        bulk.counter(world.seq)
    if progress:
        print()


def rare(number: int) -> str:
    """Name a word that only one article in ten thousand holds."""
    return f"rare{number % 10_000}"


def moment(at: datetime) -> str:
    """Write a moment as either engine reads it."""
    return at.strftime("%Y-%m-%d %H:%M:%S.%f")


@dataclass(slots=True)
class Tale:
    """Hold the story under way: its articles still to come, and what its labels say."""

    number: int = 0
    left: int = 0
    first: int = 0
    last: int = 0
    version: int = 1
    opened: str = ""
    changed: str = ""
    labels: set[tuple[str, str]] = field(default_factory=set)


class World:
    """Tell articles one after the other; rows gather by table until they are flushed."""

    def __init__(self, count: int) -> None:
        self.count, self.seq, self.stories = count, 0, 0
        self.rows: dict[str, list[tuple[Any, ...]]] = {}
        self._wording = Wording(7)
        self._sizes = cycle(SIZES)
        self._tale = Tale()
        self._later: list[Tale] = []

    def put(self, table: str, *row: Any) -> None:
        """Keep a row for the next flush."""
        self.rows.setdefault(table, []).append(row)

    def flush(self, bulk: Bulk) -> None:
        """Write what gathered; a story goes out when its last article is told."""
        for tale in self._later:
            self._close(tale)
        self._later = []
        for table, rows in self.rows.items():
            bulk.write(table, rows)
        self.rows = {}

    def finish(self) -> None:
        """End the story that is under way."""
        if self._tale.left:
            self._later.append(self._tale)

    def tell(self, number: int) -> None:
        """Tell one article: what was served, how it was judged, and the story it belongs to."""
        feed = FEEDS[number * 7919 % len(FEEDS)]
        title, body = self._wording.article(feed.language, rare(number))
        at = moment(START + (NOW - START) * (number / (self.count + 1)))
        article_id = self.seq + 1
        topics = self._topics(number)
        self._serve(number, feed, title, at, topics)
        shown = (title.text, body.text, f"{hash_of(number):016x}", at, at, at, self.seq, "[]")
        self.put("articles", article_id, f"https://{feed.id}.example/{number}", feed.id, feed.publisher, feed.family, feed.language, *shown)
        labels = [label("language", feed.language), label("feed", feed.id), *(label("topic", topic) for topic in topics)]
        self.put("search_index", article_id, title.terms, body.terms, labels)
        self._judge(topics, body, at)
        self._state(number, body, matched=bool(topics))
        if topics:
            self._join(number, article_id, feed, topics, at)

    def _serve(self, number: int, feed: FeedSpec, title: Piece, at: str, topics: tuple[str, ...]) -> None:
        """Tell the entry and its revisions; the last one is what stands."""
        url = f"https://{feed.id}.example/{number}"
        entry_id, outcome = self.seq + 1, "joined_story" if topics else "no_theme"
        for turn in range(1 + (number % REVISED == 0)):
            self.seq += 1
            served = Entry(id=str(number), url=url, title=title.text, summary=title.text * turn)
            entry = to_json(Entry, served)
            self.put("revisions", self.seq, entry_id, title.text, url, entry, f"{number}-{turn}", at, at, "1", outcome, "")
        self.put("entries", entry_id, feed.id, str(number), entry_id, f"{number}-{turn}", self.seq, at)
        self.put("sightings", entry_id, entry_id, at)

    def _topics(self, number: int) -> tuple[str, ...]:
        if number % MATCHED:
            return ()
        return (("workers",), ("sanctions",), ("workers", "sanctions"))[number // MATCHED % 3]

    def _judge(self, topics: tuple[str, ...], body: Piece, at: str) -> None:
        for topic in TOPICS:
            self.put("decisions", self.seq, "match", topic.id, "matched" if topic.id in topics else "no_theme", "", at)
        if topics:
            word = Evidence(theme="labour", concept="labour/worker", strength="strong", field="text", start=0, end=4, quote=body.text[:4])
            evidence = to_json(tuple[Evidence, ...], (word,))
            for topic in topics:
                self.put("matches", self.seq, topic, 2.0, "1", evidence)

    def _state(self, number: int, body: Piece, *, matched: bool) -> None:
        """Tell the facts: a figure and a place of every article that matched, and of every fourth other one."""
        if not matched and number % 4:
            return
        people, place = 50 * (number % 61 + 1), self._place(number)
        self.put("facts", self.seq, 0, "figure", f"person:{people}", "text", 0, 4, body.text[:4], float(people), float(people), "person")
        self.put("facts", self.seq, 1, "place", place, "text", 6, 9, body.text[6:9], None, None, None)

    def _place(self, number: int) -> str:
        return f"place/{_PLACES[number // MATCHED % 12]}" if number % 3 else f"place/p{number // MATCHED % 97}"

    def _join(self, number: int, article_id: int, feed: FeedSpec, topics: tuple[str, ...], at: str) -> None:
        """Open a story, or add to the one under way."""
        tale = self._tale
        if not tale.left:
            self.stories += 1
            tale = self._tale = Tale(number=self.stories, left=next(self._sizes), first=article_id, opened=at)
        opens = tale.first == article_id
        role = "origin" if opens else _ROLES[number // MATCHED % len(_ROLES)]
        echo_of = tale.first if role in ("echo", "copy") else None
        kind = "opened" if opens else "updated" if number // MATCHED % 4 == 0 else "joined"
        tale.version += kind == "updated"
        tale.changed = at if kind != "joined" else tale.changed
        changes = '["200 instead of 100 people"]' if kind == "updated" else "[]"
        self.put("story_articles", article_id, tale.number, role, echo_of, "new_story" if opens else "same_facts", "")
        self.put("story_events", self.seq, tale.number, kind, tale.version, changes, at)
        tale.labels |= {("language", feed.language), ("feed", feed.id), ("role", role), ("place", self._place(number))}
        tale.labels |= {("topic", topic) for topic in topics}
        tale.last, tale.left = self.seq, tale.left - 1
        if not tale.left:
            self._later.append(tale)

    def _close(self, tale: Tale) -> None:
        self.put("stories", tale.number, tale.version, tale.first, tale.opened, tale.changed, tale.first, tale.last)
        for kind, value in sorted(tale.labels):
            self.put("story_labels", tale.number, kind, value, tale.last)


def hash_of(number: int) -> int:
    """Give a number that looks like a hash, so that an index over it grows as one over hashes does."""
    return number * 0x9E3779B97F4A7C15 % 2**64


def _add_polls(bulk: Bulk) -> None:
    """Write ninety days of polls, four a day of each feed; every ninth failed."""
    days = ((day, turn, feed) for day in range(90) for turn in range(4) for feed in FEEDS)
    rows = (
        (n, feed.id, at, at, "failed" if n % 9 == 0 else "fetched", 200, 40_000, 40, 0, 0 if n % 9 == 0 else 3, 0)
        for n, (day, turn, feed) in enumerate(days, start=1)
        for at in [moment(NOW - timedelta(days=90 - day, hours=-6 * turn))]
    )
    _write_all(bulk, "fetches", rows)


def _add_deliveries(bulk: Bulk, world: World) -> None:
    """Write three digests a day, each sent to ten readers."""
    bulk.write("subscriptions", [("daily", "Daily", True, "{}", moment(START), 0)])
    digest = '{"subscription_id":"daily","name":"Daily","after_seq":0,"through_seq":1}'
    days = range(3_000)
    at = [moment(START + timedelta(hours=8 * day)) for day in days]
    step = max(world.seq // len(days), 1)
    _write_all(bulk, "digests", ((day + 1, "daily", day * step, (day + 1) * step, at[day], digest) for day in days))
    sent = ((day, reader) for day in days for reader in range(10))
    _write_all(
        bulk,
        "deliveries",
        (
            (n, day + 1, "email", f"r{reader}@example.org", f"k{n}", "dead" if n % 500 == 0 else "sent", 1, at[day])
            for n, (day, reader) in enumerate(sent, start=1)
        ),
    )


def _write_all(bulk: Bulk, table: str, rows: Iterator[tuple[Any, ...]]) -> None:
    while batch := list(islice(rows, BATCH)):
        bulk.write(table, batch)


def main() -> None:
    """Fill a database and tell how long it took."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("url")
    parser.add_argument("--articles", type=int, default=1_000_000)
    given = parser.parse_args()
    began = time.perf_counter()
    build(given.url, given.articles, progress=True)
    print(f"{given.articles:,} articles in {len(LANGUAGES)} languages: {time.perf_counter() - began:.0f} s")


if __name__ == "__main__":
    main()

"""An archive of stories as large as asked for, written straight into the tables: what `bench/stories.py` adds articles to."""

import json
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import chain
from typing import Any

from sqlalchemy import Connection, text

from aggregator.core.fingerprints import text_hash
from aggregator.core.minhash import bands_of
from aggregator.core.traits import countable, keys_of, traits_of
from aggregator.models import Article, FeedSpec
from aggregator.store import SqlStore
from aggregator.store.story_tables import article_marks

PER_DAY, REAL, WORDS = 1000, 2000, 120
START = datetime(2020, 1, 1, tzinfo=UTC)
FEEDS = [
    FeedSpec(id=f"f{number}", name=f"F{number}", url=f"https://f{number}.example/", publisher=f"F{number}", family=f"f{number}")
    for number in range(60)
]
chance = random.Random(1)
VOCABULARY = ["".join(chance.choices("abcdefghiklmnoprstu", k=chance.randint(3, 9))) for _ in range(40_000)]
WEIGHTS = [1 / (rank + 3) for rank in range(len(VOCABULARY))]
TOWNS = [f"place/town-{number}" for number in range(300)]


@dataclass(frozen=True, slots=True)
class Draft:
    """Hold an invented article."""

    number: int
    title: str
    text: str
    concepts: frozenset[str]
    told_at: datetime
    feed: FeedSpec

    @property
    def article(self) -> Article:
        """Give it as enrichment would."""
        return Article(title=self.title, text=self.text, feed=self.feed, language="en", published_at=self.told_at, outlet=self.feed.name)


def draft(number: int, told_at: datetime) -> Draft:
    """Invent an article: words by Zipf's law, a town, a figure, a theme."""
    words = chance.choices(VOCABULARY, WEIGHTS, k=WORDS)
    concepts = {chance.choice(TOWNS), f"person:{chance.randint(2, 4000)}", "overseas_workers/worker", f"sectors/s{chance.randint(1, 12)}"}
    return Draft(number, " ".join(words[:9]), " ".join(words) + ".", frozenset(concepts), told_at, chance.choice(FEEDS))


def fill(store: SqlStore, size: int) -> list[Draft]:
    """Write an archive straight into the tables: some real articles, and others that share their marks' distribution."""
    real = [
        draft(number, START + timedelta(days=number / PER_DAY)) for number in sorted(chance.sample(range(1, size + 1), min(REAL, size)))
    ]
    terms = {each.number: countable(each.article, each.concepts) for each in real}
    counts: dict[str, int] = {"": size}
    for said in terms.values():
        for term in said:
            counts[term] = counts.get(term, 0) + size // len(real)
    rarity = replace(store.rarity([]), articles=size, counts=counts)
    traits = [traits_of(each.article, each.concepts, rarity) for each in real]
    with store._database.engine.begin() as connection:
        for index in article_marks.indexes:
            index.drop(connection)
        _many(connection, "term_counts", ({"term": term, "articles": count} for term, count in counts.items()))
        _articles(connection, size, real, [json.dumps(_plain(each)) for each in traits])
        _marks(connection, size, real, [keys_of(each, "en") for each in traits])
        for index in article_marks.indexes:
            index.create(connection)
        if connection.dialect.name == "postgresql":
            connection.execute(text("SELECT setval(pg_get_serial_sequence('stories', 'id'), :size)"), {"size": size})
        connection.execute(text("UPDATE counters SET value = :size WHERE name = 'ingest'"), {"size": size})
    with store._database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("ANALYZE"))
    return real


def _plain(traits: Any) -> dict[str, Any]:
    fields = {name: getattr(traits, name) for name in ("title", "lead", "facts")}
    return {**fields, "headline": sorted(traits.headline), "cues": sorted(traits.cues), "meaning": []}


def _articles(connection: Connection, size: int, real: Sequence[Draft], traits: Sequence[str]) -> None:
    place = {each.number: position for position, each in enumerate(real)}
    sqlite = connection.dialect.name == "sqlite"

    def told() -> Iterator[dict[str, Any]]:
        for number in range(1, size + 1):
            position = place.get(number, number % len(real))
            each = real[position]
            own = number in place
            at = START + timedelta(days=number / PER_DAY)
            yield {
                "id": number,
                "article_key": f"https://a.example/{number}",
                **dict.fromkeys(("feed_id", "outlet", "family"), each.feed.id),
                "language": "en",
                "title": each.title,
                "text": each.text if own else "",
                "text_hash": text_hash(each.title, each.text) if own else f"{number:032x}",
                **dict.fromkeys(("published_at", "first_seen_at", "told_at"), at.strftime("%Y-%m-%d %H:%M:%S.%f") if sqlite else at),
                "current_seq": number,
                "concepts": concepts[position],
            }

    concepts = [json.dumps(sorted(each.concepts)) for each in real]
    numbers = range(1, size + 1)
    _many(connection, "articles", told())
    _many(connection, "article_traits", ({"article_id": n, "traits": traits[place.get(n, n % len(real))]} for n in numbers))
    stub = {
        "at": START.strftime("%Y-%m-%d %H:%M:%S.%f") if sqlite else START,
        "entry": json.dumps({"id": "1", "url": None, "title": "x"}),
        "feed": FEEDS[0].id,
    }
    entry = "INSERT INTO entries (id, feed_id, identity, article_id, raw_hash, current_seq, first_seen_at)"
    entry += " VALUES (1, :feed, 'stub', 1, 'x', 1, :at)"
    columns = "seq, entry_id, title, entry, raw_hash, observed_at, judged_at, outcome, detail"
    connection.execute(text(entry), stub)
    connection.execute(text(f"INSERT INTO revisions ({columns}) VALUES (1, 1, 'x', :entry, 'x', :at, :at, 'new_story', '')"), stub)
    opened = {"version": 1, "opened_at": stub["at"], "changed_at": stub["at"], "first_seq": 1, "last_seq": 1}
    _many(connection, "stories", ({"id": number, "lead_article_id": number, **opened} for number in numbers))
    why = {"role": "origin", "why_code": "new_story", "why_detail": ""}
    _many(connection, "story_articles", ({"article_id": number, "story_id": number, **why} for number in numbers))


def _marks(connection: Connection, size: int, real: Sequence[Draft], keys: Sequence[Sequence[int]]) -> None:
    """Write marks in their order: the keys are those of real articles, the bands of the others are their own."""
    bands = {each.number: bands_of(each.text) for each in real}

    def ordered() -> Iterator[dict[str, Any]]:
        every = len(keys)
        holders: dict[int, list[int]] = {}
        for position, marks in enumerate(keys):
            for mark in marks:
                holders.setdefault(mark, []).append(position)
        numbers = {position: range(position or every, size + 1, every) for position in range(every)}
        own = {each.number: position for position, each in enumerate(real)}
        for mark in sorted(holders):
            found = {number for position in holders[mark] for number in numbers[position] if number not in own}
            found |= {each.number for position in holders[mark] for each in (real[position],)}
            for number in sorted(found):
                yield _mark(mark, number, band=False)
        for number, marks in bands.items():
            for mark in dict.fromkeys(marks):
                yield _mark(mark, number, band=True)
        # The other articles' bands: nobody shares them, so any numbers of their own will do.
        for step in range(24):
            for number in range(1, size + 1):
                if number not in bands:
                    yield _mark((1 << 61) + step * size + number, number, band=True)

    _many(connection, "article_marks", ordered())


def _mark(mark: int, number: int, *, band: bool) -> dict[str, Any]:
    return {"mark": mark, "told_on": int(START.timestamp() + number * 86_400 / PER_DAY), "article_id": number, "band": band}


def _many(connection: Connection, table: str, found: Iterator[dict[str, Any]]) -> None:
    """Write rows past SQLAlchemy, which would take hours for the largest archive; the keys of the first are the columns."""
    first = next(found)
    cursor = connection.connection.cursor()
    rows = (tuple(row.values()) for row in chain((first,), found))
    if connection.dialect.name == "postgresql":
        with cursor.copy(f"COPY {table} ({', '.join(first)}) FROM STDIN") as copy:
            for row in rows:
                copy.write_row(row)
    else:
        cursor.executemany(f"INSERT INTO {table} ({', '.join(first)}) VALUES ({', '.join('?' * len(first))})", rows)

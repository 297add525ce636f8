"""Measure the story step: ``python bench/stories.py [scale SIZE… | orders | sets] [--url DATABASE]``.

``scale`` fills an archive of each SIZE (10,000 and 100,000 by default; 1,000,000 takes some minutes and 5 GB), a thousand articles a day,
then adds articles to it and prints the median cost of finding, placing and storing one, the share of edited copies whose original is
found, and the memory of the process. ``orders`` places the gold sets in 200 random orders. ``sets`` scores the gold sets.
"""

import gc
import json
import random
import resource
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import chain
from pathlib import Path
from statistics import median
from time import perf_counter, process_time
from typing import Any

from sqlalchemy import Connection, text

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from aggregator.core.analyser import stem
from aggregator.core.fingerprints import text_hash
from aggregator.core.minhash import bands_of
from aggregator.core.shingles import shingles
from aggregator.core.stories import settle
from aggregator.core.traits import countable, keys_of, traits_of
from aggregator.grouping import place_all
from aggregator.models import Article, Entry, Evidence, FeedSpec, Judgement, Reason
from aggregator.records import Intake, Judged, PollRecord, StoredRevision, Telling
from aggregator.store import SqlStore, open_store
from aggregator.store.story_tables import article_marks
from tests.stories.clustering import grouped, read
from tests.stories.gold import rows, truth
from tests.stories.scoring import b_cubed, disagreement, pair_score

PER_DAY, REAL, ADDED, WORDS = 1000, 2000, 300, 120
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


def main(arguments: Sequence[str]) -> None:
    """Run what the arguments ask for; everything but the long archive without any."""
    url = arguments[arguments.index("--url") + 1] if "--url" in arguments else None
    sizes = [int(argument) for argument in arguments if argument.isdigit()] or [10_000, 100_000]
    wanted = {argument for argument in arguments if argument in ("scale", "orders", "sets")} or {"scale", "orders", "sets"}
    if "sets" in wanted:
        scores()
    if "orders" in wanted:
        orders(200)
    if "scale" in wanted:
        scale(sizes, url)


def scores() -> None:
    """Score the gold sets."""
    for name in ("dev", "held"):
        found, _ = grouped(rows(name))
        pair, cubed = pair_score(found, truth(name)), b_cubed(found, truth(name))
        print(f"{name}: pair P {pair.precision:.3f} R {pair.recall:.3f} F {pair.f:.3f}, B-cubed F {cubed.f:.3f}")


def orders(count: int) -> None:
    """Place the gold sets in random orders."""
    for name in ("dev", "held"):
        tellings = list(read(rows(name)))
        first = {str(number): story for number, story in place_all(tellings).stands.items()}
        differing = []
        for _ in range(count):
            chance.shuffle(tellings)
            differing.append(disagreement(first, {str(number): story for number, story in place_all(tellings).stands.items()}))
        print(f"{name}: {count} orders, pairs that differ: {sum(differing) / count:.2%} on average, {max(differing):.2%} at most")


def scale(sizes: Sequence[int], url: str | None) -> None:
    """Fill archives, add to them, and compare."""
    for word in VOCABULARY:
        stem(word)  # a service that ran for a while has met its words
    with tempfile.TemporaryDirectory() as folder:
        for size in sizes:
            store = open_store(url or f"sqlite:///{folder}/{size}.db")
            store.upgrade()
            store.sync_feeds(FEEDS, START)
            real = fill(store, size)
            costs, found = add(store, size, real)
            parts = ", ".join(f"{name} {median(values) * 1000:.2f}" for name, values in costs.items())
            memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
            print(f"{size:>9,} articles: ms {parts}; near-copy recall {found:.3f}; peak memory {memory:.0f} MB", flush=True)
            store.close()
            gc.collect()


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


def add(store: SqlStore, size: int, real: Sequence[Draft]) -> tuple[dict[str, list[float]], float]:
    """Add articles at the archive's end, half of them edited copies of recent ones, and time each part."""
    costs: dict[str, list[float]] = {"weigh": [], "find": [], "decide": [], "keep": [], "whole": [], "CPU": []}
    recent = [each for each in real if each.number > size - 10 * PER_DAY] or list(real)
    texts = {each.number: shingles(each.text) for each in recent}
    hits: list[bool] = []
    for position in range(ADDED):
        told_at = START + timedelta(days=(size + position) / PER_DAY)
        original = chance.choice(recent) if position % 2 else None
        fresh = draft(size + position, told_at)
        if original:
            fresh = replace(fresh, text=edited(original.text), title=original.title, concepts=original.concepts)
        revision = _taken_in(store, fresh, position)
        used, started = process_time(), perf_counter()
        with store.transaction():
            telling = _telling(store, fresh, revision)
            weighed = perf_counter()
            near = store.neighbourhood(telling)
            found = perf_counter()
            placement = settle(telling, near)
            decided = perf_counter()
            store.record_judged(_judged(fresh, revision, telling, placement))
        ended = perf_counter()
        spent = (weighed - started, found - weighed, decided - found, ended - decided, ended - started, process_time() - used)
        for values, value in zip(costs.values(), spent, strict=True):
            values.append(value)
        if original:
            own = shingles(fresh.text)
            truly = {number for number, theirs in texts.items() if len(own & theirs) >= 0.5 * min(len(own), len(theirs))}
            hits.append(truly <= {overlap.other for overlap in near.overlaps})
    return costs, sum(hits) / len(hits)


def edited(said: str) -> str:
    """Drop 8 % of a text in one piece, and replace 3 % of its words."""
    words = said.split()
    cut = chance.randrange(len(words) - len(words) // 12)
    del words[cut : cut + len(words) // 12]
    for _ in range(len(words) * 3 // 100):
        words[chance.randrange(len(words))] = chance.choice(VOCABULARY)
    return " ".join(words)


def _taken_in(store: SqlStore, fresh: Draft, position: int) -> StoredRevision:
    at = fresh.told_at
    entry = Entry(id=str(fresh.number), url=f"https://n.example/{fresh.number}-{position}", title=fresh.title, published_at=at)
    intake = Intake(entry_id=None, identity=str(fresh.number), raw_hash="x", article_key=entry.url or "", entry=entry)
    poll = PollRecord(feed_id=fresh.feed.id, started_at=at, finished_at=at, outcome="ok", next_due_at=at, intakes=(intake,), entries=1)
    store.record_polls([poll])
    return store.unjudged(1)[0]


def _telling(store: SqlStore, fresh: Draft, revision: StoredRevision) -> Telling:
    article = fresh.article
    traits = traits_of(article, fresh.concepts, store.rarity(countable(article, fresh.concepts)))
    return Telling(
        article_id=revision.article_id,
        seq=revision.seq,
        feed_id=fresh.feed.id,
        outlet=fresh.feed.name,
        family=fresh.feed.family,
        language="en",
        title=fresh.title,
        text=fresh.text,
        text_hash=text_hash(fresh.title, fresh.text),
        told_at=fresh.told_at,
        concepts=fresh.concepts,
        traits=traits,
    )


def _judged(fresh: Draft, revision: StoredRevision, telling: Telling, placement: Any) -> Judged:
    evidence = Evidence(theme="t", concept="t/c", strength="strong", field="title", start=0, end=1, quote=fresh.title[:1])
    judgement = Judgement(topic="labour", matched=True, score=1.0, evidence=(evidence,), reason=Reason(code="matched"))
    return Judged(
        revision=revision,
        article=fresh.article,
        text_hash=telling.text_hash,
        concepts=fresh.concepts,
        judgements=(judgement,),
        rule_version="bench",
        outcome=placement.why,
        decided_at=fresh.told_at,
        placement=placement,
        traits=telling.traits,
    )


if __name__ == "__main__":
    main(sys.argv[1:])

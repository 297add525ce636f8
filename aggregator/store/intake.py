"""Intake: from served entries to rows, decided while the ingest sequence is held.

Everything known is read first; what comes out is lists of rows for multi-row inserts. An entry keeps the article it was first
seen with, even when its URL changes later; entries of different feeds with one article key share the article.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from sqlalchemy import Connection, Select, bindparam, select, update

from aggregator.records import Intake, PollRecord
from aggregator.store.columns import clean
from aggregator.store.database import batches, insert_rows
from aggregator.store.sequence import take
from aggregator.store.tables import articles, entries, feeds, revisions, sightings


@dataclass(frozen=True, slots=True)
class _Shelved:
    """Hold what is known of a stored entry."""

    entry_id: int
    raw_hash: str


@dataclass(slots=True)
class Shelf:
    """Collect rows, numbered from `last_seq` on; `known` and `keys` grow as entries are put on it."""

    last_seq: int
    first_seq: int
    known: dict[tuple[str, str], _Shelved] = field(default_factory=dict)
    keys: dict[str, int] = field(default_factory=dict)
    articles: list[dict[str, Any]] = field(default_factory=list)
    entries: list[dict[str, Any]] = field(default_factory=list)
    revisions: list[dict[str, Any]] = field(default_factory=list)
    sightings: list[dict[str, Any]] = field(default_factory=list)
    changed: dict[int, dict[str, Any]] = field(default_factory=dict)

    def put(self, record: PollRecord) -> tuple[int, int]:
        """Give numbers to what is new in a poll, and count its new and its revised entries."""
        new = revised = 0
        for intake in record.intakes:
            place = (record.feed_id, clean(intake.identity))
            before = self.known.get(place)
            if before is not None and before.raw_hash == intake.raw_hash:
                continue
            self.last_seq += 1
            if before is None:
                self._add(record, intake)
                new += 1
            else:
                self.changed[before.entry_id] = {"entry_id": before.entry_id, "current_seq": self.last_seq, "raw_hash": intake.raw_hash}
                revised += 1
            shelved = _Shelved(self.last_seq, intake.raw_hash) if before is None else replace(before, raw_hash=intake.raw_hash)
            self.known[place] = shelved
            self.revisions.append(_revision(self.last_seq, shelved.entry_id, record, intake))
        return new, revised

    def _add(self, record: PollRecord, intake: Intake) -> None:
        """Add an entry, and its article where no feed has shown it yet; both are numbered by their first revision."""
        seq, seen_at = self.last_seq, record.finished_at
        key = clean(intake.article_key)
        if key not in self.keys:
            self.keys[key] = seq
            row = {"id": seq, "article_key": key, "feed_id": record.feed_id, "first_seen_at": seen_at, "told_at": seen_at}
            self.articles.append(row)
        self.entries.append(
            {
                "id": seq,
                "feed_id": record.feed_id,
                "identity": intake.identity,
                "article_id": self.keys[key],
                "raw_hash": intake.raw_hash,
                "current_seq": seq,
                "first_seen_at": seen_at,
            }
        )
        self.sightings.append({"article_id": self.keys[key], "entry_id": seq, "first_seen_at": seen_at})

    def save(self, connection: Connection) -> None:
        """Write all rows in batches, and take as many numbers as were given out."""
        take(connection, self.last_seq - self.first_seq)
        for table, rows in (
            (articles, self.articles),
            (entries, self.entries),
            (revisions, self.revisions),
            (sightings, self.sightings),
        ):
            insert_rows(connection, table, rows)
        for batch in batches(list(self.changed.values())):
            connection.execute(update(entries).where(entries.c.id == bindparam("entry_id")), batch)


def open_shelf(connection: Connection, last_seq: int, records: Sequence[PollRecord]) -> Shelf:
    """Read what is known of everything in these polls; the sequence must be held."""
    shelf = Shelf(last_seq=last_seq, first_seq=last_seq)
    with_entries = _feeds_with_entries(connection, [record.feed_id for record in records if record.intakes])
    for record in records:
        if record.feed_id in with_entries:
            _read_known(connection, shelf, record)
    keys = sorted({clean(intake.article_key) for record in records for intake in record.intakes})
    for batch in batches(keys):
        rows = connection.execute(select(articles.c.article_key, articles.c.id).where(articles.c.article_key.in_(batch)))
        shelf.keys.update((row.article_key, row.id) for row in rows)
    return shelf


def known_query(feed_id: str, identities: Iterable[str]) -> Select[Any]:
    """Ask for stored entries of one feed by identity."""
    columns = (entries.c.id, entries.c.identity, entries.c.raw_hash)
    return select(*columns).where(entries.c.feed_id == feed_id, entries.c.identity.in_(list(identities)))


def _feeds_with_entries(connection: Connection, feed_ids: Sequence[str]) -> set[str]:
    """Name the feeds that have entries at all; a new feed's hundreds of identities need not be looked up."""
    found: set[str] = set()
    for batch in batches(sorted(set(feed_ids))):
        some = select(entries.c.id).where(entries.c.feed_id == feeds.c.id).exists()
        found.update(connection.execute(select(feeds.c.id).where(feeds.c.id.in_(batch), some)).scalars())
    return found


def _read_known(connection: Connection, shelf: Shelf, record: PollRecord) -> None:
    for batch in batches([intake.identity for intake in record.intakes]):
        for row in connection.execute(known_query(record.feed_id, batch)):
            shelf.known[(record.feed_id, row.identity)] = _Shelved(row.id, row.raw_hash)


def _revision(seq: int, entry_id: int, record: PollRecord, intake: Intake) -> dict[str, Any]:
    return {
        "seq": seq,
        "entry_id": entry_id,
        "title": intake.entry.title,
        "url": intake.entry.url,
        "entry": intake.entry,
        "raw_hash": intake.raw_hash,
        "observed_at": record.finished_at,
    }

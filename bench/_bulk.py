"""Bulk writing into either engine, past every check: many rows a statement on SQLite, COPY on PostgreSQL.

Only for archives that are made for measuring: foreign keys are not looked at, and a crash in the middle leaves half a file.
PostgreSQL's index of words is made when all rows are there.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Protocol

from sqlalchemy import Engine

from aggregator.store.engine import connect, database_url
from aggregator.store.search_index import tsvector

COLUMNS = {
    "articles": "id article_key feed_id outlet family language title text text_hash published_at first_seen_at told_at"
    " current_seq concepts",
    "entries": "id feed_id identity article_id raw_hash current_seq first_seen_at",
    "revisions": "seq entry_id title url entry raw_hash observed_at judged_at rule_version outcome detail",
    "sightings": "article_id entry_id first_seen_at",
    "decisions": "seq stage subject code detail decided_at",
    "matches": "seq topic score rule_version evidence",
    "facts": "seq position kind concept field start_offset end_offset quote low high unit",
    "stories": "id version lead_article_id opened_at changed_at first_seq last_seq",
    "story_articles": "article_id story_id role echo_of why_code why_detail",
    "story_events": "seq story_id kind version changes decided_at",
    "story_labels": "story_id kind value last_seq",
    "fetches": "id feed_id started_at finished_at outcome status size entries undated new revised",
    "subscriptions": "id name configured schedule declared_at after_seq",
    "digests": "id subscription_id after_seq through_seq decided_at payload",
    "deliveries": "id digest_id channel recipient key status attempts sent_at",
}
Row = tuple[Any, ...]


class Bulk(Protocol):
    """Write rows of a table, columns in the order of `COLUMNS`; rows of "search_index" are (id, title, text, labels) as lists of terms."""

    def write(self, table: str, rows: Sequence[Row]) -> None:
        """Write rows."""

    def counter(self, last: int) -> None:
        """Set the number of the last revision."""


@contextmanager
def open_bulk(url: str) -> Iterator[Bulk]:
    """Open a database for bulk writing; PostgreSQL is left vacuumed and analysed, as its own service would leave it."""
    engine = connect(database_url(url), foreign_keys=False)
    try:
        yield from _sqlite(engine) if engine.dialect.name == "sqlite" else _postgresql(engine)
    finally:
        engine.dispose()


def _sqlite(engine: Engine) -> Iterator[Bulk]:
    connection = engine.raw_connection()
    cursor = connection.cursor()
    for pragma in ("synchronous=OFF", "cache_size=-400000", "wal_autocheckpoint=20000"):
        cursor.execute(f"PRAGMA {pragma}")
    yield _Sqlite(cursor)
    cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()


class _Sqlite:
    """Write a batch of rows in a transaction of its own."""

    def __init__(self, cursor: Any) -> None:
        self._cursor = cursor

    def write(self, table: str, rows: Sequence[Row]) -> None:
        """Write rows by one prepared statement."""
        if table == "search_index":
            columns, rows = "rowid title text labels", [(row[0], *(" ".join(part) for part in row[1:])) for row in rows]
        else:
            columns = COLUMNS[table]
        names = columns.split()
        self._cursor.execute("BEGIN")
        self._cursor.executemany(f"INSERT INTO {table} ({', '.join(names)}) VALUES ({', '.join('?' * len(names))})", rows)
        self._cursor.execute("COMMIT")

    def counter(self, last: int) -> None:
        """Set the number of the last revision."""
        self._cursor.execute("UPDATE counters SET value = ? WHERE name = 'ingest'", (last,))


def _postgresql(engine: Engine) -> Iterator[Bulk]:
    connection = engine.raw_connection()
    cursor = connection.cursor()
    cursor.execute("SET session_replication_role = replica")
    cursor.execute("SET synchronous_commit = off")
    cursor.execute("SET maintenance_work_mem = '512MB'")
    cursor.execute("DROP INDEX search_index_words")
    connection.commit()
    yield _Postgres(connection, cursor)
    cursor.execute("CREATE INDEX search_index_words ON search_index USING gin (words)")
    for table in ("fetches", "stories", "digests", "deliveries"):
        cursor.execute(f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), (SELECT max(id) FROM {table}))")
    connection.commit()
    connection.driver_connection.autocommit = True
    cursor.execute("VACUUM ANALYZE")
    connection.close()


class _Postgres:
    """Write a batch of rows as one COPY and commit it."""

    def __init__(self, connection: Any, cursor: Any) -> None:
        self._connection, self._cursor = connection, cursor

    def write(self, table: str, rows: Sequence[Row]) -> None:
        """Write rows by COPY."""
        if table == "search_index":
            columns, rows = "article_id words", [(row[0], tsvector(*row[1:])) for row in rows]
        else:
            columns = COLUMNS[table]
        with self._cursor.copy(f"COPY {table} ({', '.join(columns.split())}) FROM STDIN") as copy:
            for row in rows:
                copy.write_row(row)
        self._connection.commit()

    def counter(self, last: int) -> None:
        """Set the number of the last revision."""
        self._cursor.execute("UPDATE counters SET value = %s WHERE name = 'ingest'", (last,))
        self._connection.commit()

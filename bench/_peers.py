"""Poll the benchmark's feeds once with a peer: ``python bench/_peers.py reader|resident|feedparser|fastfeedparser URLS DATABASE``.

Runs in an interpreter that has the peers; imports nothing of this program.
"""

import asyncio
import importlib
import sqlite3
import sys
from pathlib import Path
from statistics import median
from time import process_time
from typing import Any

TABLES = """
CREATE TABLE IF NOT EXISTS feed(url TEXT PRIMARY KEY, etag TEXT, modified TEXT);
CREATE TABLE IF NOT EXISTS entry(feed TEXT, guid TEXT, title TEXT, link TEXT, published TEXT, summary TEXT, PRIMARY KEY(feed, guid));
"""


def with_reader(urls: list[str], database: str, *, resident: bool = False) -> None:
    """Update with lemon24/reader, 20 workers; its own schedule is off, or a second update would do nothing."""
    reader = importlib.import_module("reader").make_reader(database)
    for url in urls:
        reader.add_feed(url, exist_ok=True)
    reader.update_feeds(workers=20, scheduled=False)
    if resident:
        rounds = []
        for _ in range(3):
            before = process_time()
            reader.update_feeds(workers=20, scheduled=False)
            rounds.append(process_time() - before)
        print(f"cpu_ms_per_feed={median(rounds) / len(urls) * 1000:.3f}")
    reader.close()


def field(entry: Any, *names: str) -> Any:
    """Give the first of an entry's fields that is there."""
    return next((value for name in names if (value := entry.get(name))), None)


def text_of(entry: Any) -> Any:
    """Give the summary, else the content."""
    content = entry.get("content")
    return field(entry, "summary", "description") or (content[0].get("value") if content else None)


async def with_loop(parser: str, urls: list[str], path: str) -> None:
    """Do what a plain script does: httpx, 50 at a time, a commit a feed."""
    import httpx

    parse = importlib.import_module(parser).parse
    database = sqlite3.connect(path)
    database.executescript("PRAGMA journal_mode=WAL;" + TABLES)
    known = {url: (etag, modified) for url, etag, modified in database.execute("SELECT * FROM feed")}
    room = asyncio.Semaphore(50)

    async def one(client: Any, url: str) -> None:
        etag, modified = known.get(url, (None, None))
        headers = {name: value for name, value in (("If-None-Match", etag), ("If-Modified-Since", modified)) if value}
        async with room:
            answer = await client.get(url, headers=headers)
        if answer.status_code == 304:
            return
        rows = [
            (url, field(entry, "id", "link"), entry.get("title"), entry.get("link"), entry.get("published"), text_of(entry))
            for entry in parse(answer.content).entries
        ]
        with database:
            database.executemany("INSERT OR IGNORE INTO entry VALUES (?,?,?,?,?,?)", rows)
            kept = (url, answer.headers.get("etag"), answer.headers.get("last-modified"))
            database.execute("INSERT OR REPLACE INTO feed VALUES (?,?,?)", kept)

    limits = httpx.Limits(max_keepalive_connections=0)
    async with httpx.AsyncClient(timeout=30, follow_redirects=True, limits=limits, trust_env=False) as client:
        await asyncio.gather(*(one(client, url) for url in urls))


if __name__ == "__main__":
    _, peer, list_of_urls, file = sys.argv
    addresses = Path(list_of_urls).read_text().split()
    if peer in ("reader", "resident"):
        with_reader(addresses, file, resident=peer == "resident")
    else:
        asyncio.run(with_loop(peer, addresses, file))

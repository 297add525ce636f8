"""How quick the desk is on a large archive: every page, search and API list, first and deep page, on one engine.

    python bench/desk.py [--articles 1000000] [--url sqlite:////tmp/desk.db] [--rounds 9]

The archive is made by `_archive.py` where the database is empty. A real server answers on loopback and is asked by a plain client, one
request at a time, each on a connection of its own; the time runs from the first byte sent to the last one received, and the first byte of
the answer is told beside it. Sums that the desk remembers for a minute are told apart: "cold" is the first request after a start.
"""

import argparse
import http.client
import os
import statistics
import tempfile
import threading
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from datetime import timedelta
from pathlib import Path
from urllib.parse import quote, urlsplit

import uvicorn
from _archive import FEEDS, MATCHED, NOW, TOPICS, build, rare
from sqlalchemy import make_url

from aggregator.desk import Desk
from aggregator.desk_records import write_cursor
from aggregator.models import Configuration
from aggregator.store import SqlStore, open_store
from aggregator.web import Door, Status, create_site

PORT = 18_089


def pages(count: int) -> dict[str, str]:
    """Name every page and search with its address; deep pages stand in the middle of the archive."""
    deep, story = count // 2, count // MATCHED // 10
    cursor = write_cursor
    return {
        "stories": "/",
        "stories, deep page": f"/?cursor={cursor(deep, story)}",
        "stories of a topic and a role": "/?topic=workers&role=echo",
        "stories of two rare labels": "/?place=place/p3&language=ru",
        "stories of two labels, deep": f"/?topic=workers&language=ko&cursor={cursor(deep, story)}",
        "story": f"/stories/{story}",
        "story of forty articles": f"/stories/{story // 16 * 16}",
        "article": f"/articles/{deep + deep // 20 + 1}",
        "search 북한": "/search?q=북한",
        "search 劳工": "/search?q=劳工",
        "search workers": "/search?q=workers",
        "search, a rare word": f"/search?q={rare(77)}",
        "search, nothing found": "/search?q=zzzzzz",
        "search, phrase": "/search?q=%22loyalty+fund%22",
        "search, near": "/search?q=%22loyalty+fund*%22+NEAR/10+China",
        "search, many words": "/search?q=workers+OR+sanctions+OR+북한+OR+제재+OR+рабочие",
        "search, without": "/search?q=북한+-노동자",
        "search, newest, deep page": f"/search?q=북한&order=newest&cursor={cursor(deep)}",
        "search, topic and language": "/search?q=북한&topic=workers&language=ko",
        "search, two days": "/search?q=workers&since=2025-03-01&until=2025-03-02",
        "sources": "/sources",
        "source": f"/sources/{FEEDS[3].id}",
        "deliveries": "/deliveries",
        "deliveries, dead ones": "/deliveries?status=dead",
        "deliveries, deep page": f"/deliveries?cursor={cursor(15_000)}",
        "coverage": "/coverage",
        "figures": "/figures",
        "figures, deep page": f"/figures?cursor={cursor(deep, 0)}",
        "rules": "/rules",
        "status": "/status",
        "api: stories": "/api/v1/stories?limit=100",
        "api: search": "/api/v1/search?q=북한&limit=100",
        "api: figures": "/api/v1/figures?limit=100",
        "feed of a topic": "/feeds/workers.atom",
    }


CONFIGURED = Configuration(feeds=tuple(FEEDS), topics=tuple(TOPICS), subscriptions=())


@contextmanager
def serving(store: SqlStore) -> Iterator[None]:
    """Serve the desk on loopback, with nothing behind it but the store."""

    @asynccontextmanager
    async def nothing() -> AsyncIterator[None]:
        yield

    async def status() -> Status:
        shown = {"feeds": store.feed_health(), "deliveries": store.deliveries(), "subscriptions": ("daily",)}
        return Status(version="1", now=NOW, started_at=NOW - timedelta(hours=1), overview=store.overview(), **shown)

    desk = Desk(store=store, configured=lambda: CONFIGURED, label=lambda concept, _: concept, draft=lambda _: {}, clock=lambda: NOW)
    site = create_site(status, nothing, (desk, Door(store=store, clock=lambda: NOW)))
    server = uvicorn.Server(uvicorn.Config(site, port=PORT, log_level="error", lifespan="off"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    yield
    server.should_exit = True
    thread.join(timeout=10)


def ask(address: str) -> tuple[float, float]:
    """Give milliseconds until the first byte and until the last."""
    connection = http.client.HTTPConnection("127.0.0.1", PORT, timeout=120)
    parts = urlsplit(address)
    began = time.perf_counter()
    connection.request("GET", quote(parts.path) + (f"?{quote(parts.query, safe='=&+%/*')}" if parts.query else ""))
    with connection.getresponse() as answer:
        first = time.perf_counter()
        answer.read()
        assert answer.status == 200, (address, answer.status)
    connection.close()
    return (first - began) * 1e3, (time.perf_counter() - began) * 1e3


def memory() -> float:
    """Give the megabytes that this process holds."""
    with open("/proc/self/statm", encoding="ascii") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20


def busy(database: str) -> float:
    """Give the CPU seconds of this process and of PostgreSQL's processes for the database."""
    ticks = time.process_time() * os.sysconf("SC_CLK_TCK")
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if f"postgres {database} [local]" in (process / "cmdline").read_text():
                ticks += sum(map(int, (process / "stat").read_text().rpartition(")")[2].split()[11:13]))
    return ticks / os.sysconf("SC_CLK_TCK")


def measure(count: int, rounds: int, database: str) -> None:
    """Ask for every page and print how long it took, and the CPU time of a request, which neighbours on the machine do not change."""
    before = memory()
    slow = 0
    for name, address in pages(count).items():
        cold, began = ask(address)[1], busy(database)
        times = [ask(address) for _ in range(rounds)]
        spent = (busy(database) - began) / rounds * 1e3
        median, slowest = statistics.median(last for _, last in times), max(last for _, last in times)
        slow += median > 200
        byte = statistics.median(first for first, _ in times)
        print(
            f"{name:32} cold {cold:8.1f}   median {median:7.1f} (first byte {byte:6.1f})   slowest {slowest:8.1f}   CPU {spent:6.1f} ms",
            flush=True,
        )
    print(f"{slow} over 200 ms; memory {before:.0f} MB before, {memory():.0f} MB after {len(pages(count)) * (rounds + 1)} requests")


def main() -> None:
    """Fill an archive where there is none, and measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--articles", type=int, default=20_000)
    parser.add_argument("--url", default="")
    parser.add_argument("--rounds", type=int, default=9)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        url = given.url or f"sqlite:///{folder}/desk.db"
        store = open_store(url)
        store.upgrade()
        if store.overview().articles == 0:
            build(url, given.articles)
        with serving(store):
            measure(store.overview().articles, given.rounds, make_url(url).database or "")
        store.close()


if __name__ == "__main__":
    main()

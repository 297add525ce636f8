"""How quick the desk is on a large archive: every page and search, first and deep page, on one engine.

    python bench/desk.py [--articles 1000000] [--url sqlite:////tmp/desk.db] [--keep]

The archive is invented: five languages, one article in twenty matched and in a story. Each page is asked for through the whole site,
in process, so the time holds everything but the network. Prints the median and the slowest of a few requests, and the memory held.
"""

import argparse
import asyncio
import random
import resource
import statistics
import tempfile
import time
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import httpx
from sqlalchemy import insert

from aggregator.desk import Desk
from aggregator.models import Entry, FeedSpec, TopicSpec
from aggregator.store import SqlStore, open_store
from aggregator.store.desk import label_story
from aggregator.store.tables import articles, decisions, entries, facts, matches, revisions, stories, story_articles, story_events
from aggregator.web import Door, create_site

START = datetime(2024, 1, 1, tzinfo=UTC)
NOW = START + timedelta(days=1000)
_TEXTS = {
    "en": "workers sanctions factory China Russia loyalty fund bank ship coal abroad talks report ministry border trade",
    "ko": "북한 노동자 제재 러시아 공장 파견 송금 국경 무역 정부 회담 보고서 외화 선박",
    "zh": "朝鲜 劳工 制裁 工厂 俄罗斯 边境 贸易 外汇 船只 报告 政府 会谈",
    "ja": "北朝鮮 労働者 制裁 工場 ロシア 国境 貿易 外貨 船舶 報告 政府 会談",
    "ru": "рабочие санкции завод Китай Россия граница торговля банк судно отчёт стройка",
}
WORDS = {language: text.split() for language, text in _TEXTS.items()}
LANGUAGES = tuple(WORDS)
TOPIC = TopicSpec(id="workers", name="Workers", anchor="country_anchor", themes={"labour": 1.0})
FEEDS = tuple(
    FeedSpec(id=f"feed{n}", name=f"Feed {n}", url=f"https://f{n}.example/", publisher=f"P{n}", family=f"p{n}", language=LANGUAGES[n % 5])
    for n in range(200)
)
BATCH = 2_000
EVERY = 20


def fill(store: SqlStore, count: int) -> None:
    """Write an archive of `count` judged articles."""
    chance = random.Random(7)
    store.sync_feeds(FEEDS, START)
    for first in range(1, count + 1, BATCH):
        numbers = range(first, min(first + BATCH, count + 1))
        with store._database.write() as connection:
            rows = [_article(chance, number, count) for number in numbers]
            connection.execute(insert(articles), [row["article"] for row in rows])
            connection.execute(insert(entries), [row["entry"] for row in rows])
            connection.execute(insert(revisions), [row["revision"] for row in rows])
            matched = [number for number in numbers if number % EVERY == 0]
            _match(connection, matched, count)
        print(f"\r{numbers[-1]:,} articles", end="", flush=True)
    print()
    began = time.perf_counter()
    store.rebuild_search()
    print(f"indexed in {time.perf_counter() - began:.0f} s, {(time.perf_counter() - began) / count * 1e6:.0f} us an article")


def _article(chance: random.Random, number: int, count: int) -> dict[str, dict[str, object]]:
    feed = FEEDS[number % len(FEEDS)]
    seen = START + (NOW - START) * (number / (count + 1))
    text = " ".join(chance.choices(WORDS[feed.language], k=60)) + f" rare{number % 5000}"
    title = " ".join(chance.choices(WORDS[feed.language], k=6))
    common = {"feed_id": feed.id, "first_seen_at": seen}
    article = {"id": number, "article_key": f"k{number}", "outlet": feed.publisher, "family": feed.family, "language": feed.language}
    shown = {
        "title": title,
        "text": text,
        "text_hash": f"h{number}",
        "published_at": seen,
        "told_at": seen,
        "current_seq": number,
        "concepts": (),
    }
    return {
        "article": article | shown | common,
        "entry": {"id": number, "identity": str(number), "article_id": number, "raw_hash": "h", "current_seq": number} | common,
        "revision": {
            "seq": number,
            "entry_id": number,
            "title": title,
            "url": f"https://{feed.id}.example/{number}",
            "entry": Entry(id=str(number), url=None, title=title),
            "raw_hash": "h",
            "observed_at": seen,
            "judged_at": seen,
            "outcome": "new_story" if number % EVERY == 0 else "no_theme",
            "detail": "",
        },
    }


def _match(connection: object, numbers: list[int], count: int) -> None:
    if not numbers:
        return
    execute = connection.execute  # type: ignore[attr-defined]
    at = {number: START + (NOW - START) * (number / (count + 1)) for number in numbers}
    execute(insert(matches), [{"seq": n, "topic": "workers", "score": 2.0, "rule_version": "1", "evidence": ()} for n in numbers])
    said = {"stage": "match", "subject": "workers", "code": "matched", "detail": ""}
    execute(insert(decisions), [{"seq": n, "decided_at": at[n], **said} for n in numbers])
    fact = {"position": 0, "kind": "figure", "field": "text", "start_offset": 0, "end_offset": 3, "quote": "200 people", "unit": "person"}
    execute(insert(facts), [{"seq": n, "concept": "person:200", "low": 200.0, "high": 200.0, **fact} for n in numbers])
    place = {"position": 1, "kind": "place", "field": "text", "start_offset": 0, "end_offset": 3, "quote": "Dandong"}
    execute(insert(facts), [{"seq": n, "concept": f"place/p{n % 97}", "low": None, "high": None, "unit": None, **place} for n in numbers])
    execute(
        insert(stories),
        [
            {"id": n, "version": 1, "lead_article_id": n, "opened_at": at[n], "changed_at": at[n], "first_seq": n, "last_seq": n}
            for n in numbers
        ],
    )
    joined = {"role": "origin", "echo_of": None, "why_code": "new_story", "why_detail": ""}
    execute(insert(story_articles), [{"article_id": n, "story_id": n, **joined} for n in numbers])
    event = {"kind": "opened", "version": 1, "changes": ()}
    execute(insert(story_events), [{"seq": n, "story_id": n, "decided_at": at[n], **event} for n in numbers])
    for number in numbers:
        label_story(connection, number)  # type: ignore[arg-type]


async def measure(store: SqlStore, count: int, rounds: int) -> None:
    """Ask for every page and print how long it took."""

    @asynccontextmanager
    async def nothing():  # type: ignore[no-untyped-def]
        yield

    async def status():  # type: ignore[no-untyped-def]
        raise RuntimeError("no status page here")

    desk = Desk(store=store, topics=(TOPIC,), feeds=FEEDS, label=lambda concept, _: concept, draft=lambda _: {}, clock=lambda: NOW)
    site = create_site(status, nothing, (desk, Door(store=store, clock=lambda: NOW)))
    transport = httpx.ASGITransport(site)
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost", timeout=120) as client:
        from aggregator.desk_records import write_cursor

        deep = count // 50
        pages = {
            "stories": "/",
            "stories, deep page": f"/?cursor={write_cursor(deep, deep)}",
            "stories of a rare place": "/?place=place/p3&language=ko",
            "story": f"/stories/{count // EVERY // 2 * EVERY}",
            "article": f"/articles/{count // 2}",
            "search 북한": "/search?q=북한",
            "search 劳工": "/search?q=劳工",
            "search workers": "/search?q=workers",
            "search rare": "/search?q=rare77",
            "search phrase": "/search?q=%22loyalty+fund%22",
            "search near": "/search?q=%22loyalty+fund*%22+NEAR/10+China",
            "search, deep page": f"/search?q=북한&order=newest&cursor={write_cursor(deep)}",
            "search, topic and language": "/search?q=북한&topic=workers&language=ko",
            "sources": "/sources",
            "deliveries": "/deliveries",
            "coverage": "/coverage",
            "figures": "/figures",
            "figures, deep page": f"/figures?cursor={write_cursor(deep, 0)}",
        }
        for name, path in pages.items():
            times = []
            for _ in range(rounds):
                began = time.perf_counter()
                answer = await client.get(path)
                times.append(time.perf_counter() - began)
                assert answer.status_code == 200, (path, answer.status_code)
            print(f"{name:28} median {statistics.median(times) * 1e3:7.1f} ms   slowest {max(times) * 1e3:7.1f} ms")
    print(f"memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")


def main() -> None:
    """Fill an archive where there is none, and measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--articles", type=int, default=20_000)
    parser.add_argument("--url", default="")
    parser.add_argument("--rounds", type=int, default=5)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        store = open_store(given.url or f"sqlite:///{folder}/desk.db")
        store.upgrade()
        if store.overview().articles == 0:
            fill(store, given.articles)
        asyncio.run(measure(store, store.overview().articles, given.rounds))
        store.close()


if __name__ == "__main__":
    main()

"""Texts that other processes read come out as those that the judge reads itself: row by row, in every table."""

import asyncio
import gc
import json
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeAlias, cast

import pytest

from aggregator.app.assistants import Assistants
from aggregator.app.rules import Rules
from aggregator.doorsteps import Turns
from aggregator.errors import ParseError
from aggregator.fulltext import FullText
from aggregator.judge import Judging, judge_pending
from aggregator.models import Configuration, FeedSpec, FetchOutcome
from aggregator.ports import Store
from aggregator.records import Judged, StoredRevision, Understood
from aggregator.sources.workers import ReaderPool
from aggregator.store import open_store
from aggregator.visiting import Visitor
from tests.conftest import Clock
from tests.fulltext.test_fulltext import NO_ROBOTS, PAGE, RecordingFetcher, read, served
from tests.judge.newsroom import DANDONG, FEEDS, GAZETTE, entry, serve
from tests.judge.test_outcomes import EVERYTHING
from tests.matching.topics import LABOUR, SANCTIONS

Understand: TypeAlias = Callable[[Sequence[StoredRevision]], Awaitable[Sequence[Understood | None]]]
STRANGER = FeedSpec(id="stranger", name="Stranger", url="https://stranger.example/feed", publisher="Stranger", family="stranger")
CONFIGURATION = Configuration(feeds=tuple(FEEDS.values()), topics=(LABOUR, SANCTIONS), subscriptions=())
ODD = (
    entry("nul", "Rain\x00 and \ud800 halves", "A \x00 text with \udfff half a letter about a North Korean workers' camp."),
    entry("untitled", "", "North Korean loggers were seen in Khabarovsk. Officials said nothing."),
    entry("empty", "", "", url=None),
    entry("long", "Workers of the North", DANDONG * 40),
    entry("ko", "러시아 건설 현장의 북한 노동자", "북한 노동자 200명이 블라디보스토크에서 일한다고 소식통이 전했다."),
    entry("zh", "丹东的朝鲜劳工", "丹东一家工厂的约500名朝鲜劳工被要求回国。"),
    entry("near", "North Korea opens a pool", "The pool is in Pyongyang."),
    entry("deep", "Depth", "<div>" * 3_000 + "North Korean workers in Dandong"),
)
PLAIN = tuple(entry(f"plain-{number}", f"Harbour news {number}", f"<b>It rains</b> on pier {number}.") for number in range(60))


@pytest.fixture
async def pool() -> AsyncIterator[ReaderPool]:
    opened = ReaderPool()
    yield opened
    await opened.aclose()


def tables(path: Path) -> Mapping[str, Sequence[Any]]:
    """Give every row of every table, and every word of the search index with its places."""
    with sqlite3.connect(path) as database:
        names = [name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'search%'")]
        found: dict[str, Sequence[Any]] = {name: sorted(map(plain, database.execute(f"SELECT * FROM {name}")), key=repr) for name in names}
        database.execute("CREATE VIRTUAL TABLE temp.words USING fts5vocab(main, search_index, instance)")
        return {**found, "words": database.execute("SELECT * FROM temp.words").fetchall()}


def plain(row: Sequence[Any]) -> Sequence[Any]:
    """Write records with sorted keys, whose order follows that of sets, which differs between processes."""
    return [json.dumps(json.loads(value), sort_keys=True) if str(value).startswith("{") else value for value in row]


def here(store: Store, clock: Clock, fetcher: RecordingFetcher | None = None) -> Judging:
    """Give the judge of an installation that reads everything itself; with a fetcher it looks pages up."""
    rules = Rules(CONFIGURATION)
    enrich = rules.enrich
    if fetcher:
        visitor = Visitor(fetcher=fetcher, read=read, clock=clock, turns=Turns(spacing=0))
        enrich = FullText(visitor=visitor, enrich=rules.enrich, matches=rules.matches)
    known = dict(FEEDS)
    return Judging(
        store=store, enrich=enrich, find_facts=rules.find_facts, topics=rules, feeds=known, level=rules.level, clock=clock, batch=50
    )


async def judged(path: Path, clock: Clock, fetcher: RecordingFetcher | None, understand: Understand | None) -> Mapping[str, Sequence[Any]]:
    store = open_store(f"sqlite:///{path}")
    store.sync_feeds((*FEEDS.values(), STRANGER), clock())
    serve(store, clock, *PLAIN[:30], *ODD)
    for feed, served_by_it in EVERYTHING:
        serve(store, clock, served_by_it, feed=feed)
    serve(store, clock, *PLAIN[30:], feed=GAZETTE)
    serve(store, clock, entry("left", url="https://stranger.example/1"), feed=STRANGER)
    done = await judge_pending(replace(here(store, clock, fetcher), understand=understand))
    store.close()
    assert done == len(PLAIN) + len(ODD) + len(EVERYTHING) + 1
    return tables(path)


@pytest.mark.parametrize("pages", [False, True])
async def test_what_other_processes_read_is_kept_as_if_the_judge_had_read_it(
    made_once: Path, tmp_path: Path, clock: Clock, pool: ReaderPool, pages: bool
) -> None:
    assistants = Assistants(pool, CONFIGURATION, pages=pages)
    results = []
    for name, understand in (("alone", None), ("assisted", assistants)):
        path = tmp_path / f"{name}.db"
        shutil.copy(made_once, path)
        results.append(await judged(path, clock, RecordingFetcher(Anything()) if pages else None, understand))
    alone, assisted = results
    assert alone["matches"]
    assert alone["facts"]
    for table, rows in alone.items():
        assert assisted[table] == rows, table


async def test_what_is_settled_is_let_go_of(made_once: Path, tmp_path: Path, clock: Clock, pool: ReaderPool) -> None:
    path = tmp_path / "many.db"
    shutil.copy(made_once, path)
    store = open_store(f"sqlite:///{path}")
    store.sync_feeds(tuple(FEEDS.values()), clock())
    serve(store, clock, *PLAIN)
    held: list[int] = []
    judging = replace(here(store, clock), batch=5, understand=Assistants(pool, CONFIGURATION, pages=False))
    await judge_pending(judging, lambda done: held.append(sum(isinstance(each, Judged) for each in gc.get_objects())))
    store.close()
    assert len(held) == len(PLAIN) / 5
    assert max(held) <= 3 * 5


def test_an_assistant_loads_neither_network_nor_store_nor_log() -> None:
    probe = "import sys, aggregator.app.reading, aggregator.enrich, aggregator.matching; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True).stdout.split()
    assert not {"httpx", "sqlalchemy", "structlog", "asyncio", "pydantic"} & set(loaded)


class Anything(dict[str, FetchOutcome]):
    """Answer for every page."""

    def __missing__(self, path: str) -> FetchOutcome:
        return NO_ROBOTS if path == "/robots.txt" else served(PAGE)


async def test_a_process_that_dies_leaves_its_texts_to_the_judge(made_once: Path, tmp_path: Path, clock: Clock, pool: ReaderPool) -> None:
    assistants = Assistants(pool, CONFIGURATION, pages=False)

    async def dying(waiting: Sequence[StoredRevision]) -> Sequence[Understood | None]:
        answers = asyncio.gather(assistants(waiting))
        await asyncio.sleep(0)
        for worker in pool._workers:
            worker.kill()
        return (await answers)[0]

    path = tmp_path / "dying.db"
    shutil.copy(made_once, path)
    found = await judged(path, clock, None, dying)
    assert len(found["matches"]) > 3


async def test_what_an_assistant_cannot_read_is_left_to_the_judge(pool: ReaderPool, store: Store, clock: Clock) -> None:
    store.sync_feeds((*FEEDS.values(), STRANGER), clock())
    serve(store, clock, *PLAIN[:2])
    serve(store, clock, entry("left", url="https://stranger.example/1"), feed=STRANGER)
    first, second, left = await Assistants(pool, CONFIGURATION, pages=False)(store.unjudged(10))
    assert first is not None
    assert second is not None
    assert first.terms == ("harbour news 0", "it rain on pier 0")
    assert left is None


async def test_long_texts_are_handed_over_few_at_once_and_left_alone_once_they_broke(store: Store, clock: Clock) -> None:
    store.sync_feeds(tuple(FEEDS.values()), clock())
    serve(store, clock, *(entry(f"long{number}", text="1 " * 20_000) for number in range(4)), *PLAIN[:2])
    handed: list[int] = []

    class Breaking:
        async def run(self, function: object, key: str, setup: object, texts: Sequence[object]) -> object:
            handed.append(len(texts))
            raise ParseError("took longer than 20 s")

    assistants = Assistants(cast(ReaderPool, Breaking()), CONFIGURATION, pages=False)
    waiting = store.unjudged(10)
    assert await assistants(waiting) == [None] * 6
    assert handed == [1, 1, 1, 3]
    assert await assistants(waiting) == [None] * 6
    assert handed == [1, 1, 1, 3]

"""Many articles settled as one unit of work leave the very rows that one after the other leaves, and ask the database far less."""

import random
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Table, event, select

from aggregator.judge import Judging, judge_pending
from aggregator.models import Article, Entry, Evidence, FeedSpec, Judgement, Reason
from aggregator.ports import Decisions
from aggregator.records import Judged, Row
from aggregator.store import SqlStore, open_store
from aggregator.store.database import Database
from aggregator.store.desk_tables import story_labels
from aggregator.store.engine import database_url
from aggregator.store.story_tables import article_marks, article_traits, overlaps, story_operations, story_told, term_counts
from aggregator.store.tables import (
    articles,
    copy_groups,
    copy_members,
    counters,
    decisions,
    evidence,
    facts,
    matches,
    pages,
    revisions,
    stories,
    story_articles,
    story_events,
)
from tests.conftest import Clock
from tests.judge.newsroom import ECHO, GAZETTE, INDEPENDENT, PAPER, SEARCH, WEATHER, entry, judging, serve
from tests.store.conftest import Postgres
from tests.stories.clustering import row_of
from tests.stories.gold import rows as gold_rows

Fresh = Callable[[], str]
TABLES: Sequence[Table] = (articles, revisions, decisions, matches, facts, pages, evidence, counters, copy_groups, copy_members)
STORY_TABLES: Sequence[Table] = (stories, story_articles, story_events, story_labels, story_operations, story_told)
FOUND_BY: Sequence[Table] = (article_marks, article_traits, term_counts, overlaps)
_NAMES = {"stories": ("id", "merged_into"), "story_operations": ("story_id", "other_id")}
MOST_STATEMENTS = 700
"""For fifty matched articles, of which some merge and part stories; one after the other they take three times as many."""


BETWEEN = (
    (PAPER, entry()),
    (PAPER, WEATHER),
    (GAZETTE, INDEPENDENT),
    (GAZETTE, ECHO),
    (SEARCH, entry("through-search", url=entry().url)),
    (SEARCH, entry("reprint", url="https://reprint.example/1")),
    (PAPER, entry(title="North Korean workers in Dandong told to pack  up!")),
    (PAPER, entry(text="A seafood plant in Dandong told 30 North Korean workers to go home, a manager said.")),
)


class OneByOne(SqlStore):
    """Settle nothing together."""

    def settle_first_texts(self, judged: Sequence[Judged], decisions: Decisions) -> int:
        return 0


class Everything:
    """Match every text but the weather."""

    rule_version = "everything"

    def judge(self, article: Article) -> tuple[Judgement, ...]:
        if article.title == WEATHER.title:
            return (
                Judgement(topic="labour", matched=False, score=0.0, evidence=(), reason=Reason(code="no_country", detail="no country")),
            )
        proof = Evidence(theme="t", concept="t/c", strength="strong", field="title", start=0, end=1, quote=article.title[:1])
        return (Judgement(topic="labour", matched=True, score=1.0, evidence=(proof,), reason=Reason(code="matched", detail="all")),)


@pytest.fixture
def fresh(engine_name: str, request: pytest.FixtureRequest, tmp_path: Path) -> Fresh:
    """Give a way to have an empty database again and again."""
    if engine_name == "postgresql":
        postgres: Postgres = request.getfixturevalue("postgres")
        return postgres.emptied

    def copied() -> str:
        shutil.copy(request.getfixturevalue("ready_sqlite"), tmp_path / "again.db")
        return f"sqlite:///{tmp_path / 'again.db'}"

    return copied


def newsrooms() -> Mapping[str, FeedSpec]:
    names = sorted({row_of(said).source for said in gold_rows("dev")})
    return {name: FeedSpec(id=name.lower().replace(" ", "-"), name=name, url="", publisher=name, family=name) for name in names}


def entry_of(row: Row) -> Entry:
    at, content = row.published_at, f"<p>{row.text}</p>"
    return Entry(id=str(row.id), url=f"https://g.example/{row.id}", title=row.title, content=content, published_at=at)


def merging(number: int) -> list[Entry]:
    """Give two edited halves of one text, and then the text, which shows that they tell one event."""
    chance = random.Random(number)
    words = ["".join(chance.choices("abdeghiklmnoprstu", k=7)) for _ in range(160)]
    texts = (words[:80], words[80:], words, words[:70])
    return [entry(f"half-{number}-{at}", " ".join(said[:8]), " ".join(said)) for at, said in enumerate(texts)]


def serve_all(store: SqlStore, clock: Clock, most: int) -> Mapping[str, FeedSpec]:
    """Serve events told several times, copies, echoes, another feed's sight of a page, and changed texts between them."""
    told = newsrooms()
    feeds = {feed.id: feed for feed in (PAPER, GAZETTE, SEARCH, *told.values())}
    store.sync_feeds(tuple(feeds.values()), clock())
    served = [(told[row.source], entry_of(row)) for row in map(row_of, gold_rows("dev")[:most])]
    between = list(BETWEEN)
    for number in range(0, 12, 3):
        served[number:number] = [(PAPER, one) for one in merging(number)]
    for number, (feed, one) in enumerate(served):
        serve(store, clock, one, feed=feed)
        if number % 3 == 0 and between:
            other, extra = between.pop(0)
            serve(store, clock, extra, feed=other)
        if number % 5 == 0:
            serve(store, clock, replace(one, id=f"copy-{number}", url=f"https://copies.example/{number}"), feed=SEARCH)
    return feeds


def judge_for(store: SqlStore, clock: Clock, feeds: Mapping[str, FeedSpec], batch: int) -> Judging:
    return replace(judging(store, clock), topics=Everything(), feeds=feeds, batch=batch)


async def left(store: SqlStore, clock: Clock, batch: int, most: int = 40) -> Mapping[str, Any]:
    """Judge everything in batches, and give all rows; stories and groups go by what opened them, not by their numbers."""
    feeds = serve_all(store, clock, most)
    await judge_pending(judge_for(store, clock, feeds, batch))
    with store._database.read() as connection:
        found = {
            table.name: [dict(row) for row in connection.execute(select(table)).mappings()] for table in (*TABLES, *STORY_TABLES, *FOUND_BY)
        }
    order = sorted(found["stories"], key=lambda row: (row["first_seq"], row["id"]))
    names: dict[int | None, int | None] = {None: None, 0: 0} | {row["id"]: place for place, row in enumerate(order, 1)}
    groups = {row["id"]: row["first_article_id"] for row in found["copy_groups"]}
    for table in STORY_TABLES:
        for row in found[table.name]:
            row |= {column: names[row[column]] for column in _NAMES.get(table.name, ("story_id",))}
    for row in found["copy_groups"]:
        row["id"] = groups[row["id"]]
    for row in found["copy_members"]:
        row["copy_group_id"] = groups[row["copy_group_id"]]
    first = min((row["id"] for row in found["story_operations"]), default=0)
    for row in found["story_operations"]:
        row["id"] -= first
    return {name: sorted(rows, key=repr) for name, rows in found.items()}


@pytest.mark.parametrize("batch", [2, 7, 50])
async def test_a_batch_leaves_the_same_rows_as_one_article_after_the_other(fresh: Fresh, clock: Clock, batch: int) -> None:
    alone = OneByOne(Database(database_url(fresh())))
    expected = await left(alone, clock, 1)
    alone.close()
    together = open_store(fresh())
    found = await left(together, clock, batch)
    together.close()
    assert {len(found[name]) > 0 for name in ("copy_groups", "text_overlaps", "story_labels", "story_operations")} == {True}
    for name, rows in expected.items():
        assert found[name] == rows, name


async def test_fifty_matched_articles_take_few_statements(fresh: Fresh, clock: Clock) -> None:
    store, asked = open_store(fresh()), []
    feeds = serve_all(store, clock, 36)
    waiting = len(store.unjudged(1000))

    @event.listens_for(store._database.engine, "before_cursor_execute")
    def count(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        asked.append(statement)

    await judge_pending(judge_for(store, clock, feeds, 100))
    store.close()
    assert waiting >= 50
    assert len(asked) < MOST_STATEMENTS, len(asked)

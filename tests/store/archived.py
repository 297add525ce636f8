"""An archive that other rules grouped, and what it is compared with once it is grouped again."""

import atexit
import random
import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import replace
from datetime import datetime

from sqlalchemy import select

from aggregator.grouping import place_all
from aggregator.judge import Judging, judge_pending
from aggregator.models import Entry, FeedSpec
from aggregator.records import Regrouped, Telling
from aggregator.regroup import regroup, start
from aggregator.store import SqlStore
from aggregator.store.regrouping import Deciding, move, open_story
from aggregator.store.tables import story_articles
from tests.conftest import Clock
from tests.judge.newsroom import judging, newsroom, serve
from tests.store.samples import ADDRESSES, NOW, SUBSCRIPTION, digest, item
from tests.stories.gold import rows

UNMATCHED = "dev-146"
ROWS = [row for row in rows("dev") if row["lang"] in ("en", "ko") and row["id"] != UNMATCHED][:18]
FEEDS: Mapping[str, FeedSpec] = {row["source"]: newsroom(f"feed-{number}", row["source"]) for number, row in enumerate(ROWS)}
TOPICS = ("labour", "sanctions")
Partition = frozenset[frozenset[str]]


_kept: list[sqlite3.Connection] = []
"""The archive as it came in its order, in memory: it is made once and copied into the other files."""


async def archive(store: SqlStore, order: Sequence[int] = range(len(ROWS))) -> Judging:
    """Judge the articles in this order of arrival, and group them at random after that, as other rules did."""
    use = replace(judging(store, Clock(NOW)), feeds={feed.id: feed for feed in FEEDS.values()}, batch=5)
    url, whole = store._database.url, order == range(len(ROWS))
    if url.get_backend_name() != "sqlite" or not whole:
        await fill(use, store, order)
        return use
    with closing(sqlite3.connect(url.database or "")) as file:
        if _kept:
            _kept[0].backup(file)
        else:
            await fill(use, store, order)
            _kept.append(sqlite3.connect(":memory:"))
            atexit.register(_kept[0].close)
            file.backup(_kept[0])
    return use


async def fill(use: Judging, store: SqlStore, order: Sequence[int]) -> None:
    store.sync_feeds(tuple(FEEDS.values()), NOW)
    store.sync_subscriptions([replace(SUBSCRIPTION, topics=TOPICS)], {SUBSCRIPTION.id: None}, NOW)
    for number in order:
        arrive(store, number)
    await judge_pending(use)
    scramble(store, random.Random(7))


def arrive(store: SqlStore, number: int) -> None:
    row = ROWS[number]
    published = datetime.fromisoformat(row["published"])
    entry = Entry(id=row["id"], url=row["url"], title=row["title"], content=row["text"], published_at=published, language=row["lang"])
    serve(store, Clock(NOW), entry, feed=FEEDS[row["source"]])


def scramble(store: SqlStore, chance: random.Random) -> None:
    """Move half of the articles somewhere else, by rules that nobody remembers."""
    stands = placed(store)
    with store._database.write() as connection:
        for article in sorted(stands):
            source, target = stands[article], chance.choice([0, chance.choice([*stands.values()])])
            if chance.random() < 0.7 and source != target:
                stands[article] = target or open_story(connection, article, NOW)
                move(connection, source, stands[article], [article], Deciding(NOW))
        connection.execute(story_articles.update().values(grouped_by=None))


def placed(store: SqlStore) -> dict[int, int]:
    with store._database.read() as connection:
        return {row.article_id: row.story_id for row in connection.execute(select(story_articles))}


def tellings(store: SqlStore) -> list[Telling]:
    """Give the articles in the order they were told."""
    found = [telling for article in placed(store) if (telling := store.telling(article))]
    return sorted(found, key=lambda each: (each.told_at, each.text_hash, each.outlet, each.title))


def partition(store: SqlStore) -> Partition:
    groups: dict[int, set[str]] = {}
    for telling in tellings(store):
        groups.setdefault(telling.story_id or 0, set()).add(telling.title)
    return frozenset(map(frozenset, groups.values()))


def from_scratch(store: SqlStore) -> Partition:
    """Group the articles in memory, in the order they were told."""
    told = tellings(store)
    stands = place_all(replace(telling, story_id=None) for telling in told).stands
    return frozenset(frozenset(each.title for each in told if stands[each.article_id] == story) for story in set(stands.values()))


async def run(use: Judging, *, everything: bool = False, carries_out: bool = True, since: datetime | None = None) -> list[Regrouped]:
    begun, changes = start(use, since, everything=everything, carries_out=carries_out), list[Regrouped]()
    assert begun is not None
    await regroup(use, begun, lambda step: changes.extend(step.changes))
    return changes


def tell(store: SqlStore, *only: int) -> None:
    """Tell the desk all stories, or only some of them and that there was nothing else."""
    found = store.window_stories(SUBSCRIPTION.id, TOPICS, 0, store.judged_through())
    chosen = [each for each in found if not only or each.story_id in only]
    items = [item(each.story_id, each.version, articles=[told.telling.article_id for told in each.articles]) for each in chosen]
    assert store.record_digest(digest(*items, through_seq=store.judged_through()), ADDRESSES, None, NOW) is not None

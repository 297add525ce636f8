"""The archive is grouped again: as if it began anew, in whatever order it came, and nobody is told twice or misses anything by it."""

import random
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from aggregator.core.stories import GROUPING
from aggregator.errors import UsageError
from aggregator.grouping import place_all
from aggregator.judge import Judging, judge_pending
from aggregator.models import Entry, FeedSpec
from aggregator.records import Regrouped, Telling
from aggregator.regroup import Step, regroup, regroup_next, regroup_some, start
from aggregator.store import SqlStore, open_store
from aggregator.store.draft_tables import draft_marks, draft_places
from aggregator.store.regrouping import Deciding, move, open_story
from aggregator.store.story_tables import story_operations, told_articles
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


async def archive(store: SqlStore, order: Sequence[int] = range(len(ROWS))) -> Judging:
    """Judge the articles in this order of arrival, and group them at random after that, as other rules did."""
    clock = Clock(NOW)
    store.sync_feeds(tuple(FEEDS.values()), NOW)
    store.sync_subscriptions([replace(SUBSCRIPTION, topics=TOPICS)], {SUBSCRIPTION.id: None}, NOW)
    for number in order:
        arrive(store, number)
    use = replace(judging(store, clock), feeds={feed.id: feed for feed in FEEDS.values()}, batch=5)
    await judge_pending(use)
    scramble(store, random.Random(7))
    return use


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


def rest(store: SqlStore) -> Mapping[str, object]:
    """Give all that a second run must leave as it is."""
    with store._database.read() as connection:
        trail = connection.execute(select(story_operations.c.id)).all()
        stand = connection.execute(select(story_articles).order_by(story_articles.c.article_id)).all()
    leads = [(record.story_id, record.lead_article_id, record.version) for record in store.story_records(1000)]
    return {"trail": len(trail), "stand": [tuple(row) for row in stand], "leads": leads}


async def run(use: Judging, *, everything: bool = False, carries_out: bool = True, since: datetime | None = None) -> list[Regrouped]:
    begun, changes = start(use, since, everything=everything, carries_out=carries_out), list[Regrouped]()
    assert begun is not None
    await regroup(use, begun, lambda step: changes.extend(step.changes))
    return changes


async def test_stories_come_out_as_if_the_archive_began_anew_and_a_second_run_changes_nothing(sql_store: SqlStore) -> None:
    use = await archive(sql_store)
    changes = await run(use)
    assert {change.kind for change in changes} == {"merge", "split"}
    assert partition(sql_store) == from_scratch(sql_store)
    assert sql_store.count_grouped(GROUPING) == 0
    before = rest(sql_store)
    assert start(use) is None
    assert await run(use, everything=True) == []
    assert rest(sql_store) == before
    with sql_store._database.read() as connection:
        assert [connection.execute(select(table)).all() for table in (draft_places, draft_marks)] == [[], []]


async def test_stories_do_not_hang_on_the_order_in_which_articles_came(sqlite_store: SqlStore, made_once: Path, tmp_path: Path) -> None:
    await run(await archive(sqlite_store))
    shutil.copy(made_once, tmp_path / "other.db")
    other = open_store(f"sqlite:///{tmp_path / 'other.db'}")
    order = [*range(len(ROWS))]
    random.Random(3).shuffle(order)
    await run(await archive(other, order))
    assert partition(other) == partition(sqlite_store)
    other.close()


async def test_what_would_change_is_told_and_nothing_changes(sqlite_store: SqlStore) -> None:
    use = await archive(sqlite_store)
    before = rest(sqlite_store)
    foretold = await run(use, carries_out=False)
    assert rest(sqlite_store) == before
    assert sqlite_store.count_grouped(GROUPING) == len(placed(sqlite_store))
    assert await run(use) == foretold


class KilledError(Exception):
    """Stand for a process that ended in the middle."""


@pytest.mark.parametrize("steps", [2, 7])
async def test_a_killed_run_goes_on_where_it_stopped(sql_store: SqlStore, steps: int) -> None:
    use = replace(await archive(sql_store), batch=3)
    taken: list[Step] = []

    def kill(step: Step) -> None:
        taken.append(step)
        if len(taken) == steps:
            raise KilledError

    begun = start(use)
    assert begun is not None
    with pytest.raises(KilledError):
        await regroup(use, begun, kill)
    again = start(use)
    assert again == begun
    assert sql_store.count_drafted(begun)[0] > 0
    await regroup(use, begun, taken.append)
    assert sum(step.drafted for step in taken) == len(placed(sql_store))
    assert partition(sql_store) == from_scratch(sql_store)


async def test_batches_of_one_come_to_the_same_as_jobs(sqlite_store: SqlStore) -> None:
    use = replace(await archive(sqlite_store), batch=1)
    assert not await regroup_next(use)
    start(use)
    while await regroup_next(use):
        pass
    assert partition(sqlite_store) == from_scratch(sqlite_store)
    assert sqlite_store.regrouping() is None


async def test_a_draft_by_other_rules_is_begun_anew(sqlite_store: SqlStore) -> None:
    use = await archive(sqlite_store)
    old = sqlite_store.start_regrouping("other rules", None, NOW, carries_out=True)
    await regroup_some(use, old)
    assert await regroup_next(use)
    standing = sqlite_store.regrouping()
    assert standing is not None
    assert standing.rules == GROUPING
    with pytest.raises(UsageError, match="taken over"):
        sqlite_store.visit_draft(old, NOW, 1)


async def test_a_run_is_not_looked_into_while_it_changes_stories(sqlite_store: SqlStore) -> None:
    use = await archive(sqlite_store)
    start(use)
    with pytest.raises(UsageError, match="just now"):
        start(use, carries_out=False)


async def test_what_is_told_of_a_dry_run_that_was_killed_is_carried_out_by_the_next_run(sqlite_store: SqlStore) -> None:
    use = await archive(sqlite_store)
    dry = start(use, carries_out=False)
    assert dry is not None
    while not (await regroup_some(use, dry)).visited:
        pass
    await run(use)
    assert partition(sqlite_store) == from_scratch(sqlite_store)


async def test_what_arrives_or_changes_its_text_meanwhile_is_grouped_too(sql_store: SqlStore) -> None:
    late = [3, 9, 15]
    use = await archive(sql_store, [number for number in range(len(ROWS)) if number not in late])
    begun = start(use)
    assert begun is not None
    for number in late:
        while not (await regroup_some(use, begun)).visited and number != late[0]:
            pass
        arrive(sql_store, number)
        await judge_pending(use)
    row = ROWS[0]
    edited = Entry(id=row["id"], url=row["url"], title=row["title"], content=f"{row['text']} It gave no reason.", language=row["lang"])
    serve(sql_store, Clock(NOW), edited, feed=FEEDS[row["source"]])
    await judge_pending(use)
    await regroup(use, begun)
    assert len(placed(sql_store)) == len(ROWS)
    assert sql_store.count_grouped(GROUPING) == 0
    assert sql_store.regrouping() is None


async def test_what_people_decided_holds_whenever_they_decided_it(sql_store: SqlStore) -> None:
    use = await archive(sql_store)
    await run(use)
    told = tellings(sql_store)
    lone = [each for each in told if [other.story_id for other in told].count(each.story_id) == 1]
    pair = next(each for each in told if each not in lone)
    mate = next(each for each in told if each.story_id == pair.story_id and each != pair)
    stories = [each.story_id or 0 for each in lone[:4]]
    merge = sql_store.merge_stories(stories[0], stories[1], NOW)  # before the run
    await run(use, everything=True)
    assert placed(sql_store)[lone[0].article_id] == placed(sql_store)[lone[1].article_id]
    begun = start(use, everything=True)
    assert begun is not None
    while not (await regroup_some(use, begun)).visited:
        pass  # the draft is complete, and some of it is carried out
    sql_store.keep_apart(pair.article_id, mate.article_id, NOW)
    sql_store.merge_stories(stories[2], stories[3], NOW)
    await regroup(use, begun)
    await run(use, everything=True)
    stands = placed(sql_store)
    assert stands[pair.article_id] != stands[mate.article_id]
    assert stands[lone[2].article_id] == stands[lone[3].article_id]
    assert stands[lone[0].article_id] == stands[lone[1].article_id]
    sql_store.undo_operation(merge, NOW)
    await run(use, everything=True)
    stands = placed(sql_store)
    assert stands[lone[0].article_id] != stands[lone[1].article_id]


async def test_nothing_told_is_told_again_and_old_numbers_lead_on(sql_store: SqlStore) -> None:
    use = await archive(sql_store)
    tell(sql_store)
    changes = await run(use)
    state = sql_store.subscription_state(SUBSCRIPTION.id)
    assert state is not None
    assert not sql_store.window_stories(SUBSCRIPTION.id, TOPICS, state.after_seq, sql_store.judged_through())
    merged = [change.story_id for change in changes if change.kind == "merge"]
    assert merged
    alive = set(placed(sql_store).values())
    assert {sql_store.story_record(story).story_id for story in merged} <= alive


async def test_only_stories_told_since_a_day_are_grouped_again(sqlite_store: SqlStore) -> None:
    use = await archive(sqlite_store)
    told = tellings(sqlite_store)
    since = told[-1].told_at - timedelta(hours=1)
    about = {each.story_id for each in told if each.told_at >= since}
    others = {each.article_id: each.story_id for each in told if each.story_id not in about}
    await run(use, since=since)
    assert others
    assert {article: story for article, story in placed(sqlite_store).items() if article in others} == others
    assert sqlite_store.count_grouped(GROUPING) == len(others)


async def test_the_dry_run_names_those_to_whom_a_change_is_news(sqlite_store: SqlStore) -> None:
    use = await archive(sqlite_store)
    await run(use)
    told = tellings(sqlite_store)
    one, other = (each for each in told[:9:8])
    tell(sqlite_store, one.story_id or 0)
    with sqlite_store._database.write() as connection:
        move(connection, other.story_id or 0, one.story_id or 0, [other.article_id], Deciding(NOW))
        connection.execute(told_articles.delete().where(told_articles.c.article_id == other.article_id))
    changes = await run(use, everything=True, carries_out=False)
    assert [change.news_to for change in changes if other.article_id in change.articles] == [(SUBSCRIPTION.id,)]
    await run(use, everything=True)
    state = sqlite_store.subscription_state(SUBSCRIPTION.id)
    assert state is not None
    found = sqlite_store.window_stories(SUBSCRIPTION.id, TOPICS, state.after_seq, sqlite_store.judged_through())
    assert [(other.article_id in {each.telling.article_id for each in one.articles}, one.parted) for one in found] == [(True, True)]


def tell(store: SqlStore, *only: int) -> None:
    """Tell the desk all stories, or only some of them and that there was nothing else."""
    found = store.window_stories(SUBSCRIPTION.id, TOPICS, 0, store.judged_through())
    chosen = [each for each in found if not only or each.story_id in only]
    items = [item(each.story_id, each.version, articles=[told.telling.article_id for told in each.articles]) for each in chosen]
    assert store.record_digest(digest(*items, through_seq=store.judged_through()), ADDRESSES, None, NOW) is not None

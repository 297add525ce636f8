"""The archive is grouped again: as if it began anew, in whatever order it came, and nobody is told twice or misses anything by it."""

import random
import shutil
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from sqlalchemy import select

from aggregator.core.stories import GROUPING
from aggregator.grouping import place_all
from aggregator.regroup import regroup, regroup_some, start
from aggregator.store import SqlStore, open_store
from aggregator.store.draft_tables import draft_marks, draft_places
from aggregator.store.regrouping import Deciding, move
from aggregator.store.story_tables import story_operations, told_articles
from aggregator.store.tables import story_articles
from tests.store.archived import ROWS, TOPICS, archive, from_scratch, partition, placed, run, tell, tellings
from tests.store.samples import NOW, SUBSCRIPTION


def rest(store: SqlStore) -> Mapping[str, object]:
    """Give all that a second run must leave as it is."""
    with store._database.read() as connection:
        trail = connection.execute(select(story_operations.c.id)).all()
        stand = connection.execute(select(story_articles).order_by(story_articles.c.article_id)).all()
    leads = [(record.story_id, record.lead_article_id, record.version) for record in store.story_records(1000)]
    return {"trail": len(trail), "stand": [tuple(row) for row in stand], "leads": leads}


async def test_stories_come_out_as_if_the_archive_began_anew_and_a_second_run_changes_nothing(sql_store: SqlStore) -> None:
    use = await archive(sql_store)
    assert sql_store.share_grouped(GROUPING) == (len(ROWS), len(ROWS))
    changes = await run(use)
    assert sql_store.share_grouped(GROUPING) == (0, len(ROWS))
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


async def test_what_people_decided_holds_whenever_they_decided_it(sqlite_store: SqlStore) -> None:
    use = await archive(sqlite_store)
    await run(use)
    told = tellings(sqlite_store)
    lone = [each for each in told if [other.story_id for other in told].count(each.story_id) == 1]
    pair = next(each for each in told if each not in lone)
    mate = next(each for each in told if each.story_id == pair.story_id and each != pair)
    stories = [each.story_id or 0 for each in lone[:4]]
    merge = sqlite_store.merge_stories(stories[0], stories[1], NOW)  # before the run
    await run(use, everything=True)
    assert placed(sqlite_store)[lone[0].article_id] == placed(sqlite_store)[lone[1].article_id]
    begun = start(use, everything=True)
    assert begun is not None
    while not (await regroup_some(use, begun)).visited:
        pass  # the draft is complete, and some of it is carried out
    sqlite_store.keep_apart(pair.article_id, mate.article_id, NOW)
    sqlite_store.merge_stories(stories[2], stories[3], NOW)
    await regroup(use, begun)
    await run(use, everything=True)
    stands = placed(sqlite_store)
    assert stands[pair.article_id] != stands[mate.article_id]
    assert stands[lone[2].article_id] == stands[lone[3].article_id]
    assert stands[lone[0].article_id] == stands[lone[1].article_id]
    sqlite_store.undo_operation(merge, NOW)
    await run(use, everything=True)
    stands = placed(sqlite_store)
    assert stands[lone[0].article_id] != stands[lone[1].article_id]


async def test_nothing_told_is_told_again_and_old_numbers_lead_on(sqlite_store: SqlStore) -> None:
    use = await archive(sqlite_store)
    tell(sqlite_store)
    changes = await run(use)
    state = sqlite_store.subscription_state(SUBSCRIPTION.id)
    assert state is not None
    assert not sqlite_store.window_stories(SUBSCRIPTION.id, TOPICS, state.after_seq, sqlite_store.judged_through())
    merged = [change.story_id for change in changes if change.kind == "merge"]
    assert merged
    alive = set(placed(sqlite_store).values())
    assert {sqlite_store.story_record(story).story_id for story in merged} <= alive


async def test_what_was_told_and_decided_holds_on_either_engine(sql_store: SqlStore) -> None:
    use = await archive(sql_store)
    together = next(
        group for group in groups(place_all(replace(each, story_id=None) for each in tellings(sql_store)).stands) if len(group) > 1
    )
    first, second = sorted(together)[:2]
    stories = placed(sql_store)
    one, other = sorted(set(stories.values()))[:2]
    ends = [next(article for article, story in stories.items() if story == wanted) for wanted in (one, other)]
    sql_store.merge_stories(one, other, NOW)
    sql_store.keep_apart(first, second, NOW)
    tell(sql_store)
    await run(use)
    stands = placed(sql_store)
    assert stands[ends[0]] == stands[ends[1]]
    assert stands[first] != stands[second]
    state = sql_store.subscription_state(SUBSCRIPTION.id)
    assert state is not None
    assert not sql_store.window_stories(SUBSCRIPTION.id, TOPICS, state.after_seq, sql_store.judged_through())


def groups(stands: Mapping[int, int]) -> list[set[int]]:
    return [{article for article in stands if stands[article] == story} for story in sorted(set(stands.values()))]


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

"""Runs that group the archive again are killed, go on, are taken over and given up, and one at most works on the draft."""

from dataclasses import replace
from datetime import timedelta
from functools import partial

import pytest
from sqlalchemy import select

from aggregator.core.stories import GROUPING, settle
from aggregator.errors import UsageError
from aggregator.judge import Judging, judge_pending
from aggregator.models import Entry
from aggregator.records import Regrouping
from aggregator.regroup import Step, regroup, regroup_next, regroup_some, start
from aggregator.store import SqlStore
from aggregator.store.draft_tables import draft_marks, draft_places
from tests.conftest import Clock
from tests.judge.newsroom import serve
from tests.store.archived import FEEDS, ROWS, archive, arrive, from_scratch, partition, placed, run, tellings
from tests.store.samples import NOW


class KilledError(Exception):
    """Stand for a process that ended in the middle."""


@pytest.mark.parametrize("steps", [2, 7])
async def test_a_killed_run_goes_on_where_it_stopped(sqlite_store: SqlStore, steps: int) -> None:
    use = replace(await archive(sqlite_store), batch=3)
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
    assert sqlite_store.count_drafted(begun)[0] > 0
    await regroup(use, begun, taken.append)
    assert sum(step.drafted for step in taken) == len(placed(sqlite_store))
    assert partition(sqlite_store) == from_scratch(sqlite_store)


async def test_batches_of_one_come_to_the_same_as_jobs(sqlite_store: SqlStore) -> None:
    use = replace(await archive(sqlite_store), batch=1)
    assert not await regroup_next(use)
    start(use)
    while await regroup_next(use):
        pass
    assert partition(sqlite_store) == from_scratch(sqlite_store)
    assert sqlite_store.regrouping() is None


async def test_a_draft_by_older_rules_is_begun_anew(sqlite_store: SqlStore) -> None:
    use = await archive(sqlite_store)
    old = sqlite_store.start_regrouping("0-older", None, NOW, carries_out=True)
    await regroup_some(use, old)
    assert await regroup_next(use)
    standing = sqlite_store.regrouping()
    assert standing is not None
    assert standing.rules == GROUPING
    with pytest.raises(UsageError, match="taken over"):
        sqlite_store.visit_draft(old, NOW, 1)


@pytest.mark.parametrize("rules", ["999-newer", f"{GROUPING.partition('-')[0]}-other", "of a later kind"])
async def test_workers_leave_a_run_of_another_release_alone_that_is_not_known_to_be_older(sqlite_store: SqlStore, rules: str) -> None:
    use = await archive(sqlite_store)
    theirs = sqlite_store.start_regrouping(rules, None, NOW, carries_out=True)
    assert not await regroup_next(use)
    assert sqlite_store.regrouping() == theirs
    assert drafted(sqlite_store) == set()


async def test_a_command_of_an_older_release_does_not_begin_a_newer_run_anew(sqlite_store: SqlStore) -> None:
    use = await archive(sqlite_store)
    theirs = sqlite_store.start_regrouping("999-newer", None, NOW, carries_out=True)
    with pytest.raises(UsageError, match="newer release"):
        start(use)
    assert sqlite_store.regrouping() == theirs


async def test_a_run_that_was_taken_over_puts_nothing_into_the_draft_of_its_successor(sql_store: SqlStore) -> None:
    use = await archive(sql_store)
    told = tellings(sql_store)
    since = told[-1].told_at - timedelta(hours=1)
    about = {each.story_id for each in told if each.told_at >= since}
    before = {each.article_id: each.story_id for each in told if each.story_id not in about}
    old = sql_store.start_regrouping("0-older", None, NOW, carries_out=True)
    waiting = sql_store.undrafted(old, 5)
    begun = start(use, since)
    assert begun is not None
    with pytest.raises(UsageError, match="taken over"), sql_store.drafting(old):
        sql_store.keep_draft(old, waiting[0].telling, settle(waiting[0].telling, sql_store.draft_neighbourhood(waiting[0].telling)))
    with pytest.raises(UsageError, match="taken over"):
        await regroup(use, old)
    assert drafted(sql_store) == set()
    await regroup(use, begun)
    assert before
    assert {article: story for article, story in placed(sql_store).items() if article in before} == before


async def test_a_run_killed_after_its_last_batch_leaves_no_draft_behind(sqlite_store: SqlStore) -> None:
    use = await archive(sqlite_store)
    for forget in (sqlite_store.drop_draft, partial(start, use)):
        begun = start(use, everything=True)
        assert begun is not None
        await draft_all(use, begun)
        while not sqlite_store.visit_draft(begun, NOW, 100).done:
            pass
        assert drafted(sqlite_store)
        forget()
        assert drafted(sqlite_store) == set()


async def test_the_draft_of_a_run_that_stands_is_kept_whoever_finishes(sqlite_store: SqlStore) -> None:
    use = await archive(sqlite_store)
    begun = start(use)
    assert begun is not None
    await regroup_some(use, begun)
    sqlite_store.drop_draft()
    assert drafted(sqlite_store)


@pytest.mark.parametrize("carries_out", [True, False])
async def test_a_run_that_was_given_up_ends_where_it_is_and_the_next_one_begins_anew(sqlite_store: SqlStore, carries_out: bool) -> None:
    use = await archive(sqlite_store)
    begun = start(use, carries_out=carries_out)
    assert begun is not None
    await draft_all(use, begun)
    sqlite_store.visit_draft(begun, NOW, 3)
    assert sqlite_store.give_up_regrouping(NOW)
    assert not sqlite_store.give_up_regrouping(NOW)
    assert (sqlite_store.regrouping(), drafted(sqlite_store)) == (None, set())
    with pytest.raises(UsageError, match="given it up"):
        await regroup(use, begun)
    foretold = await run(use, carries_out=False)
    assert await run(use) == foretold
    assert partition(sqlite_store) == from_scratch(sqlite_store)


async def draft_all(use: Judging, begun: Regrouping) -> None:
    while (await regroup_some(replace(use, batch=1000), begun)).drafted and use.store.undrafted(begun, 1):
        pass


def drafted(store: SqlStore) -> set[int]:
    """Give the articles that a draft holds anything of."""
    with store._database.read() as connection:
        return {row[0] for table in (draft_places, draft_marks) for row in connection.execute(select(table.c.article_id))}


async def test_a_run_is_not_looked_into_while_it_changes_stories(sqlite_store: SqlStore) -> None:
    use = await archive(sqlite_store)
    start(use)
    with pytest.raises(UsageError, match="--give-up"):
        start(use, carries_out=False)


async def test_what_is_told_of_a_dry_run_that_was_killed_is_carried_out_by_the_next_run(sqlite_store: SqlStore) -> None:
    use = await archive(sqlite_store)
    dry = start(use, carries_out=False)
    assert dry is not None
    while not (await regroup_some(use, dry)).visited:
        pass
    await run(use)
    assert partition(sqlite_store) == from_scratch(sqlite_store)


async def test_what_arrives_or_changes_its_text_meanwhile_is_grouped_too(sqlite_store: SqlStore) -> None:
    late = [3, 9, 15]
    use = await archive(sqlite_store, [number for number in range(len(ROWS)) if number not in late])
    begun = start(use)
    assert begun is not None
    for number in late:
        while not (await regroup_some(use, begun)).visited and number != late[0]:
            pass
        arrive(sqlite_store, number)
        await judge_pending(use)
    row = ROWS[0]
    edited = Entry(id=row["id"], url=row["url"], title=row["title"], content=f"{row['text']} It gave no reason.", language=row["lang"])
    serve(sqlite_store, Clock(NOW), edited, feed=FEEDS[row["source"]])
    await judge_pending(use)
    await regroup(use, begun)
    assert len(placed(sqlite_store)) == len(ROWS)
    assert sqlite_store.count_grouped(GROUPING) == 0
    assert sqlite_store.regrouping() is None

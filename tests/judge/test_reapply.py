"""Judging the archive again: what changes, what never does."""

from dataclasses import replace
from datetime import timedelta

import pytest

from aggregator.judge import Judging, judge_pending
from aggregator.matching import compile_topics
from aggregator.models import TopicSpec
from aggregator.ports import Store
from aggregator.reapply import Reapplied, reapply, reapply_some, sample_last_week, week_of
from aggregator.store import SqlStore
from aggregator.vocabulary import load_packs
from tests.conftest import Clock
from tests.judge.newsroom import GAZETTE, INDEPENDENT, WEATHER, codes, entry, judging, serve, stories

RAIN = TopicSpec(id="labour", name="Rain", query="rain*")
BOTH = TopicSpec(id="labour", name="Both", query="rain* OR @overseas_workers")


def other(use: Judging, topic: TopicSpec) -> Judging:
    return replace(use, topics=compile_topics((topic,), load_packs()), batch=2)


@pytest.fixture
async def archive(store: Store, clock: Clock) -> Judging:
    use = judging(store, clock)
    serve(store, clock, entry(), WEATHER)
    serve(store, clock, INDEPENDENT, feed=GAZETTE)
    await judge_pending(use)
    return use


async def test_articles_are_gained_and_lost_and_their_versions_tell(archive: Judging, store: Store, clock: Clock) -> None:
    assert await reapply(other(archive, RAIN)) == Reapplied(judged=3, gained=1, lost=2)
    assert [sorted(one.scores) for one in store.archived(0, 10)] == [[], ["labour"], []]
    assert codes(store) == ["no_theme", "new_story", "no_theme"]
    assert {one.rule_version for one in store.archived(0, 10)} == {other(archive, RAIN).topics.rule_version}


async def test_batch_by_batch_it_comes_to_the_same(archive: Judging, store: Store) -> None:
    use = other(archive, RAIN)
    assert [await reapply_some(use) for _ in range(3)] == [2, 1, 0]
    assert [sorted(one.scores) for one in store.archived(0, 10)] == [[], ["labour"], []]
    assert codes(store) == ["no_theme", "new_story", "no_theme"]


async def test_a_second_run_finds_nothing_to_do(archive: Judging, store: Store) -> None:
    await reapply(other(archive, BOTH))
    assert await reapply(other(archive, BOTH)) == Reapplied()


async def test_stories_stay_as_they_were_told(archive: Judging, store: Store, clock: Clock) -> None:
    before = {one.story_id: (one.version, len(one.members)) for one in stories(store, clock)}
    await reapply(other(archive, BOTH))
    after = {one.story_id: (one.version, len(one.members)) for one in stories(store, clock)}
    assert after.items() >= before.items()
    assert len(after) == len(before) + 1
    seen = store.overview().revisions
    await reapply(archive)
    assert {one.story_id: one.version for one in stories(store, clock)}.items() >= {
        one: version for one, (version, _) in before.items()
    }.items()
    assert store.overview().revisions == seen


async def test_a_killed_run_goes_on_where_it_stopped(archive: Judging, store: Store) -> None:
    class KilledError(Exception):
        pass

    def kill(done: int) -> None:
        raise KilledError

    with pytest.raises(KilledError):
        await reapply(other(archive, BOTH), kill)
    version = other(archive, BOTH).topics.rule_version
    assert store.count_archived(other_than=version) == 1
    assert (await reapply(other(archive, BOTH))).judged == 1


async def test_near_misses_of_a_week_are_kept_once(sqlite_store: SqlStore, store: Store, archive: Judging, clock: Clock) -> None:
    serve(store, clock, entry("miss", "Pyongyang praises workers", "All is well."))
    await judge_pending(archive)
    later = clock() + timedelta(days=7)
    chosen = sample_last_week(store, later)
    assert chosen >= 1
    assert sample_last_week(store, later) == 0
    found = store.near_misses(week_of(clock()))
    assert len(found) == chosen
    assert ("labour", "Pyongyang praises workers") in {(miss.topic, miss.title) for miss in found}

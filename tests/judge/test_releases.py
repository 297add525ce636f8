"""What was held is told when a person lets it go, once."""

from dataclasses import replace

from aggregator.core import outcomes
from aggregator.core.intake import identities
from aggregator.core.watch import BACKLOG
from aggregator.judge import judge_pending
from aggregator.ports import Store
from tests.conftest import Clock
from tests.judge.newsroom import ECHO, PAPER, WEATHER, codes, judging, serve, stories


async def test_a_released_backlog_opens_its_stories_under_new_numbers(store: Store, clock: Clock) -> None:
    serve(store, clock, replace(ECHO, notes=(BACKLOG,)), replace(WEATHER, notes=(BACKLOG,)))
    await judge_pending(judging(store, clock))
    assert codes(store)[0] == outcomes.HELD
    assert (stories(store, clock), store.release_held(PAPER.id, clock())) == ((), 1)
    assert await judge_pending(judging(store, clock)) == 1
    assert (codes(store)[-1], len(stories(store, clock))) == (outcomes.NEW_STORY, 1)
    assert store.release_held(PAPER.id, clock()) == 0


async def test_a_feed_that_repeats_itself_after_a_release_brings_nothing_new(store: Store, clock: Clock) -> None:
    held = replace(ECHO, notes=(BACKLOG,))
    serve(store, clock, held)
    await judge_pending(judging(store, clock))
    before = store.known_entries(PAPER.id, set(identities([held])))
    store.release_held(PAPER.id, clock())
    assert store.known_entries(PAPER.id, set(identities([held]))) == before
    assert await judge_pending(judging(store, clock)) == 1


async def test_other_feeds_stay_held(store: Store, clock: Clock) -> None:
    serve(store, clock, replace(ECHO, notes=(BACKLOG,)))
    await judge_pending(judging(store, clock))
    assert store.release_held("another", clock()) == 0

"""Undoing, whatever was decided and in whatever order it is taken back: decisions that stand hold, and all undone is the start."""

import random

import pytest

from aggregator.errors import UsageError
from aggregator.store import SqlStore
from tests.store.samples import FEED, NOW, SUBSCRIPTION, intake, joined, matched, opened, take_in

State = dict[int, tuple[list[int], int, bool]]


def beginning(store: SqlStore, *targets: int | None) -> SqlStore:
    """Tell one article after the other, each of a story of its own, or of the one named."""
    store.sync_feeds([FEED], NOW)
    store.sync_subscriptions([SUBSCRIPTION], {SUBSCRIPTION.id: None}, NOW)
    for number, target in enumerate(targets):
        (revision,) = take_in(store, intake(f"entry {number}"))
        store.record_judged(matched(revision, opened() if target is None else joined(target)))
    return store


def asked(store: SqlStore, query: str) -> list[tuple[int, ...]]:
    with store._database.read() as connection:
        return [tuple(row) for row in connection.exec_driver_sql(query).all()]


def state(store: SqlStore) -> State:
    """Give the articles of each story, its lead, and whether a person chose it."""
    by_hand = {row[0]: row[1] for row in asked(store, "SELECT id, lead_by_hand FROM stories")}
    return {
        record.story_id: (sorted(each.article_id for each in record.members), record.lead_article_id, bool(by_hand[record.story_id]))
        for record in store.story_records()
    }


def check(store: SqlStore) -> None:
    """Hold every story and every standing decision about pairs against each other."""
    stands = {article: story for story, (articles, _, _) in state(store).items() for article in articles}
    assert all(lead in articles for articles, lead, _ in state(store).values())
    for one, other, together in asked(store, "SELECT one, other, together FROM bonds"):
        assert (stands[one] == stands[other]) == bool(together)
    standing = "SELECT count(*) FROM bonds JOIN story_operations AS made ON made.id = bonds.operation_id WHERE made.undone_at IS NOT NULL"
    assert asked(store, standing) == [(0,)]


def decide(store: SqlStore, chance: random.Random) -> int:
    standing = state(store)
    story, (articles, _, _) = chance.choice([*standing.items()])
    others = [article for members, _, _ in standing.values() for article in members]
    ways = (
        lambda: store.merge_stories(story, chance.choice([*standing]), NOW),
        lambda: store.split_story(story, chance.sample(articles, len(articles) // 2), NOW),
        lambda: store.keep_apart(chance.choice(others), chance.choice(others), NOW),
        lambda: store.set_lead(story, chance.choice(articles), NOW),
    )
    return chance.choice(ways)()


def undo_any(store: SqlStore, taken: list[int], chance: random.Random) -> None:
    """Take decisions back in any order; one that is refused waits for those it names."""
    number = chance.choice(taken)
    before, refusal = state(store), ""
    try:
        store.undo_operation(number, NOW)
        taken.remove(number)
    except UsageError as refused:
        refusal = str(refused)
    if refusal:
        assert any(str(later) in refusal for later in taken if later > number)
        assert state(store) == before


@pytest.mark.parametrize("seed", range(8))
def test_all_undone_is_the_start_and_what_stands_holds(sqlite_store: SqlStore, seed: int) -> None:
    store, chance = beginning(sqlite_store, None, 1, 1, None, 2, None), random.Random(seed)
    start, taken = state(store), list[int]()
    for _ in range(18):
        try:
            if taken and chance.random() < 0.3:
                undo_any(store, taken, chance)
            else:
                taken.append(decide(store, chance))
        except UsageError:
            continue
        check(store)
    while taken:
        undo_any(store, taken, chance)
        check(store)
    assert state(store) == start
    assert asked(store, "SELECT one, other, together FROM bonds") == []


def test_a_decision_that_a_later_one_builds_on_waits_for_it(sqlite_store: SqlStore) -> None:
    store = beginning(sqlite_store, None, None, None)
    first, second = store.merge_stories(1, 2, NOW), store.merge_stories(3, 1, NOW)
    with pytest.raises(UsageError, match=f"take back first: {second}$"):
        store.undo_operation(first, NOW)
    store.undo_operation(second, NOW)
    store.undo_operation(first, NOW)
    assert state(store) == {1: ([1], 1, False), 2: ([2], 2, False), 3: ([3], 3, False)}


def test_the_lead_chosen_before_speaks_again(sqlite_store: SqlStore) -> None:
    store = beginning(sqlite_store, None, 1, 1)
    store.set_lead(1, 2, NOW)
    later = store.set_lead(1, 3, NOW)
    store.undo_operation(later, NOW)
    assert state(store) == {1: ([1, 2, 3], 2, True)}


def test_decisions_about_other_stories_are_undone_in_any_order(sqlite_store: SqlStore) -> None:
    store = beginning(sqlite_store, None, None, None, None)
    first = store.merge_stories(1, 2, NOW)
    store.merge_stories(3, 4, NOW)
    store.undo_operation(first, NOW)
    assert sorted(articles for articles, _, _ in state(store).values()) == [[1], [2], [3, 4]]

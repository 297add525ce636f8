"""What a person decided about stories is remembered, and can be taken back without telling anybody twice."""

from dataclasses import replace

import pytest
from sqlalchemy import select

from aggregator.errors import UsageError
from aggregator.ports import Store
from aggregator.records import Bond
from aggregator.store import SqlStore
from aggregator.store.story_tables import bonds as bonds_table
from tests.store.regrouping import TRAITS, members, news, open_window, tell, two_stories, with_traits
from tests.store.samples import NOW, intake, joined, matched, open_story, opened, take_in


def test_a_merge_is_undone_and_still_not_told_twice(desk: Store) -> None:
    one, two = two_stories(desk)
    tell(desk, one, two)
    decision = desk.merge_stories(one, two, NOW)
    desk.undo_operation(decision, NOW)
    assert (members(desk, one), members(desk, two)) == ([1], [2])
    assert news(desk) == []
    trail = desk.story_record(one).events
    assert [(event.kind, event.by_hand, event.undone_at is not None) for event in trail if event.id == decision] == [("merge", True, True)]
    with pytest.raises(UsageError, match="no decision by hand that stands"):
        desk.undo_operation(decision, NOW)


def test_what_was_merged_before_it_was_told_is_told_when_that_is_undone(desk: Store) -> None:
    one = open_story(desk)
    tell(desk, one)
    two = open_story(desk, "two")
    decision = desk.merge_stories(one, two, NOW)
    assert open_window(desk) == []
    tell(desk)
    desk.undo_operation(decision, NOW)
    assert open_window(desk) == [two]


def test_a_split_is_undone(desk: Store) -> None:
    one = open_story(desk)
    desk.record_judged(matched(take_in(desk, intake("late"))[-1], joined(one)))
    decision = desk.split_story(one, [2], NOW)
    desk.undo_operation(decision, NOW)
    assert members(desk, one) == [1, 2]


def test_what_a_person_chose_is_remembered_for_grouping(desk: Store) -> None:
    for name in ("one", "two"):
        desk.record_judged(with_traits(matched(take_in(desk, intake(name))[-1], opened())))
    one, two = sorted(record.story_id for record in desk.story_records())
    desk.merge_stories(one, two, NOW)
    assert bonds(desk, 1) == (Bond(one=1, other=2, together=True),)
    desk.keep_apart(1, 2, NOW)
    assert members(desk, one) == [1]
    assert bonds(desk, 1) == (Bond(one=1, other=2, together=False),)


def bonds(store: Store, article_id: int) -> tuple[Bond, ...]:
    telling = store.telling(article_id)
    assert telling is not None
    return store.neighbourhood(replace(telling, article_id=99, traits=TRAITS)).bonds


def kept(store: SqlStore) -> set[tuple[int, int, bool]]:
    with store._database.read() as connection:
        return {(row.one, row.other, row.together) for row in connection.execute(select(bonds_table))}


def test_a_merge_binds_every_member_and_undoing_it_gives_earlier_decisions_back(desk: SqlStore) -> None:
    one, two = two_stories(desk)
    three = open_story(desk, "three")
    first, second, third = (members(desk, story)[0] for story in (one, two, three))
    desk.merge_stories(two, three, NOW)
    apart = desk.keep_apart(first, third, NOW)
    assert kept(desk) == {(second, third, True), (first, third, False)}
    merge = desk.merge_stories(one, two, NOW)
    assert kept(desk) == {(first, second, True), (first, third, True), (second, third, True)}
    desk.undo_operation(merge, NOW)
    assert kept(desk) == {(second, third, True), (first, third, False)}
    desk.undo_operation(apart, NOW)
    assert kept(desk) == {(second, third, True)}


def test_a_decision_that_was_displaced_is_undone_after_what_displaced_it(desk: SqlStore) -> None:
    one, two = two_stories(desk)
    first, second = members(desk, one)[0], members(desk, two)[0]
    apart = desk.keep_apart(first, second, NOW)
    merge = desk.merge_stories(one, two, NOW)
    with pytest.raises(UsageError, match=f"take back first: {merge}$"):
        desk.undo_operation(apart, NOW)
    desk.undo_operation(merge, NOW)
    assert kept(desk) == {(first, second, False)}
    desk.undo_operation(apart, NOW)
    assert kept(desk) == set()


def test_a_chosen_lead_stays_when_the_rules_would_choose_another(desk: Store) -> None:
    one = open_story(desk)
    desk.record_judged(matched(take_in(desk, intake("late"))[-1], joined(one)))
    decision = desk.set_lead(one, 2, NOW)
    desk.record_judged(matched(take_in(desk, intake("later"))[-1], joined(one, leads=(3,))))
    assert desk.story_record(one).lead_article_id == 2
    desk.undo_operation(decision, NOW)
    assert desk.story_record(one).lead_article_id == 1

"""Stories merge, split and come back by hand, and nobody is told twice by it."""

from dataclasses import replace

import pytest

from aggregator.errors import UsageError
from aggregator.models import Role
from aggregator.ports import Store
from aggregator.records import Move, Standing
from tests.store.regrouping import TOPICS, after, members, news, open_window, tell, two_stories
from tests.store.samples import NOW, SUBSCRIPTION, intake, joined, matched, open_story, opened, take_in, updated


def test_merged_stories_are_one_and_the_old_number_leads_to_it(desk: Store) -> None:
    one, two = two_stories(desk)
    desk.merge_stories(one, two, NOW)
    assert members(desk, one) == members(desk, two) == [1, 2]
    assert news(desk) == [one]
    assert [record.story_id for record in desk.story_records()] == [one]


@pytest.mark.parametrize("told_first", [True, False])
def test_a_story_merged_into_or_from_a_told_one_is_not_told_again(desk: Store, told_first: bool) -> None:
    one, two = two_stories(desk)
    tell(desk, one if told_first else two)
    desk.merge_stories(one, two, NOW)
    assert news(desk) == []


def test_an_update_nobody_was_told_of_survives_the_merge(desk: Store) -> None:
    one, two = two_stories(desk)
    tell(desk, one, two)
    revision = take_in(desk, replace(intake("two", raw_hash="h2"), entry_id=2))[-1]
    desk.record_judged(matched(revision, updated(two, "2,000 → 200 people")))
    desk.merge_stories(one, two, NOW)
    (material,) = desk.window_stories(SUBSCRIPTION.id, TOPICS, 0, desk.judged_through())
    assert (material.story_id, material.version, material.told_version) == (one, 2, 1)
    assert material.changes == ("2,000 → 200 people",)


def test_what_is_split_off_a_told_story_is_not_told_again(desk: Store) -> None:
    one = open_story(desk)
    revision = take_in(desk, intake("late"))[-1]
    desk.record_judged(matched(revision, joined(one)))
    tell(desk, one)
    desk.split_story(one, [2], NOW)
    assert members(desk, one) == [1]
    assert news(desk) == []


def test_what_is_split_before_it_was_told_is_two_items(desk: Store) -> None:
    one = open_story(desk)
    revision = take_in(desk, intake("late"))[-1]
    desk.record_judged(matched(revision, joined(one)))
    desk.split_story(one, [2], NOW)
    assert len(news(desk)) == 2


def join_late(store: Store, story: int, name: str = "late") -> None:
    """Store an article that joins a story."""
    store.record_judged(matched(take_in(store, intake(name))[-1], joined(story)))


def split_by_arrival(store: Store, story: int, leaving: int) -> int:
    """Let an article arrive that opens a story and parts one of another story from it; give the story that one opens."""
    parting = replace(opened(), moves=(Move(article_id=leaving, source=story, target=None, opens=2),))
    store.record_judged(matched(take_in(store, intake(f"parts {leaving}"))[-1], parting))
    return next(record.story_id for record in store.story_records() if [each.article_id for each in record.members] == [leaving])


def test_what_joined_a_told_story_in_silence_is_told_when_a_person_parts_it(desk: Store) -> None:
    one = open_story(desk)
    tell(desk, one)
    join_late(desk, one)
    assert open_window(desk) == []
    tell(desk)
    desk.split_story(one, [2], NOW)
    assert [state.subscription for state in desk.due_subscriptions(NOW)] == [SUBSCRIPTION.id]
    (parted,) = desk.window_stories(SUBSCRIPTION.id, TOPICS, after(desk), desk.judged_through())
    assert (members(desk, parted.story_id), parted.told_version, parted.parted) == ([2], None, True)
    assert desk.window_counts(TOPICS, after(desk), desk.judged_through()).seen == 0
    tell(desk, parted.story_id)
    assert news(desk) == []


def test_what_joined_a_told_story_in_silence_is_told_when_an_arriving_article_parts_it(desk: Store) -> None:
    one = open_story(desk)
    tell(desk, one)
    join_late(desk, one)
    tell(desk)
    other = split_by_arrival(desk, one, 2)
    found = desk.window_stories(SUBSCRIPTION.id, TOPICS, after(desk), desk.judged_through())
    assert [(material.parted, members(desk, material.story_id)) for material in found if material.story_id == other] == [(True, [2])]
    assert [material.parted for material in found if material.story_id != other] == [False]
    tell(desk, *open_window(desk))
    assert news(desk) == []


def test_who_stays_behind_untold_is_told_and_who_left_told_is_not(desk: Store) -> None:
    one = open_story(desk)
    tell(desk, one)
    join_late(desk, one)
    tell(desk)
    desk.split_story(one, [1], NOW)
    (material,) = desk.window_stories(SUBSCRIPTION.id, TOPICS, after(desk), desk.judged_through())
    assert (material.story_id, material.told_version, material.changes) == (one, None, ())
    tell(desk, one)
    assert news(desk) == []


def test_a_debt_goes_over_to_the_story_that_another_is_merged_into(desk: Store) -> None:
    one = open_story(desk)
    tell(desk, one)
    join_late(desk, one)
    two = open_story(desk, "two", topics=("weapons",))
    tell(desk)
    desk.split_story(one, [2], NOW)
    owed = open_window(desk)[0]
    desk.merge_stories(two, owed, NOW)
    assert open_window(desk) == [two]


def test_a_new_article_takes_a_told_one_into_its_story_and_both_are_known(desk: Store) -> None:
    one = open_story(desk)
    join_late(desk, one)
    tell(desk, one)
    taking = replace(opened(), moves=(Move(article_id=2, source=one, target=None),))
    desk.record_judged(matched(take_in(desk, intake("later"))[-1], taking))
    assert open_window(desk) == []


@pytest.mark.parametrize(("beyond", "articles", "said"), [(0, [9], "has no article 9"), (0, [1], "cannot leave"), (70, [1], "no story")])
def test_a_split_that_makes_no_sense_is_refused(desk: Store, beyond: int, articles: list[int], said: str) -> None:
    story = open_story(desk)
    with pytest.raises(UsageError, match=said):
        desk.split_story(story + beyond, articles, NOW)


def test_an_arriving_article_may_merge_stories_and_change_roles(desk: Store) -> None:
    one, two = two_stories(desk)
    moving = joined(one, moves=(Move(article_id=2, source=two, target=one),), standings=(standing(2, Role.ECHO, 1),), leads=(1,))
    desk.record_judged(matched(take_in(desk, intake("late"))[-1], moving))
    record = desk.story_record(two)
    assert record.story_id == one
    assert {each.article_id: (each.role, each.echo_of) for each in record.standings}[2] == (Role.ECHO, 1)
    assert [(event.kind, event.by_hand) for event in record.events] == [("merge", False)]


def test_an_arriving_article_may_split_a_story(desk: Store) -> None:
    one = open_story(desk)
    desk.record_judged(matched(take_in(desk, intake("late"))[-1], joined(one)))
    tell(desk, one)
    taking = replace(opened(), moves=(Move(article_id=2, source=one, target=None),))
    other = desk.record_judged(matched(take_in(desk, intake("later"))[-1], taking))
    assert other is not None
    assert (members(desk, one), members(desk, other)) == ([1], [2, 3])


def standing(article_id: int, role: Role, echo_of: int | None = None) -> Standing:
    return Standing(article_id=article_id, role=role, echo_of=echo_of)

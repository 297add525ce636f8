"""Stories merge, split and come back by hand, and nobody is told twice by it."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from aggregator.errors import UsageError
from aggregator.models import Role
from aggregator.ports import Store
from aggregator.records import Bond, Judged, Move, Standing, Telling, Traits
from aggregator.store import SqlStore
from aggregator.store.story_tables import bonds as bonds_table
from tests.store.samples import (
    ADDRESSES,
    NOW,
    SUBSCRIPTION,
    digest,
    entry,
    intake,
    item,
    joined,
    matched,
    open_story,
    opened,
    take_in,
    updated,
)

TOPICS = ("workers",)
TRAITS = Traits(title={"workers": 0.5}, lead={"workers": 0.5, "plant": 0.9}, facts={"place/dandong": 0.9})


def two_stories(store: Store) -> tuple[int, int]:
    return open_story(store, "one"), open_story(store, "two")


def news(store: Store, after_seq: int = 0) -> list[int]:
    found = store.window_stories(SUBSCRIPTION.id, TOPICS, after_seq, store.judged_through())
    return [material.story_id for material in found]


def tell(store: Store, *story_ids: int) -> None:
    """Send a digest of these stories to the desk."""
    through = store.judged_through()
    found = store.window_stories(SUBSCRIPTION.id, TOPICS, after(store), through)
    versions = {material.story_id: material.version for material in found}
    items = [item(story_id, versions[story_id], articles=members(store, story_id)) for story_id in story_ids]
    told = digest(*items, after_seq=after(store), through_seq=through)
    assert store.record_digest(told, ADDRESSES, None, NOW) is not None


def after(store: Store) -> int:
    state = store.subscription_state(SUBSCRIPTION.id)
    assert state is not None
    return state.after_seq


def members(store: Store, story_id: int) -> list[int]:
    return [telling.article_id for telling in store.story_record(story_id).members]


@pytest.fixture
def desk(store: Store) -> Store:
    store.sync_subscriptions([SUBSCRIPTION], {SUBSCRIPTION.id: None}, NOW)
    return store


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


def open_window(store: Store) -> list[int]:
    """Give what is news in the window that is open now."""
    return news(store, after(store))


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


def with_traits(judged: Judged, traits: Traits = TRAITS) -> Judged:
    return replace(judged, traits=traits)


def arriving(store: Store, told_after: timedelta) -> Telling:
    telling = store.telling(1)
    assert telling is not None
    return replace(telling, article_id=99, told_at=telling.told_at + told_after, traits=TRAITS, text_hash="other", text="")


def test_who_shares_a_rare_fact_in_the_window_is_a_neighbour(desk: Store) -> None:
    revision = take_in(desk, intake())[-1]
    desk.record_judged(with_traits(matched(revision, opened())))
    near = desk.neighbourhood(arriving(desk, timedelta(days=1)))
    assert [member.article_id for story in near.stories for member in story.members] == [1]
    assert near.stories[0].members[0].traits == TRAITS
    assert desk.neighbourhood(arriving(desk, timedelta(days=9))).stories == ()
    stranger = replace(arriving(desk, timedelta(days=1)), traits=Traits(facts={"place/hunchun": 0.9}))
    assert desk.neighbourhood(stranger).stories == ()


TEXT = "A garment plant on the river let three hundred seamstresses go after the holidays, its manager told this paper on Monday evening."


def test_a_near_copy_is_found_by_its_bands_with_the_sentences_it_shares(desk: Store) -> None:
    desk.record_judged(with_traits(matched(take_in(desk, intake())[-1], opened(), text=TEXT), Traits()))
    copy = replace(arriving(desk, timedelta(days=9)), text=f"{TEXT} It gave no reason.", traits=Traits())
    (overlap,) = desk.neighbourhood(copy).overlaps
    assert (overlap.one, overlap.other, overlap.sentences) == (99, 1, (TEXT,))
    assert overlap.share > 0.9


def test_rarity_counts_the_article_itself(desk: Store) -> None:
    assert desk.rarity(["plant"]).counts == {"plant": 1}
    desk.record_judged(with_traits(matched(take_in(desk, intake(served=entry()))[-1], opened())))
    learned = desk.rarity(["plant", "unheard"])
    assert (learned.articles, learned.counts) == (2, {"plant": 2, "unheard": 1})
    assert learned.word("unheard") > learned.word("plant")

"""Which stories an article is held against: rare facts, near copies, and how rare a word is."""

from dataclasses import replace
from datetime import timedelta

from aggregator.ports import Store
from aggregator.records import Telling, Traits
from tests.store.regrouping import TRAITS, with_traits
from tests.store.samples import entry, intake, matched, opened, take_in


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

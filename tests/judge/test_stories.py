"""One event is one story: the same page, a copy, an echo, an edit, in whatever order they come."""

from dataclasses import replace

import pytest

from aggregator.core import outcomes
from aggregator.judge import judge_pending
from aggregator.models import Entry, FeedSpec, Role
from aggregator.ports import Store
from tests.conftest import Clock
from tests.judge.newsroom import (
    DANDONG,
    ECHO,
    GAZETTE,
    INDEPENDENT,
    PAPER,
    SEARCH,
    YONHAP,
    codes,
    entry,
    judging,
    members,
    serve,
    stories,
)

TOPICS = ("labour", "sanctions")
HEADLINE_ONLY = entry("through-search", text="", url=f"{entry().url}?utm_source=search")


async def tell(store: Store, clock: Clock, served: Entry, feed: FeedSpec = PAPER) -> str:
    """Serve and judge one entry, and give its outcome."""
    serve(store, clock, served, feed=feed)
    await judge_pending(judging(store, clock))
    return codes(store)[-1]


async def test_the_same_page_through_another_feed_is_folded_and_keeps_the_text_it_has(store: Store, clock: Clock) -> None:
    await tell(store, clock, entry())
    assert await tell(store, clock, HEADLINE_ONLY, SEARCH) == outcomes.SAME_ARTICLE
    (sketch,) = stories(store, clock)
    assert [(member.feed_id, "300 North Korean workers" in member.text) for member in sketch.members] == [("paper", True)]


async def test_a_headline_seen_first_gives_way_to_the_full_text_and_its_story_stays_one(store: Store, clock: Clock) -> None:
    assert await tell(store, clock, HEADLINE_ONLY, SEARCH) == outcomes.NEW_STORY
    assert await tell(store, clock, entry()) == outcomes.SAME_ARTICLE
    (sketch,) = stories(store, clock)
    assert (sketch.version, sketch.members[0].text) == (1, DANDONG)
    assert await tell(store, clock, INDEPENDENT, GAZETTE) == outcomes.SAME_STORY


async def test_an_unmatched_sighting_does_not_overwrite_a_matched_article(store: Store, clock: Clock) -> None:
    await tell(store, clock, entry())
    teaser = entry("teaser", "Read our cover story", "", url=entry().url)
    assert await tell(store, clock, teaser, SEARCH) == outcomes.NO_COUNTRY
    (sketch,) = stories(store, clock)
    assert sketch.members[0].title == entry().title
    (material,) = store.window_stories("nobody", TOPICS, 0, 2)
    assert [article.telling.title for article in material.articles] == [entry().title]


async def test_a_revision_that_matches_no_more_leaves_the_matched_text(store: Store, clock: Clock) -> None:
    await tell(store, clock, entry())
    assert await tell(store, clock, entry(title="Correction", text="This report was withdrawn.")) == outcomes.NO_COUNTRY
    assert stories(store, clock)[0].members[0].title == entry().title


async def test_an_article_that_matches_only_after_an_edit_opens_a_story_then(store: Store, clock: Clock) -> None:
    assert await tell(store, clock, entry(title="Cover story", text="")) == outcomes.NO_COUNTRY
    assert await tell(store, clock, entry()) == outcomes.NEW_STORY
    assert stories(store, clock)[0].members[0].text.startswith("A seafood plant")


async def test_an_unmatched_page_becomes_a_story_through_a_feed_that_carries_its_text(store: Store, clock: Clock) -> None:
    assert await tell(store, clock, entry("teaser", "Cover story", "", url=entry().url), SEARCH) == outcomes.NO_COUNTRY
    assert await tell(store, clock, entry()) == outcomes.NEW_STORY


async def test_the_same_words_elsewhere_are_a_copy(store: Store, clock: Clock) -> None:
    await tell(store, clock, entry())
    reprint = entry("reprint", "Pack up, plant tells workers from the North", url="https://gazette.example/reprint")
    assert await tell(store, clock, reprint, GAZETTE) == outcomes.COPY
    (sketch,) = stories(store, clock)
    assert members(sketch)[reprint.title].role is Role.COPY


async def test_a_copy_confirms_nothing_and_an_independent_report_does(store: Store, clock: Clock) -> None:
    await tell(store, clock, entry())
    assert await tell(store, clock, INDEPENDENT, GAZETTE) == outcomes.SAME_STORY
    (sketch,) = stories(store, clock)
    assert [member.role for member in sketch.members] == [Role.ORIGIN, Role.INDEPENDENT]
    assert sketch.version == 1


async def test_trap_five_echoes_pass_for_five_reports(store: Store, clock: Clock) -> None:
    await tell(store, clock, entry(url="https://yonhap.example/1"), YONHAP)
    for number in range(5):
        words = f"{ECHO.content} It was report number {number} of the day, said editor {chr(65 + number) * 3}."
        echo = replace(ECHO, id=f"e{number}", url=f"https://e{number}.example/", content=words)
        assert await tell(store, clock, echo, GAZETTE) in (outcomes.ECHO, outcomes.COPY)
    (sketch,) = stories(store, clock)
    assert sum(member.role in (Role.ORIGIN, Role.INDEPENDENT) for member in sketch.members) == 1


async def test_an_echo_before_its_origin_gives_up_the_lead_when_the_origin_comes(store: Store, clock: Clock) -> None:
    assert await tell(store, clock, ECHO, GAZETTE) == outcomes.NEW_STORY
    assert await tell(store, clock, entry(url="https://yonhap.example/1"), YONHAP) == outcomes.SAME_STORY
    (sketch,) = stories(store, clock)
    told = members(sketch)
    assert told[ECHO.title].role is Role.ECHO
    assert told[entry().title].role is Role.ORIGIN
    assert sketch.lead_article_id == told[entry().title].article_id
    assert sketch.version == 1  # who told it first is no news to who read it


@pytest.mark.parametrize(
    "edited",
    [
        entry(title="North Korean workers in Dandong told to pack their bags"),
        entry(text=DANDONG.replace("a manager said", "its manager said")),
        entry(text=f"{DANDONG} The plant did not answer questions."),
        entry(text=DANDONG.replace("300 ", "")),
    ],
    ids=["headline", "word", "sentence_more", "figure_left_out"],
)
async def test_a_cosmetic_revision_is_folded(store: Store, clock: Clock, edited: Entry) -> None:
    await tell(store, clock, entry())
    assert await tell(store, clock, edited) == outcomes.COSMETIC_REVISION
    (sketch,) = stories(store, clock)
    assert (sketch.version, sketch.members[0].title) == (1, edited.title)


@pytest.mark.parametrize(
    ("edited", "change"),
    [
        (entry(text=DANDONG.replace("300", "30")), "300 → 30 people"),
        (entry(title="North Korean workers in Hunchun told to pack up", text=DANDONG.replace("Dandong", "Hunchun")), "Dandong → Hunchun"),
        (entry(title="Dandong plant denies telling North Korean workers to pack up"), "reversed"),
    ],
    ids=["figure", "place", "denial"],
)
async def test_a_material_revision_is_a_new_version_that_says_what_changed(store: Store, clock: Clock, edited: Entry, change: str) -> None:
    await tell(store, clock, entry())
    assert await tell(store, clock, edited) == outcomes.MATERIAL_REVISION
    (sketch,) = stories(store, clock)
    assert sketch.version == 2
    assert change in store.outcomes()[-1].detail


async def test_a_correction_there_and_back_is_two_versions(store: Store, clock: Clock) -> None:
    for text in (DANDONG, DANDONG.replace("300", "30"), DANDONG):
        await tell(store, clock, entry(text=text))
    assert codes(store)[1:] == [outcomes.MATERIAL_REVISION, outcomes.MATERIAL_REVISION]
    assert stories(store, clock)[0].version == 3


async def test_an_edited_headline_of_a_search_feed_takes_no_figures_from_the_article(store: Store, clock: Clock) -> None:
    await tell(store, clock, entry())
    await tell(store, clock, HEADLINE_ONLY, SEARCH)
    shorter = replace(HEADLINE_ONLY, title="North Korean workers in Dandong to pack up")
    assert await tell(store, clock, shorter, SEARCH) == outcomes.COSMETIC_REVISION
    assert stories(store, clock)[0].members[0].text.startswith("A seafood plant")
    edited = entry(text=DANDONG.replace("a manager said", "its manager said"))
    assert await tell(store, clock, edited) == outcomes.COSMETIC_REVISION
    assert stories(store, clock)[0].version == 1


async def test_a_fact_that_changed_in_two_feeds_is_told_once(store: Store, clock: Clock) -> None:
    await tell(store, clock, entry())
    seen = entry("through-search", url=entry().url)
    await tell(store, clock, seen, SEARCH)
    corrected = entry(text=DANDONG.replace("300", "30"))
    assert await tell(store, clock, replace(seen, content=corrected.content), SEARCH) == outcomes.MATERIAL_REVISION
    assert await tell(store, clock, corrected) == outcomes.COSMETIC_REVISION
    assert stories(store, clock)[0].version == 2

"""One event is one story in any language; look-alikes stay apart."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from aggregator.core.copies import evidence, is_copy
from aggregator.core.cues import cues_of
from aggregator.core.echoes import standings_of
from aggregator.core.likeness import COPY, JOIN, TOUCH, likeness
from aggregator.core.revisions import figure_words, material_changes
from aggregator.core.stories import MOST_MEMBERS, settle, shared, story_concepts
from aggregator.models import Evidence, Fact, Judgement, Reason, Role
from aggregator.records import Bond, Neighbourhood, Overlap, Placement, StorySketch, Telling, Traits

AT = datetime(2026, 5, 3, 12, tzinfo=UTC)


def telling(article_id: int = 1, family: str = "wire", *concepts: str, language: str = "en", title: str = "", **cues: str) -> Telling:
    return Telling(
        article_id=article_id,
        seq=article_id,
        feed_id=f"{family}-feed",
        outlet=family.title(),
        family=family,
        language=language,
        title=title,
        text="",
        text_hash=str(article_id),
        told_at=AT + timedelta(minutes=article_id),
        concepts=frozenset(concepts),
        traits=Traits(facts=dict.fromkeys(concepts, 0.8), cues=frozenset({"own", *cues}), title=dict.fromkeys(title.split(), 0.8)),
    )


def story(*members: Telling, story_id: int = 10) -> StorySketch:
    roles = [replace(member, role=Role.ORIGIN if not position else Role.INDEPENDENT) for position, member in enumerate(members)]
    return StorySketch(story_id=story_id, version=1, lead_article_id=members[0].article_id, members=tuple(roles))


def settled(arriving: Telling, *stories: StorySketch, overlaps: tuple[Overlap, ...] = (), bonds: tuple[Bond, ...] = ()) -> Placement:
    return settle(arriving, Neighbourhood(stories=stories, overlaps=overlaps, bonds=bonds))


def overlap(one: int, other: int, share: float) -> Overlap:
    return Overlap(one=one, other=other, share=share)


DANDONG = telling(1, "wire", "place/dandong", "person:300")


@pytest.mark.parametrize(
    ("concepts", "joins"),
    [
        (("place/dandong", "person:300"), True),
        (("place/dandong", "outlet/wire"), True),
        (("place/hunchun", "person:300"), False),
        (("overseas_workers/worker",), False),
        (("person:500",), False),
        ((), False),
    ],
)
def test_shared_discriminators_decide(concepts: tuple[str, ...], joins: bool) -> None:
    placement = settled(telling(2, "paper", *concepts, language="ko"), story(DANDONG))
    assert (placement.story_id == 10) is joins


def test_what_is_common_in_the_archive_weighs_nothing() -> None:
    common = replace(DANDONG, traits=Traits(facts={"place/dandong": 0.0, "person:300": 0.0}))
    assert settled(telling(2, "paper", "place/dandong", "person:300", language="ko"), story(common)).event == "opened"


def test_days_apart_is_another_event() -> None:
    late = replace(telling(2, "paper", "place/dandong", "person:300"), told_at=AT + timedelta(days=4))
    assert settled(late, story(DANDONG)).event == "opened"


def test_trap_a_chain_joins_what_its_ends_do_not_share() -> None:
    far = [telling(number, f"paper{number}", "place/hunchun", "person:900") for number in range(3, 8)]
    alike = settled(telling(2, "paper", "place/dandong", "person:300", "place/hunchun"), story(*far))
    assert alike.event == "opened"


def test_one_newsroom_needs_more_than_place_and_figure() -> None:
    assert settled(telling(2, "wire", "place/dandong", title="other words"), story(DANDONG)).event == "opened"


def test_the_best_story_wins() -> None:
    other = story(telling(3, "agency", "place/dandong", "person:300", "sectors/garment", "person:7"), story_id=11)
    near = story(telling(4, "daily", "place/dandong", "person:200"), story_id=12)
    best = settled(telling(2, "paper", "place/dandong", "person:300", "sectors/garment", "person:7"), near, other)
    assert best.story_id == 11


def test_an_article_that_belongs_to_two_stories_merges_them() -> None:
    one, two = telling(1, "wire", "place/dandong", "person:300"), telling(2, "paper", "place/dandong", "person:300")
    placement = settled(telling(3, "daily", "place/dandong", "person:300"), story(one, story_id=10), story(two, story_id=11))
    assert placement.story_id == 10
    assert [(move.article_id, move.source, move.target) for move in placement.moves] == [(2, 11, 10)]


def test_a_better_fit_splits_a_story() -> None:
    strange = telling(2, "paper", "place/hunchun", "person:900")
    placement = settled(telling(3, "daily", "place/hunchun", "person:900"), story(DANDONG, strange))
    assert placement.event == "opened"
    assert [(move.article_id, move.source, move.target) for move in placement.moves] == [(2, 10, None)]
    assert set(placement.leads) == {1, 2}


def test_what_a_person_kept_apart_never_joins_and_what_was_put_together_always_does() -> None:
    alike, unlike = telling(2, "paper", "place/dandong", "person:300"), telling(2, "paper", "place/hunchun", "person:900")
    assert settled(alike, story(DANDONG), bonds=(Bond(one=1, other=2, together=False),)).event == "opened"
    assert settled(unlike, story(DANDONG), bonds=(Bond(one=1, other=2, together=True),)).story_id == 10


def test_who_cites_a_member_is_its_echo() -> None:
    placement = settled(telling(2, "paper", "place/dandong", "person:300", "outlet/wire"), story(DANDONG))
    assert (placement.role, placement.echo_of, placement.why.code) == (Role.ECHO, 1, "echo")


def test_who_cites_nobody_and_names_a_source_is_independent() -> None:
    assert settled(telling(2, "paper", "place/dandong", "person:300"), story(DANDONG)).role is Role.INDEPENDENT


def test_who_names_no_source_at_all_is_unknown() -> None:
    silent = telling(2, "paper", "place/dandong", "person:300")
    assert settled(replace(silent, traits=replace(silent.traits, cues=frozenset())), story(DANDONG)).role is Role.UNKNOWN


def test_who_cites_an_outlet_outside_the_story_confirms_nothing() -> None:
    placement = settled(telling(2, "paper", "place/dandong", "person:300", "outlet/agency"), story(DANDONG))
    assert (placement.role, placement.echo_of, placement.cites) == (Role.ECHO, None, "agency")


def test_of_two_that_cite_each_other_the_earlier_is_the_origin() -> None:
    one, two = (
        telling(1, "wire", "place/dandong", "person:300", "outlet/paper"),
        telling(2, "paper", "place/dandong", "person:300", "outlet/wire"),
    )
    roles = [(standing.role, standing.echo_of) for standing in standings_of((one, two), ())]
    assert roles == [(Role.ORIGIN, None), (Role.ECHO, 1)]


def test_a_lone_report_of_nobody_is_unknown() -> None:
    assert standings_of((replace(DANDONG, outlet=""),), ())[0].role is Role.UNKNOWN


def test_another_edition_of_the_same_newsroom_confirms_nothing() -> None:
    placement = settled(telling(2, "wire", "place/dandong", "person:300", language="ko"), story(DANDONG))
    assert placement.role is Role.ECHO


def test_shared_sentences_are_an_echo() -> None:
    placement = settled(telling(2, "paper", "person:300"), story(DANDONG), overlaps=(overlap(2, 1, 0.7),))
    assert (placement.story_id, placement.role) == (10, Role.ECHO)


def test_an_echo_that_came_first_gives_the_lead_to_the_origin() -> None:
    echo = telling(2, "paper", "place/dandong", "person:300", "outlet/wire")
    opened = settled(echo)
    assert opened.role is Role.ECHO
    sketch = StorySketch(story_id=10, version=1, lead_article_id=2, members=(replace(echo, role=Role.ECHO),))
    origin = settled(DANDONG, sketch)
    assert (origin.story_id, origin.role, origin.lead) == (10, Role.ORIGIN, True)


def test_the_same_words_elsewhere_are_a_copy_of_the_first() -> None:
    placement = settled(telling(2, "paper"), story(DANDONG), overlaps=(overlap(2, 1, 0.95),))
    assert (placement.story_id, placement.role, placement.copy_of, placement.echo_of) == (10, Role.COPY, 1, 1)


def test_a_copy_that_names_its_source_gives_the_lead_to_the_source() -> None:
    copy = telling(2, "paper", "place/dandong", "outlet/wire")
    placement = settled(DANDONG, story(copy), overlaps=(overlap(1, 2, 1.0),))
    assert (placement.role, placement.copy_of, placement.lead) == (Role.ORIGIN, 2, True)
    assert [(standing.article_id, standing.role, standing.echo_of) for standing in placement.standings] == [(2, Role.COPY, 1)]


def told(article_id: int, title: str, *concepts: str, letters: int = 900, text_hash: str = "", family: str = "") -> Telling:
    made = telling(article_id, family or f"paper{article_id}", *concepts, title=title)
    return replace(made, text_hash=text_hash or made.text_hash, traits=replace(made.traits, letters=letters))


@pytest.mark.parametrize(
    ("one", "other", "copies"),
    [
        (told(1, "workers leave", "place/dandong", "person:200"), told(2, "workers leave", "place/hunchun", "person:450"), False),
        (told(1, "a fire", "person:200"), told(2, "a blast", "person:450"), False),
        (told(1, "a fire", "place/dandong"), told(2, "a blast", "place/dandong", "place/hunchun"), True),
        (told(1, "a fire", "place/dandong", text_hash="x"), told(2, "a blast", "place/hunchun", text_hash="x"), True),
        (told(1, "coal ship seized", letters=110, text_hash="x"), told(2, "loggers return", letters=110, text_hash="x"), False),
        (told(1, "coal ship seized", letters=110), told(2, "coal seized", letters=110), True),
        (told(1, "one title here", letters=110, family="p"), told(2, "two words here", letters=110, family="p"), False),
        (told(1, "a fire", letters=700), told(2, "a fire", letters=340), False),
    ],
)
def test_copies_share_most_of_both_texts_and_no_fact_contradicts(one: Telling, other: Telling, copies: bool) -> None:
    assert is_copy(one, other, 1.0) is copies


def test_what_is_only_held_in_a_longer_text_is_evidence_and_no_more() -> None:
    report, background = told(1, "a fire in town", letters=700), told(2, "a fire in town", letters=340)
    assert JOIN < evidence(report, background, 1.0) < COPY
    assert evidence(report, told(2, "a fire", letters=690), 1.0) == 1.0
    assert evidence(told(1, "x", "place/dandong"), told(2, "x", "place/hunchun"), 1.0) == 0.0


def test_two_reports_that_end_with_one_background_stay_two_stories() -> None:
    one, two = (told(number, title, f"place/{title}", letters=700) for number, title in ((1, "khabarovsk"), (2, "nampo")))
    background = told(3, "background", letters=340)
    placement = settled(background, story(one, story_id=10), story(two, story_id=11), overlaps=(overlap(3, 1, 1.0), overlap(3, 2, 1.0)))
    assert placement.moves == ()


def test_copies_cross_nothing_that_a_person_kept_apart() -> None:
    one, two = told(1, "a fire in town"), told(2, "a fire in town")
    same = (overlap(3, 1, 1.0), overlap(3, 2, 1.0), overlap(1, 2, 1.0))
    bonds = (Bond(one=1, other=2, together=False),)
    placement = settled(told(3, "a fire in town"), story(one, story_id=10), story(two, story_id=11), overlaps=same, bonds=bonds)
    assert placement.moves == ()


def test_a_headline_of_one_word_proves_nothing() -> None:
    later = replace(told(2, "photo", letters=0), told_at=AT + timedelta(days=1))
    assert settled(later, story(told(1, "photo", letters=0))).event == "opened"


def test_of_a_long_story_only_the_closest_members_are_grouped_again() -> None:
    members = [telling(number, f"paper{number}", "place/dandong", "person:300") for number in range(1, 131)]
    placement = settled(telling(200, "daily", "place/dandong", "person:300"), story(*members))
    assert (placement.story_id, placement.moves) == (10, ())
    assert len(placement.standings) < MOST_MEMBERS


def test_shared_discriminators_are_named() -> None:
    assert shared(DANDONG, telling(2, "paper", "person:300", "sectors/garment")) == ("person:300",)


def test_capitals_and_the_countries_of_every_text_tell_no_events_apart() -> None:
    levels = {
        "place/china": "country",
        "place/malaysia": "country",
        "place/beijing": "capital",
        "place/liaoning": "region",
        "place/dandong": "city",
    }
    facts = [Fact(kind="place", concept=concept, field="text", start=0, end=1, quote="x") for concept in levels]
    facts.append(Fact(kind="figure", concept="person:300", field="text", start=0, end=1, quote="x"))
    assert story_concepts(facts, (), levels.__getitem__) == {"country/malaysia", "region/liaoning", "place/dandong", "person:300"}


def test_the_country_of_every_text_lends_no_word() -> None:
    found = [
        Evidence(theme=concept.partition("/")[0], concept=concept, strength="strong", field="text", start=0, end=1, quote="x")
        for concept in ("sectors/garment", "country_anchor/north_korea")
    ]
    judged = [Judgement(topic="labour", matched=True, score=1, evidence=tuple(found), reason=Reason(code="x"))]
    assert story_concepts((), judged, str) == {"sectors/garment"}


@pytest.mark.parametrize(
    ("before", "after", "changes"),
    [
        (("person:2000",), ("person:200",), ("2,000 → 200 people",)),
        (("person:2000",), ("person:2000",), ()),
        (("person:2000",), (), ()),
        ((), ("USD:1500.5",), ("now also 1,500.5 USD",)),
        (("place/dandong",), ("place/hunchun",), ("place: Dandong → Hunchun",)),
        (("place/dandong",), ("place/dandong", "place/hunchun"), ()),
        (("person/lin-jian",), ("person/mao-ning",), ("named: Lin Jian → Mao Ning",)),
        (("person/lin-jian",), ("person/lin-jian", "person/mao-ning"), ()),
    ],
)
def test_only_a_changed_fact_is_material(before: tuple[str, ...], after: tuple[str, ...], changes: tuple[str, ...]) -> None:
    assert material_changes(telling(1, "wire", *before), telling(1, "wire", *after)) == changes


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("China asked workers to leave", "China did not ask workers to leave"),
        ("중국, 노동자 귀국 요구", "중국, 노동자 귀국 요구 부인"),
        ("中国要求劳工回国", "中国否认要求劳工回国"),
        ("Китай потребовал вывезти рабочих", "Китай опроверг требование вывезти рабочих"),
    ],
)
def test_a_headline_that_now_denies_is_material(before: str, after: str) -> None:
    assert material_changes(telling(title=before), telling(title=after))


def test_figures_are_written_for_people() -> None:
    assert figure_words("person:50000-100000") == "50,000-100,000 people"
    assert figure_words("USD:3000000") == "3,000,000 USD"


@pytest.mark.parametrize(
    ("before", "after", "changes"),
    [
        ("They left on July 9 by train.", "They left on July 8 by train.", ("date: July 9 → July 8",)),
        ("7월 9일 떠났다", "7월 8일 떠났다", ("date: 7월 9일 → 7월 8일",)),
        ("They left on July 9.", "They left on July 9. They came on May 2.", ()),
        ("They left.", "This article has been withdrawn.", ("the page was withdrawn",)),
    ],
)
def test_a_changed_date_or_a_withdrawn_page_is_material(before: str, after: str, changes: tuple[str, ...]) -> None:
    assert material_changes(replace(telling(), text=before), replace(telling(), text=after)) == changes


@pytest.mark.parametrize(
    ("title", "marked"),
    [
        ("(LEAD) Seoul returns remains of soldiers", True),
        ("(2nd LD) Seoul returns remains of soldiers", True),
        ("UPDATE 2-Tanker seized off Nampo", True),
        ("북한 노동자 귀국 [종합2보]", True),
        ("Leaders meet in Pyongyang", False),
        ("Updated rules for visas take effect", False),
    ],
)
def test_headlines_marked_as_updates_are_told_from_others(title: str, marked: bool) -> None:
    assert ("update" in cues_of(title, "")) is marked


def test_two_long_texts_of_one_newsroom_are_two_reports_but_for_an_update() -> None:
    one, other = (telling(number, "agency", "place/dandong", title="inspects training base", full="", long="") for number in (1, 2))
    apart = likeness(one, other).probability
    marked = replace(other, traits=replace(other.traits, cues=other.traits.cues | {"update"}))
    assert apart < TOUCH < JOIN < likeness(one, marked).probability


def test_meaning_is_asked_only_across_languages() -> None:
    one, other = (replace(telling(number), traits=Traits(meaning=(200, 200))) for number in (1, 2))
    names = [{part.name for part in likeness(one, each).parts} for each in (other, replace(other, language="ko"))]
    assert ["meaning" in found for found in names] == [False, True]

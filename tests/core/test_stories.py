"""One event is one story in any language; look-alikes stay apart."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from aggregator.core.revisions import figure_words, material_changes
from aggregator.core.stories import place, story_concepts
from aggregator.models import Evidence, Fact, Judgement, Reason, Role
from aggregator.records import StorySketch, Telling

AT = datetime(2026, 5, 3, 12, tzinfo=UTC)
TOPIC_WORDS = frozenset({"overseas_workers/worker", "country_anchor/north_korea"})


def telling(article_id: int = 1, family: str = "wire", *concepts: str, language: str = "en", text: str = "", title: str = "") -> Telling:
    return Telling(
        article_id=article_id,
        seq=article_id,
        feed_id=f"{family}-feed",
        outlet=family.title(),
        family=family,
        language=language,
        title=title,
        text=text,
        text_hash=str(article_id),
        told_at=AT,
        concepts=TOPIC_WORDS | set(concepts),
    )


def story(*members: Telling, story_id: int = 10) -> StorySketch:
    roles = [replace(member, role=Role.ORIGIN if not position else Role.INDEPENDENT) for position, member in enumerate(members)]
    return StorySketch(story_id=story_id, version=1, lead_article_id=members[0].article_id, members=tuple(roles))


DANDONG = telling(1, "wire", "place/dandong", "person:300")


@pytest.mark.parametrize(
    ("concepts", "joins"),
    [
        (("place/dandong", "person:300"), True),
        (("place/dandong", "outlet/wire"), True),
        (("place/hunchun", "person:300"), False),
        (("place/dandong", "person:500"), False),
        (("place/dandong",), False),
        (("person:300",), False),
        ((), False),
    ],
)
def test_shared_discriminators_decide_and_topic_words_weigh_nothing(concepts: tuple[str, ...], joins: bool) -> None:
    placement = place(telling(2, "paper", *concepts, language="ko"), (), [story(DANDONG)])
    assert (placement.story_id == 10) is joins


def test_a_month_apart_is_another_event() -> None:
    late = replace(telling(2, "paper", "place/dandong", "person:300"), told_at=AT + timedelta(days=30))
    assert place(late, (), [story(DANDONG)]).event == "opened"


def test_a_story_is_joined_by_its_average_never_by_a_chain() -> None:
    far = [telling(number, f"paper{number}", "place/hunchun", "person:900") for number in range(3, 8)]
    assert place(telling(2, "paper", "place/dandong", "person:300"), (), [story(DANDONG, *far)]).event == "opened"


def test_one_newsroom_needs_more_than_place_and_figure() -> None:
    assert place(telling(2, "wire", "place/dandong", "person:300"), (), [story(DANDONG)]).event == "opened"


def test_the_best_story_wins() -> None:
    other = story(telling(3, "agency", "place/dandong", "person:300", "sectors/garment"), story_id=11)
    best = place(telling(2, "paper", "place/dandong", "person:300", "sectors/garment"), (), [story(DANDONG), other])
    assert best.story_id == 11


def test_who_cites_a_member_is_its_echo() -> None:
    placement = place(telling(2, "paper", "place/dandong", "person:300", "outlet/wire"), (), [story(DANDONG)])
    assert (placement.role, placement.echo_of) == (Role.ECHO, 1)


def test_who_cites_nobody_and_shares_no_sentences_is_independent() -> None:
    assert place(telling(2, "paper", "place/dandong", "person:300"), (), [story(DANDONG)]).role is Role.INDEPENDENT


def test_who_cites_an_outlet_outside_the_story_confirms_nothing() -> None:
    placement = place(telling(2, "paper", "place/dandong", "person:300", "outlet/agency"), (), [story(DANDONG)])
    assert (placement.role, placement.echo_of) == (Role.ECHO, None)


def test_another_edition_of_the_same_newsroom_confirms_nothing() -> None:
    placement = place(telling(2, "wire", "place/dandong", "person:300", language="ko"), (), [story(DANDONG)])
    assert placement.role is Role.ECHO


def test_the_same_sentences_are_an_echo() -> None:
    text = "A garment plant on the river let three hundred seamstresses go after the holidays, its manager told this paper on Monday."
    first = replace(DANDONG, text=text)
    placement = place(replace(telling(2, "paper"), text=f"{text} It gave no reason."), (), [story(first)])
    assert (placement.story_id, placement.role) == (10, Role.ECHO)


def test_an_echo_that_came_first_gives_the_lead_to_the_origin() -> None:
    echo = telling(2, "paper", "place/dandong", "person:300", "outlet/wire")
    opened = place(echo, (), [])
    assert opened.role is Role.ECHO
    sketch = StorySketch(story_id=10, version=1, lead_article_id=2, members=(replace(echo, role=Role.ECHO),))
    origin = place(DANDONG, (), [sketch])
    assert (origin.story_id, origin.role, origin.lead) == (10, Role.ORIGIN, True)


def test_the_same_words_elsewhere_are_a_copy_of_the_first() -> None:
    first = replace(DANDONG, story_id=10)
    placement = place(telling(2, "paper"), [first], [])
    assert (placement.story_id, placement.role, placement.copy_of) == (10, Role.COPY, 1)


def test_a_copy_that_names_its_source_gives_the_lead_to_the_source() -> None:
    copy = replace(telling(2, "paper", "place/dandong", "outlet/wire"), story_id=10, role=Role.ECHO)
    placement = place(DANDONG, [copy], [])
    assert (placement.role, placement.copy_of, placement.lead) == (Role.ORIGIN, 2, True)


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


def test_only_matched_topics_lend_their_words() -> None:
    evidence = Evidence(theme="sectors", concept="sectors/garment", strength="strong", field="text", start=0, end=1, quote="x")
    judged = [
        Judgement(topic="labour", matched=matched, score=1, evidence=(evidence,), reason=Reason(code="x")) for matched in (True, False)
    ]
    assert story_concepts((), judged[:1], str) == {"sectors/garment"}
    assert story_concepts((), judged[1:], str) == frozenset()


@pytest.mark.parametrize(
    ("before", "after", "changes"),
    [
        (("person:2000",), ("person:200",), ("2,000 → 200 people",)),
        (("person:2000",), ("person:2000",), ()),
        (("person:2000",), (), ()),
        ((), ("USD:1500.5",), ("now also 1,500.5 USD",)),
        (("place/dandong",), ("place/hunchun",), ("place: Dandong → Hunchun",)),
        (("place/dandong",), ("place/dandong", "place/hunchun"), ()),
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

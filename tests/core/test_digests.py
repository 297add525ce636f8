from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.core.digests import BELOW_SUBSCRIPTION, OTHER_LANGUAGE, OTHER_QUERY, Gathered, Window, compose
from aggregator.core.outcomes import NO_COUNTRY, NO_THEME
from aggregator.errors import AggregatorError
from aggregator.models import Digest, Evidence, Fact, FeedHealth, Judgement, Reason, Role, Schedule, SubscriptionSpec, TopicSpec
from aggregator.records import StoryMaterial, Telling, ToldArticle, WindowCounts

NOW = datetime(2026, 11, 21, 0, 0, tzinfo=UTC)
TOPICS = (
    TopicSpec(id="labour", name="Labour abroad", anchor="country", themes={}),
    TopicSpec(id="sanctions", name="Sanctions", anchor="country", themes={}),
)
SUBSCRIPTION = SubscriptionSpec(
    id="daily",
    name="Daily",
    channel="email",
    recipients=("a@example.org",),
    topics=("labour", "sanctions"),
    schedule=Schedule(every="day", time_zone=ZoneInfo("Asia/Seoul")),
)
LABELS = {("w/dispatch", "en"): "dispatched workers", ("w/dispatch", "ko"): "파견 노동자", ("a/country", "en"): "North Korea"}


def label(concept: str, language: str) -> str:
    return LABELS.get((concept, language), "")


def evidence(text: str, quote: str, concept: str = "w/dispatch", strength: str = "strong", field: str = "text") -> Evidence:
    start = text.index(quote) if quote in text else 0
    return Evidence(theme="w", concept=concept, strength=strength, field=field, start=start, end=start + len(quote), quote=quote)


def match(topic: str = "labour", score: float = 2.0, *found: Evidence, matched: bool = True) -> Judgement:
    return Judgement(topic=topic, matched=matched, score=score, evidence=found, reason=Reason(code="matched"))


def article(number: int, *judgements: Judgement, told: Mapping[str, Any] | None = None, figures: tuple[str, ...] = ()) -> ToldArticle:
    telling = Telling(
        article_id=number,
        seq=number,
        feed_id="f",
        outlet=f"Outlet {number}",
        family="x",
        language="en",
        title=f"Title {number}",
        text="",
        text_hash="",
        told_at=NOW - timedelta(hours=10) + timedelta(minutes=number),
        concepts=frozenset(),
        role=Role.ORIGIN,
    )
    return ToldArticle(
        telling=replace(telling, **(told or {})),
        url=f"https://example.org/{number}",
        judgements=judgements or (match(),),
        figures=tuple(Fact(kind="figure", concept=quote, field="text", start=0, end=0, quote=quote) for quote in figures),
        published_at=NOW - timedelta(hours=11),
        first_seen_at=NOW - timedelta(hours=10) + timedelta(minutes=number),
    )


def story(number: int, *articles: ToldArticle, **changed: Any) -> StoryMaterial:
    told = articles or (article(number),)
    material = StoryMaterial(
        story_id=number, version=1, told_version=None, lead_article_id=told[0].telling.article_id, changes=(), articles=told
    )
    return replace(material, **changed)


def digest(
    stories: Sequence[StoryMaterial], subscription: SubscriptionSpec = SUBSCRIPTION, counts: WindowCounts | None = None, through: int = 99
) -> Digest:
    matched = sum(len(one.articles) for one in stories)
    balanced = WindowCounts(seen=matched + 5, matched=matched, unmatched_by_reason={NO_COUNTRY: 3, NO_THEME: 2})
    feeds = (FeedHealth(feed_id="f", name="F", status="ok"),)
    gathered = Gathered(window=Window(0, through, NOW - timedelta(days=1)), stories=stories, counts=counts or balanced, feeds=feeds)
    return compose(subscription, TOPICS, gathered, label, NOW)


def test_a_digest_carries_its_window_and_its_reader() -> None:
    made = digest([story(1)])
    assert (made.after_seq, made.through_seq, made.since, made.decided_at) == (0, 99, NOW - timedelta(days=1), NOW)
    assert (made.kind, made.time_zone, made.language, made.name) == ("digest", "Asia/Seoul", "en", "Daily")
    assert list(made.topic_names.items()) == [("labour", "Labour abroad"), ("sanctions", "Sanctions")]


def test_an_immediate_subscription_gets_an_alert() -> None:
    assert digest([story(1)], replace(SUBSCRIPTION, schedule=Schedule(every="immediate"))).kind == "alert"


@pytest.mark.parametrize(("told_version", "kind", "changes"), [(None, "new", ()), (1, "update", ("2,000 → 200 people",))])
def test_a_story_never_told_is_new_and_shows_no_changes(told_version: int | None, kind: str, changes: tuple[str, ...]) -> None:
    item = digest([story(1, version=2, told_version=told_version, changes=("2,000 → 200 people",))]).items[0]
    assert (item.kind, item.changes, item.version) == (kind, changes, 2)


@pytest.mark.parametrize(
    ("tellings", "lead", "expected"),
    [
        ([{"role": Role.ECHO}, {"role": Role.ORIGIN}], 1, 2),
        ([{"role": Role.COPY}, {"role": Role.ECHO}], 1, 2),
        ([{"role": Role.UNKNOWN}, {"role": Role.INDEPENDENT}], 1, 2),
        ([{"language": "ko"}, {"role": Role.INDEPENDENT}], 1, 2),
        ([{"language": "ko"}, {"role": Role.ECHO}], 1, 1),
        ([{"role": Role.INDEPENDENT}, {"role": Role.ORIGIN}], 1, 1),
        ([{"role": Role.INDEPENDENT}, {"role": Role.ORIGIN}], 9, 2),
        ([{}, {}], 2, 2),
        ([{"language": "ko"}, {"language": "en-GB"}], 1, 2),
    ],
)
def test_the_best_witness_gives_the_headline(tellings: list[dict[str, Any]], lead: int, expected: int) -> None:
    articles = [article(number, told=told) for number, told in enumerate(tellings, 1)]
    item = digest([story(1, *articles, lead_article_id=lead)]).items[0]
    assert (item.headline, item.url) == (f"Title {expected}", f"https://example.org/{expected}")


def test_a_query_beside_topics_narrows_them_and_the_books_still_balance() -> None:
    narrowed = replace(SUBSCRIPTION, query="title:Dandong")
    both, topic_only, query_only = (
        article(1, match("labour", 2.0), match("daily.query", 1.0)),
        article(2, match("labour")),
        article(3, match("daily.query")),
    )
    made = digest([story(1, both), story(2, topic_only), story(3, query_only)], narrowed)
    assert [(item.story_id, item.topics, item.score) for item in made.items] == [(1, ("labour",), 2.0)]
    assert made.coverage.unmatched_by_reason[OTHER_QUERY] == 2
    assert list(made.topic_names) == ["labour", "sanctions"]


def test_one_article_must_meet_both_the_topic_and_the_query() -> None:
    narrowed = replace(SUBSCRIPTION, query="title:Dandong")
    assert not digest([story(1, article(1, match("labour")), article(2, match("daily.query")))], narrowed).items


def test_a_query_alone_takes_the_place_of_topics() -> None:
    alone = replace(SUBSCRIPTION, topics=(), query="title:Dandong")
    made = digest([story(1, article(1, match("daily.query", 1.0)))], alone)
    assert [item.topics for item in made.items] == [("daily.query",)]
    assert not digest([story(1, article(1, match("labour")))], alone).items


def test_an_article_that_no_topic_matched_does_not_speak_for_the_story() -> None:
    other = article(1, match("labour", matched=False), match("elsewhere"))
    assert digest([story(1, other, article(2, told={"role": Role.ECHO}))]).items[0].headline == "Title 2"


def test_an_empty_title_falls_back_to_the_link() -> None:
    assert digest([story(1, article(1, told={"title": " \n "}))]).items[0].headline == "https://example.org/1"


def test_the_outlets_name_their_roles_lead_first() -> None:
    articles = (
        article(1, told={"role": Role.ECHO, "echo_of": 3}),
        article(2, told={"role": Role.COPY}),
        article(3, told={"language": "ko"}),
        article(4, told={"role": Role.INDEPENDENT, "language": "en"}),
        article(5, told={"role": Role.ECHO, "echo_of": 77}),
    )
    outlets = digest([story(1, *articles)]).items[0].outlets
    assert [(outlet.name, outlet.role, outlet.echo_of) for outlet in outlets] == [
        ("Outlet 4", Role.INDEPENDENT, None),
        ("Outlet 3", Role.ORIGIN, None),
        ("Outlet 1", Role.ECHO, "Outlet 3"),
        ("Outlet 5", Role.ECHO, None),
        ("Outlet 2", Role.COPY, None),
    ]


def test_three_figures_are_shown_the_leads_first_and_each_once() -> None:
    articles = (article(1, told={"role": Role.ECHO}, figures=("10 people", "3 years")), article(2, figures=("2,000 people", "10 people")))
    assert digest([story(1, *articles)]).items[0].facts == ("2,000 people", "10 people", "3 years")


def test_the_first_sight_of_a_story_is_that_of_its_first_article() -> None:
    assert digest([story(1, article(5, told={"role": Role.ECHO}), article(9))]).items[0].first_seen_at == article(5).first_seen_at


# --- why and excerpt


def test_the_reason_names_topic_concepts_and_words() -> None:
    text = "Dispatched workers from North Korea. Dispatched  workers; sent workers."
    found = (
        evidence(text, "North Korea", "a/country", "anchor"),
        evidence(text, "Dispatched workers"),
        evidence(text, "dispatched  workers"),
        evidence(text, "sent workers"),
    )
    item = digest([story(1, article(1, match("labour", 2.0, *found), told={"text": text}))]).items[0]
    assert item.why == ("Labour abroad: dispatched workers (“Dispatched workers”, “sent workers”), North Korea (“North Korea”)",)


def test_labels_come_in_the_readers_language_and_fall_back_to_the_concept() -> None:
    found = (evidence("", "파견"), evidence("", "자금", "funds/loyalty_fund"))
    item = digest([story(1, article(1, match("labour", 2.0, *found)))], replace(SUBSCRIPTION, language="ko")).items[0]
    assert item.why == ("Labour abroad: 파견 노동자 (“파견”), loyalty fund (“자금”)",)


def test_many_concepts_are_counted() -> None:
    found = tuple(evidence("", f"w{index}", f"t/c{index}") for index in range(7))
    assert digest([story(1, article(1, match("labour", 2.0, *found)))]).items[0].why[0].endswith("c3 (“w3”) and 3 more")


def test_a_match_without_evidence_still_names_its_topic() -> None:
    assert digest([story(1)]).items[0].why == ("Labour abroad",)


def test_the_excerpt_marks_the_matched_words() -> None:
    text = "Far away things. " * 50 + "They sent dispatched\nworkers home. " + "More. " * 90
    found = evidence(text, "dispatched\nworkers")
    item = digest([story(1, article(1, match("labour", 2.0, found), told={"text": text}))]).items[0]
    assert [item.excerpt[start:end] for start, end in item.excerpt_marks] == ["dispatched workers"]
    assert len(item.excerpt) <= 300


@pytest.mark.parametrize(
    "found",
    [
        evidence("", "visas", field="title"),
        Evidence(theme="w", concept="c", strength="strong", field="text", start=0, end=5, quote="other"),
        Evidence(theme="w", concept="c", strength="strong", field="text", start=500, end=900, quote=""),
    ],
)
def test_evidence_of_another_text_marks_nothing(found: Evidence) -> None:
    item = digest([story(1, article(1, match("labour", 2.0, found), told={"text": "Some visas expired."}))]).items[0]
    assert (item.excerpt, item.excerpt_marks) == ("Some visas expired.", ())


# --- order and topics


def test_a_story_of_two_topics_is_told_once_under_the_first() -> None:
    both = article(1, match("sanctions", 9.0), match("labour", 1.0))
    items = digest([story(1, both)]).items
    assert [item.topics for item in items] == [("labour", "sanctions")]
    assert items[0].why == ("Labour abroad", "Sanctions")
    assert items[0].score == 9.0


def test_topics_that_only_another_article_matched_count_for_the_story() -> None:
    item = digest([story(1, article(1), article(2, match("sanctions", 5.0), told={"role": Role.ECHO}))]).items[0]
    assert item.topics == ("labour", "sanctions")


def test_stories_come_by_topic_then_score_then_first_sight() -> None:
    stories = [
        story(1, article(1, match("sanctions", 9.0))),
        story(2, article(2, match("labour", 1.0))),
        story(4, article(4, match("labour", 3.0)), told_version=1),
        story(3, article(3, match("labour", 3.0))),
    ]
    assert [item.story_id for item in digest(stories).items] == [3, 4, 2, 1]


# --- the books


def test_the_books_balance() -> None:
    coverage = digest([story(1, article(1), article(2, told={"role": Role.ECHO})), story(3)]).coverage
    assert (coverage.seen, coverage.unmatched, coverage.matched, coverage.folded, coverage.told) == (8, 5, 3, 1, 2)
    assert coverage.unmatched_by_reason == {NO_COUNTRY: 3, NO_THEME: 2}
    assert [feed.feed_id for feed in coverage.feeds] == ["f"]


def test_an_empty_window_balances_too() -> None:
    coverage = digest([], counts=WindowCounts(seen=0, matched=0, unmatched_by_reason={})).coverage
    assert (coverage.seen, coverage.told, coverage.folded) == (0, 0, 0)


@pytest.mark.parametrize(
    "counts",
    [
        WindowCounts(seen=9, matched=1, unmatched_by_reason={NO_THEME: 5}),
        WindowCounts(seen=5, matched=0, unmatched_by_reason={NO_THEME: 5}),
        WindowCounts(seen=1, matched=2, unmatched_by_reason={NO_THEME: -1}),
    ],
)
def test_books_that_do_not_balance_are_refused(counts: WindowCounts) -> None:
    with pytest.raises(AggregatorError, match="window 0 to 99 do not balance"):
        digest([story(1)], counts=counts)


@pytest.mark.parametrize(("changed", "reason"), [({"threshold": 2.5}, BELOW_SUBSCRIPTION), ({"languages": ("ko", "ja")}, OTHER_LANGUAGE)])
def test_a_story_the_subscription_does_not_want_counts_as_unmatched(changed: dict[str, Any], reason: str) -> None:
    weak = story(1, article(1), article(2))
    wanted = story(3, article(3, match("labour", 4.0), told={"language": "ko-KR"}))
    made = digest([weak, wanted], replace(SUBSCRIPTION, **changed))
    assert [item.story_id for item in made.items] == [3]
    assert made.coverage.unmatched_by_reason[reason] == 2
    assert (made.coverage.unmatched, made.coverage.matched, made.coverage.folded) == (7, 1, 0)


def test_a_story_held_back_whose_article_changed_after_the_window_leaves_the_books_balanced() -> None:
    made = digest([story(1, article(150)), story(2, article(2, match("labour", 4.0)))], replace(SUBSCRIPTION, threshold=3.0))
    assert (made.coverage.unmatched, made.coverage.matched, made.coverage.folded, made.coverage.told) == (5, 2, 1, 1)


@given(st.lists(st.tuples(st.integers(1, 4), st.floats(0, 5), st.sampled_from(["en", "ko"])), max_size=8), st.floats(0, 5), st.booleans())
def test_the_books_balance_whatever_is_held_back(stories: list[tuple[int, float, str]], threshold: float, korean: bool) -> None:
    made = []
    for index, (articles, score, language) in enumerate(stories):
        numbers = range(index * 10 + 1, index * 10 + 1 + articles)
        made.append(story(index, *(article(number, match("labour", score), told={"language": language}) for number in numbers)))
    coverage = digest(made, replace(SUBSCRIPTION, threshold=threshold, languages=("ko",) if korean else ())).coverage
    assert coverage.seen == coverage.unmatched + coverage.matched
    assert coverage.matched == coverage.folded + coverage.told
    assert coverage.unmatched == sum(coverage.unmatched_by_reason.values())
    assert coverage.folded >= 0

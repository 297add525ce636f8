"""What must hold of every query and every text."""

import random
from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from aggregator.matching import Judge, compile_query
from aggregator.matching.packs import assemble, read_pack
from tests.matching.reference import Reference, Text
from tests.matching.topics import FEED, JUDGE, article

PACKS = assemble(
    [
        read_pack(
            "work.yaml",
            """
theme: work
label: {en: work}
concepts:
  people: {label: {en: people}, strong: {en: ["worker*", crew]}, weak: {en: [staff]}}
  pay: {label: {en: pay}, strong: {en: [wages, loyalty fund]}}
""",
        ),
        read_pack(
            "land.yaml", "{theme: land, label: {en: land}, concepts: {north: {label: {en: n}, strong: {en: ['korea*'], ko: [노동]}}}}"
        ),
    ]
)
WORDS = ["worker", "workers", "crew", "staff", "wages", "loyalty", "fund", "korea", "koreans", "visa", "rain", "노동", "the"]
MENTIONS = [
    "visa",
    "worker*",
    "korea*",
    "fund",
    '"loyalty fund"',
    "노동",
    "@work/people",
    "@work/people~",
    "@work/pay",
    "@land/north",
    '"the worker*"',
]

sentences = st.lists(st.sampled_from(WORDS), min_size=1, max_size=5).map(tuple)
texts = st.builds(
    Text,
    st.lists(st.sampled_from(WORDS), max_size=4).map(tuple),
    st.lists(st.lists(sentences, min_size=1, max_size=3).map(tuple), max_size=3).map(tuple),
)


def _mentions(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    pair = st.tuples(inner, inner)
    return st.one_of(
        pair.map(lambda two: f"({two[0]} OR {two[1]})"),
        st.tuples(pair, st.integers(0, 4)).map(lambda near: f"({near[0][0]} NEAR/{near[1]} {near[0][1]})"),
        pair.map(lambda two: f"({two[0]} WITH {two[1]})"),
        st.tuples(pair, st.sampled_from(["", "/PARAGRAPH"])).map(lambda one: f"({one[0][0]} UNLESS{one[1]} {one[0][1]})"),
        st.tuples(inner, st.sampled_from(MENTIONS)).map(lambda two: f"({two[0]} EXCEPT {two[1]})"),
        inner.map(lambda one: f"title:{one}"),
        st.tuples(st.integers(1, 8), inner).map(lambda one: f"first:{one[0]} {one[1]}"),
    )


def _queries(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    pair = st.tuples(inner, inner)
    return st.one_of(
        pair.map(lambda two: f"({two[0]} AND {two[1]})"),
        pair.map(lambda two: f"({two[0]} OR {two[1]})"),
        inner.map(lambda one: f"(NOT {one})"),
        inner.map(lambda one: f"SENTENCE({one})"),
        inner.map(lambda one: f"PARAGRAPH({one})"),
        inner.map(lambda one: f"title:({one})"),
        st.tuples(st.sampled_from(MENTIONS), inner).map(lambda two: f"({two[0]} WITH {two[1]})"),
    )


mentions = st.recursive(st.sampled_from(MENTIONS), _mentions, max_leaves=4)
counted = st.tuples(st.integers(1, 3), mentions).map(lambda one: f"AT LEAST {one[0]} {one[1]}")
queries = st.recursive(st.one_of(mentions, counted, st.sampled_from(["language:ko", "language:en"])), _queries, max_leaves=6)
scores = st.lists(
    st.tuples(st.sampled_from(["0.5", "1", "-0.5", "0.25"]), mentions.filter(lambda one: one.startswith("("))), min_size=1, max_size=3
).map(lambda parts: "SCORE >= 0.5 (1 @work/people, " + ", ".join(f"{weight} {one}" for weight, one in parts) + ")")


def judged(judge: Judge, text: Text, language: str = "en") -> bool:
    (judgement,) = judge.judge(replace(article(*text.written()), language=language))
    return judgement.matched


@settings(max_examples=400, deadline=None)
@given(queries | scores, st.lists(texts, min_size=1, max_size=3), st.sampled_from(["en", "ko"]))
def test_evaluator_equals_the_slow_and_obvious_one(query: str, several: list[Text], language: str) -> None:
    judge = compile_query(query, PACKS)
    for text in several:
        assert judged(judge, text, language) == Reference(text, language).matches(query), (query, text.written())


@settings(max_examples=300, deadline=None)
@given(queries, texts, sentences, st.booleans())
def test_another_sentence_never_removes_a_match_without_not(query: str, text: Text, words: tuple[str, ...], first: bool) -> None:
    takes_away = any(word in query for word in ("NOT", "UNLESS", "EXCEPT", *(("first:",) if first else ())))
    judge = compile_query(query, PACKS)
    if takes_away or not judged(judge, text):
        return
    paragraph = ((words,),)
    longer = Text(text.title, paragraph + text.paragraphs if first else text.paragraphs + paragraph)
    assert judged(judge, longer), (query, text.written(), longer.written())


@settings(max_examples=100, deadline=None)
@given(queries | scores, texts)
def test_evidence_gives_back_the_original_characters(query: str, text: Text) -> None:
    title, body = text.written()
    for judgement in compile_query(query, PACKS).explain(article(title, body)):
        for evidence in judgement.evidence:
            source = title if evidence.field == "title" else body
            assert source[evidence.start : evidence.end] == evidence.quote != ""
        assert judgement.reason.detail


TOPIC_WORDS = [
    "North Korean workers",
    "Pyongyang",
    "sanctions",
    "북한",
    "노동자 파견",
    "制裁",
    "朝鲜劳工",
    "visas",
    "loyalty fund",
    "санкции",
    "КНДР",
]


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.sampled_from(TOPIC_WORDS), min_size=1, max_size=6), st.sampled_from(["It rained.", "비가 왔다.", "下雨了。", "Шёл дождь."])
)
def test_an_unrelated_sentence_at_the_end_changes_no_topic(words: list[str], sentence: str) -> None:
    text = " ".join(words) + "."
    before = [(one.matched, one.score) for one in JUDGE.judge(article("News", text))]
    assert [(one.matched, one.score) for one in JUDGE.judge(article("News", f"{text} {sentence}"))] == before


def test_every_operator_is_linear_in_the_text() -> None:
    """Count the steps of the evaluator instead of the time: ten times the text, about ten times the steps."""
    from sys import setprofile

    query = (
        "SENTENCE(@work/people AND (@land/north NEAR/3 wages)) AND PARAGRAPH(AT LEAST 2 worker* AND NOT visa) "
        "AND (worker* WITH (@land/north AND NOT fund)) AND (crew UNLESS/PARAGRAPH visa EXCEPT staff) AND SENTENCE(NOT worker*)"
    )
    judge = compile_query(query, PACKS)
    chance = random.Random(1)
    steps: list[int] = []
    for length in (300, 3000):
        text = Text(("korea",), tuple(tuple(tuple(chance.choices(WORDS, k=6)) for _ in range(3)) for _ in range(length // 18)))
        subject = article(*text.written())
        count = 0

        def step(frame: object, event: str, argument: object) -> None:
            nonlocal count
            count += 1

        setprofile(step)
        try:
            judge.explain(subject)
        finally:
            setprofile(None)
        steps.append(count)
    assert steps[1] < 15 * steps[0]


def test_assumed_country_and_properties_of_the_feed() -> None:
    feed = replace(FEED, assume_country=True, publisher_class="agency", id="yonhap-en")
    query = '"loyalty fund" WITH (@land/north OR assumed:country) AND class:agency AND source:yonhap-en AND language:en'
    judge = compile_query(query, PACKS)
    assert judge.judge(article("The loyalty fund", feed=feed))[0].matched
    assert not judge.judge(article("The loyalty fund", feed=replace(feed, assume_country=False)))[0].matched
    assert not judge.judge(article("The loyalty fund", feed=replace(feed, publisher_class="paper")))[0].matched

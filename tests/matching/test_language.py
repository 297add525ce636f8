"""The topic language: what it reads, and forty queries that break off, each with its place (▸) and a word of the message."""

from collections.abc import Callable
from pathlib import Path

import pytest

from aggregator.errors import ConfigurationError
from aggregator.feedfile import load_configuration
from aggregator.matching import QueryError, as_query, check_query, compile_query, compile_topics
from aggregator.matching.language import parse
from aggregator.matching.mistakes import LONGEST_QUERY
from aggregator.matching.query import And, Near, Not, Or, Score, Word
from aggregator.models import TopicSpec
from tests.matching.topics import JUDGE, LABOUR, PACKS, SANCTIONS, article

NAMES = {*PACKS.themes, *(concept.id for pack in PACKS.themes.values() for concept in pack.concepts.values())}
SOURCES = {"dailynk-en", "yonhap"}

BROKEN = [
    ("▸", "the query is empty"),
    ("▸# only a remark", "the query is empty"),
    ("visa* AND▸", "breaks off"),
    ("▸AND visa*", "'AND' is unexpected"),
    ("visa* ▸OR", "breaks off"),
    ("visa* OR ▸OR permit*", "'OR' is unexpected"),
    ("visa* ▸permit*", "an operator is missing before 'permit*'"),
    ("visa* ▸and permit*", "written in capitals: AND"),
    ("NOT▸", "breaks off"),
    ("▸(visa* OR permit*", "never closed"),
    ("visa* OR permit*▸)", "never opened"),
    ("visa* AND (▸)", "')' is unexpected"),
    ('▸"ship to ship', "never closed in its line"),
    ('visa* ▸"work permit"', "an operator is missing before this phrase"),
    ('visa* OR ▸""', "nothing stands between the quotes"),
    ('visa* OR ▸"(a|b"', "a bracket is not closed"),
    ("▸*", "no term"),
    ("visa* ▸NEAR permit*", "NEAR needs its number"),
    ("visa* ▸NEAR/x permit*", "NEAR needs its number"),
    ("visa* ▸NEAR/500 permit*", "too far"),
    ("(NOT visa*) ▸NEAR/5 permit*", "NEAR works on words"),
    ("SENTENCE ▸visa*", "unexpected"),
    ("SENTENCE(▸)", "unexpected"),
    ("▸AT LEAST visa*", "needs its number"),
    ("▸AT LEAST 0 visa*", "mean nothing"),
    ("▸AT LEAST 2 language:ko", "AT LEAST works on words"),
    ("▸titel:visa*", "did you mean title:?"),
    ("▸Title:visa*", "written small: title:"),
    ("▸language: ko", "right behind the colon"),
    ("▸language:kor", "no language"),
    ("▸class:agancy", "did you mean agency?"),
    ("▸source:dailynk", "did you mean dailynk-en?"),
    ("▸assumed:visa", "nothing is assumed"),
    ("▸first:many visa*", "first: needs a number"),
    ("visa* AND ▸@overseas_wrokers", "did you mean @overseas_workers?"),
    ("visa* AND ▸@overseas_workers/werker", "did you mean @overseas_workers/worker?"),
    ("visa* AND ▸@Overseas", "small letters"),
    ("visa* ▸WITH/WORD permit*", "SENTENCE or PARAGRAPH"),
    ("language:ko ▸NEAR/3 visa*", "NEAR works on words"),
    ("visa* EXCEPT ▸language:ko", "EXCEPT works on words"),
    ("SCORE▸", "breaks off"),
    ("SCORE ▸> 1 (1 visa*)", "unexpected"),
    ("SCORE >= ▸(1 visa*)", "unexpected"),
    ("SCORE >= 1 (▸visa*)", "unexpected"),
    ("SCORE >= 1 (1 visa* ▸2 permit*)", "unexpected"),
    ("SCORE >= 1 (▸5000 visa*)", "out of range"),
    ("SCORE >= 1 (1 visa*) NEEDS ▸@sectors", "unexpected"),
    ("SCORE >= 1 (1 visa*) NEEDS (▸@sectrs)", "did you mean @sectors?"),
    ("SENTENCE(▸SCORE >= 1 (1 visa*))", "SCORE weighs a whole article"),
    ("visa* ▸| permit*", "unexpected"),
    ("visa* OR permit*\nAND\n  ▸OR quota*", "unexpected"),
]


def error_of(marked: str) -> QueryError:
    with pytest.raises(QueryError) as caught:
        check_query(marked.replace("▸", ""), NAMES, SOURCES)
    return caught.value


def spot_in(marked: str) -> tuple[int, int]:
    before = marked.partition("▸")[0]
    line = before.count("\n") + 1
    return line, len(before) - before.rfind("\n")


@pytest.mark.parametrize(("marked", "word"), BROKEN)
def test_trap_an_invalid_rule_is_silently_ignored(marked: str, word: str) -> None:
    error = error_of(marked)
    # What breaks off is told at the end of what is there.
    expected = spot_in(marked.replace(" ▸OR", " OR▸") if marked.endswith("▸OR") else marked)
    assert word in error.message
    assert (error.spot.line, error.spot.column) == expected
    assert error.expected


def test_there_are_forty_of_them() -> None:
    assert len({marked for marked, _ in BROKEN}) >= 40


FILE = """\
feeds:
  - {id: dailynk-en, name: Daily NK, publisher: Daily NK, family: yonhap, url: "https://dailynk.example/feed"}
topics:
  - id: visas
    name: Visas
    query: %s
"""
STYLES: dict[str, Callable[[str], str]] = {
    "block": lambda query: "|\n" + "".join(f"      {line}\n" for line in query.split("\n")),
    "folded": lambda query: ">-\n" + "".join(f"        {line}\n" for line in query.split("\n")),
    "single quotes": lambda query: "'" + query.replace("'", "''") + "'",
    "double quotes": lambda query: '"' + query.replace('"', '\\"') + '"',
}


@pytest.mark.parametrize("style", STYLES)
def test_mistake_in_a_file_points_into_the_file(style: str, tmp_path: Path) -> None:
    for marked, word in BROKEN:
        query = marked.replace("▸", "")
        if not query.strip() or (query.startswith("#") and style == "folded") or ("\n" in query and style != "block"):
            continue
        error = error_of(marked)
        before = "\n".join(query.split("\n")[: error.spot.line - 1])
        path = tmp_path / "feeds.yaml"
        text = FILE % STYLES[style](query)
        path.write_text(text, encoding="utf-8")
        with pytest.raises(ConfigurationError) as caught:
            load_configuration(path, NAMES)
        problem = next(problem for problem in caught.value.problems if problem.key == "topics[0].query")
        assert word in problem.message
        line = text.split("\n")[problem.line - 1]
        rest = query[len(before) + error.spot.column - 1 + (error.spot.line > 1) :].split("\n")[0]
        pointed = line[problem.column - 1 :].replace("\\", "")
        assert pointed.startswith(rest[:12]) or not rest.strip(), (marked, line, problem)


def test_query_and_themes_are_two_ways_to_say_one_thing(tmp_path: Path) -> None:
    path = tmp_path / "feeds.yaml"
    for extra, word in (("    anchor: country_anchor\n", "two ways"), ("", None)):
        path.write_text(FILE % "visa*\n" + extra, encoding="utf-8")
        if word is None:
            assert load_configuration(path, NAMES).topics[0].query == "visa*"
            continue
        with pytest.raises(ConfigurationError, match=word):
            load_configuration(path, NAMES)
    path.write_text(FILE.replace("    query: %s\n", ""), encoding="utf-8")
    with pytest.raises(ConfigurationError) as caught:
        load_configuration(path, NAMES)
    assert {problem.key for problem in caught.value.problems} == {"topics[0].anchor", "topics[0].themes"}


def test_and_binds_closer_than_or() -> None:
    assert parse("a OR b AND c") == Or((Word("a"), And((Word("b"), Word("c")))))
    assert parse("NOT a AND b") == And((Not(Word("a")), Word("b")))
    assert parse("a NEAR/3 b OR c") == Or((Near(Word("a"), Word("b"), 3), Word("c")))


def test_words_that_only_begin_like_operators_are_terms() -> None:
    assert parse("ANDES OR NOTE") == Or((Word("ANDES"), Word("NOTE")))


def test_query_that_is_too_long_or_too_deep_is_refused() -> None:
    for query in ("a OR " * LONGEST_QUERY + "a", "(" * 60 + "a" + ")" * 60, "NOT " * 200 + "a", "a OR " * 2500 + "a"):
        with pytest.raises(QueryError):
            parse(query)


def test_themes_and_weights_are_short_for_a_query() -> None:
    assert isinstance(parse(as_query(LABOUR)), Score)
    written = [TopicSpec(id=topic.id, name=topic.name, query=as_query(topic)) for topic in (LABOUR, SANCTIONS)]
    again = compile_topics(written, PACKS)
    assert again.versions == JUDGE.versions
    for text in (*LABOUR.must_match, *SANCTIONS.must_match, *LABOUR.must_not_match):
        assert again.judge(article(text)) == JUDGE.judge(article(text))


def test_unreadable_query_of_a_topic_names_the_topic() -> None:
    with pytest.raises(ConfigurationError) as caught:
        compile_topics([TopicSpec(id="x", name="X", query="a AND\nAND b")], PACKS)
    (problem,) = caught.value.problems
    assert (problem.key, problem.line, problem.column) == ("topics.x.query", 2, 1)


def test_a_search_is_the_same_language() -> None:
    (judgement,) = compile_query('"loyalty fund" WITH @country_anchor', PACKS).judge(article("Pyongyang collects a loyalty fund"))
    assert judgement.matched
    assert [evidence.quote for evidence in judgement.evidence] == ["Pyongyang", "loyalty fund"]

import time

import pytest

from aggregator.enrich import STEPS, Enricher, article_of, enrich
from aggregator.models import Article, Entry, Fact
from tests.enrich.facts import article, feed, run

STORY = """<p>SEOUL, July 9 (Yonhap) -- About 200 North Korean workers left Dandong, according to NHK.</p>
<p>Resolution 2397 obliges China to send them home, Lin Jian was told.</p>"""


def test_steps_run_in_their_declared_order() -> None:
    assert [getattr(step, "__name__", "") for step in STEPS] == [
        "extract_text",
        "detect_language",
        "find_organisations",
        "find_places",
        "find_figures",
        "find_attribution",
        "find_unverified",
        "find_claims",
        "find_responses",
        "find_dates",
    ]


async def test_entry_becomes_an_article_with_all_its_facts() -> None:
    entry = Entry(id="1", url=None, title="(LD) 200 workers leave Dandong - Korea Herald", content=STORY, outlet="Korea Herald")
    told = await enrich(article_of(entry, feed("ko")))
    assert (told.title, told.language, told.missing) == ("200 workers leave Dandong", "en", ())
    assert {fact.concept for fact in told.facts if fact.kind not in ("attribution", "response", "date")} == {
        "place/dandong",
        "place/china",
        "person/lin-jian",
        "person:200",
        "resolution/2397",
        "outlet/yonhap",
        "outlet/nhk",
    }


@pytest.mark.parametrize(
    ("body", "title"),
    [
        ("<p>Two hundred workers left Dandong. They went home.</p>", "Two hundred workers left Dandong."),
        ("<p>북한 노동자 200명이 단둥을 떠나 집으로 돌아갔다。다음 문장</p>", "북한 노동자 200명이 단둥을 떠나 집으로 돌아갔다。"),
        ("<p>" + "workers " * 40 + "</p>", " ".join(["workers"] * 15) + "…"),
        ("", "https://a.example/1"),
    ],
)
def test_an_entry_without_a_title_goes_by_its_first_words_or_its_address(body: str, title: str) -> None:
    assert article_of(Entry(id="1", url="https://a.example/1", title="", summary=body), feed("en")).title == title


async def boom(one: Article) -> Article:
    raise RuntimeError("hostile text")


async def late(one: Article) -> Article:
    return Article(title=one.title + "!", text=one.text, feed=one.feed, missing=one.missing, facts=one.facts)


async def test_failing_step_is_named_and_the_article_goes_on() -> None:
    told = await enrich(article("text", title="Title"), steps=(boom, late))
    assert (told.title, told.missing) == ("Title!", ("boom",))


async def test_steps_keep_the_facts_that_are_there() -> None:
    fact = Fact(kind="place", concept="place/x", field="title", start=0, end=1, quote="T")
    told = await enrich(Article(title="T in Dandong", text="x", feed=feed(), facts=(fact,)))
    assert told.facts[0] == fact
    assert len(told.facts) == 2


async def test_enricher_names_a_cited_outlet_by_the_family_of_its_feed() -> None:
    enricher = Enricher([feed(publisher="Yonhap News", family="yna"), feed()])
    told = await enricher.enrich(Entry(id="1", url=None, title="t", summary="Yonhap reported, citing NHK"), feed())
    assert [fact.concept for fact in told.facts if fact.kind == "outlet"] == ["outlet/yna", "outlet/nhk"]
    assert enricher.level("place/dandong") == "city"


HOSTILE = {
    "digits": "1" * 1_000_000,
    "thousands": "1,111" * 200_000,
    "groups": "111 " * 250_000,
    "myriads": "万" * 1_000_000,
    "ranges": "1 to " * 200_000,
    "number words": "two hundred " * 80_000,
    "adjectives": "30 a-b " * 140_000,
    "abbreviations": "U.S. " * 200_000,
    "names": "Yonhap " * 140_000,
    "ideographic names": "韩联社" * 330_000,
    "Russian stems": "Северная " * 110_000,
    "datelines": "[서울=" * 200_000,
    "resolutions": "resolution 2397, " * 60_000,
    "dollars": "$1 " * 330_000,
    "sentence ends": '."' * 500_000,
    "non-BMP": "\U0001f600" * 500_000,
    "tags": "<p>x</p>" * 120_000,
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
def test_hostile_megabyte_costs_bounded_time(text: str) -> None:
    async def whole(one: Article) -> Article:
        return await enrich(article_of(Entry(id="1", url=None, title=text, content=text), one.feed))

    started = time.process_time()
    told = run(whole, article(""))
    assert time.process_time() - started < 8
    assert told.missing == ()
    assert len(told.facts) < 1000


def test_ordinary_article_takes_milliseconds() -> None:
    async def whole(one: Article) -> Article:
        return await enrich(article_of(Entry(id="1", url=None, title="t", content=STORY * 16), one.feed))

    run(whole, article(""))
    times = []
    for _ in range(5):
        started = time.process_time()
        run(whole, article(""))
        times.append(time.process_time() - started)
    assert min(times) < 0.05  # five times what it takes, for a busy machine

import asyncio

import pytest

from aggregator.enrich import enrich, facts_cut, facts_report
from tests.enrich.facts import article
from tests.enrich.test_facts import report


def test_more_facts_than_are_told_are_said_to_be_cut() -> None:
    whole = asyncio.run(enrich(article("There were 5 workers. " * 3)))
    assert facts_cut(whole) == []
    flood = asyncio.run(enrich(article("5 workers " * 20_000)))
    assert facts_cut(flood) == ["figures"]
    assert all(len(fact["sentence"]) <= 602 and "5 workers" in fact["sentence"] for fact in facts_report(flood)["figures"])


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("zh", "（首尔9日电）韩国政府说200名工人离开丹东。"),
        ("zh", "（首尔9日综合电）韩国政府说200名工人离开丹东。"),
        ("zh", "本报首尔7月9日电 200名工人离开丹东。"),
        ("ru", "Владивосток. 9 июля. ИНТЕРФАКС - Около 200 рабочих уехали в Даньдун."),
        ("ru", "Владивосток, 9 июля - РИА Новости. Около 200 рабочих уехали в Даньдун."),
    ],
)
def test_town_of_a_dateline_is_no_place_of_the_story(language: str, text: str) -> None:
    assert [place["id"] for place in report(text, language)["places"]] == ["dandong"]


@pytest.mark.parametrize(
    ("language", "text", "place"),
    [("zh", "北京9日电影节开幕。", "beijing"), ("ru", "Владивосток. 9 июля. Рабочие уехали.", "vladivostok")],
)
def test_what_only_looks_like_a_dateline_names_a_place(language: str, text: str, place: str) -> None:
    assert [found["id"] for found in report(text, language)["places"]] == [place]


def test_an_estimate_behind_what_it_counts_is_a_figure_of_it() -> None:
    (told,) = report("North Korean workers, estimated at between 90,000 and 100,000, remain.")["figures"]
    assert (told["low"], told["high"], told["unit"], told["what"]) == (90_000, 100_000, "person", "North Korean workers")
    assert report("The plant, estimated at 50,000 square meters, closed.")["figures"] == []


@pytest.mark.parametrize(
    ("language", "text", "period", "what"),
    [
        ("ko", "노동자들의 월급은 1인당 2천500위안이다.", "month", None),
        ("ko", "월급은 1인당 평균 2천500위안 수준이다.", "month", None),
        ("ko", "월급은 2천500위안으로 알려졌다.", "month", None),
        ("ja", "月給は2500元だという。", "month", None),
        ("ko", "이 중 200명이 떠났다.", None, None),
        ("ko", "훈춘의 공장 200명이 떠났다.", None, None),
        ("ko", "훈춘의 공장 노동자 200명이 떠났다.", None, "공장 노동자"),
    ],
)
def test_particles_and_places_are_not_what_is_counted(language: str, text: str, period: str | None, what: str | None) -> None:
    (told,) = report(text, language)["figures"]
    assert (told["period"], told["what"]) == (period, what)


def test_russian_about_reaches_past_a_preposition_and_nobody_knowing_is_an_answer() -> None:
    (told,) = report("Число рабочих оценивается примерно в сто тысяч человек.", "ru")["figures"]
    assert told["qualifier"] == "about"
    (answer,) = report("МИД КНР заявил, что ему ничего не известно.", "ru")["responses"]
    assert (answer["kind"], answer["who"]) == ("no_knowledge", "МИД КНР")

import asyncio
from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any

import pytest

from aggregator.enrich import enrich, facts_report
from aggregator.enrich.calendar import resolve
from aggregator.enrich.dating import DATED
from aggregator.enrich.folding import fold
from aggregator.models import Article
from tests.enrich.facts import feed
from tests.enrich.scoring import Score, sentences, sums, tally

PUBLISHED = datetime(2024, 7, 10, 3, tzinfo=UTC)


def report(text: str, language: str = "en", published: datetime | None = PUBLISHED) -> Mapping[str, list[dict[str, Any]]]:
    article = asyncio.run(enrich(Article(title="", text=text, feed=feed(language), language=language, published_at=published)))
    assert article.missing == ()
    return facts_report(article)


def labelled(row: Mapping[str, Any]) -> Mapping[str, list[dict[str, Any]]]:
    """Read a labelled sentence as one of a source that only reports on North Korea."""
    published = datetime.fromisoformat(row["published"]).replace(hour=3, tzinfo=UTC)
    source = feed(row["lang"], assume_country=True)
    article = asyncio.run(enrich(Article(title="", text=row["text"], feed=source, language=row["lang"], published_at=published)))
    assert article.missing == ()
    return facts_report(article)


def test_labelled_sentences_are_read_as_well_as_promised() -> None:
    for part, least in (
        ("open", 0.95),
        ("held", 0.9),
        ("second", 0.95),
        ("blind", 0.95),
        ("sealed", 0.95),
        ("fresh", 0.95),
        ("after", 0.9),
    ):
        totals = tally((row, labelled(row)) for row in sentences(part))
        everything = Score()
        for one in totals.values():
            everything.add(one)
        assert everything.precision >= least, everything.misses
        assert everything.recall >= least, everything.misses
        assert all(one.recall >= 0.85 for one in sums(totals, 0).values())


CREDITS = [
    ("en", "A trader in Dandong, who asked for no name, told the paper so.", "anonymous_inside_source"),
    ("en", "A second Chinese source confirmed that.", "anonymous_inside_source"),
    ("en", "A senior U.S. official said on Monday that talks go on.", "anonymous_official"),
    ("en", "Foreign minister Anna Smith said so.", "named_official"),
    ("en", "John Park, a professor at the university, said so.", "named_expert"),
    ("en", "According to the indictment, they were paid in cash.", "document"),
    ("en", "Commercial satellite imagery shows new barracks.", "satellite_imagery"),
    ("en", "The Rodong Sinmun reported it.", "state_media"),
    ("ko", "복수의 대북 소식통은 이렇게 전했다.", "anonymous_inside_source"),
    ("ko", "홍민 통일연구원 선임연구위원은 그렇게 분석했다.", "named_expert"),
    ("zh", "知情人士透露，工厂已停产。", "anonymous_inside_source"),
    ("ja", "複数の関係筋によると、工場は止まった。", "anonymous_inside_source"),
    ("ru", "Источник в Китае сообщил, что завод закрыт.", "anonymous_inside_source"),
    ("ko", "중국 기업 관계자는 주문이 끊겼다고 말했다.", "anonymous_inside_source"),
    ("ko", "한 어부는 배가 오지 않았다고 털어놨다.", "anonymous_inside_source"),
    ("ja", "水産会社の幹部は「人が足りない」と打ち明けた。", "anonymous_inside_source"),
    ("ja", "外務省の幹部は「承知していない」と述べた。", "anonymous_official"),
    ("zh", "一名泥瓦匠说，工钱没有发。", "anonymous_inside_source"),
    ("zh", "一名不愿透露姓名的海关人员说，车队已经过境。", "anonymous_official"),
    ("ru", "Об этом рассказал собеседник в полиции.", "anonymous_official"),
    ("ru", "Об этом рассказал бывший механик траулера.", "anonymous_inside_source"),
    ("en", "Two plumbers told the paper that nobody was paid.", "anonymous_inside_source"),
    ("en", "A customs officer who declined to be named spoke of two buses.", "anonymous_official"),
    ("en", "A draft of the report, seen by the paper, names four ships.", "document"),
]


@pytest.mark.parametrize(("language", "text", "kind"), CREDITS)
def test_source_is_told_by_its_kind(language: str, text: str, kind: str) -> None:
    assert kind in [fact["kind"] for fact in report(text, language)["attributions"]]


NO_LENGTHS = [
    ("ja", "建軍78年の行事が開かれた。"),
    ("ko", "건국 78년을 맞았다."),
    ("ru", "Съезд закрылся в 15 часов."),
    ("ru", "Приём с 9 до 17 часов."),
    ("zh", "卡车沿302国道行驶。"),
]


@pytest.mark.parametrize(("language", "text"), NO_LENGTHS)
def test_ages_of_states_clocks_and_roads_are_no_figures(language: str, text: str) -> None:
    assert report(text, language)["figures"] == []


SHADED = [
    ("ko", "노동자가 5천200명을 넘어 계속 늘었다.", 5200, "at_least", None),
    ("ja", "派遣は1万人を超えた。", 10000, "at_least", None),
    ("ru", "Объём превысил 52 млн долларов.", 52e6, "at_least", None),
    ("ko", "노동자 1인당 매달 300달러를 뗀다.", 300, None, "month"),
    ("en", "They get $800 the factory pays for each of them a month.", 800, None, "month"),
    ("en", "He got four and a half years.", 4.5, None, None),
    ("en", "Rice in Hyesan cost 9,800 won.", 9800, None, None),
]


@pytest.mark.parametrize(("language", "text", "low", "qualifier", "period"), SHADED)
def test_figure_takes_what_stands_behind_or_far_from_it(
    language: str, text: str, low: float, qualifier: str | None, period: str | None
) -> None:
    (figure,) = report(text, language)["figures"]
    assert (figure["low"], figure["qualifier"], figure["period"]) == (low, qualifier, period)


def test_won_of_a_northern_town_is_the_norths() -> None:
    assert [report(f"The rice in {town} cost 9,800 won.")["figures"][0]["unit"] for town in ("Hyesan", "Busan")] == ["KPW", "KRW"]


def test_half_a_character_keeps_no_fact_from_its_place() -> None:
    text = "Kim\ud800 and 340 welders\udfff left Vladivostok on March 3, the foreign ministry said."
    found = report(text)
    assert [text[one["start"] : one["end"]] for one in (*found["figures"], *found["places"], *found["dates"])] == [
        "340 welders",
        "Vladivostok",
        "March 3",
    ]


ANSWERS = [
    ("en", "The foreign ministry called the claims baseless.", "denied"),
    ("en", "Beijing neither confirmed nor denied it.", "declined"),
    ("en", 'The spokesman said he had "not heard about this."', "no_knowledge"),
    ("ko", "중국 외교부는 사실무근이라고 했다.", "denied"),
    ("zh", "外交部发言人表示不了解情况。", "no_knowledge"),
    ("ja", "大使館はコメントを控えた。", "declined"),
    ("ru", "МИД подтвердил эти сведения.", "confirmed"),
]


@pytest.mark.parametrize(("language", "text", "kind"), ANSWERS)
def test_official_answer_is_told_by_its_kind(language: str, text: str, kind: str) -> None:
    (answer,) = report(text, language)["responses"]
    assert answer["kind"] == kind
    assert answer["who"]


NO_ANSWERS = ["A second source confirmed that.", "I deny myself everything, he wrote.", "The worker denied himself food."]


@pytest.mark.parametrize("text", NO_ANSWERS)
def test_what_no_official_says_is_no_official_answer(text: str) -> None:
    assert report(text)["responses"] == []


DATES = [
    ("en", "on the 9th.", "2024-07-09", "day"),
    ("en", "next month on the 5th.", "2024-08-05", "day"),
    ("ko", "내달 5일 회담한다.", "2024-08-05", "day"),
    ("ja", "令和5年12月", "2023-12", "month"),
    ("ja", "令和元年", "2019", "year"),
    ("en", "on the 25th.", "2024-06-25", "day"),
    ("en", "August last year", "2023-08", "month"),
    ("en", "last August", "2023-08", "month"),
    ("en", "last week", "2024-07-01", "week"),
    ("en", "two weeks ago", "2024-06-26", "day"),
    ("en", "Dec. 15, 2012", "2012-12-15", "day"),
    ("en", "by the end of 2019", "2019-12", "month"),
    ("ko", "지난해 12월 5일", "2023-12-05", "day"),
    ("ko", "내년", "2025", "year"),
    ("ko", "지난 월요일", "2024-07-08", "day"),
    ("zh", "二零二四年", None, ""),
    ("zh", "今年3月5日", "2024-03-05", "day"),
    ("zh", "上周五", "2024-07-05", "day"),
    ("ja", "昨年12月", "2023-12", "month"),
    ("ja", "来月", "2024-08", "month"),
    ("ru", "в прошлый вторник", "2024-07-09", "day"),
    ("ru", "до конца 2019 года", "2019-12", "month"),
    ("en", "31 February 2024", None, ""),
]


@pytest.mark.parametrize(("language", "text", "value", "precision"), DATES)
def test_date_is_resolved_against_the_day_of_publication(language: str, text: str, value: str | None, precision: str) -> None:
    found = [resolve(phrase, date(2024, 7, 10), False) for phrase in DATED[language].find(fold(text))]
    assert [one for one in found if one] == ([(value, precision)] if value else [])


def test_relative_date_of_an_undated_article_has_no_value() -> None:
    (told,) = report("It happened last August.", published=None)["dates"]
    assert (told["value"], told["precision"]) == (None, "month")


PROVISIONS = [
    ("under paragraph 8 of Resolution 2397", "UNSCR 2397 para 8", False),
    ("UNSCR 2375, para. 17", "UNSCR 2375 para 17", False),
    ("under Executive Order 13810", "EO 13810", False),
    ("under CAATSA", "CAATSA", False),
    ("The U.N. required all member states to repatriate workers by the end of 2019.", "UNSCR 2397 para 8", True),
]


@pytest.mark.parametrize(("text", "name", "implied"), PROVISIONS)
def test_provision_is_cited_or_implied(text: str, name: str, implied: bool) -> None:
    (told,) = report(text)["provisions"]
    assert (told["id"], told["implied"]) == (name, implied)


def test_misprinted_resolution_is_flagged() -> None:
    (told,) = report("Resolution 2379 bans North Korean labour.")["provisions"]
    assert (told["id"], told["typo"], told["note"]) == ("UNSCR 2397", True, "printed as 2379, probably 2397")


def test_place_carries_its_coordinates() -> None:
    (told,) = report("In Dandong it rained.")["places"]
    assert (told["id"], told["latitude"], told["longitude"], told["country"]) == ("dandong", 40.13, 124.39, "CN")


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("ko", "북한 노동자들이 폭동을 일으켰다고 일본 산케이신문이 소식통을 인용해 보도했다."),
        ("ja", "暴動を起こしたと、産経新聞が消息筋の話として報じた。"),
    ],
)
def test_source_of_a_cited_outlet_is_credited_beside_it(language: str, text: str) -> None:
    assert {told["kind"] for told in report(text, language)["attributions"]} == {"other_outlet", "anonymous_inside_source"}


def test_ministry_is_no_person() -> None:
    people = report("미 국무부 매슈 밀러 대변인은 논평을 거부했다.", "ko")["people"]
    assert "국무부" not in [told["name"] for told in people]


@pytest.mark.parametrize(
    ("language", "text", "kind"),
    [("ja", "韓国統一省の当局者は「確認できない」と述べた。", "no_knowledge"), ("ru", "В Кремле не подтвердили сообщения.", "declined")],
)
def test_official_who_does_not_confirm_answers(language: str, text: str, kind: str) -> None:
    assert [told["kind"] for told in report(text, language)["responses"]] == [kind]

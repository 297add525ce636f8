from dataclasses import replace
from datetime import UTC, datetime

import pytest

from aggregator.enrich.claims import find_claims
from aggregator.enrich.dates import find_dates
from aggregator.enrich.figures import find_figures
from tests.enrich.facts import article, concepts, facts, run


@pytest.mark.parametrize(
    ("language", "text", "expected"),
    [
        ("en", "four-fifths of the pay", ["percent:80"]),
        ("en", "three out of ten returnees", ["percent:30"]),
        ("en", "three of the ten workers", ["person:3", "person:10"]),
        ("en", "four out of five games", []),
        ("ko", "전체의 5분의 4", ["percent:80"]),
        ("ko", "열 명 중 서너 명", ["percent:30-40"]),
        ("zh", "工资的五分之四", ["percent:80"]),
        ("zh", "十名回国者中有三到四人", ["percent:30-40"]),
        ("ja", "賃金の5分の4", ["percent:80"]),
        ("ja", "10人に3人", ["percent:30"]),
        ("ja", "10人のうち3人", ["person:10", "person:3"]),
        ("ru", "четыре пятых заработка", ["percent:80"]),
        ("ru", "трое из десяти вернувшихся", ["percent:30"]),
    ],
)
def test_share_is_a_percentage_only_of_a_small_round_whole(language: str, text: str, expected: list[str]) -> None:
    assert concepts(find_figures, text, language) == expected


@pytest.mark.parametrize(
    ("language", "text", "expected"),
    [
        ("en", "20% to 30% of the pay", ["percent:20-30"]),
        ("en", "between 20% and 30%", ["percent:20-30"]),
        ("en", "between $5 million and $10 million", ["USD:5000000-10000000"]),
        ("en", "30% and 20% of the pay", ["percent:30", "percent:20"]),
        ("en", "six months to a year", ["month:6-12"]),
        ("zh", "半年到一年", ["month:6-12"]),
        ("ja", "半年から1年", ["month:6-12"]),
        ("ko", "반년에서 1년", ["month:6-12"]),
        ("ru", "от полугода до года", ["month:6-12"]),
    ],
)
def test_two_ends_with_their_units_are_one_range(language: str, text: str, expected: list[str]) -> None:
    assert concepts(find_figures, text, language) == expected


@pytest.mark.parametrize(
    ("language", "text", "expected"),
    [
        ("en", "the 12-strong team", ["person:12"]),
        ("en", "340 welders", ["person:340"]),
        ("en", "14 containers and 30 boilers", ["item:14"]),
        ("en", "some 1,500 crossed the river", ["person:1500"]),
        ("en", "7,617 labour permits, up from 1,114", ["permit:7617", "permit:1114"]),
        ("en", "forty-one returnees", ["person:41"]),
        ("en", "tickets numbered 1 to 5,000", []),
        ("ko", "버스 2대, 20대 여성", ["item:2"]),
        ("ko", "취업비자는 지난해보다 줄어든 640건", ["visa:640"]),
        ("zh", "两辆大巴，万一签证过期，18栋", ["item:2"]),
        ("ja", "バス2台、1ドル149円台", ["item:2", "USD:1", "JPY:149"]),
        ("ru", "340 сварщиков и 30 ящиков", ["person:340"]),
    ],
)
def test_what_no_list_names_is_counted_by_how_it_is_told(language: str, text: str, expected: list[str]) -> None:
    assert concepts(find_figures, text, language) == expected


@pytest.mark.parametrize(
    ("language", "text", "names"),
    [
        ("en", "Jong Tae Se scored; Kim Yong Bok, the deputy minister, and Kang Dong-wan of Dong-A University left.", None),
        ("en", "They met on Kim Il Sung Square beside Kim Chaek University of Technology.", []),
        ("ko", "박태성 내각총리와 이명박 전 대통령, 이집트 대통령", ["박태성", "이명박"]),
        ("zh", "内阁总理朴泰成视察了化肥厂，部长级会谈", ["朴泰成"]),
        ("ja", "朴泰成首相が視察した", ["朴泰成"]),
        ("ru", "Завод посетил Пак Тхэ Сон", ["Пак Тхэ Сон"]),
    ],
)
def test_person_is_told_by_the_form_of_the_name(language: str, text: str, names: list[str] | None) -> None:
    expected = ["Jong Tae Se", "Kim Yong Bok", "Kang Dong-wan"] if names is None else names
    assert sorted(fact.quote for fact in facts(find_claims, text, language) if fact.kind == "person") == sorted(expected)


def test_day_takes_the_year_told_behind_it() -> None:
    assert [fact.quote for fact in facts(find_dates, "They leave on Aug. 5 next year.", "en")] == ["Aug. 5 next year"]
    assert facts(find_dates, "up from 1,114 a year earlier", "en") == ()


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "by the end of last year"),
        ("ko", "지난해 말까지"),
        ("zh", "截至去年年底"),
        ("ja", "昨年末までに"),
        ("ru", "к концу прошлого года"),
    ],
)
def test_end_of_a_year_told_relative_to_now_is_its_last_month(language: str, text: str) -> None:
    dated = replace(article(text, language), published_at=datetime(2026, 3, 18, tzinfo=UTC))
    assert [fact.value for fact in run(find_dates, dated).facts] == ["2025-12"]

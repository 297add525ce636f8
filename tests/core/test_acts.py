import pytest

from aggregator.core.acts import acts_of
from aggregator.core.romanisation import latin
from aggregator.core.terms import looks_ahead, own_words


@pytest.mark.parametrize(
    ("titles", "act"),
    [
        (
            (
                "Lavrov meets Choe in Pyongyang",
                "라브로프, 평양서 최선희와 회담",
                "拉夫罗夫与崔善姬会谈",
                "ラブロフ外相が会談",
                "Лавров встретился с Чхве",
            ),
            "meet",
        ),
        (
            ("Envoy arrives in Vladivostok", "특사 블라디보스토크 도착", "特使抵达海参崴", "特使が到着", "Посланник прибыл во Владивосток"),
            "arrive",
        ),
        (("Court fines yard", "법원, 벌금 선고", "法院判处罚款", "罰金の判決", "Суд оштрафовал верфь"), "sentence"),
        (("Warehouse fire in Artyom kills two", "아르툠 창고 화재", "仓库失火", "倉庫で火災", "Пожар на складе в Артёме"), "burn"),
        (("Workers strike in Changchun", "창춘 공장 파업", "长春工人罢工", "長春で抗議", "Забастовка в Чанчуне"), "strike"),
    ],
)
def test_an_act_has_one_name_in_five_languages(titles: tuple[str, ...], act: str) -> None:
    assert [f"first/{act}" in acts_of(title) for title in titles] == [True] * 5


def test_the_first_act_is_what_a_headline_is_about() -> None:
    found = acts_of("Russian delegation visits North Korea for opening of museum")
    assert {"act/arrive", "act/open", "first/arrive"} == found
    assert acts_of("North Korean leader meets visiting speaker") == {"act/meet", "first/meet"}
    assert acts_of("Inside a cold room") == frozenset()


@pytest.mark.parametrize(
    ("title", "ahead"),
    [
        ("Seoul to repatriate remains of 12 Chinese soldiers", True),
        ("Commonwealth veterans of Korean War to visit Seoul this week", True),
        ("Russia plans 12,000 jobs at drone plant", True),
        ("Speaker in North Korea to mark troop deployment", False),
        ("North Korea sends 300 workers to Russia", False),
        ("Expert urges Seoul to scrap the plant", False),
        ("Workers flown to Vladivostok", False),
        ("North Korea opens museum to honour soldiers", False),
        ("Two countries hold ceremony to link bridge", False),
        ("북, 노동자 5천명 파견 예정", True),
        ("北朝鮮、建設要員を派遣へ 計画", True),
    ],
)
def test_an_announcement_is_told_from_a_purpose(title: str, ahead: bool) -> None:
    assert looks_ahead(title) is ahead


@pytest.mark.parametrize(
    ("name", "spelled"),
    [
        ("person/сергей-лавров", "person/sergei-lavrov"),
        ("person/дмитрий-песков", "person/dmitry-peskov"),
        ("person/вячеслав-володин", "person/vyacheslav-volodin"),
        ("person/kim-jong-un", "person/kim-jong-un"),
        ("person/최선희", "person/최선희"),
    ],
)
def test_a_russian_name_is_spelled_as_in_english(name: str, spelled: str) -> None:
    assert latin(name) == spelled


def test_a_text_that_repeats_its_headline_has_no_words_of_its_own() -> None:
    title = "Russian defence minister visits North Korea"
    assert own_words(title, f"{title} Reuters") == ""
    assert own_words(title, f"{title} for talks on troops, and stays three days in Pyongyang.") != ""

import re

import pytest

from aggregator.enrich import facts_report
from aggregator.enrich.folding import Hints
from aggregator.enrich.organisations import find_organisations
from aggregator.enrich.places import find_places
from tests.enrich.facts import article, run

NAMED = [
    ("en", "The Heilongjiang Provincial Labour Bureau refused.", "Heilongjiang Provincial Labour Bureau"),
    ("en", "The Malaysian foreign ministry was told.", "Malaysian foreign ministry"),
    ("en", "Police in Khabarovsk came.", "Police in Khabarovsk"),
    ("en", "Vietnam's embassy in Pyongyang knew.", "Vietnam's embassy in Pyongyang"),
    ("ko", "지린성 공안국이 단속했다.", "지린성 공안국"),
    ("ko", "주북 중국대사관은 몰랐다.", "주북 중국대사관"),
    ("zh", "吉林省公安厅下令。", "吉林省公安厅"),
    ("zh", "蒙古驻朝鲜大使馆知情。", "蒙古驻朝鲜大使馆"),
    ("ja", "ハバロフスクの警察は動いた。", "ハバロフスクの警察"),
    ("ru", "Полиция Хабаровска приехала.", "Полиция Хабаровска"),
    ("ru", "МВД Монголии отказало.", "МВД Монголии"),
]
NO_NAMES = [
    ("en", "The ministry and the police said that a company and its bank were told."),
    ("ko", "불법 무역과 밀무역이 늘었고 정부는 회사를 단속했다."),
    ("zh", "各贸易公司和银行都停了，警方到场。"),
    ("ja", "建設会社と銀行は閉まり、警察が来た。"),
    ("ru", "Компания и банк закрылись, приехала полиция."),
]


def organisations(language: str, text: str) -> list[str]:
    return [fact["text"] for fact in facts_report(run(find_organisations, article(text, language)))["organisations"]]


@pytest.mark.parametrize(("language", "text", "name"), NAMED)
def test_body_is_told_by_how_its_name_is_made(language: str, text: str, name: str) -> None:
    assert name in organisations(language, text)


@pytest.mark.parametrize(("language", "text"), NO_NAMES)
def test_common_nouns_are_no_bodies(language: str, text: str) -> None:
    assert organisations(language, text) == []


def test_place_in_the_name_of_a_school_is_no_place_of_the_story() -> None:
    told = run(find_places, run(find_organisations, article("延边大学的教授去了丹东。", "zh")))
    assert [fact.concept for fact in told.facts if fact.kind == "place"] == ["place/dandong"]


def test_ministry_that_speaks_for_a_state_stands_for_its_authorities_in_a_whole_article() -> None:
    text = "Chinese authorities were asked. The Chinese Foreign Ministry did not answer. "
    assert "Chinese authorities" in organisations("en", text)
    assert "Chinese authorities" not in organisations("en", text * 16)


def test_pattern_is_tried_only_around_its_hints() -> None:
    found = {match.group(): match.start() for match in Hints(["bb"]).around(re.compile("[a-c]+"), "aaa abbc aaa", 2, 4)}
    assert found == {"abbc": 4}

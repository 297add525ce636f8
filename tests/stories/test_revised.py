"""What an edit changes reaches a reader again, how it is written does not: one report in five languages, edited in each."""

from collections.abc import Mapping, Sequence

import pytest

from aggregator.core.dates import replaced_dates
from aggregator.core.revisions import material_changes
from tests.stories.clustering import read

REPORTS = {
    "en": ("1,000 North Korean workers leave Dandong", "About 1,000 workers left Dandong on 6 April 2026, minister Choe Son Hui said."),
    "ko": ("북한 노동자 1,000명 단둥 떠나", "북한 노동자 1,000명이 2026년 4월 6일 단둥을 떠났다고 최선희 외무상이 말했다."),
    "zh": ("1000名朝鲜工人离开丹东", "约1000名朝鲜工人2026年4月6日离开丹东,外相崔善姬说。"),
    "ja": ("北朝鮮労働者1000人が丹東を離れる", "北朝鮮労働者1000人が2026年4月6日に丹東を離れた、と崔善姫外相が述べた。"),
    "ru": (
        "1000 рабочих из КНДР покинули Даньдун",
        "Около 1000 рабочих из КНДР 6 апреля 2026 года покинули Даньдун, сообщила Чхве Сон Хи.",
    ),
}
MORE = {
    "en": "They crossed in nine buses.",
    "ko": "이들은 버스 9대로 갔다.",
    "zh": "他们乘九辆大巴。",
    "ja": "9台のバスで向かった。",
    "ru": "Они выехали на девяти автобусах.",
}
STYLE: Mapping[str, tuple[tuple[str, str], ...]] = {
    "en": (("1,000", "1000"), ("6 April 2026", "April 6, 2026"), ("About", "Around"), ("workers left", "workres left"), ("nine", "9")),
    "ko": (("1,000", "1천"), ("2026년 4월", "4월"), ("떠났다고", "떠났다구"), ("9대", "아홉 대")),
    "zh": (("1000", "1,000"), ("九辆", "9辆"), ("朝鲜", "朝鮮")),
    "ja": (("1000", "1千"), ("9台", "九台"), ("1000", "1000")),
    "ru": (("1000", "1 000"), ("6 апреля 2026 года", "06.04.2026"), ("Около", "Примерно")),
}
FACTS: Mapping[str, tuple[tuple[str, str], ...]] = {
    "en": (("1,000", "1,200"), ("Dandong", "Hunchun"), ("Choe Son Hui", "Kim Jong Un"), ("6 April", "7 April"), ("left", "did not leave")),
    "ko": (
        ("1,000", "1,200"),
        ("단둥", "훈춘"),
        ("최선희 외무상", "김정은"),
        ("6일", "7일"),
        ("떠났다고", "떠나지 않았다고"),
        ("떠나", "안 떠나지 않아"),
    ),
    "zh": (("1000", "1200"), ("丹东", "珲春"), ("崔善姬", "金正恩"), ("6日", "7日"), ("离开", "没有离开"), ("离开丹东", "未离开丹东")),
    "ja": (("1000", "1200"), ("丹東", "琿春"), ("崔善姫", "金正恩"), ("6日", "7日"), ("離れた", "離れていない"), ("離れる", "離れず")),
    "ru": (("1000", "1200"), ("Даньдун", "Хуньчунь"), ("Чхве Сон Хи", "Ким Чен Ын"), ("6 апреля", "7 апреля"), ("покинули", "не покинули")),
}
CREDITS = {"en": "Photo: Lee Han / Yonhap", "ko": "사진=연합뉴스", "zh": "图片来源:新华社", "ja": "写真:共同", "ru": "Фото: РИА Новости"}
MARKS = {"en": "[Exclusive] ", "ko": "[속보] ", "zh": "快讯:", "ja": "【速報】", "ru": "Молния: "}


def changed(language: str, *edited: tuple[str, str]) -> list[tuple[str, ...]]:
    """Give what is material of each edited title and text."""
    title, text = REPORTS[language]
    return material((title, f"{text}\n\n{MORE[language]}"), language, edited)


def material(first: tuple[str, str], language: str, edits: Sequence[tuple[str, str]]) -> list[tuple[str, ...]]:
    """Give what is material of each edit of a first wording."""
    pieces = [first, *edits]
    told = read(
        [
            {"id": number, "title": headline, "text": body, "lang": language, "source": "Paper"}
            for number, (headline, body) in enumerate(pieces)
        ]
    )
    return [material_changes(told[0], after) for after in told[1:]]


@pytest.mark.parametrize("language", REPORTS)
def test_another_style_is_no_news(language: str) -> None:
    title, text = REPORTS[language]
    body = f"{text}\n\n{MORE[language]}"
    edits = [(title.replace(old, new), body.replace(old, new)) for old, new in STYLE[language]]
    edits += [(title, f"{MORE[language]}\n\n{text}"), (title, f"{body}\n\n{CREDITS[language]}"), (MARKS[language] + title, body)]
    edits += [(title.upper(), body), (title.title(), body)] if language == "en" else []
    assert changed(language, *edits) == [()] * len(edits)


@pytest.mark.parametrize("language", REPORTS)
def test_another_figure_place_actor_date_or_a_no_is_news(language: str) -> None:
    title, text = REPORTS[language]
    body = f"{text}\n\n{MORE[language]}"
    edits = [(title.replace(old, new), body.replace(old, new)) for old, new in FACTS[language]]
    found = changed(language, *edits)
    assert [bool(changes) for changes in found] == [True] * len(edits), found


def test_a_sentence_more_that_denies_something_else_reverses_nothing() -> None:
    title, text = REPORTS["en"]
    (changes,) = changed("en", (title, f"{text}\n\n{MORE['en']} The ministry in Seoul did not answer questions about the matter."))
    assert changes == ()


LEFT = {
    "en": ("Workers leave Dandong", "The workers left Dandong in June 2019. Three workers were killed in a fire in Dandong."),
    "ko": ("북 노동자 단둥 떠나", "북한 노동자들이 2019년 6월에 단둥을 떠났다. 단둥 공장 화재로 노동자 3명이 숨졌다."),
    "zh": ("朝鲜工人离开丹东", "朝鲜工人2019年6月离开丹东。三名工人在丹东的工厂火灾中死亡。"),
    "ja": ("北朝鮮労働者が丹東を離れる", "北朝鮮労働者は2019年6月に丹東を離れた。丹東の工場火災で労働者3人が死亡した。"),
    "ru": ("Рабочие из КНДР покинули Даньдун", "Рабочие покинули Даньдун в июне 2019 года. Трое рабочих погибли при пожаре в Даньдуне."),
}
OTHERWISE: Mapping[str, tuple[tuple[str, str], ...]] = {
    "en": (("June", "July"), ("2019", "2024"), ("killed", "injured"), ("in June 2019", "in May 2019"), ("left", "stayed in")),
    "ko": (("6월", "7월"), ("2019", "2024"), ("숨졌다", "다쳤다")),
    "zh": (("6月", "7月"), ("2019", "2024"), ("死亡", "受伤"), ("6月", "七月")),
    "ja": (("6月", "7月"), ("2019", "2024"), ("死亡", "負傷")),
    "ru": (("июне", "июле"), ("2019", "2024"), ("погибли", "пострадали"), ("июне", "мае")),
}
ALIKE: Mapping[str, tuple[tuple[str, str], ...]] = {
    "en": (("in June 2019", "in Jun 2019"), ("were killed", "died"), ("in June 2019", "in June, 2019")),
    "ko": (("6월", "06월"), ("숨졌다", "사망했다")),
    "zh": (("6月", "六月"), ("死亡", "遇难")),
    "ja": (("6月", "六月"), ("死亡した", "亡くなった")),
    "ru": (("июне 2019 года", "июне 2019 г."), ("погибли", "скончались")),
}
PUT_RIGHT = {
    "en": "The plants are in Hunchun, not Dandong.",
    "ko": "공장은 단둥이 아니라 훈춘에 있다.",
    "zh": "工厂不在丹东,而是在珲春,即不是丹东而是珲春。",
    "ja": "工場は丹東ではなく琿春にある。",
    "ru": "Заводы находятся в Хуньчуне, а не в Даньдуне.",
}
ELSEWHERE = {
    "en": "Not only in Dandong but also in Hunchun there are plants.",
    "ko": "단둥뿐만 아니라 훈춘에도 공장이 있다.",
    "zh": "不只是丹东,珲春也有工厂。",
    "ja": "丹東だけではなく琿春にも工場がある。",
    "ru": "Заводы есть не только в Даньдуне, но и в Хуньчуне.",
}
SAYING_NO: Mapping[str, tuple[str, ...]] = {
    "en": ("Not only Dandong: workers arrive", "N. Korean workers: why Dandong cannot say no", "Workers leave Dandong, no fewer than 3"),
    "ko": ("단둥뿐만 아니다: 북 노동자 떠나", "북 노동자, 단둥이 거절 못하는 이유"),
    "zh": ("不只是丹东:朝鲜工人离开", "朝鲜工人:丹东为何不能说不"),
    "ja": ("丹東だけではない:北朝鮮労働者", "北朝鮮労働者、丹東がノーと言えない理由"),
    "ru": ("Не только Даньдун: рабочие из КНДР", "Рабочие из КНДР: почему Даньдун не может сказать «нет»"),
}


@pytest.mark.parametrize("language", LEFT)
def test_another_month_year_or_deed_is_news(language: str) -> None:
    title, text = LEFT[language]
    found = material(LEFT[language], language, [(title, text.replace(old, new)) for old, new in OTHERWISE[language]])
    assert [bool(changes) for changes in found] == [True] * len(found), found


@pytest.mark.parametrize("language", LEFT)
def test_a_month_a_year_or_a_deed_in_other_words_is_none(language: str) -> None:
    title, text = LEFT[language]
    found = material(LEFT[language], language, [(title, text.replace(old, new)) for old, new in ALIKE[language]])
    assert found == [()] * len(found)


@pytest.mark.parametrize("language", LEFT)
def test_a_sentence_that_puts_a_place_right_is_news_and_one_more_place_is_none(language: str) -> None:
    title, text = LEFT[language]
    right, more = material(LEFT[language], language, [(title, f"{text} {said[language]}") for said in (PUT_RIGHT, ELSEWHERE)])
    assert right
    assert more == ()


@pytest.mark.parametrize("language", LEFT)
def test_a_headline_that_only_holds_the_words_of_a_no_reverses_nothing(language: str) -> None:
    _, text = LEFT[language]
    found = material(LEFT[language], language, [(headline, text) for headline in SAYING_NO[language]])
    assert found == [()] * len(found)


def test_odd_letters_are_months_too_and_a_count_or_a_verb_is_none() -> None:
    assert replaced_dates("on \u017fept 5", "on Oct\u0131 6") == ("\u017fept 5", "Oct\u0131 6")
    assert replaced_dates("They may leave by 2017 workers", "They march by 2019 workers") is None
    assert replaced_dates("3개월 3个月", "4개월 4个月") is None

"""What an edit changes reaches a reader again, how it is written does not: one report in five languages, edited in each."""

from collections.abc import Mapping

import pytest

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
    pieces = [(title, f"{text}\n\n{MORE[language]}"), *edited]
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

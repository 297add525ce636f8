import asyncio

from hypothesis import given, settings
from hypothesis import strategies as st

from aggregator.enrich import STEPS, enrich, plain_text
from aggregator.enrich.folding import compose, fold
from aggregator.models import Article
from tests.enrich.facts import feed

PIECES = st.sampled_from(
    [
        *("North Korea", "Dandong", "단둥", "丹东", "丹東", "в Приморском крае", "Amur", "통화", "Office 39", "RGB", "Lin Jian", "안보리"),
        *(
            "Yonhap",
            "according to ",
            "에 따르면",
            "据",
            "报道",
            "со ссылкой на ",
            "Рёнхап",
            "(Yonhap)",
            "[서울=뉴시스]",
            "SEOUL, July 9 (Yonhap) --",
        ),
        *(
            "10만여 명",
            "三百人",
            "two hundred workers",
            "$2.5bn",
            "5~10",
            " to ",
            "十",
            "수천",
            "тысяч ",
            "1,000",
            "%",
            "half of the",
            "third",
        ),
        *(
            "Resolution ",
            "2397",
            "결의 ",
            "号决议",
            ". ",
            "\n",
            "\n\n",
            "。",
            " ",
            "’",
            "\u00a0",
            "İ",
            "ﬁ",
            "e\u0301",
            "\U0001f600",
            "\x00",
            "<p>",
            "&amp;",
        ),
    ]
)
TEXTS = st.one_of(st.text(max_size=300), st.lists(PIECES, max_size=40).map("".join))


@given(title=TEXTS, text=TEXTS, language=st.sampled_from(["en", "ko", "zh", "ja", "ru", "fr", ""]))
@settings(max_examples=250, deadline=None)
def test_no_text_fails_a_step_and_every_span_gives_back_its_quote(title: str, text: str, language: str) -> None:
    told = asyncio.run(enrich(Article(title=title, text=text or " ", feed=feed(language)), STEPS))
    assert told.missing == ()
    for fact in told.facts:
        field = told.title if fact.field == "title" else told.text
        assert fact.quote
        assert field[fact.start : fact.end] == fact.quote


@given(html=TEXTS)
@settings(max_examples=250, deadline=None)
def test_plain_text_is_settled_after_one_pass(html: str) -> None:
    text = plain_text(html)
    assert text == text.strip()
    assert compose(text) == text
    assert "\n\n\n" not in text
    assert "\u00a0" not in text


@given(text=st.text(max_size=300))
@settings(max_examples=250, deadline=None)
def test_folding_keeps_the_length(text: str) -> None:
    assert len(fold(text)) == len(text)

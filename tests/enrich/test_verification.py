import pytest

from aggregator.core.cues import cues_of
from tests.enrich.test_facts import report

DOUBTS = [
    (
        "en",
        "Reuters could not independently verify the claim that 500 workers left China.",
        "reuters",
        "the claim that 500 workers left China",
    ),
    ("en", "The claims could not be independently verified.", None, "The claims"),
    ("en", "The report could not be verified by NK News.", "nk-news", "The report"),
    ("en", "NK News has not been able to independently verify the figures, which are old.", "nk-news", "the figures"),
    ("en", "CNN can't independently confirm the authenticity of the document.", "cnn", "the authenticity of the document"),
    ("en", "This newspaper could not verify his account.", "Example Post", "his account"),
    ("en", "The U.N. said it could not independently verify reports of deaths.", "united-nations", "reports of deaths"),
    ("ko", "로이터는 이 주장을 독자적으로 확인하지 못했다.", "reuters", "이 주장"),
    ("ko", "이 같은 주장은 독자적으로 검증되지 않았다.", None, "이 같은 주장"),
    ("ko", "본지는 이 내용을 독자적으로 확인할 수 없었다.", "Example Post", "이 내용"),
    ("zh", "路透社无法独立核实这一说法。", "reuters", "这一说法"),
    ("zh", "路透社未能对这一说法进行独立核实。", "reuters", "这一说法"),
    ("zh", "该消息尚未得到独立证实。", None, "该消息"),
    ("ja", "ロイターはこの主張を独自に確認できていない。", "reuters", "この主張"),
    ("ja", "本紙は内容を独自に確認することができなかった。", "Example Post", "内容"),
    ("ru", "Агентство Reuters не смогло независимо подтвердить эти сведения.", "reuters", "эти сведения"),
    ("ru", "Независимо проверить эту информацию не удалось.", None, "эту информацию"),
    ("ru", "РИА Новости не удалось подтвердить эту информацию независимо.", "ria", "эту информацию"),
]


@pytest.mark.parametrize(("language", "text", "who", "what"), DOUBTS)
def test_who_could_not_verify_what_is_told_and_credited_with_nothing(language: str, text: str, who: str | None, what: str) -> None:
    told = report(text, language)
    assert [(fact["who"], fact["what"]) for fact in told["unverified"]] == [(who, what)]
    (fact,) = told["unverified"]
    assert text[fact["start"] : fact["end"]] == fact["text"]
    assert "other_outlet" not in [fact["kind"] for fact in told["attributions"]]


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "Reuters independently verified the claim."),
        ("en", "Police could not confirm his identity."),
        ("en", "The workers could not verify their pay."),
        ("ko", "경찰은 신원을 확인하지 못했다."),
        ("zh", "警方无法确认其身份。"),
        ("ja", "警察は身元を確認できていない。"),
        ("ru", "Полиция не смогла подтвердить его личность."),
    ],
)
def test_others_who_cannot_confirm_a_thing_doubt_no_report(language: str, text: str) -> None:
    told = report(text, language)
    assert told["unverified"] == []
    assert "confirmed" not in [fact["kind"] for fact in told["responses"]]


@pytest.mark.parametrize(("language", "text"), [(language, text) for language, text, _, _ in DOUBTS if "newspaper" not in text])
def test_a_story_says_that_its_report_was_not_verified(language: str, text: str) -> None:
    assert "unverified" in cues_of("", text)

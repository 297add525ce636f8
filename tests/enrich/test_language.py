import pytest

from aggregator.enrich.language import detect_language, language_of
from aggregator.models import Article
from tests.enrich.facts import feed, run

TEXTS = [
    ("North Korean workers leave Dandong", "ko", "en"),
    ("북한 노동자 10만여 명", "en", "ko"),
    ("北 노동자 송환… 中 단둥", "en", "ko"),
    ("朝鲜劳工被遣返回国", "en", "zh"),
    ("北韓勞工返國", "ko", "zh"),
    ("北朝鮮の労働者が帰国した", "zh", "ja"),
    ("北朝鮮労働者帰国", "ja", "ja"),
    ("派驻中国的十二万名劳工陆续返国" * 5, "ja", "zh"),
    ("Северокорейские рабочие", "en", "ru"),
    ("Північнокорейські робітники", "uk", "uk"),
    ("Travailleurs nord-coréens", "fr", "fr"),
    ("본문 바로가기\nChina dismisses allegations of demanding the return of all workers", "ko", "en"),
    ("한국어 기사에 IT 인력, VPN, MSMT, OFAC 가 나온다", "ko", "ko"),
    ("2397", "ru", "ru"),
    ("", "ja", "ja"),
]


@pytest.mark.parametrize(("text", "declared", "expected"), TEXTS)
def test_script_tells_the_language(text: str, declared: str, expected: str) -> None:
    assert language_of(text, declared) == expected


def test_feed_answers_where_the_article_declares_nothing() -> None:
    assert run(detect_language, Article(title="12", text="", feed=feed("zh-Hant-TW"))).language == "zh"

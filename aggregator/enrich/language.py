"""Tell the language of a text by its script: Hangul is Korean, kana Japanese, Han alone Chinese, Cyrillic Russian, Latin English.

What the feed declares decides only where the script leaves it open: too few letters, Han alone in a headline of a Japanese feed,
or another language of the same script.
"""

import re
from dataclasses import replace

from aggregator.models import Article

# Letters outside of ASCII only: those inside are counted apart.
_HANGUL = re.compile(r"[가-힣]+")
_KANA = re.compile(r"[ぁ-ゖァ-ヺ]+")
_HAN = re.compile(r"[㐀-䶿一-鿿]+")
_CYRILLIC = re.compile(r"[Ѐ-ӿ]+")
_LATIN = re.compile(r"[À-ɏ]+")
_ASCII = bytes(range(128))
_NO_ASCII_LETTERS = bytes(code for code in range(256) if not (code < 128 and chr(code).isalpha()))
_CYRILLIC_LANGUAGES = frozenset(("uk", "be", "bg", "sr", "mk", "kk", "ky", "mn", "tg", "ru"))
_OTHER_SCRIPTS = frozenset(("ko", "zh", "ja", "ru"))
# A syllable block or ideograph says as much as two or three letters.
_LETTERS_PER_BLOCK = 2.5
_FEWEST = 4
_HEADLINE = 40
_SAMPLE = 20_000


async def detect_language(article: Article) -> Article:
    """Set the article's language to what its title and text are written in, or else to what the feed declares."""
    declared = primary(article.language or article.feed.language)
    return replace(article, language=language_of(f"{article.title}\n{article.text[:_SAMPLE]}", declared))


def primary(tag: str) -> str:
    """Give the primary part of a language tag: ``zh`` of ``zh-Hans-CN``."""
    return re.split(r"[-_]", tag.strip().lower(), maxsplit=1)[0]


def language_of(text: str, declared: str) -> str:
    """Give the language by its two-letter code; `declared` answers where the script does not."""
    written = text.encode("utf-8", "surrogatepass")
    # Without the blanks between its words a foreign text is a few long runs, which are counted at memory speed.
    beyond = written.translate(None, _ASCII).decode("utf-8", "surrogatepass")
    hangul, kana, han = _count(_HANGUL, beyond), _count(_KANA, beyond), _count(_HAN, beyond)
    weights = {
        "ko": hangul * _LETTERS_PER_BLOCK,
        "cjk": (kana + han) * _LETTERS_PER_BLOCK,
        "ru": float(_count(_CYRILLIC, beyond)),
        "en": float(len(written.translate(None, _NO_ASCII_LETTERS)) + _count(_LATIN, beyond)),
    }
    script = max(weights, key=lambda name: weights[name])
    if weights[script] < _FEWEST:
        return declared
    if script == "cjk":
        return _han_language(kana, han, declared)
    return _within_script(script, declared)


def _count(script: re.Pattern[str], text: str) -> int:
    return sum(map(len, script.findall(text)))


def _han_language(kana: int, han: int, declared: str) -> str:
    """Tell Japanese from Chinese: running Japanese holds kana, only a headline may do without."""
    if kana * 20 >= kana + han:
        return "ja"
    return declared if declared == "ja" and han < _HEADLINE else "zh"


def _within_script(script: str, declared: str) -> str:
    if script == "ru":
        return declared if declared in _CYRILLIC_LANGUAGES else "ru"
    if script == "en":
        return declared if declared and declared not in _OTHER_SCRIPTS | _CYRILLIC_LANGUAGES else "en"
    return script

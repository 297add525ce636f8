"""Phrases: our own words in the reader's language.

The English text is the key; a language or a phrase that is not there reads in English, so nothing is ever missing. Dates follow the
language too. What feeds say is never translated.
"""

from collections.abc import Mapping
from datetime import datetime
from functools import cache
from pathlib import Path

import yaml

LANGUAGES = ("ko", "zh", "ja", "ru")
_DATES = {
    "ko": "{0.year}년 {0.month}월 {0.day}일",
    "zh": "{0.year}年{0.month}月{0.day}日",
    "ja": "{0.year}年{0.month}月{0.day}日",
    "ru": "{0.day:02}.{0.month:02}.{0.year}",
}
_WEEKDAYS = {"ko": "월화수목금토일", "zh": "一二三四五六日", "ja": "月火水木金土日"}
_SHORT_DAYS = ("пн", "вт", "ср", "чт", "пт", "сб", "вс")


def say(language: str, phrase: str, **values: object) -> str:
    """Give a phrase in a language with its values filled in, in English where it is not translated."""
    words = _phrases().get(phrase, {}).get(primary(language), phrase)
    return words.format(**values) if values else words


def say_count(language: str, count: int, one: str, many: str | None = None) -> str:
    """Give a number with its noun: ``1 story``, ``1,204 stories``, or as the language counts."""
    return say(language, f"{{count}} {one if count == 1 else many or one + 's'}", count=f"{count:,}")


def write_date(language: str, there: datetime) -> str | None:
    """Write a local date as a language does; None where English does."""
    pattern = _DATES.get(primary(language))
    return pattern.format(there) if pattern else None


def write_weekday(language: str, there: datetime) -> str:
    """Give the short name of a local date's weekday in a language that `write_date` knows."""
    name = primary(language)
    return _SHORT_DAYS[there.weekday()] if name == "ru" else _WEEKDAYS[name][there.weekday()]


def primary(language: str) -> str:
    """Give the language of a tag, such as ``zh`` of ``zh-Hans``."""
    return language.split("-")[0].lower()


@cache
def _phrases() -> Mapping[str, Mapping[str, str]]:
    text = (Path(__file__).parent / "templates" / "phrases.yaml").read_text(encoding="utf-8")
    known: dict[str, list[str]] = yaml.safe_load(text)
    return {phrase: dict(zip(LANGUAGES, translations, strict=True)) for phrase, translations in known.items()}

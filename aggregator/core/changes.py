"""Changes: what an edit changed, in the reader's language.

`material_changes` writes them down in English when they are judged, for readers nobody knows yet; here they are told to one. A sentence
of another form stays as it is.
"""

import re
from collections.abc import Callable

from aggregator.core.measures import unit_words
from aggregator.core.revisions import UNIT_WORDS

Labels = Callable[[str, str], str]
_ALSO = re.compile(r"now also (\S+) (.+)")
_FIGURES = re.compile(r"(\S+) → (\S+) (.+)")
_PLACES = re.compile(r"place: (.+) → (.+)")
_REVERSED = "the headline's claim was reversed"
_WORDS = {
    "ko": ("추가: {}", "장소: {}", "제목의 주장이 뒤집힘"),
    "zh": ("新增：{}", "地点：{}", "标题的说法被推翻"),
    "ja": ("追加：{}", "場所：{}", "見出しの主張が覆された"),
    "ru": ("теперь также {}", "место: {}", "утверждение в заголовке опровергнуто"),
}
_UNITS = {word: unit for unit, word in UNIT_WORDS.items()}


def change_words(change: str, language: str, labels: Labels) -> str:
    """Tell a change in a language; English, and what cannot be read, stays as it was written."""
    if language not in _WORDS:
        return change
    also, place, reversal = _WORDS[language]
    if change == _REVERSED:
        return reversal
    if found := _ALSO.fullmatch(change):
        return also.format(_measured(found[1], found[2], language))
    if found := _PLACES.fullmatch(change):
        return place.format(" → ".join(_places(names, language, labels) for names in found.groups()))
    if found := _FIGURES.fullmatch(change):
        return f"{found[1]} → {_measured(found[2], found[3], language)}"
    return change


def _measured(amount: str, unit: str, language: str) -> str:
    words = unit_words(_UNITS.get(unit, unit), language)
    gap = "" if words and language != "ru" else " "
    return f"{amount}{gap}{words or unit}"


def _places(names: str, language: str, labels: Labels) -> str:
    return ", ".join(_label(name, language, labels) for name in names.split(", "))


def _label(name: str, language: str, labels: Labels) -> str:
    slug = name.lower().replace(" ", "-")
    return labels(f"place/{slug}", language) or labels(f"region/{slug}", language) or name

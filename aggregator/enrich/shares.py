"""Find shares and multiples told in words: "a fifth or even a third", four-fifths, 5분의 4, трое из десяти, "doubled".

A share of a small round whole ("three out of ten", 10人に3人) is a percentage; of any other whole both numbers stay counts. The
phrases without a numeral stand in `vocabulary/cues.yaml`.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise

from aggregator.enrich.folding import Hints
from aggregator.enrich.gazetteer import read_cues
from aggregator.enrich.ranges import RANGE, Number

_ENGLISH = ("thirds?", "quarters?|fourths?", "fifths?", "sixths?", "sevenths?", "eighths?", "ninths?", "tenths?")
_RUSSIAN = ("трет[ьи]|третей", "четверт(?:ых|и|ей)", "пятых", "шестых", "седьмых", "восьмых", "девятых", "десятых")
_PARTS = {"en": _ENGLISH, "ru": _RUSSIAN}
_COUNTS = {
    "en": ("two", "three", "four", "five", "six", "seven", "eight", "nine"),
    "ru": ("две|двух", "три|трех", "четыре|четырех", "пять|пяти", "шесть|шести", "семь|семи", "восемь|восьми", "девять|девяти"),
}
_DIGITS = {
    **{digit: value for value, digit in enumerate("一二三四五六七八九十", start=1)},
    **{digit: value for value, digit in enumerate("일이삼사오육칠팔구십", start=1)},
    **{str(value): value for value in range(1, 101)},
}
_EAST = re.compile(
    r"(?<![0-9一二三四五六七八九十일이삼사오육칠팔구십])(?P<whole>[0-9]{1,3}|[一二三四五六七八九十]"
    r"|[이삼사오육칠팔구십]) ?(?:分[之の]|분의) ?"
    r"(?P<part>[0-9]{1,2}|[一二三四五六七八九]|[일이삼사오육칠팔구])(?![0-9])"
)
_WEST = re.compile(
    "|".join(
        rf"(?<![a-zа-я])(?:{'|'.join(f'(?P<{language}{count}>{words})' for count, words in enumerate(_COUNTS[language], start=2))})[ -]"
        rf"(?:{'|'.join(f'(?P<{language}_{whole}>{words})' for whole, words in enumerate(parts, start=3))})(?![a-zа-я])"
        r"(?! of an? (?:million|billion|thousand)| процент| (?:миллион|миллиард|тысяч))"
        for language, parts in _PARTS.items()
    )
)
_NUMERIC_HINTS = Hints(
    (
        "thirds",
        "quarters",
        "fourths",
        "fifths",
        "sixths",
        "sevenths",
        "eighths",
        "ninths",
        "tenths",
        "分",
        "분의",
        "трет",
        "четверт",
        "пятых",
        "шестых",
        "седьмых",
        "восьмых",
        "девятых",
        "десятых",
    )
)
_WHOLES = frozenset((2, 3, 4, 5, 6, 7, 8, 9, 10, 20, 100))
_PART_FIRST = re.compile(r" (?:out of|in|of)(?: every)? | in every | из (?:каждых )?")
_STRICT_OF = re.compile(r" of ")
_WHOLE_FIRST = re.compile(r" ?(?:명|사람) ?(?:중|가운데)(?:에)? ?|(?:名|个|個|位|人)[^，。、\n]{0,8}(?:中|里|裡)就?有?|人に")
_COUNTER = re.compile(r" ?(?:명|사람|名|个|個|位|人)")
_NOT_A_SHARE = re.compile(
    r" (?:years?|months?|weeks?|days?|hours?|minutes?|games?|matches|sets|лет|дней|часов|месяцев|матчей|игр)(?![a-zа-я])"
)


def shares(folded: str) -> Iterator[tuple[Number, str]]:
    """Give the shares and multiples of a folded text that stand in words, with their unit; "a fifth or even a third" is one range."""
    waiting: tuple[Number, str] | None = None
    for number, unit in sorted((*_phrased(folded), *_fractions(folded)), key=lambda found: (found[0].start, -found[0].end)):
        if waiting and number.start < waiting[0].end:
            continue
        if waiting and waiting[1] == unit and waiting[0].low < number.low and RANGE.fullmatch(folded, waiting[0].end, number.start):
            number, waiting = replace(number, start=waiting[0].start, low=waiting[0].low), None
        if waiting:
            yield waiting
        waiting = number, unit
    if waiting:
        yield waiting


def of_a_whole(folded: str, found: Sequence[Number]) -> Iterator[Number]:
    """Give the percentages that two neighbouring numbers tell together: "three out of ten", 열 명 중 서너 명."""
    for one, other in pairwise(found):
        link = folded[one.end : other.start] if other.start - one.end <= 16 else ""
        if _PART_FIRST.fullmatch(link):
            part, whole, end = one, other, other.end
            fits = not _STRICT_OF.fullmatch(link) and not _NOT_A_SHARE.match(folded, end)
        elif _WHOLE_FIRST.fullmatch(link):
            counter = _COUNTER.match(folded, other.end)
            part, whole, end = other, one, counter.end() if counter else other.end
            fits = counter is not None
        else:
            continue
        if fits and whole.low == whole.high and whole.low in _WHOLES and part.high < whole.low:
            low, high = (round(100 * bound / whole.low, 2) for bound in (part.low, part.high))
            yield Number(one.start, end, low, high)


def _fractions(folded: str) -> Iterator[tuple[Number, str]]:
    for match in _NUMERIC_HINTS.around(_WEST, folded, 20, 12):
        count, whole = (int(name.lstrip("enru_")) for name, value in match.groupdict().items() if value)
        if count < whole:
            yield _percent(match, count / whole), "percent"
    for match in _NUMERIC_HINTS.around(_EAST, folded, 6, 6):
        part, whole = _DIGITS.get(match["part"], 0), _DIGITS.get(match["whole"], 0)
        if 0 < part < whole:
            yield _percent(match, part / whole), "percent"


def _percent(match: re.Match[str], share: float) -> Number:
    return Number(match.start(), match.end(), round(100 * share, 2), round(100 * share, 2))


def _phrased(folded: str) -> Iterator[tuple[Number, str]]:
    for match in _HINTS.around(_PHRASE, folded, 24, 48):
        unit, value = _MEANINGS[int((match.lastgroup or "p0")[1:])]
        yield Number(match.start(), match.end(), value, value), unit


def _phrases() -> tuple[re.Pattern[str], tuple[tuple[str, float], ...]]:
    phrases = read_cues()["phrases"]
    patterns = (f"(?P<p{number}>{'|'.join(phrase['words'])})" for number, phrase in enumerate(phrases))
    meanings = tuple((phrase["unit"], float(phrase["value"])) for phrase in phrases)
    return re.compile(rf"(?<![a-zа-я0-9])(?:{'|'.join(patterns)})(?![a-zа-я0-9])"), meanings


_PHRASE, _MEANINGS = _phrases()
_HINTS = Hints(read_cues()["phrase_hints"])

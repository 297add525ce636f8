"""Read approximate numbers: neighbouring numerals are a range (两三百 is 200 to 300, 두세 2 to 3, две-три 2 to 3), 十数 is 11 to 19.

Works on folded text, and on expressions that `aggregator.enrich.numbers` has found. A pair that does not ascend by one, such as the
digits of 二〇二三, is no range.
"""

import re
from collections.abc import Mapping
from itertools import pairwise

_SERIES = ("一二三四五六七八九", "일이삼사오육칠팔구", "123456789")
_PAIRS = frozenset((*(pair for digits in _SERIES for pair in pairwise(digits)), *zip("一一两兩三", "两兩三三五", strict=True)))
_DIGIT = "〇零一二两兩三四五六七八九일이삼사오육칠팔구0-9"
_UNIT = "십백천만억조十百千万萬億亿兆"
_NEIGHBOURS = re.compile(
    rf"(?P<lead>(?:.*[{_UNIT}])?)(?P<first>[{_DIGIT}])(?P<comma>[、,]?)(?P<second>[{_DIGIT}])(?P<tail>(?:[{_UNIT}][{_UNIT}]*)?)"
)
_ODD = re.compile(rf"(?P<lead>[{_DIGIT}]?[十십])[数數几幾수](?P<tail>[{_UNIT}]?)")
LISTED_PAIR = "|".join(rf"{first}[、,]{second}(?=[{_UNIT}])" for first, second in sorted(_PAIRS))
"""Two numerals with a comma between them before a unit: 二、三百, 2,3백."""
ODD = rf"[{_DIGIT}]?[十십][数數几幾수][{_UNIT}]{{0,2}}"
NATIVE_RANGES: Mapping[str, tuple[int, int]] = {
    "한두": (1, 2),
    "두세": (2, 3),
    "두서너": (2, 4),
    "서너": (3, 4),
    "네댓": (4, 5),
    "너댓": (4, 5),
    "네다섯": (4, 5),
    "대여섯": (5, 6),
    "예닐곱": (6, 7),
    "일고여덟": (7, 8),
    "여덟아홉": (8, 9),
    "엳아홉": (8, 9),
}
_FRACTIONS: Mapping[str, float] = {
    "half": 0.5,
    "½": 0.5,
    "third": 1 / 3,
    "⅓": 1 / 3,
    "⅔": 2 / 3,
    "quarter": 0.25,
    "¼": 0.25,
    "quarters": 0.75,
    "¾": 0.75,
}
_LARGE: Mapping[str, float] = {"dozen": 12, "hundred": 1e2, "thousand": 1e3, "million": 1e6, "billion": 1e9, "trillion": 1e12}
FRACTION = (
    r"(?<![a-z0-9/])(?:(?P<whole>[0-9]{1,3}|one|two|three|four|five|six|seven|eight|nine)(?: and)?(?: an?)? ?)?"
    r"(?:(?:an? |one[- ]|three[- ])?(?P<part>half|third|quarters?)|(?P<sign>[½⅓⅔¼¾]))(?:[- ](?:of )?(?:an? )?)"
    r"(?P<large>dozen|hundred|thousand|million|billion|trillion)(?![a-z])"
)
FRACTION_STARTS = ("half a", "half-", "half mil", "half bil", "a half", "a quarter", "one quarter", "three quarter", "three-quarter")
_FRACTION = re.compile(FRACTION)
_WHOLE = {word: value for value, word in enumerate(("one", "two", "three", "four", "five", "six", "seven", "eight", "nine"), start=1)}


def neighbours(written: str) -> tuple[str, str] | None:
    """Give the two numbers that neighbouring numerals tell: 三四百 gives 三百 and 四百; None where they are one number."""
    match = _NEIGHBOURS.fullmatch(written)
    if match is None or (match["first"], match["second"]) not in _PAIRS or (match["comma"] and not match["tail"]):
        return None
    if match["first"].isascii() and not match["comma"]:
        return None
    return match["lead"] + match["first"] + match["tail"], match["lead"] + match["second"] + match["tail"]


def odd(written: str) -> tuple[str, str] | None:
    """Give the bounds of 十数 and 二十几, eleven to nineteen and twenty-one to twenty-nine, with the unit behind them."""
    match = _ODD.fullmatch(written)
    if match is None:
        return None
    lead = match["lead"].replace("십", "十")
    return f"{lead}一{match['tail']}", f"{lead}九{match['tail']}"


def fraction(words: str) -> float | None:
    """Read "half a million", "two and a half million", ⅓ million; None for anything else."""
    match = _FRACTION.fullmatch(words)
    if match is None:
        return None
    whole = match["whole"] or "0"
    part = _FRACTIONS[match["part"] or match["sign"]]
    return round(((int(whole) if whole.isdigit() else _WHOLE[whole]) + part) * _LARGE[match["large"]], 2)

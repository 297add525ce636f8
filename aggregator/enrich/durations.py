"""Find durations: "three years and seven months", "16 hours a day", 3년 7개월, 十六个小时, 3年間, три года.

A duration is a figure whose unit is hour, day, month or year; weeks are told in days, years and months together in months.
Ages ("34 years old", 34세), "two years ago", the time of day and calendar years are none.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from aggregator.enrich.ranges import RANGE, Number

_UNITS = {
    "year": r"[ -]years?(?![a-z-])|년(?:간| ?동안)?(?!도|대|생|차|째|산|형|식|마다|간지)|年(?:间|間|之久)?(?!前|代|度|级|級|産|生"
    r"|初|底|末|来|來|ぶり|以上前)"
    r"| (?:года?|лет|годам)(?![а-я])",
    "month": r"[ -]months?(?![a-z-])|개월|달(?:간| ?동안)|(?:个|個|か|カ|ヶ|ケ|箇)月| месяц(?:а|ев|ам)?(?![а-я])",
    "week": r"[ -]weeks?(?![a-z-])|주(?:간| ?동안)|(?:个|個)?(?:星期|週間|周(?=[的，。 ]))| недел(?:ь|и|ю|ям)(?![а-я])",
    "day": r"[ -]days?(?![a-z-])|일(?:간| ?동안)|天(?!前|然|气|氣|津|下)|日間| (?:дней|дня|день|суток|дням)(?![а-я])",
    "hour": r"[ -]hours?(?![a-z-])|시간|(?:个|個)?(?:小时|小時|钟头)|時間(?!後|目)| час(?:а|ов|ам)?(?![а-я])",
}
_UNIT = re.compile("|".join(f"(?P<{unit}>{words})" for unit, words in _UNITS.items()))
_NOT_AFTER = re.compile(
    r" (?:никто|никому|не нужно|в обед)|"
    r"[ -]old|[ -]?ago| earlier| later| ?된| ?전(?!쟁)| ?만에| ?뒤| ?후|以前|之前|前(?!线)|的历史| назад| утра| вечера| ночи| дня"
    r"|[ ]?ぶり|後"
    r"|(?<=月)(?:只|才|能|可以|要|最多|平均|就|也|仅)| from now|['] time|[0-9]{1,2}분|[0-9]{1,2}分"
)
_FIRST = re.compile(
    r"(?:\bfirst|前|первые) $|前$|(?:令和|平成|昭和)$"
    r"|(?:建国|建國|建軍|建军|建党|建黨|建交|創建|创建|創立|创立|創設|創業|結成|独立|獨立|解放"
    r"|수교|국교|건국|건군|창건|창립|창설|개교|해방|독립) ?$"
)
"""An era, a first stretch, or the age of a state or a body: 建軍78年 is no length of time."""
_HALF = re.compile(r" and a half(?= (?:years?|months?|weeks?|days?|hours?)\b)| с половиной(?= )")
_HALF_BEHIND = re.compile(r" ?반(?![가-힣])|半(?![年月日期天])")
_CLOCK = re.compile(r"(?:^| )(?:с|в|во|к|после|около)(?: [0-9]{1,2} до)? $")
_A_DAY = re.compile(r" (?:в (?:сутки|день|неделю|месяц)|подряд)")
"""What tells a number of hours from the time of day: "в 15 часов" is a clock's, "по 15 часов в день" is not."""
_AGE = re.compile(r"(?:^|[ ,.(])(?:ему|ей|им|мне|которо(?:му|й)|aged?|at|старше|моложе|младше|достигш[а-я]+|возрасте(?: от)?) $")
_LINK = re.compile(r",? (?:and|и) | ?, ?| ?|와 |과 |零|又|と|余")
_CALENDAR = re.compile(r"(?:19|20)[0-9]{2}$")
_COMPOSED = {("year", "month"): ("month", 12), ("month", "day"): ("day", 30), ("day", "hour"): ("hour", 24)}
_NATIVE_DAYS = {"이틀": 2, "사흘": 3, "나흘": 4, "닷새": 5, "엿새": 6, "열흘": 10, "보름": 15}
_NATIVE = re.compile(rf"(?<![가-힣])({'|'.join(_NATIVE_DAYS)})(?! ?(?:전|뒤|후|만에|된|날))")
_HALF_YEAR = re.compile(r"\bhalf a year|半年(?![度前])|(?<![가-힣])반년(?! ?(?:전|만에|뒤))|(?<![а-я])пол(?:года|угода|угоду)(?! назад)")
_TO_ONE = re.compile(
    r"(?: to |-)(?:an?|one) (?:(?P<year>year)|(?P<month>month)|(?P<day>day))(?![a-z-])"
    r"| до (?:(?P<years>года)|(?P<months>месяца)|(?P<days>суток))(?![а-я])"
)
_IN_DAYS = 7


def durations(folded: str, found: Sequence[Number]) -> Iterator[tuple[Number, str]]:
    """Give the durations among the numbers of a folded text: the number in its unit, spanning unit and all."""
    measured = [one for number in found if (one := _measured(folded, number))]
    through = 0
    waiting: tuple[Number, str] | None = None
    for one in sorted((*_native(folded), *_halves(folded), *measured), key=lambda one: one[0].start):
        if one[0].start < through:
            continue
        through = one[0].end
        joined = (_joined(folded, waiting, one) or _spanned(folded, waiting, one)) if waiting else None
        if waiting and not joined:
            yield _up_to_one(folded, waiting)
        waiting = joined or one
    if waiting:
        yield _up_to_one(folded, waiting)


def _native(folded: str) -> Iterator[tuple[Number, str]]:
    """Give the Korean words for a number of days; 하루 is left out, since it mostly means "a day" of something else."""
    for match in _NATIVE.finditer(folded) if "틀" in folded or "흘" in folded or "보름" in folded or "새" in folded else ():
        days = float(_NATIVE_DAYS[match.group(1)])
        yield Number(match.start(), match.end(1), days, days), "day"


def _halves(folded: str) -> Iterator[tuple[Number, str]]:
    """Give the half years, in months."""
    for match in (
        _HALF_YEAR.finditer(folded)
        if "hal" in folded or "半年" in folded or "반년" in folded or "полгод" in folded or "полугод" in folded
        else ()
    ):
        yield Number(match.start(), match.end(), 6.0, 6.0), "month"


def _spanned(folded: str, first: tuple[Number, str], second: tuple[Number, str]) -> tuple[Number, str] | None:
    """Read 半年到一年 and "six months to two years" as one range, told in the smaller unit."""
    if not RANGE.fullmatch(folded, first[0].end, second[0].start):
        return None
    factor = 1 if first[1] == second[1] else _COMPOSED.get((second[1], first[1]), ("", 0))[1]
    high = factor * second[0].high
    return (replace(first[0], end=second[0].end, high=high), first[1]) if high > first[0].low else None


def _up_to_one(folded: str, first: tuple[Number, str]) -> tuple[Number, str]:
    """Read "six months to a year", where the second end has no numeral."""
    end = _TO_ONE.match(folded, first[0].end)
    if end is None:
        return first
    unit = next(name for name, value in end.groupdict().items() if value).rstrip("s")
    factor = _COMPOSED.get((unit, first[1]), ("", 0))[1]
    return (replace(first[0], end=end.end(), high=float(factor)), first[1]) if factor > first[0].low else first


def _measured(folded: str, number: Number) -> tuple[Number, str] | None:
    half = _HALF.match(folded, number.end)
    unit = _UNIT.match(folded, half.end() if half else number.end)
    before = folded[max(0, number.start - 8) : number.start]
    if not unit or number.low <= 0 or _AGE.search(before) or _FIRST.search(before):
        return None
    name = unit.lastgroup or ""
    if name == "year" and (_CALENDAR.fullmatch(folded[number.start : number.end]) or number.high >= 200):
        return None
    behind = None if half else _HALF_BEHIND.match(folded, unit.end())
    end = behind.end() if behind else unit.end()
    if _NOT_AFTER.match(folded, end) or (name == "hour" and _on_the_clock(folded, number, unit.end())):
        return None
    number = _halved(replace(number, end=end)) if half or behind else replace(number, end=end)
    if name == "week":
        return replace(number, low=number.low * _IN_DAYS, high=number.high * _IN_DAYS), "day"
    return number, name


def _halved(number: Number) -> Number:
    """Add the half of "four and a half years", 2년 반."""
    return replace(number, low=number.low + 0.5, high=number.high + 0.5)


def _on_the_clock(folded: str, number: Number, end: int) -> bool:
    clock = (6 <= number.high <= 24) and _CLOCK.search(folded[max(0, number.start - 12) : number.start])
    return bool(clock and not _A_DAY.match(folded, end))


def _joined(folded: str, first: tuple[Number, str], second: tuple[Number, str]) -> tuple[Number, str] | None:
    """Add months to years and the like, where the second follows at once."""
    unit, factor = _COMPOSED.get((first[1], second[1]), ("", 0))
    if not unit or not _LINK.fullmatch(folded, first[0].end, second[0].start):
        return None
    low, high = (factor * one + two for one, two in ((first[0].low, second[0].low), (first[0].high, second[0].high)))
    return Number(first[0].start, second[0].end, low, high, vague=first[0].vague), unit

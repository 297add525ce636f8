"""Resolve a date's words against the day of publication.

A month or day without a year lies where it is nearest: past, unless the sentence speaks of what is to come, or the date is at most
two months ahead. Years before 1900 and days that no month has are no dates.
"""

from calendar import monthrange
from collections.abc import Mapping
from datetime import date, timedelta
from typing import TypeAlias

from aggregator.enrich.datewords import COUNTS, MONTHS, RELATIVE, UNITS, WEEKDAYS
from aggregator.enrich.dating import Phrase

Resolved: TypeAlias = tuple[str | None, str]
_ERAS = {"令和": 2018, "平成": 1988, "昭和": 1925}
"""The years before the first of a Japanese era."""
_AHEAD = timedelta(days=62)
_HAN = {digit: value for value, digit in enumerate("〇一二三四五六七八九十")}


def resolve(phrase: Phrase, published: date | None, future: bool) -> Resolved | None:
    """Give value and precision ("day", "week", "month", "year"); the value is None where only an unknown day of publication tells it.

    Gives None for what is no date of the calendar.
    """
    parts = phrase.parts
    if "y" in parts:
        return _absolute(int(parts["y"]), parts)
    if "era" in parts:
        return _absolute(_ERAS[parts["era"]] + (1 if parts["ey"] == "元" else int(parts["ey"])), parts)
    if published is None:
        return None, _precision(parts)
    if "n" in parts or "u" in parts:
        return _ago(parts, published)
    if "rd" in parts:
        return _day(published + timedelta(days=RELATIVE.get(parts["rd"], 0)))
    if "end" in parts and "ry" in parts:
        return f"{published.year + _shift(parts['ry']):04}-12", "month"
    if "m" in parts:
        return _in_month(parts, published, future)
    if "wd" in parts or ("rw" in parts and "d" not in parts):
        return _in_week(parts, published)
    if "d" in parts:
        return _in_days(parts, published, future)
    if "rm" in parts:
        year, month = _months_on(published, _shift(parts["rm"]))
        return f"{year:04}-{month:02}", "month"
    return (f"{published.year + _shift(parts['ry']):04}", "year") if "ry" in parts else None


def _absolute(year: int, found: Mapping[str, str]) -> Resolved | None:
    month = 12 if "end" in found else _month(found["m"]) if "m" in found else None
    if month is None:
        return f"{year:04}", "year"
    return _dated(year, month, found.get("d"))


def _dated(year: int, month: int, day: str | None) -> Resolved | None:
    if not 1 <= month <= 12:
        return None
    if day is None:
        return f"{year:04}-{month:02}", "month"
    number = _number(day)
    return _day(date(year, month, number)) if 1 <= number <= monthrange(year, month)[1] else None


def _in_month(found: Mapping[str, str], published: date, future: bool) -> Resolved | None:
    month, day = _month(found["m"]), found.get("d")
    if not 1 <= month <= 12:
        return None
    if "ry" in found:
        return _dated(published.year + _shift(found["ry"]), month, day)
    if "rm" in found:
        return f"{_relative_year(published, month, _shift(found['rm'])):04}-{month:02}", "month"
    return _dated(_nearest_year(published, month, _number(day) if day else None, future), month, day)


def _relative_year(published: date, month: int, shift: int) -> int:
    """Give the year of "last August" or "next March"."""
    if shift < 0:
        return published.year if month < published.month else published.year - 1
    if shift > 0:
        return published.year if month > published.month else published.year + 1
    return published.year


def _nearest_year(published: date, month: int, day: int | None, future: bool) -> int:
    start = date(published.year, month, min(day or 1, monthrange(published.year, month)[1]))
    if day is None and month == published.month:
        return published.year
    if start > published:
        return published.year if future or start - published <= _AHEAD else published.year - 1
    if future and published - start > timedelta(days=300):
        return published.year + 1
    return published.year


def _in_days(found: Mapping[str, str], published: date, future: bool) -> Resolved | None:
    """Give the day of this month that a bare number means, or of the month before where it has not come yet."""
    day = _number(found["d"])
    if "rm" in found:
        year, month = _months_on(published, _shift(found["rm"]))
        return _dated(year, month, found["d"])
    ahead = _shift(found["rw"]) > 0 if "rw" in found else False
    year, month = published.year, published.month
    if ahead and day < published.day:
        year, month = _months_on(published, 1)
    elif not ahead and day > published.day and not (future and day - published.day <= 14):
        year, month = _months_on(published, -1)
    return _dated(year, month, found["d"])


def _in_week(found: Mapping[str, str], published: date) -> Resolved | None:
    shift = _shift(found["rw"]) if "rw" in found else None
    monday = published - timedelta(days=published.weekday())
    if "wd" not in found:
        return (monday + timedelta(weeks=shift or 0)).isoformat(), "week"
    weekday = next((number for name, number in WEEKDAYS.items() if found["wd"].startswith(name) or name.startswith(found["wd"])), None)
    if weekday is None:
        return None
    if (shift is not None and found["rw"] in ("上", "下", "本", "这", "這")) or found.get("rw", "").endswith(("주", "週")):
        return _day(monday + timedelta(weeks=shift or 0, days=weekday))
    if shift is not None and shift > 0:
        return _day(published + timedelta(days=(weekday - published.weekday() - 1) % 7 + 1))
    back = (published.weekday() - weekday) % 7
    return _day(published - timedelta(days=back or (7 if shift == -1 else 0)))


def _ago(found: Mapping[str, str], published: date) -> Resolved | None:
    unit = next((UNITS[name] for name in sorted(UNITS, key=len, reverse=True) if found.get("u", "").startswith(name)), None)
    count = COUNTS.get(found.get("n", "1"), None) or _number(found.get("n", "1"))
    if unit is None or not 0 < count <= 200:
        return None
    if unit in ("day", "week"):
        return _day(published - timedelta(days=count * (7 if unit == "week" else 1)))
    if unit == "month":
        year, month = _months_on(published, -count)
        return f"{year:04}-{month:02}", "month"
    return f"{published.year - count:04}", "year"


def _precision(found: Mapping[str, str]) -> str:
    if found.keys() & {"d", "rd", "wd"}:
        return "day"
    if "u" in found:
        unit = next((UNITS[name] for name in sorted(UNITS, key=len, reverse=True) if found["u"].startswith(name)), "day")
        return "day" if unit == "week" else unit
    return "month" if found.keys() & {"m", "rm"} else "week" if "rw" in found else "year"


def _month(word: str) -> int:
    if word[0].isdigit() or word[0] in _HAN:
        return _number(word)
    return MONTHS.get(word) or MONTHS.get(word[:3], 0)


def _number(word: str) -> int:
    """Read digits, or Chinese numerals up to thirty-one."""
    if word.isdigit() and word.isascii():
        return int(word)
    tens, ten, ones = word.partition("十")
    if not ten:
        return _HAN.get(word, 0)
    return 10 * (_HAN.get(tens, 1) if tens else 1) + (_HAN.get(ones, 0) if ones else 0)


def _shift(word: str) -> int:
    """Give by how many units a relative word lies off now: -1 for "last", 지난, 去."""
    exact = RELATIVE.get(word)
    if exact is not None:
        return exact
    return next((shift for name, shift in sorted(RELATIVE.items(), key=lambda item: -len(item[0])) if word.startswith(name)), 0)


def _months_on(published: date, months: int) -> tuple[int, int]:
    number = published.year * 12 + published.month - 1 + months
    return number // 12, number % 12 + 1


def _day(day: date) -> Resolved:
    return day.isoformat(), "day"

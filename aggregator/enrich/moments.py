"""Read the dates that pages tell in their tags and date lines: ISO 8601, RFC 5322, and as people write them in five languages.

A date without a zone takes the publisher's, or, of publishers nobody knows, that of most who write in the page's language. A day without
an hour is its first moment.
"""

import re
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo

LANGUAGE_ZONES = {"ko": "Asia/Seoul", "ja": "Asia/Tokyo", "zh": "Asia/Shanghai", "ru": "Europe/Moscow"}
"""The zone of most publishers of a language; those of English are all over the world."""
_LONGEST, _FIRST_YEAR = 120, 1900
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_RUSSIAN = ("янв", "фев", "мар", "апр", "мая", "июн", "июл", "авг", "сен", "окт", "ноя", "дек")
_NUMBER_OF = {name: number % 12 + 1 for number, name in enumerate((*_MONTHS, *_RUSSIAN))} | {"май": 5}
_NAME = r"(?P<name>[A-Za-z]{3,9}|[а-яА-Я]{3,8})\.?"
_DAYS = (
    re.compile(r"(?P<year>(?:19|20)\d{2}) ?[-./年년] ?(?P<month>\d{1,2}) ?[-./月월] ?(?P<day>\d{1,2})(?!\d)"),
    re.compile(rf"(?<!\d)(?P<day>\d{{1,2}})(?:st|nd|rd|th)? {_NAME},? (?P<year>(?:19|20)\d{{2}})"),
    re.compile(rf"{_NAME} (?P<day>\d{{1,2}})(?:st|nd|rd|th)?,? (?P<year>(?:19|20)\d{{2}})"),
    re.compile(r"(?<!\d)(?P<day>\d{1,2})\.(?P<month>\d{1,2})\.(?P<year>(?:19|20)\d{2})"),
    re.compile(r"^(?P<year>(?:19|20)\d{2})(?P<month>\d{2})(?P<day>\d{2})(?P<compact>\d{6})?$"),
)
_CLOCK = re.compile(
    r"(?P<before>오전|오후|午前|午後|上午|下午)? ?(?<!\d)(?P<hour>\d{1,2}) ?(?:[:：]|時|时|点|點|시) ?(?P<minute>\d{2})(?: ?분| ?分)?"
    r"(?:[:：](?P<second>\d{2}))?(?: ?(?P<after>[AaPp])\.?[Mm]\b)?"
)
_ZONES = {
    "KST": 9,
    "JST": 9,
    "MSK": 3,
    "МСК": 3,
    "GMT": 0,
    "UTC": 0,
    "EST": -5,
    "EDT": -4,
    "PST": -8,
    "PDT": -7,
    "CET": 1,
    "CEST": 2,
    "BST": 1,
    "HKT": 8,
    "SGT": 8,
    "AEST": 10,
}
"""What one abbreviation means everywhere that news are written; CST is America's and China's, and so means nothing."""
_ZONE = re.compile(rf"(?<![A-Za-zА-Я])(?:{'|'.join(sorted(_ZONES, key=len, reverse=True))})(?![A-Za-zА-Я])", re.IGNORECASE)
_OFFSET = re.compile(r"(?:(?<=\d)|(?<= )|(?<=GMT)|(?<=UTC))([+-])(\d{2}):?(\d{2})\b")


def moment(written: str | None, zone: tzinfo) -> datetime | None:
    """Read a date as pages write it; without a zone of its own it is in the one given. Gives UTC, or None."""
    text = " ".join((written or "").split())[:_LONGEST]
    at = _standard(text) or _told(text)
    try:
        return (at if at.tzinfo else at.replace(tzinfo=zone)).astimezone(UTC) if at else None
    except (ValueError, OverflowError):
        return None


def names_zone(written: str | None) -> bool:
    """Tell whether a date says itself in which zone it is."""
    at = _standard(" ".join((written or "").split())[:_LONGEST])
    return at.tzinfo is not None if at else _zone_of(written or "") is not None


def zone_of(name: str, language: str | None) -> tzinfo:
    """Give the zone of dates that tell none: the publisher's, where it is known, or that of most who write in a language."""
    return ZoneInfo(name or LANGUAGE_ZONES.get(language or "", "UTC"))


def _standard(text: str) -> datetime | None:
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return None
    return at if at.year >= _FIRST_YEAR else None


def _told(text: str) -> datetime | None:
    """Read a day, and the clock and the zone behind or before it."""
    match = next((found for form in _DAYS if (found := form.search(text))), None)
    if match is None:
        return None
    parts = match.groupdict()
    month = int(parts["month"]) if parts.get("month") else _NUMBER_OF.get(parts["name"].lower()[:3], 0)
    hour, minute, second = _compact(parts["compact"]) if parts.get("compact") else _clock(f"{text[: match.start()]} {text[match.end() :]}")
    try:
        return datetime(int(parts["year"]), month, int(parts["day"]), hour, minute, second, tzinfo=_zone_of(text))
    except ValueError:
        return None


def _compact(digits: str) -> tuple[int, int, int]:
    return int(digits[:2]), int(digits[2:4]), int(digits[4:])


def _clock(text: str) -> tuple[int, int, int]:
    match = _CLOCK.search(text)
    if match is None:
        return 0, 0, 0
    hour, half = int(match["hour"]), (match["after"] or match["before"] or "").lower()
    if half in ("p", "오후", "午後", "下午") and hour < 12:
        hour += 12
    elif half in ("a", "오전", "午前", "上午") and hour == 12:
        hour = 0
    return hour, int(match["minute"]), int(match["second"] or 0)


def _zone_of(text: str) -> tzinfo | None:
    offset = _OFFSET.search(text)
    if offset:
        ahead = timedelta(hours=int(offset[2]), minutes=int(offset[3]))
        return timezone(-ahead if offset[1] == "-" else ahead) if ahead < timedelta(hours=24) else None
    name = _ZONE.search(text)
    return timezone(timedelta(hours=_ZONES[name.group().upper()])) if name else None

"""Read dates the way feeds write them, and refuse what cannot be.

* A date without a zone is in the feed's zone. Only a form that names the zone overrides it; Korean words mean Seoul where the feed
  declares no zone of its own. A name of several zones ("CST", "AST", "BST") is the feed's own where it is one of them, "IST" is nothing
  else; a name that nobody knows is taken for the feed's own zone too, whose clock the publisher most likely read.
* Every digit of the text must have found its place, else the date is unreadable: a wrong date is worse than none.
  ``09/10/2024`` is refused for the same reason, since it is September to some and October to others.
* A date more than a day ahead or before 1990 is no date; who reads it says so in a note.
"""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

EARLIEST = datetime(1990, 1, 1, tzinfo=UTC)
AHEAD = timedelta(days=1)
_MAX_LENGTH = 120
_FURTHEST = timedelta(hours=15)
_SEOUL = timezone(timedelta(hours=9))

# Prefixes of month names, their accents dropped: English, French, German, Spanish, Hungarian, Russian, Greek.
_MONTHS = {
    prefix: number
    for number, prefixes in enumerate(
        (
            "jan ene янв ιαν",
            "feb fev фев φεβ",
            "mar мар μαρ",
            "apr avr abr апр απρ",
            "may mai maj мая маи μαι",
            "jun juin июн ιουν",
            "jul juil июл ιουλ",
            "aug aou ago авг αυγ",
            "sep sze сен σεπ",
            "oct okt окт οκτ",
            "nov ноя νοε",
            "dec dez dic дек δεκ",
        ),
        start=1,
    )
    for prefix in prefixes.split()
}
_ZONES = {
    name: timedelta(hours=hours)
    for hours, names in {
        0: "ut utc gmt z wet",
        1: "cet met wat west",
        2: "cest mest eet sast cat",
        3: "msk eest trt eat",
        3.5: "irst",
        4: "gst samt get azt msd",
        4.5: "aft irdt",
        5: "pkt uzt tmt tjt yekt",
        5.5: "slst",
        5.75: "npt",
        6: "omst almt kgt btt",
        6.5: "mmt",
        7: "ict wib krat novt hovt",
        8: "hkt sgt awst irkt myt ulat pht wita",
        9: "kst jst yakt wit tlt",
        9.5: "acst",
        10: "aest vlat chst pgt",
        10.5: "acdt",
        11: "aedt magt sakt sret",
        12: "nzst pett fjt",
        13: "nzdt",
        -2.5: "ndt",
        -3: "adt brt art uyt clst",
        -3.5: "nst",
        -4: "at vet bot clt",
        -5: "et cdt cot pet",
        -6: "ct mdt",
        -7: "mt pdt",
        -8: "pt akdt",
        -9: "akst hdt",
        -10: "hst",
    }.items()
    for name in names.split()
}
_AMBIGUOUS: Mapping[str, tuple[float, ...]] = {
    "cst": (-6, 8),  # America, China
    "est": (-5, 10),  # America, Australia
    "edt": (-4, 11),
    "mst": (-7, 6.5, 8),  # America, Myanmar, Malaysia
    "pst": (-8, 8, 5),  # America, the Philippines, Pakistan
    "ast": (-4, 3, 6),  # the Atlantic, Arabia, Astana
    "bst": (1, 6, 11),  # Britain, Bangladesh, Bougainville
}
"""Hours ahead of UTC that a name stands for; the first is meant unless the feed's own zone is one of the others."""
_IST = (timedelta(hours=5, minutes=30), timedelta(hours=2), timedelta(0))
"""What clocks show in winter where a zone is called IST: India, Israel, Ireland."""
_AFTERNOON = ("오후", "下午", "午後", "pm")
_MORNING = ("오전", "上午", "午前", "am")
_MONTH = "(?P<name>(?<![^\\W\\d_])(?:" + "|".join(sorted(_MONTHS, key=len, reverse=True)) + "))[^\\W\\d_]*\\.?"
_SHORT_DAY = r"(?P<day>\d{1,2})(?:st|nd|rd|th|er)?(?!\d)"
_LONG_YEAR = r"(?P<year>\d{4})(?!\d)"
_YEAR = r"(?P<year>\d{4}|\d{2})(?!\d)"

_ENGLISH = dict(zip(("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"), range(1, 13), strict=True))
_RFC5322 = re.compile(
    r"(?:[A-Z][a-z]{2}, )?([0-9]{1,2}) ([A-Z][a-z]{2}) ([0-9]{4}) ([0-9]{2}):([0-9]{2})(?::([0-9]{2}))? "
    r"(?:([+-])([0-9]{2})([0-9]{2})|GMT|UTC|Z)"
)
_RFC3339 = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,6})?(?:Z|[+-](?:0[0-9]|1[0-4]):[0-5][0-9])")
_COMPACT = re.compile(r"(\d{4})(\d\d)(\d\d)(?:t?(\d\d)(\d\d)(\d\d)?)?(z)?")
_EPOCH = re.compile(r"\d{10}|\d{13}")
_COMMENT = re.compile(r"\([^()]*\)")
_TIME = re.compile(
    r"(?P<before>오전|오후|上午|下午|午前|午後|am|pm)?\s*(?<!\d)(?P<hour>\d{1,2})\s?[:시時时点]\s?(?P<minute>\d{1,2})(?!\d)\s?"
    r"(?:[:분分]\s?(?P<second>\d{1,2})(?!\d)(?:[.,]\d{1,9})?\s?[초秒]?|[분分])?\s*(?P<after>[ap]\.?\s?m\b\.?)?"
)
_ZONE = re.compile(
    r"\s*(?:(?:etc/)?(?:gmt|utc?|z)?\s?(?P<sign>[+-])(?P<hours>\d{1,2})(?::?(?P<minutes>\d{2}))?(?![\d:])z?"
    r"|(?P<area>[a-z]+/[a-z_]+(?:/[a-z_]+)?)|(?P<abbreviation>[a-z]{1,4})(?![a-z/]))"
)
_DAYS = tuple(
    re.compile(pattern)
    for pattern in (
        r"(?P<year>\d{4})\s?[년年]\s?(?P<month>\d{1,2})\s?[월月]\s?(?P<day>\d{1,2})\s?[일日号]?",
        r"(?<!\d)(?P<year>\d{4})\s?[-./]\s?(?P<month>\d{1,2})\s?[-./]\s?(?P<day>\d{1,2})(?!\d)",
        rf"(?<!\d)(?P<year>\d{{4}})-{_MONTH}-(?P<day>\d{{1,2}})(?!\d)",
        rf"(?<!\d){_SHORT_DAY}[.\s,/-]*(?:de )?{_MONTH}[\s,/-]*(?:de )?{_YEAR}",
        rf"{_MONTH}\s*{_SHORT_DAY},?\s*{_LONG_YEAR}",
        r"(?<!\d)(?P<first>\d{1,2})/(?P<second>\d{1,2})/(?P<year>\d{4}|\d{2})(?!\d)",
        rf"(?<!\d)(?P<day>\d{{1,2}})(?:\.\s?|\s|-)(?P<month>\d{{1,2}})(?:\.\s?|\s|-){_LONG_YEAR}",
        rf"{_MONTH}\s*{_LONG_YEAR}",
        r"(?<!\d)(?P<year>\d{4})-(?P<month>\d{2})(?!\d)",
        r"^\s*(?P<year>(?:19|20)\d{2})\s*$",
    )
)


def read_date(text: str, zone: tzinfo, now: datetime) -> tuple[datetime | None, str | None]:
    """Give the moment in UTC that a feed means, or None and a note: ``date_unreadable``, ``date_in_future``, ``date_too_old``."""
    moment = parse_date(text, zone)
    if moment is None:
        return None, "date_unreadable"
    if moment > now + AHEAD:
        return None, "date_in_future"
    return (moment, None) if moment >= EARLIEST else (None, "date_too_old")


def parse_date(text: str, zone: tzinfo) -> datetime | None:
    """Give the moment in UTC that a text names, whatever year it is, or None where that is not certain."""
    if len(text) > _MAX_LENGTH:
        return None
    if (plain := _from_standard(text)) is not None:
        return plain
    folded = _folded(text)
    try:
        moment = _from_digits(folded, zone) or _from_words(folded, zone)
        return moment.astimezone(UTC) if moment else None
    except (ValueError, OverflowError):
        return None


def _from_standard(text: str) -> datetime | None:
    """Read the two forms that the standards prescribe, RFC 5322 and RFC 3339, without looking for anything else."""
    try:
        if match := _RFC5322.fullmatch(text):
            day, month, year, hour, minute, second, sign, hours, minutes = match.groups()
            offset = timedelta(hours=int(hours or 0), minutes=int(minutes or 0))
            moment = datetime(int(year), _ENGLISH.get(month, 0), int(day), int(hour), int(minute), int(second or 0), tzinfo=UTC)
            return None if offset > _FURTHEST else moment + offset if sign == "-" else moment - offset
        return datetime.fromisoformat(text).astimezone(UTC) if _RFC3339.fullmatch(text) else None
    except (ValueError, OverflowError):
        return None


def zone_named(name: str) -> tzinfo:
    """Give a zone by its IANA name, UTC where there is none of that name."""
    return _area(name) or UTC


def _folded(text: str) -> str:
    """Lower the case, drop accents and comments, unify widths."""
    if text.isascii():
        return _COMMENT.sub(" ", text.lower()).strip()
    letters = "".join(character for character in unicodedata.normalize("NFKD", text) if unicodedata.category(character) != "Mn")
    return _COMMENT.sub(" ", unicodedata.normalize("NFKC", letters).lower().replace("−", "-")).strip()


def _from_digits(text: str, zone: tzinfo) -> datetime | None:
    if _EPOCH.fullmatch(text):
        return datetime.fromtimestamp(int(text[:10]), UTC)
    match = _COMPACT.fullmatch(text)
    if not match:
        return None
    year, month, day, hour, minute, second = (int(digits or 0) for digits in match.groups()[:6])
    return datetime(year, month, day, hour, minute, second, tzinfo=UTC if match[7] else zone)


def _from_words(text: str, zone: tzinfo) -> datetime | None:
    clock, named, rest = _take_time(text, zone)
    day, rest = _take_day(rest)
    if day is None or any(character.isdigit() for character in rest):
        return None
    moment = datetime.combine(day, time(), zone) + clock
    if named is None and moment.utcoffset() == timedelta(0) and re.search("[년월일시오]", text):
        named = _SEOUL
    return moment.replace(tzinfo=named or zone)


def _take_time(text: str, zone: tzinfo) -> tuple[timedelta, tzinfo | None, str]:
    """Find the time of day and the zone behind it; give them and the text without them."""
    match = _TIME.search(text)
    if not match:
        return timedelta(0), None, text
    named, end = _take_zone(text, match.end(), zone)
    return _clock(match.groupdict()), named, f"{text[: match.start()].removesuffix('t')} {text[end:]}"


def _clock(parts: dict[str, str | None]) -> timedelta:
    """Give the time since midnight; a leap second is let pass, anything else beyond the dial is a `ValueError`."""
    half = parts["before"] or (parts["after"] or "").replace(".", "").replace(" ", "")
    hour, minute, second = int(parts["hour"] or 0), int(parts["minute"] or 0), int(parts["second"] or 0)
    if half in _AFTERNOON and hour < 12:
        hour += 12
    if half in _MORNING and hour == 12:
        hour = 0
    if (hour, minute, second) == (24, 0, 0):  # the end of a day in ISO 8601
        return timedelta(days=1)
    time(hour, minute, 59 if second == 60 else second)
    return timedelta(hours=hour, minutes=minute, seconds=second)


def _take_zone(text: str, start: int, zone: tzinfo) -> tuple[tzinfo | None, int]:
    match = _ZONE.match(text, start)
    if not match:
        return None, start
    if match["sign"]:
        offset = timedelta(hours=int(match["hours"]), minutes=int(match["minutes"] or 0))
        if offset > _FURTHEST:  # no place is so far off: a slip of the publisher's, whose own clock is the best guess
            return None, match.end()
        return timezone(-offset if match["sign"] == "-" else offset), match.end()
    if match["area"]:
        return _area(match["area"]), match.end()
    name = match["abbreviation"]
    if name in _AMBIGUOUS:
        return _meant(_AMBIGUOUS[name], zone), match.end()
    if name == "ist":
        if datetime(2000, 1, 1, tzinfo=zone).utcoffset() not in _IST:
            raise ValueError("IST is India's, Israel's or Ireland's time")
        return zone, match.end()
    return (timezone(_ZONES[name]), match.end()) if name in _ZONES else (None, start)


def _meant(hours: Sequence[float], zone: tzinfo) -> tzinfo:
    """Choose the meaning that clocks of the feed's own zone show in winter or in summer, else the usual one."""
    shown = {datetime(2020, month, 1, tzinfo=zone).utcoffset() for month in (1, 7)}
    return timezone(next((offset for one in hours if (offset := timedelta(hours=one)) in shown), timedelta(hours=hours[0])))


def _area(name: str) -> tzinfo | None:
    """Find an IANA zone; feeds write names in any case, the database only in its own."""
    proper = "/".join("_".join(word.capitalize() for word in part.split("_")) for part in name.split("/"))
    for key in (name, proper):
        try:
            return ZoneInfo(key)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            continue
    return None


def _take_day(text: str) -> tuple[date | None, str]:
    """Find the day; give it and the text without it."""
    for pattern in _DAYS:
        match = pattern.search(text)
        if match:
            return _day(match.groupdict()), f"{text[: match.start()]} {text[match.end() :]}"
    return None, text


def _day(parts: dict[str, str]) -> date | None:
    year = int(parts["year"])
    if len(parts["year"]) == 2:
        year += 1900 if year >= 90 else 2000
    if "first" in parts:
        return _slashed(year, int(parts["first"]), int(parts["second"]), short=len(parts["year"]) == 2)
    month = _MONTHS[parts["name"]] if "name" in parts else int(parts.get("month", 1))
    return date(year, month, int(parts.get("day", 1)))


def _slashed(year: int, first: int, second: int, *, short: bool) -> date | None:
    """Tell ``26/06/2020`` from ``06/26/2020``; what may be either, or begin with its year, is neither."""
    if second > 12:
        return date(year, first, second)
    return date(year, second, first) if not short and (first > 12 or first == second) else None

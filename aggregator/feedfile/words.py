"""Define the small languages inside feeds.yaml: identifiers, intervals, times, dates, zones, language codes, web addresses.

Each is an annotated type for the models of `entries`: a check that refuses with a sentence and what is allowed, and the
JSON Schema that lets an editor see most mistakes while they are typed.
"""

import re
from collections.abc import Collection
from datetime import date, time, timedelta
from functools import cache
from typing import Annotated, NoReturn
from urllib.parse import urlsplit
from zoneinfo import available_timezones

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema
from pydantic_core import PydanticCustomError

from aggregator.feedfile.findings import nearest, shown

REFUSED = "refused"
SHORTEST, LONGEST = timedelta(minutes=5), timedelta(days=7)
_IDENTIFIER = r"^[a-z0-9]+(?:[-_][a-z0-9]+)*$"
_THEME = r"^[a-z0-9_-]+(?:/[a-z0-9_-]+)?$"
_INTERVAL = r"^[1-9][0-9]{0,4}[mhd]$"
_UNITS = {"m": "minutes", "h": "hours", "d": "days"}
_TIME = r"^(?:[01][0-9]|2[0-3]):[0-5][0-9]$"
_DATE = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$"

_CODES = """
aa ab ae af ak am an ar as av ay az ba be bg bi bm bn bo br bs ca ce ch co cr cs cu cv cy da de dv dz ee el en eo es et
eu fa ff fi fj fo fr fy ga gd gl gn gu gv ha he hi ho hr ht hu hy hz ia id ie ig ii ik io is it iu ja jv ka kg ki kj kk
kl km kn ko ks ku kv kw ky la lb lg li ln lo lt lu lv mg mh mi mk ml mn mr ms mt my na nb nd ne ng nl nn no nr nv ny oc
oj om or os pa pi pl ps pt qu rm rn ro ru rw sa sc sd se sg si sk sl sm sn so sq sr ss st su sv sw ta te tg th ti tk tl
tn to tr ts tt tw ty ug uk ur uz ve vi vo wa wo xh yi yo za zh zu
"""
LANGUAGES = frozenset(_CODES.split())
"""ISO 639-1, without ``kr`` (Kanuri), which in this field is always a slip for Korean."""

_COUNTRIES = {"kr": "ko", "kp": "ko", "jp": "ja", "cn": "zh", "us": "en", "gb": "en", "korean": "ko", "japanese": "ja", "chinese": "zh"}


def refuse(message: str, allowed: str = "") -> NoReturn:
    """Refuse a value from within a pydantic validator, with our own words."""
    raise PydanticCustomError(REFUSED, "{message}", {"message": message, "allowed": allowed})


def _identifier(text: str) -> str:
    if len(text) > 64 or not re.fullmatch(_IDENTIFIER, text):
        refuse(f"{shown(text)!r} is no identifier", "at most 64 small letters, digits, '-' and '_', such as daily-nk-en")
    return text


def _theme(text: str) -> str:
    if len(text) > 130 or not re.fullmatch(_THEME, text):
        refuse(f"{shown(text)!r} is no theme", "a theme, or one concept of it as theme/concept")
    return text


def _language(text: str) -> str:
    if text in LANGUAGES:
        return text
    primary = text.casefold().replace("_", "-").split("-")[0]
    meant = _COUNTRIES.get(primary) or (primary if primary in LANGUAGES else None)
    hint = f"; did you mean {meant!r}?" if meant else ""
    refuse(f"{shown(text)!r} is no language code{hint}", "a code of two letters (ISO 639-1) such as en, ko, zh, ja, ru")


def _interval(value: object) -> timedelta:
    if not isinstance(value, str) or not re.fullmatch(_INTERVAL, value):
        refuse(f"{shown(value)!r} is no interval", "a number with m, h or d, such as 30m, 6h, 1d")
    length = timedelta(**{_UNITS[value[-1]]: int(value[:-1])})
    if not SHORTEST <= length <= LONGEST:
        refuse(f"the interval {value} is too {'short' if length < SHORTEST else 'long'}", "from 5m to 7d")
    return length


def _pause(value: object) -> timedelta:
    if not isinstance(value, str) or not re.fullmatch(_INTERVAL, value):
        refuse(f"{shown(value)!r} is no length of time", "a number with m, h or d, such as 10m, 2h")
    length = timedelta(**{_UNITS[value[-1]]: int(value[:-1])})
    if length > timedelta(days=1):
        refuse(f"the pause {value} is too long", "at most 1d")
    return length


def _time(value: object) -> time:
    if not isinstance(value, str) or not re.fullmatch(_TIME, value):
        refuse(f"{shown(value)!r} is no time of day", "hours and minutes from 00:00 to 23:59, such as 07:30")
    return time.fromisoformat(value)


def _date(text: str) -> str:
    try:
        return date.fromisoformat(text if re.fullmatch(_DATE, text) else "").isoformat()
    except ValueError:
        refuse(f"{shown(text)!r} is no date", "year-month-day, such as 2026-11-21")


_zones = cache(available_timezones)  # walks the whole time zone database each time it is called


def _zone(text: str) -> str:
    zones = _zones()
    if text not in zones:
        refuse(f"{shown(text)!r} is no time zone{_meant_zone(text, zones)}", "a name of the IANA list, such as Asia/Seoul or UTC")
    return text


def _meant_zone(text: str, zones: Collection[str]) -> str:
    """Offer the zone that was meant, by any spelling of its name or of its city alone."""
    names = {name.rsplit("/", 1)[-1].casefold(): name for name in sorted(zones)} | {name.casefold(): name for name in zones}
    meant = nearest(text.replace(" ", "_"), names)
    return f"; did you mean {names[meant]!r}?" if meant else ""


def _address(text: str) -> str:
    example = "an address such as https://www.38north.org/feed/"
    try:
        parts = urlsplit(text)
        host, _ = parts.hostname, parts.port
    except ValueError:
        refuse("this is no web address", example)
    if parts.username or parts.password:
        refuse("a user name or password stands in the address", "an address without them: this file holds no secrets")
    if parts.scheme not in ("http", "https"):
        refuse(f"{shown(text)!r} does not begin with http:// or https://", example)
    if not host or len(text) > 2000:
        refuse(f"{shown(text)!r} is no web address", f"{example}, of at most 2000 characters")
    if not re.fullmatch(r"[!-~]+", text):
        refuse("the address holds blanks or letters that are not ASCII", "percent-encoded letters: %20 for a blank")
    return text


Identifier = Annotated[str, AfterValidator(_identifier), Field(json_schema_extra={"pattern": _IDENTIFIER, "maxLength": 64})]
ThemeName = Annotated[str, AfterValidator(_theme), Field(json_schema_extra={"pattern": _THEME})]
Text = Annotated[str, Field(min_length=1, max_length=500)]
Language = Annotated[str, AfterValidator(_language), Field(json_schema_extra={"pattern": "^[a-z]{2}$"})]
Interval = Annotated[timedelta, BeforeValidator(_interval), WithJsonSchema({"type": "string", "pattern": _INTERVAL})]
Pause = Annotated[timedelta, BeforeValidator(_pause), WithJsonSchema({"type": "string", "pattern": _INTERVAL})]
TimeOfDay = Annotated[time, BeforeValidator(_time), WithJsonSchema({"type": "string", "pattern": _TIME})]
Day = Annotated[str, AfterValidator(_date), Field(json_schema_extra={"pattern": _DATE})]
Zone = Annotated[str, AfterValidator(_zone), Field(json_schema_extra={"examples": ["UTC", "Asia/Seoul", "Asia/Tokyo"]})]
WebAddress = Annotated[str, AfterValidator(_address), Field(json_schema_extra={"pattern": "^https?://[!-~]+$", "maxLength": 2000})]

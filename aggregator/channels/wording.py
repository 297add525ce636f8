"""Wording: how a digest's values read in every channel, with hostile text made harmless first.

Everything that came from a feed passes `clean`: one line, no control, no bidirectional override, no half a surrogate, bounded.
Escaping for a format (HTML, mrkdwn, a header) is that format's own business and comes after. Only web links stay clickable.
"""

import re
import unicodedata
from collections.abc import Sequence
from datetime import datetime
from itertools import groupby
from urllib.parse import quote, urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from aggregator.channels.phrases import LANGUAGES, primary, say, say_count, write_date, write_weekday
from aggregator.core.digests import HELD_BACK
from aggregator.core.excerpts import cut
from aggregator.core.outcomes import EXPLAINED
from aggregator.models import Digest, Item, Outlet, Role

LONGEST_LINK = 2_000
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_SPACES = re.compile(r"[\s\x00-\x20\x7f-\x9f\u2028\u2029]+")
# Left-to-right and right-to-left marks, embeddings, overrides and isolates; the byte order mark; annotation and tag characters.
_INVISIBLE = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff\ufff9-\ufffb\ufffe\uffff\U000e0000-\U000e007f\ud800-\udfff]")
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}")
_LINK_SAFE = "/:?#[]@!$&()*+,;=%~-._"


def clean(text: str, limit: int = 300) -> str:
    """Give `text` as one harmless line of at most `limit` characters, composed (NFC) and without invisible tricks."""
    return cut(clean_piece(text[: 8 * limit]).strip(), limit)


def clean_piece(text: str) -> str:
    """Clean a piece of a longer line, whose outer spaces matter."""
    return unicodedata.normalize("NFC", _SPACES.sub(" ", _INVISIBLE.sub("", text)))


def web_link(url: str) -> str | None:
    """Give a link that is safe to click, percent-encoded to ASCII, or None for anything but an absolute http(s) URL.

    A URL that hides characters, names a user before the host, or has no end is not one.
    """
    if _SPACES.search(url) or "\\" in url or _INVISIBLE.search(url):
        return None
    try:
        parts = urlsplit(url)
        host = parts.hostname if parts.scheme.lower() in ("http", "https") else None
        host = host if host and host.isascii() else (host or "").encode("idna").decode()
        port = f":{parts.port}" if parts.port else ""
    except (ValueError, UnicodeError):
        return None
    if not re.fullmatch(r"[A-Za-z0-9_.-]+|[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*", host) or "@" in parts.netloc:
        return None
    netloc = f"[{host}]" if ":" in host else host
    link = quote(parts._replace(scheme=parts.scheme.lower(), netloc=netloc + port).geturl(), safe=_LINK_SAFE)
    return link if len(link) <= LONGEST_LINK else None


def host_of(link: str) -> str:
    """Name the host a link leads to, without its "www."."""
    return (urlsplit(link).hostname or "").removeprefix("www.")


def language_tag(language: str) -> str:
    """Give a language as HTML wants it; an empty tag says that nobody knows."""
    return language if _LANGUAGE.fullmatch(language) else ""


def local(moment: datetime, zone: str) -> datetime:
    """Give `moment` on the clocks of the reader's zone, or in UTC where the zone is unknown."""
    try:
        return moment.astimezone(ZoneInfo(zone))
    except (ZoneInfoNotFoundError, ValueError, OverflowError, OSError):
        return moment


def day(moment: datetime, zone: str, language: str = "en") -> str:
    """Write a date in the reader's zone and language: ``21 Nov 2026``."""
    there = local(moment, zone)
    return write_date(language, there) or f"{there.day} {_MONTHS[there.month - 1]} {there.year}"


def date_and_time(moment: datetime, zone: str, language: str = "en") -> str:
    """Write a date and time in the reader's zone and language: ``Sat 21 Nov 2026, 08:00``."""
    there = local(moment, zone)
    written = write_date(language, there)
    if written:
        return f"{written} ({write_weekday(language, there)}) {there:%H:%M}"
    return f"{_DAYS[there.weekday()]} {day(moment, zone)}, {there:%H:%M}"


def counted(number: int, one: str, many: str | None = None) -> str:
    """Write a number with its noun: ``1 story``, ``1,204 stories``."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def summary(digest: Digest) -> str:
    """Say in a few words what the digest brings: ``3 new, 1 update``."""
    if digest.kind == "notice":
        return say_count(digest.language, len(digest.notices), "alarm")
    updates = sum(item.kind == "update" for item in digest.items)
    new = len(digest.items) - updates
    parts = [say(digest.language, "{count} new", count=f"{new:,}")] if new else []
    parts += [say_count(digest.language, updates, "update")] if updates else []
    return ", ".join(parts) or say(digest.language, "nothing new")


def subject(digest: Digest) -> str:
    """Name the message: counts, digest, date; an alert of one story says which."""
    name = clean(digest.name, 60) or clean(digest.subscription, 60)
    if digest.kind == "alert" and len(digest.items) == 1:
        name = f"{name}: {clean(digest.items[0].headline, 80)}"
    return f"{summary(digest)} - {name} - {day(digest.decided_at, digest.time_zone, digest.language)}"


def outlets_line(item: Item, language: str = "en") -> str:
    """Say who reports and who repeats: ``Yonhap → 2 echoes; Daily NK independent; 1 copy``."""
    by_role = {role: [outlet for outlet in item.outlets if outlet.role is role] for role in Role}
    echoed = _echoed(by_role[Role.ECHO])
    independent, official = (f" {say(language, word)}" for word in ("independent", "official response"))
    parts = [_witness(name, "", echoed, language) for name in _names(by_role[Role.ORIGIN])]
    parts += [_witness(name, independent, echoed, language) for name in _names(by_role[Role.INDEPENDENT])]
    parts += [_witness(name, official, echoed, language) for name in _names(by_role[Role.OFFICIAL])]
    parts += [_witness(name, "", echoed, language) for name in _names(by_role[Role.UNKNOWN])]
    parts += [_orphans(name, count, language) for name, count in echoed.items()]
    if by_role[Role.COPY]:
        parts.append(say_count(language, len(by_role[Role.COPY]), "copy", "copies"))
    shown = parts[:6] + ([say(language, "and {count} more", count=len(parts) - 6)] if len(parts) > 6 else [])
    return "; ".join(shown)


def role_words(outlet: Outlet, language: str = "en") -> str:
    """Say what one outlet's article is to the story."""
    if outlet.role is Role.ECHO and outlet.echo_of:
        return say(language, "echo of {name}", name=clean(outlet.echo_of, 60))
    words = {Role.UNKNOWN: "source not stated", Role.OFFICIAL: "official response"}
    return say(language, words.get(outlet.role, outlet.role.value))


def reason_words(code: str, language: str = "en") -> str:
    """Explain a reason code; one without an explanation reads as itself."""
    return say(language, {**EXPLAINED, **HELD_BACK}.get(code) or clean(code.replace("_", " "), 80))


def _echoed(echoes: Sequence[Outlet]) -> dict[str, int]:
    named = sorted(clean(outlet.echo_of or "", 60) for outlet in echoes)
    return {name: len(list(group)) for name, group in groupby(named)}


def _names(outlets: Sequence[Outlet]) -> list[str]:
    return list(dict.fromkeys(clean(outlet.name, 60) for outlet in outlets))


def _orphans(name: str, count: int, language: str) -> str:
    """Count echoes of an outlet that is not in the story."""
    echoes, source = say_count(language, count, "echo", "echoes"), name or say(language, "a source not seen here")
    return f"{echoes} of {source}" if primary(language) not in LANGUAGES else f"{echoes} ({source})"


def _witness(name: str, role: str, echoed: dict[str, int], language: str) -> str:
    """Name a witness with its echoes, which are then told."""
    echoes = echoed.pop(name, 0)
    return f"{name}{role} → {say_count(language, echoes, 'echo', 'echoes')}" if echoes else f"{name}{role}"

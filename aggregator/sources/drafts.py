"""From what a parser found to an `Entry`: the one place where caps, dates, links and marks are decided, for all kinds of source.

Nothing is lost in silence: what is cut, dropped or unreadable leaves a note on its entry, a reason code.
"""

import hashlib
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, tzinfo
from typing import TypeVar
from urllib.parse import urljoin, urlsplit

from aggregator.models import Enclosure, Entry, FeedSpec
from aggregator.sources.cleaning import clean, one_line
from aggregator.sources.dates import read_date, zone_named
from aggregator.sources.marks import find_marks

MAX_ENTRIES = 50_000
MAX_TEXT = 1_000_000
MAX_TITLE = 1_000
_MAX_ID = 2_000
_MAX_URL = 8_192
_MAX_LIST = 100
_MAX_NAME = 500

# Addresses that joining and splitting would give back as they are.
_ABSOLUTE = re.compile(r"https?://[A-Za-z0-9.-]+(?::[0-9]{1,5})?/(?:[A-Za-z0-9._~!$'()*+,=:@%/-]*)(?:\?[A-Za-z0-9._~!$'()*+,=:@%/?&-]+)?")

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """Hold one entry as its document tells it: raw strings, dates as candidates in the order of their worth."""

    id: str | None = None
    link: str | None = None
    title: str = ""
    summary: str = ""
    content: str = ""
    published: Sequence[str] = ()
    updated: Sequence[str] = ()
    authors: Iterable[str] = ()
    categories: Iterable[str] = ()
    enclosures: Iterable[tuple[str, str | None, int | None]] = ()
    language: str | None = None
    outlet: str | None = None


@dataclass(frozen=True, slots=True)
class Setting:
    """Hold what surrounds a document: the address that relative links start from, the feed's zone and language, the time."""

    base: str
    zone: tzinfo
    language: str
    now: datetime

    @classmethod
    def of(cls, feed: FeedSpec, base: str, now: datetime) -> "Setting":
        """Make the setting of a feed's document."""
        return cls(base, zone_named(feed.time_zone), feed.language, now)

    def based_on(self, base: str) -> "Setting":
        """Give the same with another base."""
        return replace(self, base=base)


@dataclass(slots=True)
class _Notes:
    """Collect reason codes, each once."""

    codes: dict[str, None] = field(default_factory=dict)

    def add(self, code: str | None) -> None:
        if code:
            self.codes[code] = None


def finish(draft: Draft, setting: Setting) -> Entry:
    """Make the entry that is kept."""
    notes = _Notes()
    title = _cut(one_line(draft.title), MAX_TITLE, "title_truncated", notes)
    published_at = _first_date((*draft.published, *draft.updated), setting, notes)
    enclosures = _all((_enclosure(found, setting, notes) for found in draft.enclosures), "enclosures_cut", notes)
    return Entry(
        id=_identifier(draft.id, notes),
        url=link(draft.link, setting, notes.add),
        title=title,
        summary=_cut(clean(draft.summary), MAX_TEXT, "summary_truncated", notes),
        content=_cut(clean(draft.content), MAX_TEXT, "content_truncated", notes),
        published_at=published_at,
        updated_at=_first_date(draft.updated, setting, notes),
        authors=_all((_name(author) for author in draft.authors), "authors_cut", notes),
        categories=_all((_name(category) for category in draft.categories), "categories_cut", notes),
        enclosures=enclosures,
        language=_name(draft.language or "").replace("_", "-") or None,
        outlet=_name(draft.outlet or "") or None,
        marks=find_marks(title),
        notes=tuple(notes.codes),
    )


def link(text: str | None, setting: Setting, note: Callable[[str], None] = lambda code: None) -> str | None:
    """Give a link as an absolute http or https address, or None; where no base is known a relative one stays relative."""
    address = "".join(clean(text or "").split("\n")).strip()
    if not address:
        return None
    if _ABSOLUTE.fullmatch(address) and len(address) <= _MAX_URL:
        return address
    try:
        absolute = urljoin(setting.base, address)
        parts = urlsplit(absolute)
    except ValueError:
        parts, absolute = urlsplit("invalid:"), ""
    relative = not (setting.base or parts.scheme or parts.netloc)
    if len(absolute) <= _MAX_URL and (relative or (parts.scheme in ("http", "https") and parts.netloc)):
        return absolute
    note("bad_link")
    return None


def _first_date(texts: Sequence[str], setting: Setting, notes: _Notes) -> datetime | None:
    """Give the first candidate that is a date; a note says so only where none of them is."""
    problem: str | None = None
    for text in filter(str.strip, texts):
        moment, trouble = read_date(text, setting.zone, setting.now)
        if moment:
            return moment
        problem = problem or trouble
    notes.add(problem)
    return None


def _identifier(text: str | None, notes: _Notes) -> str | None:
    """Give the feed's own identifier; a huge one is kept as its hash, since a cut one might be another's."""
    identifier = clean(text or "").strip()
    if len(identifier) <= _MAX_ID:
        return identifier or None
    notes.add("id_hashed")
    return "sha256:" + hashlib.sha256(identifier.encode()).hexdigest()


def _enclosure(found: tuple[str, str | None, int | None], setting: Setting, notes: _Notes) -> Enclosure | None:
    url = link(found[0], setting, notes.add)
    return Enclosure(url=url, type=_name(found[1] or "") or None, length=found[2]) if url else None


def _name(text: str) -> str:
    return one_line(text)[:_MAX_NAME]


def _cut(text: str, limit: int, code: str, notes: _Notes) -> str:
    if len(text) <= limit:
        return text
    notes.add(code)
    return text[:limit]


def _all(found: Iterable[Item | None], code: str, notes: _Notes) -> tuple[Item, ...]:
    """Give what was found, each once and without blanks, up to a bound."""
    items = tuple(dict.fromkeys(item for item in found if item))
    if len(items) > _MAX_LIST:
        notes.add(code)
    return items[:_MAX_LIST]

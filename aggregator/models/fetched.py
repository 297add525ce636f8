"""What comes from the network, and what is read out of it: fetches, feeds, entries, pages."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple, TypeAlias


class FailureKind(StrEnum):
    """Class a failed poll by what may help: waiting, looking at the feed, or giving it up."""

    TEMPORARY = "temporary"
    """Time-outs, resets, 429 and 5xx: try again later."""
    SOFT = "soft"
    """404, a page instead of a feed, nothing in the feed: somebody may have moved it."""
    PERMANENT = "permanent"
    """410, a refused address, a wrong scheme: polling again cannot help."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchRequest:
    """Ask for one URL, conditionally where validators are known (kept as opaque strings, quotes and ``W/`` included).

    With `follow` False a redirect comes back as a failure that tells its `location`. A body is cut at `cut_at` bytes where that is told.
    """

    url: str
    etag: str | None = None
    last_modified: str | None = None
    accept: str = "*/*"
    follow: bool = True
    cut_at: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """Carry a 200 answer: the decoded body within its limits, where it came from, and what may be remembered of it.

    `moved_to` is set only when every hop was permanent (301, 308). `headers` have lower-case names.
    """

    url: str
    status: int
    headers: Mapping[str, str]
    body: bytes
    etag: str | None = None
    last_modified: str | None = None
    moved_to: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NotModified:
    """Carry a 304 answer; its headers may renew the validators."""

    etag: str | None = None
    last_modified: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    moved_to: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Failed:
    """Carry a poll that brought nothing, with one plain sentence for the operator.

    `location` is the address that a redirect names which was not to be followed. `unresolved` tells that the host has no address, so that
    nobody was asked and no other feed of it needs to be tried.
    """

    kind: FailureKind
    message: str
    status: int | None = None
    retry_after: timedelta | None = None
    location: str | None = None
    unresolved: bool = False


FetchOutcome: TypeAlias = Fetched | NotModified | Failed


@dataclass(frozen=True, slots=True, kw_only=True)
class Posted:
    """Carry the answer to a POST; `headers` have lower-case names, `body` is cut at a small limit."""

    status: int
    headers: Mapping[str, str]
    body: bytes


PostOutcome: TypeAlias = Posted | Failed


@dataclass(frozen=True, slots=True, kw_only=True)
class Enclosure:
    """Name a file attached to an entry; `length` is in bytes where the feed says so."""

    url: str
    type: str | None = None
    length: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """Hold one entry as the feed told it, in our fields.

    `id` is the feed's own identifier (guid, atom:id) or None. `summary` and `content` are HTML as served (hostile);
    `title` is plain text with its marks ("(LD)", "[단독]") still in it, which `marks` repeats.
    `notes` are reason codes about the reading, such as ``date_in_future`` or ``content_truncated``.
    """

    id: str | None
    url: str | None
    title: str
    summary: str = ""
    content: str = ""
    published_at: datetime | None = None
    updated_at: datetime | None = None
    authors: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    enclosures: tuple[Enclosure, ...] = ()
    language: str | None = None
    outlet: str | None = None
    marks: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


class Imprint(NamedTuple):
    """Hold what tells an entry from others: its identity in its feed, the page it stands for, and the hash of its words.

    `page` is its canonical URL, or its title where it has none (`linked` False).
    """

    identity: str
    page: str
    linked: bool
    raw_hash: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedHints:
    """Hold what a document asks of those who poll it; `skip_hours` are hours of the day in UTC, `skip_days` 0 = Monday."""

    least: timedelta | None = None
    skip_hours: tuple[int, ...] = ()
    skip_days: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ParsedFeed:
    """Hold a parsed document; `error` is None or a sentence, and entries found beside an error are kept.

    `unchanged` counts items left out because the poll before served them to the byte; `item_hashes` are those of all items; `imprints`,
    where they were made already, are those of `entries`.
    """

    title: str | None = None
    url: str | None = None
    language: str | None = None
    updated_at: datetime | None = None
    entries: tuple[Entry, ...] = ()
    error: str | None = None
    notes: tuple[str, ...] = ()
    unchanged: int = 0
    item_hashes: bytes = b""
    hints: FeedHints = field(default_factory=FeedHints)
    imprints: tuple[Imprint, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Removed:
    """Keep a line that was taken out of a page's text, and why, so that an analyst can see what is missing."""

    text: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Hold what a publisher's page tells: its text without page chrome, and its metadata in fields.

    `partial` says why the text is not the whole article: "paywall", "consent", "challenge", "teaser", "no_article"; None where it is.
    `zone_assumed` says that a date told no zone and the publisher is unknown, so that of its language was taken.
    `canonical` is the address the page gives itself; `etag` and `last_modified` are what its server may be asked by again.
    """

    title: str
    text: str
    url: str | None = None
    authors: tuple[str, ...] = ()
    reporter: str | None = None
    translator: str | None = None
    section: str | None = None
    published_at: datetime | None = None
    modified_at: datetime | None = None
    published_text: str | None = None
    zone_assumed: bool = False
    language: str | None = None
    partial: str | None = None
    removed: tuple[Removed, ...] = ()
    canonical: str | None = None
    etag: str | None = None
    last_modified: str | None = None

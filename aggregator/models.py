"""The words of the house: frozen records that rooms hand to each other.

Configured things end in `Spec`, stored things in `State` or stand as plain nouns, results are past participles.
Every `*_at` is an aware UTC datetime. Nothing here does IO or decides anything.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from enum import StrEnum
from typing import TypeAlias
from zoneinfo import ZoneInfo

# --- configured -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedSpec:
    """Describe one feed as feeds.yaml declares it.

    `family` groups publishers that share a newsroom, `cited_as` holds the names under which others cite it, `expects` is the
    rhythm in which silence is no news ("daily", "weekdays", "weekly", "irregular"), `time_zone` is the zone of dates that name none.
    """

    id: str
    name: str
    url: str
    publisher: str
    family: str
    cited_as: tuple[str, ...] = ()
    publisher_class: str = "paper"
    language: str = "en"
    kind: str = "syndication"
    min_interval: timedelta = timedelta(minutes=30)
    max_interval: timedelta = timedelta(hours=6)
    expects: str = "irregular"
    assume_country: bool = False
    time_zone: str = "UTC"
    enabled: bool = True
    disabled_on: str | None = None
    disabled_reason: str | None = None
    options: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class TopicSpec:
    """Describe what to watch for: an anchor theme, weighted themes, a threshold, and the topic's own examples.

    `themes` maps a term pack's theme, or one concept of it as ``theme/concept``, to the weight of a strong hit; an article
    matches when its score reaches `threshold` and one of `require` (themes or concepts; empty: any) has a share in it.
    """

    id: str
    name: str
    anchor: str
    themes: Mapping[str, float]
    context: tuple[str, ...] = ()
    threshold: float = 1.0
    require: tuple[str, ...] = ()
    must_match: tuple[str, ...] = ()
    must_not_match: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """Say when a subscription is due: `every` is "immediate", "day", "weekday" or "week" (`weekday` 0 = Monday)."""

    every: str
    at: time | None = None
    time_zone: ZoneInfo = field(default_factory=lambda: ZoneInfo("UTC"))
    weekday: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class SubscriptionSpec:
    """Describe who gets what, when, and how.

    A recipient is an address, or ``env:NAME`` where the value is a secret of the environment (always so for webhooks).
    `when_empty` is "send" (the coverage statement goes out) or "silent".
    """

    id: str
    name: str
    channel: str
    recipients: tuple[str, ...]
    topics: tuple[str, ...]
    schedule: Schedule
    languages: tuple[str, ...] = ()
    threshold: float = 0.0
    when_empty: str = "send"
    language: str = "en"


@dataclass(frozen=True, slots=True, kw_only=True)
class Configuration:
    """Hold all of feeds.yaml, typed and checked."""

    feeds: tuple[FeedSpec, ...]
    topics: tuple[TopicSpec, ...]
    subscriptions: tuple[SubscriptionSpec, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SmtpServer:
    """Name the mail server that takes our messages; `tls` is "starttls", "implicit" or "none". The password stays out of every repr."""

    host: str
    port: int
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    tls: str = "starttls"


# --- fetched and parsed -----------------------------------------------------------------------------------------


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
    """Ask for one URL, conditionally where validators are known (kept as opaque strings, quotes and ``W/`` included)."""

    url: str
    etag: str | None = None
    last_modified: str | None = None
    accept: str = "*/*"


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Failed:
    """Carry a poll that brought nothing, with one plain sentence for the operator."""

    kind: FailureKind
    message: str
    status: int | None = None
    retry_after: timedelta | None = None


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


@dataclass(frozen=True, slots=True, kw_only=True)
class ParsedFeed:
    """Hold a parsed document; `error` is None or a sentence, and entries found beside an error are kept."""

    title: str | None = None
    url: str | None = None
    language: str | None = None
    updated_at: datetime | None = None
    entries: tuple[Entry, ...] = ()
    error: str | None = None
    notes: tuple[str, ...] = ()


# --- judged -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """Point at words that counted: `start` and `end` are offsets into the original `field` ("title" or "text").

    `strength` is "anchor", "strong" or "weak"; `concept` is the id shared by the languages, such as ``loyalty_funds_fx/loyalty_fund``.
    """

    theme: str
    concept: str
    strength: str
    field: str
    start: int
    end: int
    quote: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """Say in a code and a sentence why something was decided."""

    code: str
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """Hold what one topic says of one text: matched or not, the score, and why."""

    topic: str
    matched: bool
    score: float
    evidence: tuple[Evidence, ...]
    reason: Reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """Hold one typed fact with the words that prove it; offsets point into the original `field` ("title" or "text").

    `kind` is "figure", "place", "organisation", "person" or "outlet" (an outlet the text cites); `concept` is the
    language-free value that two texts can share (``place/dandong``, ``person:2000``, ``outlet/yonhap``).
    `low` and `high` are equal for a single value.
    """

    kind: str
    concept: str
    field: str
    start: int
    end: int
    quote: str
    low: float | None = None
    high: float | None = None
    unit: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Article:
    """Hold one revision's text on its way through the enrichment steps.

    `title` has lost its marks; `text` is plain text with paragraphs divided by blank lines. Steps add, they never drop.
    """

    title: str
    text: str
    feed: FeedSpec
    html: str = ""
    language: str | None = None
    published_at: datetime | None = None
    outlet: str | None = None
    facts: tuple[Fact, ...] = ()
    missing: tuple[str, ...] = ()


class Role(StrEnum):
    """Say what an article is to its story; only ORIGIN and INDEPENDENT count as confirmation."""

    ORIGIN = "origin"
    INDEPENDENT = "independent"
    ECHO = "echo"
    COPY = "copy"
    OFFICIAL = "official"
    """A government's or body's own answer to what is told: a denial, a "no comment", a statement."""
    UNKNOWN = "unknown"


# --- digests and deliveries -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlet:
    """Name one article of a story as the reader sees it; `echo_of` names the outlet an echo repeats."""

    name: str
    role: Role
    title: str
    url: str
    language: str
    published_at: datetime | None = None
    echo_of: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """Hold one story of a digest, complete for rendering.

    `kind` is "new" or "update"; `excerpt_marks` are (start, end) offsets of matched words in `excerpt`; `changes` are sentences
    such as "2,000 → 200 people".
    """

    story_id: int
    version: int
    kind: str
    topics: tuple[str, ...]
    headline: str
    url: str
    language: str
    outlets: tuple[Outlet, ...]
    why: tuple[str, ...]
    score: float
    excerpt: str = ""
    excerpt_marks: tuple[tuple[int, int], ...] = ()
    changes: tuple[str, ...] = ()
    facts: tuple[str, ...] = ()
    published_at: datetime | None = None
    first_seen_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedHealth:
    """Say how one feed does: `status` is "ok", "failing", "never" (not polled yet) or "disabled"."""

    feed_id: str
    name: str
    status: str
    url: str = ""
    last_success_at: datetime | None = None
    last_attempt_at: datetime | None = None
    next_due_at: datetime | None = None
    entries: int = 0
    error: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """State what a digest's window saw. The books balance: seen = unmatched + matched, matched = folded + told.

    `told` revisions opened or changed a story of this digest; `folded` ones are copies, echoes and reports of a story
    that the digest, or an earlier one, already tells. `unmatched_by_reason` adds up to `unmatched`.
    """

    seen: int
    unmatched: int
    matched: int
    folded: int
    told: int
    unmatched_by_reason: Mapping[str, int] = field(default_factory=dict)
    feeds: tuple[FeedHealth, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Digest:
    """Hold one message to a subscription, frozen when it was decided, so that it renders the same for ever.

    It covers the ingest sequence in the half-open window (`after_seq`, `through_seq`].
    """

    subscription: str
    name: str
    kind: str
    after_seq: int
    through_seq: int
    decided_at: datetime
    time_zone: str
    language: str
    topic_names: Mapping[str, str]
    items: tuple[Item, ...]
    coverage: Coverage
    since: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """Hold one claimed row of the outbox: this digest to this recipient by this channel.

    `key` is stable over retries and restarts: e-mail uses it in the Message-ID, webhooks as idempotency key.
    """

    id: int
    digest_id: int
    subscription: str
    channel: str
    recipient: str
    key: str
    attempts: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """Keep what the receiver said when it took a message over."""

    detail: str

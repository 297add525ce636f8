"""What the store keeps of feeds and their polls."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from aggregator.models import (
    Entry,
    Failed,
    FeedHints,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Habits:
    """Hold what a feed's polls taught of it.

    `rate` is how many entries a day it brings, smoothed over two weeks; `burst` the most it brought, forgotten within weeks; `window`
    how many items its document holds; `site` the host of its links. `moved_to` is where a permanent redirect led `moved_seen` times.
    """

    rate: float | None = None
    burst: float | None = None
    window: int = 0
    site: str | None = None
    hints: FeedHints = field(default_factory=FeedHints)
    moved_to: str | None = None
    moved_seen: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Alarm:
    """Tell the operator what a feed does that it should not; `cleared_at` is None while it stands.

    Kinds that stand until they are over: "silence", "failing", "gone". Notices, cleared as they are raised: "gap", "takeover",
    "flood", "moved".
    """

    kind: str
    feed_id: str
    message: str
    raised_at: datetime
    cleared_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedState:
    """Hold what the store remembers of one feed between two polls.

    `item_hashes` are those of the raw items last served, 8 bytes each; a feed that answered 410 has `retired_at` and is never due.
    """

    feed_id: str
    url: str
    etag: str | None = None
    last_modified: str | None = None
    body_hash: str | None = None
    next_due_at: datetime | None = None
    last_attempt_at: datetime | None = None
    last_success_at: datetime | None = None
    last_new_at: datetime | None = None
    newest_published_at: datetime | None = None
    failures: int = 0
    error: str | None = None
    habits: Habits = field(default_factory=Habits)
    item_hashes: bytes = b""
    retired_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownEntry:
    """Hold what tells a changed entry from an unchanged one, and from another item under the same guid.

    `article_key` and `title` are those the entry was stored with last.
    """

    entry_id: int
    identity: str
    raw_hash: str
    article_key: str = ""
    title: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Intake:
    """Ask the store to keep one entry as a new one (`entry_id` None) or as a revision of a known one.

    `article_key` is the canonical URL, or a key made of feed and identity where the entry has no URL.
    """

    entry_id: int | None
    identity: str
    raw_hash: str
    article_key: str
    entry: Entry


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """Hold an answer as it came over the network, for evidence; `body` is decoded from its transfer encoding."""

    url: str
    status: int
    headers: Mapping[str, str]
    body: bytes
    fetched_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class PollRecord:
    """Hold one finished poll: what came, what to keep of it, and when to come back (None: never, the feed is retired).

    `outcome` is "ok", "not_modified", "unchanged" (same bytes), "deferred" (its host wants peace, nothing was asked) or "failed"; then
    `failure` says why. `asked_url` is the feed's address as it was claimed; where the feed has another one meanwhile, what was learned of
    the old one is not kept. `habits` and `item_hashes` of None stay as they are; `cleared` names the kinds of alarm that are over.
    """

    feed_id: str
    started_at: datetime
    finished_at: datetime
    outcome: str
    next_due_at: datetime | None
    intakes: tuple[Intake, ...] = ()
    entries: int = 0
    undated: int = 0
    status: int | None = None
    size: int = 0
    etag: str | None = None
    last_modified: str | None = None
    body_hash: str | None = None
    failure: Failed | None = None
    note: str | None = None
    newest_published_at: datetime | None = None
    habits: Habits | None = None
    item_hashes: bytes | None = None
    alarms: tuple[Alarm, ...] = ()
    cleared: tuple[str, ...] = ()
    response: Response | None = None
    asked_url: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Poll:
    """Hold one line of a feed's history as people read it; `new` and `revised` count entries stored by it.

    `raised` holds the alarms that began with it; a history read back leaves them out.
    """

    feed_id: str
    started_at: datetime
    outcome: str
    status: int | None
    entries: int
    new: int
    revised: int
    message: str | None
    raised: tuple[Alarm, ...] = ()

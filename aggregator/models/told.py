"""What is told: items, digests, the coverage statement, deliveries and their receipts."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from aggregator.models.judged import Role


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlet:
    """Name one article of a story as the reader sees it; `echo_of` names the outlet an echo repeats.

    `article_id` is its number in the store; digests of old do not know it.
    """

    name: str
    role: Role
    title: str
    url: str
    language: str
    published_at: datetime | None = None
    echo_of: str | None = None
    article_id: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """Hold one story of a digest, complete for rendering.

    `kind` is "new", "update" or "continues"; `excerpt_marks` are (start, end) offsets of matched words in `excerpt`; `changes` are
    sentences such as "2,000 → 200 people". `article_id` is the article that speaks for the story; digests of old do not know it.
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
    article_id: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedHealth:
    """Say how one feed does: `status` is "ok", "failing", "retired", "never" (not polled yet) or "disabled"."""

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
    that the digest, or an earlier one, already tells. `unmatched_by_reason` adds up to `unmatched`. `parted` stories are told beside
    these: their revisions were folded in earlier windows into a story that turned out to be another.
    """

    seen: int
    unmatched: int
    matched: int
    folded: int
    told: int
    unmatched_by_reason: Mapping[str, int] = field(default_factory=dict)
    feeds: tuple[FeedHealth, ...] = ()
    parted: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """Hold one alarm as the operator is told of it; `key` tells it from every other, so that it is told once."""

    key: str
    text: str
    since: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Digest:
    """Hold one message to a subscription, frozen when it was decided, so that it renders the same for ever.

    It covers the ingest sequence in the half-open window (`after_seq`, `through_seq`]. `continuing` are stories told before that
    more outlets report now. `due_at` is set where the digest is late, and `missed` counts the further times that passed since.
    `days` counts the stories opened on each of the last days, the day of the decision last. A digest of the kind "notice" tells the
    operator of alarms, its `notices`, and of no stories.
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
    continuing: tuple[Item, ...] = ()
    due_at: datetime | None = None
    missed: int = 0
    days: tuple[int, ...] = ()
    notices: tuple[Notice, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """Hold one claimed row of the outbox: this digest to this recipient by this channel.

    `key` is stable over retries and restarts: e-mail uses it in the Message-ID, webhooks as idempotency key. `thread` is what the
    receiver called the first message about the one story that this one updates, where it calls messages anything.
    """

    id: int
    digest_id: int
    subscription: str
    channel: str
    recipient: str
    key: str
    attempts: int
    thread: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """Keep what the receiver said when it took a message over; `thread` is its name for the message, to answer to.

    `body_hash` is the SHA-256 of what was handed over, so that a later rendering can be held against it.
    """

    detail: str
    thread: str | None = None
    body_hash: str | None = None

"""What the store keeps of subscriptions, digests and deliveries."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from aggregator.models import (
    Delivery,
    Digest,
    Fact,
    Judgement,
    Receipt,
)
from aggregator.records.stories import Telling


@dataclass(frozen=True, slots=True, kw_only=True)
class SubscriptionState:
    """Hold how far a subscription has been told (`after_seq`) and when it is due; None is due whenever there is news."""

    subscription: str
    after_seq: int
    next_due_at: datetime | None
    last_digest_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldArticle:
    """Hold one article of a story with what a digest shows of it."""

    telling: Telling
    url: str
    judgements: tuple[Judgement, ...]
    figures: tuple[Fact, ...]
    published_at: datetime | None
    first_seen_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class StoryMaterial:
    """Hold a story that has news for a subscription: its current version, the version told before (None: never), and why it changed.

    `parted` ones were part of a told story without being told, and stand alone since: no revision of the window is theirs.
    """

    story_id: int
    version: int
    told_version: int | None
    lead_article_id: int
    changes: tuple[str, ...]
    articles: tuple[ToldArticle, ...]
    changed_at: datetime | None = None
    parted: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowCounts:
    """Count the revisions of a window: seen = sum of `unmatched_by_reason` + matched."""

    seen: int
    matched: int
    unmatched_by_reason: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Name one recipient of a digest and the key its delivery keeps for ever."""

    channel: str
    recipient: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Closure:
    """Hold an address that gets nothing more of a subscription; `cause` is "unsubscribed" or "refused" (by its receiver)."""

    subscription: str
    address: Address
    cause: str
    detail: str
    closed_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimedDelivery:
    """Hold a delivery this worker may send until its lease ends; `token` proves the claim."""

    delivery: Delivery
    digest: Digest
    token: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NotedReceipt:
    """Hold the receipt of a claimed delivery as it is noted down before the ledger has it; `token` proves the claim."""

    delivery_id: int
    token: str
    receipt: Receipt
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryRow:
    """Hold one delivery as people read it; `status` is "pending", "sending", "sent", "retry" or "dead"."""

    delivery: Delivery
    status: str
    due_at: datetime | None
    sent_at: datetime | None
    detail: str | None
    decided_at: datetime | None = None
    body_hash: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """Tell what became of one stored revision, for the books: stored, and then exactly one `code`."""

    seq: int
    feed_id: str
    title: str
    url: str
    code: str
    detail: str
    story_id: int | None
    topics: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Connections:
    """Count a process's connections to the database: all that are `open`, and those that are `busy` just now."""

    open: int = 0
    busy: int = 0

    def __add__(self, other: "Connections") -> "Connections":
        return Connections(open=self.open + other.open, busy=self.busy + other.busy)


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview:
    """Count what the store holds, for the status page and the health check."""

    entries: int
    revisions: int
    unjudged: int
    articles: int
    stories: int
    digests: int
    deliveries_by_status: Mapping[str, int]
    last_poll_at: datetime | None

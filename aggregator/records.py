"""What crosses the store's door: frozen records that use cases and the store exchange.

No row, no connection and no SQL type passes that door; dates are aware UTC, JSON columns arrive as tuples of our own records.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from aggregator.models import (
    Article,
    Delivery,
    Digest,
    Entry,
    Fact,
    Failed,
    FeedHints,
    Judgement,
    Reason,
    Role,
)

# --- feeds and polls --------------------------------------------------------------------------------------------


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
    `failure` says why. `habits` and `item_hashes` of None stay as they are; `cleared` names the kinds of alarm that are over.
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


# --- judging ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredRevision:
    """Hold one revision that waits to be judged, in the order of the ingest sequence `seq`."""

    seq: int
    entry_id: int
    article_id: int
    article_key: str
    feed_id: str
    entry: Entry
    observed_at: datetime
    first: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Telling:
    """Hold an article as the story step compares it: one publisher's current text with the concepts found in it.

    `concepts` are language-free ids (places, figures, organisations, themes' concepts); `told_at` is published_at or first seen.
    """

    article_id: int
    seq: int
    feed_id: str
    outlet: str
    family: str
    language: str
    title: str
    text: str
    text_hash: str
    told_at: datetime
    concepts: frozenset[str]
    topics: tuple[str, ...] = ()
    story_id: int | None = None
    role: Role = Role.UNKNOWN
    echo_of: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StorySketch:
    """Hold a story with its member tellings, oldest first."""

    story_id: int
    version: int
    lead_article_id: int
    members: tuple[Telling, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Placement:
    """Say which story a matched revision belongs to, as what, and whether the story changed by it.

    `story_id` None opens a story. `event` is "opened", "joined", "updated" (a material change: the version grows)
    or "repeated" (nothing new). `changes` are sentences for the reader.
    """

    story_id: int | None
    event: str
    role: Role
    why: Reason
    echo_of: int | None = None
    copy_of: int | None = None
    changes: tuple[str, ...] = ()
    lead: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """Hold all that was decided about one revision; the store keeps it in one transaction.

    `outcome` is the revision's one final reason code, see `aggregator.core.outcomes`. `placement` is None where nothing matched.
    `replaces` is False where another feed shows the same page in no more words: the article keeps the text it has.
    """

    revision: StoredRevision
    article: Article
    text_hash: str
    concepts: frozenset[str]
    judgements: tuple[Judgement, ...]
    rule_version: str
    outcome: Reason
    decided_at: datetime
    placement: Placement | None = None
    replaces: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerLine:
    """Hold one figure as analysts compare it: what an article of which story says, where and when, in its own words."""

    fact: Fact
    place: str | None
    date: str | None
    article_id: int
    story_id: int | None
    outlet: str
    title: str
    url: str
    published_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Archived:
    """Hold an article as it stands, with what the topics said of it: `scores` of those that matched, by rules `rule_version`."""

    revision: StoredRevision
    title: str
    text: str
    language: str
    outlet: str | None
    published_at: datetime | None
    scores: Mapping[str, float]
    rule_version: str
    outcome: str
    detail: str
    facts: tuple[Fact, ...]
    in_story: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class NearMiss:
    """Hold one article that a topic nearly matched, kept for review; `week` is an ISO week such as 2026-W47."""

    week: str
    seq: int
    topic: str
    detail: str
    title: str
    url: str


# --- digests and deliveries -------------------------------------------------------------------------------------


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
    """Hold a story that has news for a subscription: its current version, the version told before (None: never), and why it changed."""

    story_id: int
    version: int
    told_version: int | None
    lead_article_id: int
    changes: tuple[str, ...]
    articles: tuple[ToldArticle, ...]
    changed_at: datetime | None = None


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

"""The four seams of the house: fetcher, feed reader, store, channel.

Use cases know these protocols only; `aggregator.app` picks the concrete parts.
"""

from collections.abc import Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from typing import Protocol

from aggregator.core.rarity import Rarity
from aggregator.models import (
    Delivery,
    Digest,
    FeedHealth,
    FeedSpec,
    FetchOutcome,
    FetchRequest,
    ParsedFeed,
    PostOutcome,
    Receipt,
    SubscriptionSpec,
)
from aggregator.records import (
    Address,
    ClaimedDelivery,
    DeliveryRow,
    FeedState,
    Judged,
    KnownEntry,
    Neighbourhood,
    Outcome,
    Overview,
    Poll,
    PollRecord,
    StoredRevision,
    StoryMaterial,
    StoryRecord,
    StorySketch,
    SubscriptionState,
    Telling,
    WindowCounts,
)


class Fetcher(Protocol):
    """Get one URL from the network, guarded and bounded; expected failures come back as values, never as exceptions."""

    async def fetch(self, request: FetchRequest) -> FetchOutcome: ...


class Poster(Protocol):
    """Post one body to one URL, guarded and bounded; never follows a redirect, never tries twice."""

    async def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> PostOutcome: ...


class FeedReader(Protocol):
    """Read a feed's bytes by its kind within a deadline; never raises for what the bytes hold."""

    async def read(self, feed: FeedSpec, url: str, headers: Mapping[str, str], body: bytes, now: datetime) -> ParsedFeed: ...


class Message(Protocol):
    """Hold what a channel is about to send: a preview of it by file suffix (".eml", ".html", ".txt", ".json")."""

    @property
    def parts(self) -> Mapping[str, bytes]: ...


class Channel(Protocol):
    """Turn a digest into one message for one recipient, and hand it over.

    `render` is pure: the same digest and delivery give the same bytes. `send` raises `DeliveryError`.
    """

    def render(self, digest: Digest, delivery: Delivery) -> Message: ...

    async def send(self, delivery: Delivery, message: Message) -> Receipt: ...


class Store(Protocol):
    """Keep everything. Each method is one transaction, unless called inside `transaction()`, which joins them into one."""

    def upgrade(self) -> None:
        """Bring the schema to this release, under a lock, so that two starters do not collide."""
        ...

    def close(self) -> None: ...

    def transaction(self) -> AbstractContextManager[None]:
        """Join the calls made by this thread inside the block into one transaction; an exception undoes them all."""
        ...

    def release_leases(self) -> None:
        """Free every lease; only for the one process that holds the installation's lock."""
        ...

    # feeds
    def sync_feeds(self, feeds: Sequence[FeedSpec], now: datetime) -> None:
        """Declare the configured feeds; new ones are due now, those no longer configured are kept but never due."""
        ...

    def claim_feeds(self, now: datetime, lease: timedelta, limit: int, only: Collection[str] | None = None) -> Sequence[FeedState]:
        """Lease up to `limit` due feeds, longest due first; with `only`, these feeds whether due or not."""
        ...

    def known_entries(self, feed_id: str, identities: Collection[str]) -> Mapping[str, KnownEntry]: ...

    def record_polls(self, records: Sequence[PollRecord]) -> Sequence[Poll]:
        """Keep finished polls with all their entries, number the revisions in commit order, end the leases."""
        ...

    def feed_health(self) -> Sequence[FeedHealth]: ...

    def polls(self, feed_id: str | None = None, limit: int = 50) -> Sequence[Poll]: ...

    # judging
    def unjudged(self, limit: int) -> Sequence[StoredRevision]:
        """Give the oldest revisions that wait for judgement, in sequence order."""
        ...

    def judged_through(self) -> int:
        """Give the highest sequence number below which everything is judged; 0 for an empty store."""
        ...

    def telling(self, article_id: int) -> Telling | None:
        """Give an article as it was last judged and matched, or None."""
        ...

    def tellings_with_text(self, text_hash: str, since: datetime) -> Sequence[Telling]:
        """Give matched articles with exactly this normalised text, oldest first."""
        ...

    def story_sketches(self, since: datetime, until: datetime) -> Sequence[StorySketch]:
        """Give stories with a member told inside the period, oldest first."""
        ...

    def rarity(self, terms: Collection[str]) -> Rarity:
        """Give the archive's counts of these terms, as if an article with all of them were in it."""
        ...

    def neighbourhood(self, telling: Telling) -> Neighbourhood:
        """Give the stories an article may belong to, with what is known of pairs of their articles."""
        ...

    def record_judged(self, judged: Judged) -> int | None:
        """Keep a judgement with matches, facts, decisions and placement; give the story's id where there is one."""
        ...

    # stories by hand; each decision gives the number of its line in the audit trail, and raises `UsageError` where it makes no sense
    def story_records(self, limit: int = 50) -> Sequence[StoryRecord]:
        """Give the stories that changed last, newest first."""
        ...

    def story_record(self, story_id: int) -> StoryRecord:
        """Give a story whole, or the one it was merged into."""
        ...

    def merge_stories(self, story_id: int, other_id: int, now: datetime) -> int: ...

    def split_story(self, story_id: int, article_ids: Sequence[int], now: datetime) -> int: ...

    def set_lead(self, story_id: int, article_id: int, now: datetime) -> int: ...

    def keep_apart(self, one: int, other: int, now: datetime) -> int:
        """Remember that two articles do not tell one event, and part them where they stand together."""
        ...

    def undo_operation(self, operation_id: int, now: datetime) -> int: ...

    # digests and deliveries
    def sync_subscriptions(self, subscriptions: Sequence[SubscriptionSpec], due: Mapping[str, datetime | None], now: datetime) -> None:
        """Declare the configured subscriptions; a new one starts after what is already stored."""
        ...

    def subscription_state(self, subscription: str) -> SubscriptionState | None: ...

    def due_subscriptions(self, now: datetime) -> Sequence[SubscriptionState]: ...

    def window_stories(self, subscription: str, topics: Collection[str], after_seq: int, through_seq: int) -> Sequence[StoryMaterial]:
        """Give stories with a revision matched for these topics inside the window whose current version was not told yet."""
        ...

    def window_counts(self, topics: Collection[str], after_seq: int, through_seq: int) -> WindowCounts: ...

    def record_digest(self, digest: Digest, addresses: Sequence[Address], next_due_at: datetime | None, now: datetime) -> int | None:
        """Keep a digest, its items and one delivery per address, and advance the subscription, in one transaction.

        Gives None and keeps nothing where somebody else advanced the subscription first.
        """
        ...

    def advance_subscription(
        self, subscription: str, after_seq: int, through_seq: int, next_due_at: datetime | None, now: datetime
    ) -> bool:
        """Move a subscription past a window that held nothing to send."""
        ...

    def claim_delivery(self, now: datetime, lease: timedelta) -> ClaimedDelivery | None: ...

    def record_sent(self, claimed: ClaimedDelivery, receipt: Receipt, now: datetime) -> bool: ...

    def record_not_sent(self, claimed: ClaimedDelivery, error: str, retry_at: datetime | None, now: datetime) -> bool:
        """Put a failed delivery back until `retry_at`, or among the dead where it is None."""
        ...

    def digests(self, subscription: str | None = None, limit: int = 50) -> Sequence[tuple[int, Digest]]: ...

    def digest(self, digest_id: int) -> Digest | None: ...

    def deliveries(self, digest_id: int | None = None, limit: int = 200) -> Sequence[DeliveryRow]: ...

    # books
    def outcomes(self, after_seq: int = 0) -> Sequence[Outcome]: ...

    def overview(self) -> Overview: ...

    def prune_fetches(self, before: datetime) -> int:
        """Forget the history of polls older than `before`; entries stay."""
        ...

"""What the use cases ask of the store."""

from collections.abc import Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from typing import Protocol

from aggregator.models import (
    Digest,
    FeedHealth,
    FeedSpec,
    Receipt,
    SubscriptionSpec,
)
from aggregator.ports.stories import StoryStore
from aggregator.records import (
    Address,
    Alarm,
    Archived,
    ClaimedDelivery,
    Closure,
    Connections,
    DeliveryRow,
    FeedState,
    Judged,
    KnownEntry,
    LedgerLine,
    Look,
    NearMiss,
    NotedReceipt,
    Outcome,
    Overview,
    PageVisit,
    Poll,
    PollRecord,
    StoredRevision,
    StoryMaterial,
    StorySketch,
    SubscriptionState,
    Telling,
    WindowCounts,
)


class Store(StoryStore, Protocol):
    """Keep everything. Each method is one transaction, unless called inside `transaction()`, which joins them into one."""

    def upgrade(self) -> None:
        """Bring the schema to this release, under a lock, so that two starters do not collide."""
        ...

    def close(self) -> None: ...

    def connections(self) -> Connections:
        """Count the connections that are open, and those in use just now."""
        ...

    def transaction(self) -> AbstractContextManager[None]:
        """Join the calls made by this thread inside the block into one transaction; an exception undoes them all."""
        ...

    def standing_still(self) -> AbstractContextManager[None]:
        """Join the calls made by this thread into one transaction, and let nobody place or move articles until it ends."""
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

    def due_feeds(
        self, now: datetime, limit: int, only: Collection[str] | None = None, beside: Collection[str] = ()
    ) -> Sequence[FeedState]:
        """Name feeds that are due, longest due first, leased or not, and lease none; none whose URL is at a host in `beside`."""
        ...

    def mend_feed_dates(self, now: datetime) -> int:
        """Make due what was polled, and free what was leased, under a clock that ran ahead of this one; gives how many feeds."""
        ...

    def free_feeds(self, feed_ids: Collection[str]) -> None:
        """End the leases of feeds whose holder is known to be gone."""
        ...

    def known_entries(self, feed_id: str, identities: Collection[str]) -> Mapping[str, KnownEntry]: ...

    def record_polls(self, records: Sequence[PollRecord]) -> Sequence[Poll]:
        """Keep finished polls with all their entries, number the revisions in commit order, end the leases."""
        ...

    def feed_health(self) -> Sequence[FeedHealth]: ...

    def polls(self, feed_id: str | None = None, limit: int = 50) -> Sequence[Poll]: ...

    def alarms(self, since: datetime | None = None, feed_id: str | None = None, limit: int = 100) -> Sequence[Alarm]:
        """Give standing alarms, and with `since` those raised from then on too, newest first."""
        ...

    # judging
    def unjudged(self, limit: int, after: int = 0) -> Sequence[StoredRevision]:
        """Give the oldest revisions that wait for judgement, in sequence order, of those numbered above `after`."""
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

    def record_judged(self, judged: Judged) -> int | None:
        """Keep a judgement with matches, facts, decisions and placement; give the story's id where there is one."""
        ...

    def record_unmatched(self, judged: Sequence[Judged]) -> Sequence[Judged]:
        """Keep at once those that matched nothing and are the first text of their article; give back the rest that wait, in their order."""
        ...

    def release_held(self, feed_id: str, now: datetime) -> int:
        """Put a feed's held entries up for judgement again, and give their number; they are told by what is decided from then on."""
        ...

    # pages
    def claim_pages(self, now: datetime, lease: timedelta, limit: int) -> Sequence[PageVisit]:
        """Lease up to `limit` pages that are due to be looked at again, longest due first."""
        ...

    def pages_due(self, now: datetime) -> bool:
        """Tell whether a page is due to be looked at again."""
        ...

    def record_look(self, look: Look) -> int | None:
        """Keep what a look brought; give the number of the revision where the page's text changed."""
        ...

    # the archive
    def archived(self, after_seq: int, limit: int, since: datetime | None = None, other_than: str | None = None) -> Sequence[Archived]:
        """Give articles as they stand, in the order of the ingest sequence; with `other_than`, those judged by other rules."""
        ...

    def count_archived(self, since: datetime | None = None, other_than: str | None = None) -> int: ...

    def record_rejudged(self, judged: Judged) -> None:
        """Put a new judgement in the place of an article's last one; its story and what was told stay."""
        ...

    def sample_near_misses(self, week: str, start: datetime, end: datetime, size: int) -> int:
        """Keep a sample of the near misses decided in [`start`, `end`), once a week; give how many were chosen."""
        ...

    def near_misses(self, week: str) -> Sequence[NearMiss]: ...

    # digests and deliveries
    def sync_subscriptions(self, subscriptions: Sequence[SubscriptionSpec], due: Mapping[str, datetime | None], now: datetime) -> None:
        """Declare the configured subscriptions; a new one starts after what is already stored."""
        ...

    def subscription_state(self, subscription: str) -> SubscriptionState | None: ...

    def due_subscriptions(self, now: datetime) -> Sequence[SubscriptionState]: ...

    def mend_due_dates(self, due: Mapping[str, datetime]) -> Sequence[str]:
        """Bring due dates forward that are later than these: a clock that ran ahead wrote them. Gives the subscriptions mended."""
        ...

    def window_stories(self, subscription: str, topics: Collection[str], after_seq: int, through_seq: int) -> Sequence[StoryMaterial]:
        """Give stories with a revision matched for these topics inside the window whose current version was not told yet."""
        ...

    def window_continuing(self, subscription: str, topics: Collection[str], after_seq: int, through_seq: int) -> Sequence[StoryMaterial]:
        """Give stories told before in their current version that further articles of the window report; with these articles only."""
        ...

    def stories_opened(self, topics: Collection[str], since: datetime) -> Sequence[datetime]:
        """Give when each story on these topics was opened, since a moment."""
        ...

    def observed_through(self, moment: datetime) -> int:
        """Give the highest sequence number observed at a moment or before; 0 where there is none."""
        ...

    def window_counts(self, topics: Collection[str], after_seq: int, through_seq: int) -> WindowCounts: ...

    def record_digest(self, digest: Digest, addresses: Sequence[Address], next_due_at: datetime | None, now: datetime) -> int | None:
        """Keep a digest, its items and one delivery per open address, and advance the subscription, in one transaction.

        Gives None and keeps nothing where somebody else advanced the subscription first.
        """
        ...

    def advance_subscription(
        self, subscription: str, after_seq: int, through_seq: int, next_due_at: datetime | None, now: datetime
    ) -> bool:
        """Move a subscription past a window that held nothing to send."""
        ...

    def claim_delivery(self, now: datetime, lease: timedelta) -> ClaimedDelivery | None: ...

    def claim_deliveries(self, now: datetime, lease: timedelta, most: int, under_way: Collection[int] = ()) -> Sequence[ClaimedDelivery]:
        """Lease up to so many of the deliveries that are due longest, in one transaction, but none that is on its way already."""
        ...

    def give_back(self, unused: Collection[ClaimedDelivery]) -> None:
        """Undo claims whose sending was not begun: due as before, their attempt not counted."""
        ...

    def record_sent(self, claimed: ClaimedDelivery, receipt: Receipt, now: datetime) -> bool: ...

    def record_all_sent(self, receipts: Sequence[tuple[ClaimedDelivery, Receipt]], now: datetime) -> Sequence[bool]:
        """Keep receipts in one transaction; False for each whose claim is no longer held."""
        ...

    def record_noted(self, notes: Sequence[NotedReceipt]) -> Sequence[bool]:
        """Keep receipts that were noted down before, each with the moment of its note; False for each whose claim is no longer held."""
        ...

    def record_not_sent(self, claimed: ClaimedDelivery, error: str, retry_at: datetime | None, now: datetime) -> bool:
        """Put a failed delivery back until `retry_at`, or among the dead where it is None."""
        ...

    def put_off(self, claimed: ClaimedDelivery, reason: str, until: datetime) -> bool:
        """Undo a claim whose sending was not begun, and have it due again at a date; its attempt is not counted."""
        ...

    def digests(self, subscription: str | None = None, limit: int = 50) -> Sequence[tuple[int, Digest]]: ...

    def digest(self, digest_id: int) -> Digest | None: ...

    def digest_before(self, subscription: str, moment: datetime) -> Digest | None:
        """Give the last digest of a subscription decided before a moment, or None."""
        ...

    def deliveries(self, digest_id: int | None = None, limit: int = 200, status: str | None = None) -> Sequence[DeliveryRow]: ...

    def delivery(self, delivery_id: int) -> DeliveryRow | None: ...

    def last_sent_at(self, subscription: str, channel: str) -> datetime | None:
        """Give when a receiver last took a message of a subscription by this channel, or None where none ever did."""
        ...

    def delivery_of_key(self, key: str) -> DeliveryRow | None: ...

    def resend(self, delivery_ids: Collection[int], now: datetime) -> int:
        """Put dead deliveries back, due now and with all their attempts before them; gives how many."""
        ...

    def closures(self, subscription: str | None = None) -> Sequence[Closure]:
        """Give closed addresses, oldest first."""
        ...

    def close_address(self, closure: Closure) -> bool:
        """Close an address and end what waits for it; False where it was closed before."""
        ...

    def reopen_address(self, subscription: str, address: Address) -> bool:
        """Open an address again; False where it was not closed."""
        ...

    # books
    def outcomes(self, after_seq: int = 0) -> Sequence[Outcome]: ...

    def ledger(self, since: datetime) -> Sequence[LedgerLine]:
        """Give the figures of matched articles told since then, oldest first, with the place and date nearest to each."""
        ...

    def overview(self) -> Overview: ...

    def marks(self) -> Sequence[tuple[int, str, bool]]:
        """Give what readers said of matches: revision, topic, and whether it is relevant to it."""
        ...

    def prune_fetches(self, before: datetime) -> int:
        """Forget the history of polls older than `before`; entries stay."""
        ...

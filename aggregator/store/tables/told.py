"""What was told to whom: subscriptions, digests, deliveries, closed recipients."""

from sqlalchemy import Boolean, CheckConstraint, Column, ForeignKey, Index, Integer, Table, UniqueConstraint

from aggregator.models import Digest
from aggregator.store.columns import BigId, CleanText, Instant, Stored
from aggregator.store.tables.metadata import metadata

subscriptions = Table(
    "subscriptions",
    metadata,
    Column("id", CleanText, primary_key=True),
    Column("name", CleanText, nullable=False),
    Column("configured", Boolean, nullable=False),
    Column("schedule", CleanText, nullable=False),
    Column("declared_at", Instant, nullable=False),
    Column("after_seq", BigId, nullable=False),
    Column("next_due_at", Instant, index=True),
    Column("last_digest_at", Instant),
)


digests = Table(
    "digests",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("subscription_id", ForeignKey("subscriptions.id"), nullable=False),
    Column("after_seq", BigId, nullable=False),
    Column("through_seq", BigId, nullable=False),
    Column("decided_at", Instant, nullable=False),
    Column("payload", Stored(Digest), nullable=False),
    CheckConstraint("after_seq <= through_seq", name="window"),
    Index(None, "subscription_id", "id"),
)


digest_items = Table(
    "digest_items",
    metadata,
    Column("digest_id", ForeignKey("digests.id"), primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("subscription_id", ForeignKey("subscriptions.id"), nullable=False),
    Column("story_id", ForeignKey("stories.id"), nullable=False),
    Column("story_version", Integer, nullable=False),
    Column("kind", CleanText, nullable=False),
    # "Nothing repeated", held by the database itself: no code path can tell a version of a story twice.
    UniqueConstraint("subscription_id", "story_id", "story_version"),
)


deliveries = Table(
    "deliveries",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("digest_id", ForeignKey("digests.id"), nullable=False),
    Column("channel", CleanText, nullable=False),
    Column("recipient", CleanText, nullable=False),
    Column("key", CleanText, nullable=False, unique=True),
    Column("status", CleanText, nullable=False),
    Column("attempts", Integer, nullable=False),
    # Empty once a delivery is sent or dead, so that the index holds open ones only.
    Column("due_at", Instant, index=True),
    Column("leased_until", Instant),
    Column("lease_token", CleanText),
    Column("sent_at", Instant),
    Column("receipt", CleanText),
    Column("last_error", CleanText),
    # What the receiver calls the message, and the SHA-256 of what was handed over.
    Column("thread", CleanText),
    Column("body_hash", CleanText),
    CheckConstraint("status IN ('pending', 'sending', 'sent', 'retry', 'dead')", name="status"),
    UniqueConstraint("digest_id", "channel", "recipient"),
)


closures = Table(
    "closures",
    metadata,
    Column("subscription_id", ForeignKey("subscriptions.id"), primary_key=True),
    Column("channel", CleanText, primary_key=True),
    Column("recipient", CleanText, primary_key=True),
    Column("cause", CleanText, nullable=False),
    Column("detail", CleanText, nullable=False),
    Column("closed_at", Instant, nullable=False),
    CheckConstraint("cause IN ('unsubscribed', 'refused')", name="cause"),
)

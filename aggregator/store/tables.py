"""The tables: what is kept, under which keys, and which promises the database itself holds.

Entries and articles carry the sequence number of the revision that first showed them as their id. `current_seq` columns point
to a revision without a foreign key, because the revision points back. Migrations repeat these tables; a test compares the two.
"""

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    Table,
    UniqueConstraint,
)

from aggregator.models import Digest, Entry, Evidence
from aggregator.store.columns import BigId, CleanText, Instant, Stored

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)

counters = Table(
    "counters",
    metadata,
    Column("name", CleanText, primary_key=True),
    Column("value", BigId, nullable=False),
)

# --- what feeds served ------------------------------------------------------------------------------------------

feeds = Table(
    "feeds",
    metadata,
    Column("id", CleanText, primary_key=True),
    Column("name", CleanText, nullable=False),
    Column("url", CleanText, nullable=False),
    Column("publisher", CleanText, nullable=False),
    Column("family", CleanText, nullable=False),
    Column("language", CleanText, nullable=False),
    Column("kind", CleanText, nullable=False),
    Column("configured", Boolean, nullable=False),
    Column("enabled", Boolean, nullable=False),
    Column("declared_at", Instant, nullable=False),
    Column("etag", CleanText),
    Column("last_modified", CleanText),
    Column("body_hash", CleanText),
    Column("next_due_at", Instant, index=True),
    Column("leased_until", Instant),
    Column("last_attempt_at", Instant),
    Column("last_success_at", Instant),
    Column("last_new_at", Instant),
    Column("newest_published_at", Instant),
    Column("failures", Integer, nullable=False),
    Column("error", CleanText),
)

fetches = Table(
    "fetches",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("feed_id", ForeignKey("feeds.id"), nullable=False),
    Column("started_at", Instant, nullable=False, index=True),
    Column("finished_at", Instant, nullable=False),
    Column("outcome", CleanText, nullable=False),
    Column("status", Integer),
    Column("size", BigId, nullable=False),
    Column("entries", Integer, nullable=False),
    Column("undated", Integer, nullable=False),
    Column("new", Integer, nullable=False),
    Column("revised", Integer, nullable=False),
    Column("message", CleanText),
    Index(None, "feed_id", "started_at"),
)

articles = Table(
    "articles",
    metadata,
    Column("id", BigId, primary_key=True, autoincrement=False),
    Column("article_key", CleanText, nullable=False, unique=True),
    Column("feed_id", ForeignKey("feeds.id"), nullable=False),
    Column("outlet", CleanText),
    Column("family", CleanText),
    Column("language", CleanText),
    Column("title", CleanText),
    Column("text", CleanText),
    Column("text_hash", CleanText, index=True),
    Column("published_at", Instant),
    Column("first_seen_at", Instant, nullable=False),
    Column("told_at", Instant, nullable=False, index=True),
    Column("current_seq", BigId, index=True),
    Column("concepts", Stored(tuple[str, ...])),
)

entries = Table(
    "entries",
    metadata,
    Column("id", BigId, primary_key=True, autoincrement=False),
    Column("feed_id", ForeignKey("feeds.id"), nullable=False),
    Column("identity", CleanText, nullable=False),
    Column("article_id", ForeignKey("articles.id"), nullable=False, index=True),
    Column("raw_hash", CleanText, nullable=False),
    Column("current_seq", BigId, nullable=False),
    Column("first_seen_at", Instant, nullable=False),
    UniqueConstraint("feed_id", "identity"),
)

revisions = Table(
    "revisions",
    metadata,
    Column("seq", BigId, primary_key=True, autoincrement=False),
    Column("entry_id", ForeignKey("entries.id"), nullable=False, index=True),
    Column("title", CleanText, nullable=False),
    Column("url", CleanText),
    Column("entry", Stored(Entry), nullable=False),
    Column("raw_hash", CleanText, nullable=False),
    Column("observed_at", Instant, nullable=False),
    Column("judged_at", Instant),
    Column("rule_version", CleanText),
    Column("outcome", CleanText),
    Column("detail", CleanText),
)
Index(
    "ix_revisions_unjudged",
    revisions.c.seq,
    sqlite_where=revisions.c.judged_at.is_(None),
    postgresql_where=revisions.c.judged_at.is_(None),
)

sightings = Table(
    "sightings",
    metadata,
    Column("article_id", ForeignKey("articles.id"), primary_key=True),
    Column("entry_id", ForeignKey("entries.id"), primary_key=True),
    Column("first_seen_at", Instant, nullable=False),
)

# --- what was decided about it ----------------------------------------------------------------------------------

matches = Table(
    "matches",
    metadata,
    Column("seq", ForeignKey("revisions.seq"), primary_key=True),
    Column("topic", CleanText, primary_key=True),
    Column("score", Float, nullable=False),
    Column("rule_version", CleanText, nullable=False),
    Column("evidence", Stored(tuple[Evidence, ...]), nullable=False),
    Index(None, "topic", "seq"),
)

decisions = Table(
    "decisions",
    metadata,
    Column("seq", ForeignKey("revisions.seq"), primary_key=True),
    Column("stage", CleanText, primary_key=True),
    Column("subject", CleanText, primary_key=True),
    Column("code", CleanText, nullable=False),
    Column("detail", CleanText, nullable=False),
    Column("decided_at", Instant, nullable=False),
)

facts = Table(
    "facts",
    metadata,
    Column("seq", ForeignKey("revisions.seq"), primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("kind", CleanText, nullable=False),
    Column("concept", CleanText, nullable=False, index=True),
    Column("field", CleanText, nullable=False),
    Column("start_offset", Integer, nullable=False),
    Column("end_offset", Integer, nullable=False),
    Column("quote", CleanText, nullable=False),
    Column("low", Float),
    Column("high", Float),
    Column("unit", CleanText),
)

copy_groups = Table(
    "copy_groups",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("text_hash", CleanText, nullable=False),
    Column("first_article_id", ForeignKey("articles.id"), nullable=False, unique=True),
)

copy_members = Table(
    "copy_members",
    metadata,
    Column("article_id", ForeignKey("articles.id"), primary_key=True),
    Column("copy_group_id", ForeignKey("copy_groups.id"), nullable=False, index=True),
)

stories = Table(
    "stories",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("version", Integer, nullable=False),
    Column("lead_article_id", ForeignKey("articles.id"), nullable=False),
    Column("opened_at", Instant, nullable=False),
    Column("changed_at", Instant, nullable=False),
    Column("first_seq", ForeignKey("revisions.seq"), nullable=False),
    Column("last_seq", ForeignKey("revisions.seq"), nullable=False),
    # Without a foreign key to itself; a merged story has no article left and stands for the other one from then on.
    Column("merged_into", BigId),
    Column("lead_by_hand", Boolean),
)

story_articles = Table(
    "story_articles",
    metadata,
    Column("article_id", ForeignKey("articles.id"), primary_key=True),
    Column("story_id", ForeignKey("stories.id"), nullable=False, index=True),
    Column("role", CleanText, nullable=False),
    Column("echo_of", ForeignKey("articles.id")),
    Column("cites", CleanText),
    Column("why_code", CleanText, nullable=False),
    Column("why_detail", CleanText, nullable=False),
)

story_events = Table(
    "story_events",
    metadata,
    Column("seq", ForeignKey("revisions.seq"), primary_key=True),
    Column("story_id", ForeignKey("stories.id"), nullable=False),
    Column("kind", CleanText, nullable=False),
    Column("version", Integer, nullable=False),
    Column("changes", Stored(tuple[str, ...]), nullable=False),
    Column("decided_at", Instant, nullable=False),
    CheckConstraint("kind IN ('opened', 'joined', 'updated', 'repeated')", name="kind"),
    Index(None, "story_id", "version"),
)

# --- what was told to whom --------------------------------------------------------------------------------------

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
    CheckConstraint("status IN ('pending', 'sending', 'sent', 'retry', 'dead')", name="status"),
    UniqueConstraint("digest_id", "channel", "recipient"),
)

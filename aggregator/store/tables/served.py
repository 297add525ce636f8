"""What feeds served: feeds and their state, fetches, entries, revisions, articles and where they were seen."""

from sqlalchemy import Boolean, Column, ForeignKey, Index, Integer, LargeBinary, Table, UniqueConstraint

from aggregator.models import Entry, Page
from aggregator.records import Habits
from aggregator.store.columns import BigId, CleanText, Instant, Stored
from aggregator.store.tables.metadata import metadata

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
    Column("habits", Stored(Habits)),
    Column("item_hashes", LargeBinary),
    Column("retired_at", Instant),
)


alarms = Table(
    "alarms",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("feed_id", ForeignKey("feeds.id"), nullable=False),
    Column("kind", CleanText, nullable=False),
    Column("message", CleanText, nullable=False),
    Column("raised_at", Instant, nullable=False, index=True),
    Column("cleared_at", Instant),
    Index(None, "feed_id", "kind"),
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
# It holds what is not judged only, as the migration that makes it says: said here, each engine's program would load the other's dialect.
Index("ix_revisions_unjudged", revisions.c.seq)


sightings = Table(
    "sightings",
    metadata,
    Column("article_id", ForeignKey("articles.id"), primary_key=True),
    Column("entry_id", ForeignKey("entries.id"), primary_key=True),
    Column("first_seen_at", Instant, nullable=False),
)

# The page of an article: what it told beside its text, and when it is looked at again.
pages = Table(
    "pages",
    metadata,
    Column("article_id", ForeignKey("articles.id"), primary_key=True),
    Column("url", CleanText, nullable=False),
    Column("page", Stored(Page)),
    Column("text_hash", CleanText),
    Column("looked_at", Instant),
    Column("next_look_at", Instant, index=True),
    Column("gone_at", Instant),
    Column("problem", CleanText),
)

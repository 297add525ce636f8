"""What was decided about it: matches, decisions, facts, copies, stories."""

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    Table,
    false,
)

from aggregator.models import Evidence
from aggregator.store.columns import BigId, CleanText, Instant, Stored
from aggregator.store.tables.metadata import metadata

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


near_misses = Table(
    "near_misses",
    metadata,
    Column("week", CleanText, primary_key=True),
    Column("seq", ForeignKey("revisions.seq"), primary_key=True),
    Column("topic", CleanText, primary_key=True),
    Column("detail", CleanText, nullable=False),
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
    Column("qualifier", CleanText),
    Column("period", CleanText),
    Column("what", CleanText),
    Column("name", CleanText),
    Column("value", CleanText),
    Column("precision", CleanText),
    Column("implied", Boolean, nullable=False, server_default=false()),
    Column("note", CleanText),
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
    # The version of the rules that placed it last; empty before there were versions.
    Column("grouped_by", CleanText),
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

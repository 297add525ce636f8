"""The tables of the desk: labels that stories are filtered by, who may look, what readers keep, and what they
said of articles.

The search index is not among them: it is made by hand for each engine, see `aggregator.store.search`. Secrets are kept as hashes.
"""

from sqlalchemy import CheckConstraint, Column, ForeignKey, Index, Table, UniqueConstraint

from aggregator.store.columns import BigId, CleanText, Instant
from aggregator.store.tables import facts, metadata, revisions, stories

story_labels = Table(
    "story_labels",
    metadata,
    Column("story_id", ForeignKey("stories.id"), primary_key=True),
    # "topic", "language", "feed", "place" or "role"
    Column("kind", CleanText, primary_key=True),
    Column("value", CleanText, primary_key=True),
    Column("last_seq", BigId, nullable=False),
    Index(None, "kind", "value", "last_seq"),
)

verdicts = Table(
    "verdicts",
    metadata,
    Column("article_id", ForeignKey("articles.id"), primary_key=True),
    Column("topic", CleanText, primary_key=True),
    Column("verdict", CleanText, nullable=False),
    Column("said_by", CleanText, nullable=False),
    Column("said_at", Instant, nullable=False),
    CheckConstraint("verdict IN ('relevant', 'not_relevant')", name="verdict"),
)

desk_users = Table(
    "desk_users",
    metadata,
    Column("name", CleanText, primary_key=True),
    Column("role", CleanText, nullable=False),
    Column("password_hash", CleanText, nullable=False),
    Column("added_at", Instant, nullable=False),
    CheckConstraint("role IN ('viewer', 'editor')", name="role"),
)

desk_sessions = Table(
    "desk_sessions",
    metadata,
    Column("key_hash", CleanText, primary_key=True),
    Column("user_name", ForeignKey("desk_users.name", ondelete="CASCADE"), nullable=False),
    Column("opened_at", Instant, nullable=False),
    Column("ends_at", Instant, nullable=False),
)

api_tokens = Table(
    "api_tokens",
    metadata,
    Column("name", CleanText, primary_key=True),
    Column("token_hash", CleanText, nullable=False, unique=True),
    Column("scope", CleanText, nullable=False),
    Column("added_at", Instant, nullable=False),
    CheckConstraint("scope IN ('read', 'write')", name="scope"),
)

# Whose a search is, is a name and no key of `desk_users`: readers known by a proxy, and this machine, have no row there.
kept_searches = Table(
    "kept_searches",
    metadata,
    Column("key", CleanText, primary_key=True),
    Column("owner", CleanText, nullable=False),
    Column("name", CleanText, nullable=False),
    Column("query", CleanText, nullable=False),
    Column("topic", CleanText, nullable=False),
    Column("language", CleanText, nullable=False),
    Column("feed", CleanText, nullable=False),
    Column("kept_at", Instant, nullable=False),
    UniqueConstraint("owner", "name"),
)

Index("ix_stories_last_seq", stories.c.last_seq, stories.c.id)
Index("ix_facts_kind_seq", facts.c.kind, facts.c.seq)
Index("ix_revisions_observed_at", revisions.c.observed_at)


def is_declared(name: str | None, kind: str, _parents: object) -> bool:
    """Tell Alembic's comparison what is declared here: everything but the search index and what an engine adds to it."""
    return kind != "table" or not str(name).startswith("search_index")

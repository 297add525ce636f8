"""What proves it: responses as they came, and the chain that seals them."""

from sqlalchemy import (
    Column,
    ForeignKey,
    Integer,
    LargeBinary,
    Table,
)

from aggregator.store.columns import BigId, CleanText, Instant, Stored
from aggregator.store.tables.metadata import metadata

responses = Table(
    "responses",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("feed_id", ForeignKey("feeds.id"), nullable=False),
    Column("url", CleanText, nullable=False),
    Column("status", Integer, nullable=False),
    Column("headers", Stored(dict[str, str]), nullable=False),
    # Compressed; empty where only hashes and excerpts are kept.
    Column("body", LargeBinary),
    Column("body_sha256", CleanText, nullable=False),
    Column("fetched_at", Instant, nullable=False),
    Column("first_seq", BigId, nullable=False),
    Column("last_seq", BigId, nullable=False, index=True),
)


evidence = Table(
    "evidence",
    metadata,
    Column("number", BigId, primary_key=True, autoincrement=False),
    Column("seq", ForeignKey("revisions.seq"), nullable=False, unique=True),
    Column("response_id", ForeignKey("responses.id"), index=True),
    Column("kept", CleanText, nullable=False),
    Column("content", CleanText, nullable=False),
    Column("previous", CleanText, nullable=False),
    Column("hash", CleanText, nullable=False),
)

"""The tables of the story step: what tellings are found and compared by, what people decided, and what moved when.

`article_marks` holds a few integers for each telling: its rarest facts and words, and the bands of its text. Candidates are found by
them alone, so the search costs the same however long the archive is. `told_on` is in seconds since 1970.
"""

from dataclasses import dataclass

from sqlalchemy import Boolean, Column, Float, ForeignKey, Index, Integer, Table

from aggregator.records import Traits
from aggregator.store.columns import BigId, CleanText, Instant, Stored
from aggregator.store.tables import metadata


@dataclass(frozen=True, slots=True)
class Decided:
    """Hold a bond as it stood, with the decision it came of."""

    one: int
    other: int
    together: bool
    operation_id: int


term_counts = Table(
    "term_counts",
    metadata,
    # The empty term counts all articles.
    Column("term", CleanText, primary_key=True),
    Column("articles", BigId, nullable=False),
    sqlite_with_rowid=False,
)

article_traits = Table(
    "article_traits",
    metadata,
    Column("article_id", ForeignKey("articles.id"), primary_key=True),
    Column("traits", Stored(Traits), nullable=False),
)

article_marks = Table(
    "article_marks",
    metadata,
    Column("mark", BigId, primary_key=True, autoincrement=False),
    Column("told_on", BigId, primary_key=True, autoincrement=False),
    Column("article_id", BigId, primary_key=True, autoincrement=False),
    Column("band", Boolean, nullable=False),
    Index(None, "article_id"),
    sqlite_with_rowid=False,
)

overlaps = Table(
    "text_overlaps",
    metadata,
    Column("one", ForeignKey("articles.id"), primary_key=True),
    Column("other", ForeignKey("articles.id"), primary_key=True, index=True),
    Column("share", Float, nullable=False),
    Column("sentences", Stored(tuple[str, ...]), nullable=False),
)

story_operations = Table(
    "story_operations",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("kind", CleanText, nullable=False),
    Column("by_hand", Boolean, nullable=False),
    Column("story_id", BigId, nullable=False, index=True),
    Column("other_id", BigId, nullable=False, index=True),
    Column("articles", Stored(tuple[int, ...]), nullable=False),
    Column("decided_at", Instant, nullable=False),
    Column("undone_at", Instant),
    # What it took the place of, to be given back when it is undone.
    Column("displaced", Stored(tuple[Decided, ...])),
    # The name of the person; empty where the rules decided, or nobody was named.
    Column("decided_by", CleanText),
)

bonds = Table(
    "bonds",
    metadata,
    Column("one", ForeignKey("articles.id"), primary_key=True),
    Column("other", ForeignKey("articles.id"), primary_key=True, index=True),
    Column("together", Boolean, nullable=False),
    Column("operation_id", ForeignKey("story_operations.id"), nullable=False, index=True),
)

story_told = Table(
    "story_told",
    metadata,
    # What a subscription knows of a story through another one that was merged into it, or that it was split from. With `owed_seq` the
    # opposite: what it was told of up to `version` was of articles that left, so the story is news in the window that holds this number.
    Column("subscription_id", ForeignKey("subscriptions.id"), primary_key=True),
    Column("story_id", ForeignKey("stories.id"), primary_key=True),
    Column("version", Integer, nullable=False),
    Column("owed_seq", BigId),
)

told_articles = Table(
    "told_articles",
    metadata,
    # Which articles a subscription read of: a story of these is known to it, however they are grouped later.
    Column("subscription_id", ForeignKey("subscriptions.id"), primary_key=True),
    Column("article_id", ForeignKey("articles.id"), primary_key=True, index=True),
)

"""The tables of a draft: another grouping of the archive, made beside the stories that stand, and carried out when it is complete.

A draft holds for each article the group it would stand in, its role there, and what it is compared and found by under the present
rules. Rows are found anew by whoever makes the next draft, so nothing refers to them, and all of them go when the draft was carried out.
"""

from sqlalchemy import Boolean, Column, Index, Table

from aggregator.records import Traits
from aggregator.store.columns import BigId, CleanText, Instant, Stored
from aggregator.store.tables import metadata

regroupings = Table(
    "regroupings",
    metadata,
    Column("id", BigId, primary_key=True),
    # The version of the rules that the draft was made by, see `core.stories.GROUPING`.
    Column("rules", CleanText, nullable=False),
    # Without, only what would change is told.
    Column("carries_out", Boolean, nullable=False),
    Column("since", Instant),
    # How far the draft is, by when articles were told, and how far it was compared with the stories, by the numbers of articles.
    Column("drafted_to", Instant),
    Column("visited_to", BigId, nullable=False),
    Column("started_at", Instant, nullable=False),
    Column("finished_at", Instant),
)

draft_places = Table(
    "draft_places",
    metadata,
    Column("article_id", BigId, primary_key=True, autoincrement=False),
    Column("group_id", BigId, nullable=False, index=True),
    # The text that it was read from: another one since, and the article is read again.
    Column("seq", BigId, nullable=False),
    Column("role", CleanText, nullable=False),
    Column("echo_of", BigId),
    Column("cites", CleanText),
    Column("why_code", CleanText, nullable=False),
    Column("why_detail", CleanText, nullable=False),
    Column("concepts", Stored(tuple[str, ...]), nullable=False),
    Column("traits", Stored(Traits), nullable=False),
    Column("visited", Boolean, nullable=False),
)

draft_marks = Table(
    "draft_marks",
    metadata,
    Column("mark", BigId, primary_key=True, autoincrement=False),
    Column("told_on", BigId, primary_key=True, autoincrement=False),
    Column("article_id", BigId, primary_key=True, autoincrement=False),
    Column("band", Boolean, nullable=False),
    Index(None, "article_id"),
    sqlite_with_rowid=False,
)

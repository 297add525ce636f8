"""The ingest sequence: one number per stored revision, in commit order.

The number comes from a row that is updated inside the writing transaction. On PostgreSQL the row stays locked until commit, so
the next writer gets its numbers only after the earlier ones can be seen; on SQLite there is one writer anyway. A database
sequence would hand out 7 and 8, commit 8 first, and a digest through 8 would miss 7 for ever. The same lock makes everything
that a writer reads after `hold` (known entries, known articles) final until it commits, so no row needs ON CONFLICT.
"""

from sqlalchemy import Connection, select, update

from aggregator.errors import StoreError
from aggregator.store.tables import counters

_INGEST = counters.c.name == "ingest"


def hold(connection: Connection) -> int:
    """Lock the sequence until the transaction ends, and give the last number taken."""
    return take(connection, 0)


def take(connection: Connection, count: int) -> int:
    """Take `count` numbers and give the last of them."""
    advance = update(counters).where(_INGEST).values(value=counters.c.value + count).returning(counters.c.value)
    value = connection.execute(advance).scalar()
    if value is None:
        raise StoreError("the database holds no ingest sequence; restore a backup")
    return int(value)


def last_taken(connection: Connection) -> int:
    """Give the last number whose revision can be seen."""
    return int(connection.execute(select(counters.c.value).where(_INGEST)).scalar() or 0)

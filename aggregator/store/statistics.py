"""Statistics: PostgreSQL learns soon how large a table has become.

A session keeps the plan of a statement, and of each check of a foreign key, that it made while the table was small, which reads it
whole, until the table's statistics are renewed. Its own upkeep looks once a minute: a new installation that stores forty thousand
entries by then compares each of them with all that were stored before. So a process looks itself after 8, 16, 32 ... transactions.
"""

from contextlib import suppress
from itertools import count

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

FIRST = 8
"""Transactions of a process before it looks for the first time."""
_OUTGROWN = """
SELECT quote_ident(relname) FROM pg_class
WHERE relkind = 'r' AND relnamespace = current_schema()::regnamespace
  AND pg_relation_size(oid) > 4 * current_setting('block_size')::bigint * greatest(relpages, 2)
"""


class Statistics:
    """Count the transactions of one database, and renew what is known of tables that have grown fourfold."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._transactions = count(1)

    def note_commit(self) -> None:
        """Note that a transaction was kept; what goes wrong here is no fault of it."""
        number = next(self._transactions)
        if number < FIRST or number & (number - 1) or self._engine.dialect.name != "postgresql":
            return
        with suppress(SQLAlchemyError):
            self.renew()

    def renew(self) -> None:
        """Analyse the tables that have outgrown their statistics, but for those that somebody analyses just now."""
        with self._engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            for name in connection.exec_driver_sql(_OUTGROWN).scalars().all():
                connection.exec_driver_sql(f"ANALYZE (SKIP_LOCKED) {name}")

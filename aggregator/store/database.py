"""Transactions: every call of the store is one, unless its thread opened a wider one.

Connections are pooled and may be used from any thread; the wider transaction belongs to the thread that opened it. A call that
fails inside a wider transaction undoes its own part only, so that a caller may catch the error and go on. Errors of the driver
leave as `StoreError`.
"""

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from itertools import islice
from typing import Any, TypeAlias, TypeVar

from sqlalchemy import URL, Connection, Dialect, Insert, Table, Update
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.pool import QueuePool

from aggregator.errors import StoreError
from aggregator.records import Connections
from aggregator.store.engine import connect, reading
from aggregator.store.statistics import Statistics
from aggregator.store.tallies import Tallies

T = TypeVar("T")
_Spelling: TypeAlias = Sequence[tuple[str, Callable[[Any], Any] | None]]

BATCH = 500
"""Rows per statement: far below the number of variables that either engine takes."""


class Database:
    """Hand out connections inside transactions; `evidence` says how much is kept of what matched, "full" or "excerpts"."""

    def __init__(self, url: URL, evidence: str = "full") -> None:
        self.url, self.evidence = url, evidence
        self.engine = connect(url)
        self._readers = reading(self.engine)
        self._local = threading.local()
        self._tallies = Tallies()
        self._statistics = Statistics(self.engine)

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """Read from one snapshot, or inside this thread's transaction."""
        joined = self._joined()
        with translated():
            if joined is not None:
                yield joined
            else:
                with self._readers.begin() as connection:
                    yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """Write in a transaction of its own, or as a savepoint of this thread's transaction."""
        joined = self._joined()
        with translated():
            if joined is not None:
                with joined.begin_nested():
                    yield joined
            else:
                with self.engine.begin() as connection:
                    yield connection
                self._statistics.note_commit()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Join the calls of this thread until the block ends; inside another such block, join that one."""
        if self._joined() is not None:
            yield
            return
        with translated(), self.engine.begin() as connection:
            self._local.connection = connection
            try:
                yield
            finally:
                self._local.connection = None
        self._statistics.note_commit()

    @property
    def tallies(self) -> Tallies:
        """Give what is known of the sizes of tables; inside a wider transaction, which may be undone, nothing is remembered."""
        return self._tallies if self._joined() is None else Tallies()

    def connections(self) -> Connections:
        """Count the pooled connections, and those in use; where the pool does not count them there are none to tell."""
        pool = self.engine.pool
        if not isinstance(pool, QueuePool):
            return Connections()
        return Connections(open=pool.checkedin() + pool.checkedout(), busy=pool.checkedout())

    def close(self) -> None:
        """Close the pooled connections."""
        self.engine.dispose()

    def _joined(self) -> Connection | None:
        return getattr(self._local, "connection", None)


class Section:
    """Stand for one concern of the store; all sections share one database."""

    def __init__(self, database: Database) -> None:
        self._database = database


@contextmanager
def translated() -> Iterator[None]:
    """Turn errors of the database into `StoreError`, with the driver's first line and no statement, value or URL."""
    try:
        yield
    except DBAPIError as error:
        said = str(error.orig).strip().partition("\n")[0]
        raise StoreError(f"the database refused: {said}") from error
    except SQLAlchemyError as error:
        raise StoreError(f"the database cannot be used: {str(error).partition(chr(10))[0]}") from error


def batches(rows: Sequence[T], size: int = BATCH) -> Iterator[list[T]]:
    """Cut rows into lists of at most `size`."""
    remaining = iter(rows)
    while batch := list(islice(remaining, size)):
        yield batch


def insert_rows(connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write many rows that name the same columns."""
    run_many(connection, _insertion(table), rows)


def run_many(connection: Connection, statement: Insert | Update, rows: Sequence[Mapping[str, Any]]) -> None:
    """Run a statement, one of the few that are made once and kept, for many rows that name the same columns.

    SQLite takes them from the driver at once: what SQLAlchemy does for each row of a batch costs twice what the engine does.
    """
    if not rows:
        return
    if connection.dialect.name != "sqlite":
        for batch in batches(rows):
            connection.execute(statement, batch)
        return
    text, spell = _spelled(statement, tuple(rows[0]), connection.dialect)
    for batch in batches(rows):
        connection.exec_driver_sql(text, [_written(row, spell) for row in batch])


def _written(row: Mapping[str, Any], spell: _Spelling) -> tuple[Any, ...]:
    try:
        return tuple([write(row[name]) if write else row[name] for name, write in spell])
    except ValueError as error:
        raise StoreError(f"the database cannot be used: {error}") from error


@cache
def _insertion(table: Table) -> Insert:
    return table.insert().inline()


@cache
def _spelled(statement: Insert | Update, names: tuple[str, ...], dialect: Dialect) -> tuple[str, _Spelling]:
    """Give a statement in the driver's words, and in their order its parameters with what spells the value of each."""
    compiled = statement.compile(dialect=dialect, column_keys=names)
    places = compiled.positiontup or ()
    return str(compiled), [(name, compiled.binds[name].type.dialect_impl(dialect).bind_processor(dialect)) for name in places]

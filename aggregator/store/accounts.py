"""Accounts: what a table holds, as a number of rows and one hash that is equal on every engine.

A row is hashed as a JSON array of its values in the order of the columns, rows in the order of the key by code point. Shapes are
plain data, so that an account made by one release can be compared by another whose tables have grown since.
"""

import json
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

from sqlalchemy import Boolean, Column, Connection, Float, LargeBinary, MetaData, Select, Table, Text, select
from sqlalchemy.types import TypeEngine

from aggregator.store.columns import BigId, Instant
from aggregator.store.tables import metadata

_TYPES: Mapping[str, Callable[[], TypeEngine[Any]]] = {
    "text": Text,
    "integer": lambda: BigId,
    "float": Float,
    "boolean": Boolean,
    "moment": Instant,
    "bytes": LargeBinary,
}
CHUNK = 5000


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """Describe a table: its columns with their kinds, and the columns of its key."""

    name: str
    columns: tuple[tuple[str, str], ...]
    key: tuple[str, ...]

    def table(self) -> Table:
        """Give the table with plain types: JSON columns pass as the text they are."""
        columns = [Column(name, _TYPES[kind](), primary_key=name in self.key) for name, kind in self.columns]
        return Table(self.name, MetaData(), *columns)


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """Say what a table holds; two tables with equal accounts hold the same."""

    shape: Shape
    rows: int
    sha256: str


def shapes() -> tuple[Shape, ...]:
    """Give every table of this release, those that others refer to first."""
    return tuple(
        Shape(
            name=table.name,
            columns=tuple((column.name, _kind(column)) for column in table.columns),
            key=tuple(column.name for column in table.primary_key.columns),
        )
        for table in metadata.sorted_tables
    )


def ordered(connection: Connection, table: Table) -> Select[Any]:
    """Ask for all rows in the order of the key; PostgreSQL is told to sort text by code point, as SQLite does."""
    return select(table).order_by(*(in_order(connection, column) for column in table.primary_key.columns))


def in_order(connection: Connection, column: Column[Any]) -> Any:
    """Give a key's column as it sorts alike on both engines."""
    collated = connection.dialect.name == "postgresql" and isinstance(column.type, Text)
    return column.collate("C") if collated else column


def account(connection: Connection, shape: Shape, progress: Callable[[str, int], None] = lambda name, rows: None) -> Account:
    """Count and hash a table's rows, streamed."""
    digest, count = sha256(), 0
    for chunk in streamed(connection, ordered(connection, shape.table())):
        for row in chunk:
            digest.update(json.dumps([_value(value) for value in row], separators=(",", ":")).encode())
        count += len(chunk)
        progress(shape.name, len(chunk))
    return Account(shape=shape, rows=count, sha256=digest.hexdigest())


def streamed(connection: Connection, query: Select[Any]) -> Generator[Sequence[Any], None, None]:
    """Give a query's rows in chunks, without holding all of them; to be closed where it is left early."""
    with connection.execution_options(yield_per=CHUNK).execute(query) as result:
        yield from result.partitions(CHUNK)


def _value(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    return value.hex() if isinstance(value, bytes) else value


def _kind(column: Column[Any]) -> str:
    python = {str: "text", int: "integer", float: "float", bool: "boolean", datetime: "moment", bytes: "bytes"}
    if isinstance(column.type, Instant):
        return "moment"
    underlying = getattr(column.type, "impl", column.type)
    return "text" if isinstance(underlying, Text) else python[column.type.python_type]

"""Tallies: how many rows a growing table has, without counting a million of them for every page.

Rows of these tables are numbered in the order in which they are committed and are never deleted, so what was counted before is kept, and
only newer rows are counted. Everything is counted anew now and then, should somebody have put another database in place.
"""

import threading
import time
from collections import Counter
from collections.abc import Mapping
from typing import Any

from sqlalchemy import Column, Connection, Table, func, select

from aggregator.store.tables import entries

KEPT = 600.0
"""Seconds after which everything is counted again."""


class Tallies:
    """Remember counts by table and group; safe to use from any thread."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[float, int, Counter[str]]] = {}
        self._lock = threading.Lock()

    def rows(self, connection: Connection, table: Table) -> int:
        """Count the rows of a table."""
        return self._counted(connection, table.name, _number(table), None).total()

    def entries_by_feed(self, connection: Connection) -> Mapping[str, int]:
        """Count the entries of each feed."""
        return self._counted(connection, "entries by feed", entries.c.id, entries.c.feed_id)

    def _counted(self, connection: Connection, name: str, number: Column[Any], group: Column[Any] | None) -> Counter[str]:
        with self._lock:
            counted_at, last, counts = self._known.get(name, (0.0, 0, Counter()))
            now = time.monotonic()
            if now - counted_at > KEPT:
                counted_at, last, counts = now, 0, Counter()
        newer = _newer(connection, number, group, last)
        if newer:
            counts = counts + Counter({key: count for key, count, _ in newer})
            last = max(through for _, _, through in newer)
        with self._lock:
            self._known[name] = (counted_at, last, counts)
        return counts


def _newer(connection: Connection, number: Column[Any], group: Column[Any] | None, last: int) -> list[tuple[str, int, int]]:
    """Count rows above a number, by group: (group, count, highest number)."""
    columns = (func.count(), func.max(number))
    query = select(*columns) if group is None else select(*columns, group).group_by(group)
    if last:
        query = query.where(number > last)
    return [(str(row[2]) if group is not None else "", int(row[0]), int(row[1])) for row in connection.execute(query) if row[0]]


def _number(table: Table) -> Column[Any]:
    return next(iter(table.primary_key.columns))

"""How PostgreSQL is led to the newest articles that have some words: nearest first, by the index of words or down from the newest.

Its planner takes a rare phrase of common words for a common one, and would read a million rows for it; and it multiplies how often words
come, as if none had to do with another. So what seems common is looked for among the newest articles, then as much further down as these
promise, and what is not there often enough is found by its words.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnClause, Connection, Select, text

COMMON, WINDOW, FURTHER = 5_000, 60_000, 240_000
"""Words that so many articles are expected to have are looked for among so many newest articles, then among at most so many more."""


@dataclass(frozen=True, slots=True)
class Steps:
    """Hold what is looked for: `newest` gives the numbers of fitting articles, newest first, `number` is its column."""

    connection: Connection
    newest: Select[Any]
    number: ColumnClause[int]
    asked: Mapping[str, str]

    def newest_of(self, high: int, limit: int, *, narrow: bool) -> list[int]:
        """Give the newest articles below `high`; `narrow` says that all lie within the window."""
        return self._down(high, limit, narrow=narrow) if narrow or self._guessed() >= COMMON else self._by_words(high, limit)

    def _down(self, high: int, limit: int, *, narrow: bool) -> list[int]:
        found = self._run(self.newest.where(self.number >= high - WINDOW).limit(limit), by_words=False)
        if narrow or len(found) == limit:
            return found
        further = WINDOW * 2 * (limit - len(found)) // max(len(found), 1)
        if further <= FURTHER:
            rest = self.newest.where(self.number < high - WINDOW, self.number >= high - WINDOW - further)
            found += self._run(rest.limit(limit - len(found)), by_words=False)
        return found if len(found) == limit else self._run(self.newest, by_words=True)[:limit]

    def _by_words(self, high: int, limit: int) -> list[int]:
        found = self._run(self.newest.where(self.number >= high - WINDOW), by_words=True)
        return (found if len(found) >= limit else self._run(self.newest, by_words=True))[:limit]

    def _run(self, query: Select[Any], *, by_words: bool) -> list[int]:
        """Run a query in one of the two ways; what the connection was told for that ends with the savepoint."""
        by_index, by_bitmap = ("off", "on") if by_words else ("on", "off")
        told = {"enable_seqscan": "off", "enable_indexscan": by_index, "enable_bitmapscan": by_bitmap, "work_mem": "32MB"}
        savepoint = self.connection.begin_nested()
        try:
            configured = (f"set_config('{name}', '{value}', true)" for name, value in told.items())
            self.connection.execute(text(f"SELECT {', '.join(configured)}"))
            return [int(row[0]) for row in self.connection.execute(query, self.asked)]
        finally:
            savepoint.rollback()

    def _guessed(self) -> int:
        """Ask PostgreSQL how many articles it expects to have these words."""
        explained = text("EXPLAIN (FORMAT JSON) SELECT 1 FROM search_index WHERE words @@ CAST(:asked AS tsquery)")
        plan = self.connection.execute(explained, self.asked).scalar()
        return int(plan[0]["Plan"]["Plan Rows"]) if isinstance(plan, list) else 0

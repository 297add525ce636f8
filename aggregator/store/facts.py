"""Facts as stored: one row a fact, found by the revision that states it."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, RowMapping, select

from aggregator.models import Fact
from aggregator.store.database import batches
from aggregator.store.tables import facts

_PLAIN = tuple(name for name in Fact.__slots__ if name not in ("start", "end"))


def facts_of(connection: Connection, seqs: Sequence[int], kind: str = "") -> Mapping[int, tuple[Fact, ...]]:
    """Give all facts of these revisions, or those of one kind, in reading order."""
    found: dict[int, tuple[Fact, ...]] = {}
    for batch in batches(seqs):
        query = select(facts).where(facts.c.seq.in_(batch)).order_by(facts.c.seq, facts.c.position)
        for row in connection.execute(query.where(facts.c.kind == kind) if kind else query).mappings():
            found[row["seq"]] = (*found.get(row["seq"], ()), fact_of(row))
    return found


def fact_of(row: RowMapping) -> Fact:
    """Read a row of facts."""
    plain: dict[str, Any] = {name: row[name] for name in _PLAIN}
    return Fact(start=row["start_offset"], end=row["end_offset"], **plain)

"""Runs that group the archive again: one at most is not finished, and the draft is that of this one.

Whoever works on a run asks under a lock, in each transaction, whether it still stands as it was begun: it may have been begun anew by
other rules, narrowed to another date, or given up. A draft that no run stands for is emptied some rows at a time, also at upkeep:
whoever finished the run may have been killed before.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, delete, insert, select, update

from aggregator.errors import UsageError
from aggregator.records import Regrouping
from aggregator.store.database import Section, batches
from aggregator.store.draft_tables import draft_marks, draft_places, regroupings
from aggregator.store.locks import REGROUPING, hold_until_commit

_TOGETHER = 2000
"""Articles taken out of a draft in one transaction: others write in between."""


class DraftRuns(Section):
    """Begin, end and give up runs that group the archive again."""

    def start_regrouping(self, rules: str, since: datetime | None, now: datetime, *, carries_out: bool) -> Regrouping:
        """Go on with the run that is not finished, or begin one; one that goes by other rules, or another date, is begun anew."""
        with self._database.write() as connection:
            hold_until_commit(connection, REGROUPING)
            standing = running(connection)
            row = {"rules": rules, "since": since, "carries_out": carries_out, "started_at": now, "visited_to": 0}
            if standing is None or (standing.rules, standing.since) != (rules, since):
                return _begin(connection, row)
            if standing.carries_out != carries_out:
                # What was looked at to tell what would change, is looked at again to change it.
                connection.execute(update(regroupings).where(regroupings.c.id == standing.id).values(carries_out=carries_out, visited_to=0))
                connection.execute(update(draft_places).where(draft_places.c.visited.is_(True)).values(visited=False))
            return replace(standing, carries_out=carries_out)

    def regrouping(self) -> Regrouping | None:
        """Give the run that is not finished."""
        with self._database.read() as connection:
            return running(connection)

    def give_up_regrouping(self, now: datetime) -> bool:
        """End the run that is not finished where it is, and tell whether there was one; what it changed stays."""
        with self._database.write() as connection:
            hold_until_commit(connection, REGROUPING)
            given_up = _end(connection, now)
        self.drop_draft()
        return given_up

    def drop_draft(self) -> None:
        """Forget a draft that was finished or given up, some rows at a time; that of a run that stands is kept."""
        while self._drop_some():
            pass

    def _drop_some(self) -> int:
        with self._database.write() as connection:
            hold_until_commit(connection, REGROUPING)
            if running(connection) is not None:
                return 0
            ids = connection.execute(select(draft_places.c.article_id).limit(_TOGETHER)).scalars().all()
            take_out(connection, ids)
            return len(ids)


def running(connection: Connection) -> Regrouping | None:
    """Give the run that is not finished."""
    row = connection.execute(select(regroupings).where(regroupings.c.finished_at.is_(None))).mappings().first()
    return _regrouping(row) if row else None


def hold_run(connection: Connection, run: Regrouping) -> None:
    """Keep others from the draft until the transaction ends; raises `UsageError` where the run does not stand as it was begun."""
    hold_until_commit(connection, REGROUPING)
    if running(connection) != run:
        raise UsageError("another process has taken over the regrouping or given it up; aggregator stories list tells how far it is")


def finish(connection: Connection, run: Regrouping, now: datetime) -> None:
    """End a run; its draft is dropped afterwards."""
    connection.execute(update(regroupings).where(regroupings.c.id == run.id).values(finished_at=now))


def take_out(connection: Connection, ids: Sequence[int]) -> None:
    """Take articles out of the draft."""
    for batch in batches(ids):
        for table in (draft_marks, draft_places):
            connection.execute(delete(table).where(table.c.article_id.in_(batch)))


def _regrouping(row: RowMapping) -> Regrouping:
    return Regrouping(**{name: row[name] for name in ("id", "rules", "started_at", "carries_out", "since")})


def _begin(connection: Connection, row: Mapping[str, Any]) -> Regrouping:
    for table in (draft_marks, draft_places):
        connection.execute(delete(table))
    _end(connection, row["started_at"])
    begun = connection.execute(insert(regroupings).values(**row).returning(*regroupings.c)).mappings().one()
    return _regrouping(begun)


def _end(connection: Connection, now: datetime) -> bool:
    return connection.execute(update(regroupings).where(regroupings.c.finished_at.is_(None)).values(finished_at=now)).rowcount > 0

"""Alarms: what feeds do that they should not, once each, written with the poll that showed it.

A standing alarm of one kind and feed is not raised again until it was cleared; a notice is cleared as it is raised.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, RowMapping, and_, or_, select, update

from aggregator.records import Alarm, PollRecord
from aggregator.store.database import Section, batches
from aggregator.store.tables import alarms


class Alarms(Section):
    """Read the alarms."""

    def alarms(self, since: datetime | None = None, feed_id: str | None = None, limit: int = 100) -> Sequence[Alarm]:
        """Give standing alarms, and with `since` those raised from then on too, newest first."""
        shown = alarms.c.cleared_at.is_(None)
        query = select(alarms).where(shown if since is None else or_(shown, alarms.c.raised_at >= since))
        if feed_id is not None:
            query = query.where(alarms.c.feed_id == feed_id)
        with self._database.read() as connection:
            rows = connection.execute(query.order_by(alarms.c.raised_at.desc(), alarms.c.id.desc()).limit(limit)).mappings()
            return [_alarm(row) for row in rows]


def settle(connection: Connection, records: Sequence[PollRecord]) -> Sequence[Alarm]:
    """Clear and raise what these polls say, in their order, and give the alarms that began."""
    raised: list[Alarm] = []
    standing = _standing(connection, [record.feed_id for record in records if record.alarms or record.cleared])
    for record in records:
        for kind in record.cleared:
            if (record.feed_id, kind) in standing:
                standing.discard((record.feed_id, kind))
                mine = and_(alarms.c.feed_id == record.feed_id, alarms.c.kind == kind, alarms.c.cleared_at.is_(None))
                connection.execute(update(alarms).where(mine).values(cleared_at=record.finished_at))
        for alarm in record.alarms:
            if (alarm.feed_id, alarm.kind) not in standing:
                connection.execute(alarms.insert(), _values(alarm))
                raised.append(alarm)
                if alarm.cleared_at is None:
                    standing.add((alarm.feed_id, alarm.kind))
    return raised


def _standing(connection: Connection, feed_ids: Sequence[str]) -> set[tuple[str, str]]:
    found: set[tuple[str, str]] = set()
    for batch in batches(sorted(set(feed_ids))):
        query = select(alarms.c.feed_id, alarms.c.kind).where(alarms.c.cleared_at.is_(None), alarms.c.feed_id.in_(batch))
        found.update((row.feed_id, row.kind) for row in connection.execute(query))
    return found


def _values(alarm: Alarm) -> dict[str, object]:
    return {name: getattr(alarm, name) for name in ("kind", "feed_id", "message", "raised_at", "cleared_at")}


def _alarm(row: RowMapping) -> Alarm:
    return Alarm(**{name: row[name] for name in ("kind", "feed_id", "message", "raised_at", "cleared_at")})

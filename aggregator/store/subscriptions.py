"""Subscriptions: how far each has been told, and when it is due.

`after_seq` moves by conditional update only: of two workers that decide on one window, one moves it, the other learns that it
came too late. A subscription that was due while nothing ran stays due.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, RowMapping, bindparam, or_, select, true, update

from aggregator.models import Schedule, SubscriptionSpec
from aggregator.records import SubscriptionState
from aggregator.store.database import Section
from aggregator.store.judging import judged_through
from aggregator.store.sequence import hold
from aggregator.store.tables import subscriptions


class Subscriptions(Section):
    """Keep the configured subscriptions and their places in the ingest sequence."""

    def sync_subscriptions(self, specs: Sequence[SubscriptionSpec], due: Mapping[str, datetime | None], now: datetime) -> None:
        """Declare the configured subscriptions; a new one starts after what is already stored.

        A stored due date is kept unless the schedule changed; those no longer configured are kept, but never due.
        """
        with self._database.write() as connection:
            last_seq = hold(connection)  # nothing may be stored between reading the number and starting after it
            stored = {row["id"]: row for row in connection.execute(select(subscriptions)).mappings()}
            connection.execute(update(subscriptions).values(configured=False))
            new = [_new(spec, due.get(spec.id), last_seq, now) for spec in specs if spec.id not in stored]
            known = [_changed(spec, stored[spec.id], due.get(spec.id)) for spec in specs if spec.id in stored]
            if new:
                connection.execute(subscriptions.insert(), new)
            if known:
                connection.execute(update(subscriptions).where(subscriptions.c.id == bindparam("known_id")), known)

    def subscription_state(self, subscription: str) -> SubscriptionState | None:
        """Give a subscription's place, or None where it was never declared."""
        query = select(subscriptions).where(subscriptions.c.id == subscription)
        with self._database.read() as connection:
            row = connection.execute(query).mappings().first()
        return _state(row) if row else None

    def due_subscriptions(self, now: datetime) -> Sequence[SubscriptionState]:
        """Give those whose date has come, longest due first, then those without a date that have something judged to tell."""
        with self._database.read() as connection:
            ahead = subscriptions.c.after_seq < judged_through(connection)
            ready = or_(subscriptions.c.next_due_at <= now, subscriptions.c.next_due_at.is_(None) & ahead)
            query = (
                select(subscriptions)
                .where(subscriptions.c.configured, ready)
                .order_by(subscriptions.c.next_due_at.asc().nulls_last(), subscriptions.c.id)
            )
            return [_state(row) for row in connection.execute(query).mappings()]

    def mend_due_dates(self, due: Mapping[str, datetime]) -> Sequence[str]:
        """Bring due dates forward that are later than these: a clock that ran ahead wrote them. Gives the subscriptions mended."""
        with self._database.write() as connection:
            return [
                name
                for name, due_at in due.items()
                if connection.execute(
                    update(subscriptions)
                    .where(subscriptions.c.id == name, subscriptions.c.configured, subscriptions.c.next_due_at > due_at)
                    .values(next_due_at=due_at)
                ).rowcount
            ]

    def advance_subscription(
        self, subscription: str, after_seq: int, through_seq: int, next_due_at: datetime | None, now: datetime
    ) -> bool:
        """Move a subscription past a window that held nothing to send; False where somebody else moved it first."""
        window = (after_seq, through_seq)
        with self._database.write() as connection:
            return advance(connection, subscription, window, true(), next_due_at=next_due_at)


def advance(
    connection: Connection, subscription: str, window: tuple[int, int], first: ColumnElement[bool], **values: datetime | None
) -> bool:
    """Move a subscription from the start of a window to its end, if it stands at the start and the condition `first` holds."""
    after_seq, through_seq = window
    here = (subscriptions.c.id == subscription, subscriptions.c.after_seq == after_seq, first)
    moved = connection.execute(update(subscriptions).where(*here).values(after_seq=through_seq, **values))
    return moved.rowcount == 1


def _new(spec: SubscriptionSpec, due_at: datetime | None, last_seq: int, now: datetime) -> dict[str, Any]:
    facts = {"name": spec.name, "configured": True, "schedule": _rhythm(spec.schedule)}
    return {"id": spec.id, "declared_at": now, "after_seq": last_seq, "next_due_at": due_at, **facts}


def _changed(spec: SubscriptionSpec, row: RowMapping, due_at: datetime | None) -> dict[str, Any]:
    rhythm = _rhythm(spec.schedule)
    kept = row["next_due_at"] if row["schedule"] == rhythm else due_at
    return {"known_id": spec.id, "name": spec.name, "configured": True, "schedule": rhythm, "next_due_at": kept}


def _rhythm(schedule: Schedule) -> str:
    """Write a schedule so that a changed one differs."""
    at = schedule.at.isoformat() if schedule.at else "-"
    return f"{schedule.every} {at} {schedule.time_zone.key} {schedule.weekday}"


def _state(row: RowMapping) -> SubscriptionState:
    names = ("after_seq", "next_due_at", "last_digest_at")
    return SubscriptionState(subscription=row["id"], **{name: row[name] for name in names})

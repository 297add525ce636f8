"""Deliveries: the outbox. Each row is one digest to one recipient, claimed for a while, then sent, put back or given up.

A claim is a conditional update that leaves a token; only who holds the token may say how it went. A claim whose holder died
ends by time, and the next claimer sends again under the same key. Attempts are counted when they start, so that a message
that kills its sender is not tried for ever.
"""

import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, RowMapping, or_, select, update

from aggregator.models import Delivery, Receipt
from aggregator.records import ClaimedDelivery, DeliveryRow
from aggregator.store.database import Section
from aggregator.store.tables import deliveries, digests

_FREE: dict[str, Any] = {"leased_until": None, "lease_token": None}


class Deliveries(Section):
    """Keep the outbox."""

    def claim_delivery(self, now: datetime, lease: timedelta) -> ClaimedDelivery | None:
        """Lease the delivery that is due longest, or give None where nothing is due."""
        with self._database.write() as connection:
            delivery_id = connection.execute(_oldest_due(now)).scalar()
            if delivery_id is None:
                return None
            token = uuid.uuid4().hex
            values = {"status": "sending", "attempts": deliveries.c.attempts + 1}
            lent = {"leased_until": now + lease, "lease_token": token}
            connection.execute(update(deliveries).where(deliveries.c.id == delivery_id, _free(now)).values(values | lent))
            query = with_digest(deliveries.c.id == delivery_id).add_columns(digests.c.payload)
            row = connection.execute(query).mappings().one()
        return ClaimedDelivery(delivery=_delivery(row), digest=row["payload"], token=token)

    def record_sent(self, claimed: ClaimedDelivery, receipt: Receipt, now: datetime) -> bool:
        """Keep the receipt; False where the claim is no longer held."""
        values = {"status": "sent", "sent_at": now, "receipt": receipt.detail, "due_at": None, "last_error": None}
        with self._database.write() as connection:
            return _settle(connection, claimed, values)

    def record_not_sent(self, claimed: ClaimedDelivery, error: str, retry_at: datetime | None, now: datetime) -> bool:
        """Put a failed delivery back until `retry_at`, or among the dead where it is None."""
        values = {"status": "retry" if retry_at else "dead", "due_at": retry_at, "last_error": error}
        with self._database.write() as connection:
            return _settle(connection, claimed, values)

    def deliveries(self, digest_id: int | None = None, limit: int = 200) -> Sequence[DeliveryRow]:
        """Give deliveries, newest first."""
        conditions = () if digest_id is None else (deliveries.c.digest_id == digest_id,)
        query = with_digest(*conditions).order_by(deliveries.c.id.desc()).limit(limit)
        with self._database.read() as connection:
            return [row_of(row) for row in connection.execute(query).mappings()]


def free_claims(connection: Connection) -> None:
    """Put every claimed delivery back, due as before."""
    claimed = update(deliveries).where(deliveries.c.status == "sending")
    connection.execute(claimed.values(status="retry", **_FREE))


def _free(now: datetime) -> ColumnElement[bool]:
    return or_(deliveries.c.leased_until.is_(None), deliveries.c.leased_until <= now)


def _oldest_due(now: datetime) -> Any:
    """Ask for the oldest due row; rows that another claimer holds are passed over (SQLite has one writer)."""
    due = select(deliveries.c.id).where(deliveries.c.due_at <= now, _free(now))
    return due.order_by(deliveries.c.due_at, deliveries.c.id).limit(1).with_for_update(skip_locked=True)


def _settle(connection: Connection, claimed: ClaimedDelivery, values: dict[str, Any]) -> bool:
    mine = (deliveries.c.id == claimed.delivery.id, deliveries.c.lease_token == claimed.token)
    return connection.execute(update(deliveries).where(*mine).values(values | _FREE)).rowcount == 1


def with_digest(*conditions: ColumnElement[bool]) -> Any:
    """Ask for deliveries, with the subscription of their digest."""
    joined = select(deliveries, digests.c.subscription_id).join(digests, digests.c.id == deliveries.c.digest_id)
    return joined.where(*conditions)


def _delivery(row: RowMapping) -> Delivery:
    names = ("id", "digest_id", "channel", "recipient", "key", "attempts")
    return Delivery(subscription=row["subscription_id"], **{name: row[name] for name in names})


def row_of(row: RowMapping) -> DeliveryRow:
    """Read a row that `with_digest` asked for."""
    detail = row["receipt"] if row["status"] == "sent" else row["last_error"]
    return DeliveryRow(delivery=_delivery(row), status=row["status"], due_at=row["due_at"], sent_at=row["sent_at"], detail=detail)

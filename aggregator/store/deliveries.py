"""Deliveries: the outbox. Each row is one digest to one recipient, claimed for a while, then sent, put back or given up.

A claim is a conditional update that leaves a token; only who holds the token may say how it went. A claim whose holder died
ends by time, and the next claimer sends again under the same key. Attempts are counted when they start, so that a message
that kills its sender is not tried for ever; one that was tried a few times already is claimed alone, so that it cannot use up the
attempts of its neighbours. A date further ahead than any of ours can be was written under a clock that was wrong, and counts as come.
"""

import uuid
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, RowMapping, and_, bindparam, or_, select, update

from aggregator.core.timing import SHARED_ATTEMPTS
from aggregator.models import Delivery, Digest, Receipt
from aggregator.records import ClaimedDelivery, DeliveryRow, NotedReceipt
from aggregator.store.closures import reopened
from aggregator.store.database import Database, Section
from aggregator.store.tables import deliveries, digest_items, digests

FARTHEST = timedelta(days=2)
"""No delivery is put off, and no lease given, for longer."""
_KEPT = 8
"""Digests kept in memory between claims: one that goes to thousands is read once."""
_FREE: dict[str, Any] = {"leased_until": None, "lease_token": None}
_SENT = (
    update(deliveries)
    .where(deliveries.c.id == bindparam("told_id"))
    .values(status="sent", sent_at=bindparam("at"), receipt=bindparam("said"), due_at=None, last_error=None)
    .values(thread=bindparam("named"), body_hash=bindparam("hash"), **_FREE)
)


class Deliveries(Section):
    """Keep the outbox."""

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        self._digests: dict[int, Digest] = {}

    def claim_delivery(self, now: datetime, lease: timedelta) -> ClaimedDelivery | None:
        """Lease the delivery that is due longest, or give None where nothing is due."""
        return next(iter(self.claim_deliveries(now, lease, 1)), None)

    def claim_deliveries(self, now: datetime, lease: timedelta, most: int, under_way: Collection[int] = ()) -> Sequence[ClaimedDelivery]:
        """Lease up to so many of the deliveries that are due longest, in one transaction, but none that is on its way already.

        A lease may seem to have ended only because the clock was set forward; who sends knows better what is `under_way`.
        """
        free = and_(_free(now), deliveries.c.id.not_in(under_way)) if under_way else _free(now)
        with self._database.write() as connection:
            chosen = _oldest(connection, deliveries.c.due_at <= now, free, most) or _oldest(
                connection, deliveries.c.due_at > now + FARTHEST, free, most
            )
            return self._lent(connection, chosen, now, now + lease) if chosen else ()

    def give_back(self, unused: Collection[ClaimedDelivery]) -> None:
        """Undo claims whose sending was not begun: due as before, their attempt not counted."""
        with self._database.write() as connection:
            for claimed in unused:
                before = claimed.delivery.attempts - 1
                _settle(connection, claimed, {"status": "retry" if before else "pending", "attempts": before})

    def record_sent(self, claimed: ClaimedDelivery, receipt: Receipt, now: datetime) -> bool:
        """Keep the receipt; False where the claim is no longer held."""
        (held,) = self.record_all_sent([(claimed, receipt)], now)
        return held

    def record_all_sent(self, receipts: Sequence[tuple[ClaimedDelivery, Receipt]], now: datetime) -> Sequence[bool]:
        """Keep receipts in one transaction; False for each whose claim is no longer held."""
        return self.record_noted(
            [NotedReceipt(delivery_id=claimed.delivery.id, token=claimed.token, receipt=receipt, at=now) for claimed, receipt in receipts]
        )

    def record_noted(self, notes: Sequence[NotedReceipt]) -> Sequence[bool]:
        """Keep receipts that were noted down before, each with the moment of its note; False for each whose claim is no longer held."""
        with self._database.write() as connection:
            held = _held(connection, {note.delivery_id: note.token for note in notes})
            kept = [_sent(note) for note in notes if note.delivery_id in held]
            if kept:
                connection.execute(_SENT, kept)
            return [note.delivery_id in held for note in notes]

    def record_not_sent(self, claimed: ClaimedDelivery, error: str, retry_at: datetime | None, now: datetime) -> bool:
        """Put a failed delivery back until `retry_at`, or among the dead where it is None."""
        values = {"status": "retry" if retry_at else "dead", "due_at": retry_at, "last_error": error}
        with self._database.write() as connection:
            return _settle(connection, claimed, values)

    def put_off(self, claimed: ClaimedDelivery, reason: str, until: datetime) -> bool:
        """Undo a claim whose sending was not begun, and have it due again at a date; its attempt is not counted."""
        values = {"status": "retry", "due_at": until, "last_error": reason, "attempts": claimed.delivery.attempts - 1}
        with self._database.write() as connection:
            return _settle(connection, claimed, values)

    def last_sent_at(self, subscription: str, channel: str) -> datetime | None:
        """Give when a receiver last took a message of a subscription by this channel, or None where none ever did."""
        mine = (digests.c.subscription_id == subscription, deliveries.c.channel == channel, deliveries.c.sent_at.is_not(None))
        query = select(deliveries.c.sent_at).join(digests, digests.c.id == deliveries.c.digest_id).where(*mine)
        with self._database.read() as connection:
            return connection.execute(query.order_by(deliveries.c.sent_at.desc()).limit(1)).scalar()

    def deliveries(self, digest_id: int | None = None, limit: int = 200, status: str | None = None) -> Sequence[DeliveryRow]:
        """Give deliveries, newest first."""
        conditions = [] if digest_id is None else [deliveries.c.digest_id == digest_id]
        conditions += [] if status is None else [deliveries.c.status == status]
        query = with_digest(*conditions).order_by(deliveries.c.id.desc()).limit(limit)
        with self._database.read() as connection:
            return [row_of(row) for row in connection.execute(query).mappings()]

    def delivery(self, delivery_id: int) -> DeliveryRow | None:
        """Give one delivery, or None."""
        with self._database.read() as connection:
            row = connection.execute(with_digest(deliveries.c.id == delivery_id)).mappings().first()
            if row is None:
                return None
            threads = _threads(connection, [row], {row["digest_id"]: self._frozen(connection, row["digest_id"])})
            return row_of(row, threads.get(delivery_id))

    def delivery_of_key(self, key: str) -> DeliveryRow | None:
        """Give the delivery with this key, or None."""
        with self._database.read() as connection:
            row = connection.execute(with_digest(deliveries.c.key == key)).mappings().first()
            return row_of(row) if row else None

    def resend(self, delivery_ids: Collection[int], now: datetime) -> int:
        """Put dead deliveries back, due now and with all their attempts before them; gives how many.

        Addresses that their receivers refused are opened again: who sends by hand has put right what closed them. Who unsubscribed
        gets nothing.
        """
        with self._database.write() as connection:
            dead = connection.execute(with_digest(deliveries.c.id.in_(delivery_ids), deliveries.c.status == "dead")).mappings().all()
            open_again = [row["id"] for row in dead if reopened(connection, row["subscription_id"], row["channel"], row["recipient"])]
            back = update(deliveries).where(deliveries.c.id.in_(open_again))
            return connection.execute(back.values(status="retry", due_at=now, attempts=0)).rowcount

    def _lent(self, connection: Connection, chosen: Sequence[int], now: datetime, until: datetime) -> Sequence[ClaimedDelivery]:
        """Lease these rows under one token, oldest first."""
        token = uuid.uuid4().hex
        values = {"status": "sending", "attempts": deliveries.c.attempts + 1, "leased_until": until, "lease_token": token}
        connection.execute(update(deliveries).where(deliveries.c.id.in_(chosen), _free(now)).values(values))
        lent = with_digest(deliveries.c.id.in_(chosen), deliveries.c.lease_token == token)
        rows = connection.execute(lent.order_by(deliveries.c.due_at, deliveries.c.id)).mappings().all()
        frozen = {digest_id: self._frozen(connection, digest_id) for digest_id in {row["digest_id"] for row in rows}}
        threads = _threads(connection, rows, frozen)
        return [
            ClaimedDelivery(delivery=_delivery(row, threads.get(row["id"])), digest=frozen[row["digest_id"]], token=token) for row in rows
        ]

    def _frozen(self, connection: Connection, digest_id: int) -> Digest:
        """Give a digest, which never changes once it is decided."""
        if digest_id not in self._digests:
            digest: Digest = connection.execute(select(digests.c.payload).where(digests.c.id == digest_id)).scalar_one()
            kept = list(self._digests.items())[1 - _KEPT :]
            self._digests = {**dict(kept), digest_id: digest}
            return digest
        return self._digests[digest_id]


def free_claims(connection: Connection) -> None:
    """Put every claimed delivery back, due as before."""
    claimed = update(deliveries).where(deliveries.c.status == "sending")
    connection.execute(claimed.values(status="retry", **_FREE))


def _free(now: datetime) -> ColumnElement[bool]:
    return or_(deliveries.c.leased_until.is_(None), deliveries.c.leased_until <= now, deliveries.c.leased_until > now + FARTHEST)


def _oldest(connection: Connection, come: ColumnElement[bool], free: ColumnElement[bool], most: int) -> Sequence[int]:
    """Give the oldest rows whose date has come; rows that another claimer holds are passed over (SQLite has one writer).

    One condition on the date at a time, so that its index gives the first rows and no others are looked at.
    """
    due = select(deliveries.c.id, deliveries.c.attempts).where(come, free).order_by(deliveries.c.due_at, deliveries.c.id)
    found = connection.execute(due.limit(most).with_for_update(skip_locked=True)).all()
    if found and found[0].attempts >= SHARED_ATTEMPTS:
        return [found[0].id]
    return [row.id for row in found if row.attempts < SHARED_ATTEMPTS]


def _sent(note: NotedReceipt) -> dict[str, Any]:
    receipt = note.receipt
    return {"told_id": note.delivery_id, "at": note.at, "said": receipt.detail, "named": receipt.thread, "hash": receipt.body_hash}


def _held(connection: Connection, tokens: Mapping[int, str]) -> frozenset[int]:
    """Give which of these claims, a token for each delivery, still hold."""
    rows = connection.execute(select(deliveries.c.id, deliveries.c.lease_token).where(deliveries.c.id.in_(tokens)).with_for_update())
    return frozenset(row.id for row in rows if row.lease_token == tokens[row.id])


def _settle(connection: Connection, claimed: ClaimedDelivery, values: dict[str, Any]) -> bool:
    mine = (deliveries.c.id == claimed.delivery.id, deliveries.c.lease_token == claimed.token)
    return connection.execute(update(deliveries).where(*mine).values(values | _FREE)).rowcount == 1


def _threads(connection: Connection, rows: Sequence[RowMapping], frozen: Mapping[int, Digest]) -> Mapping[int, str]:
    """Give, by delivery, the receiver's name for the first message about the one story that an alert updates, where there is one."""
    found: dict[int, str] = {}
    for digest_id, digest in frozen.items():
        if digest.kind == "alert" and len(digest.items) == 1 and digest.items[0].kind == "update":
            first = _first_told(connection, digest, digest_id)
            mine = {row["id"]: (row["channel"], row["recipient"]) for row in rows if row["digest_id"] == digest_id}
            found |= {delivery_id: first[address] for delivery_id, address in mine.items() if address in first}
    return found


def _first_told(connection: Connection, digest: Digest, digest_id: int) -> Mapping[tuple[str, str], str]:
    """Give the thread in which each address was first told of an alert's story, in a digest before this one."""
    told = (
        select(deliveries.c.channel, deliveries.c.recipient, deliveries.c.thread)
        .join(digest_items, digest_items.c.digest_id == deliveries.c.digest_id)
        .where(
            digest_items.c.subscription_id == digest.subscription,
            digest_items.c.story_id == digest.items[0].story_id,
            deliveries.c.digest_id < digest_id,
            deliveries.c.thread.is_not(None),
        )
    )
    first: dict[tuple[str, str], str] = {}
    for row in connection.execute(told.order_by(deliveries.c.id)):
        first.setdefault((row.channel, row.recipient), row.thread)
    return first


def with_digest(*conditions: ColumnElement[bool]) -> Any:
    """Ask for deliveries, with the subscription and the date of their digest."""
    joined = select(deliveries, digests.c.subscription_id, digests.c.decided_at).join(digests, digests.c.id == deliveries.c.digest_id)
    return joined.where(*conditions)


def _delivery(row: RowMapping, thread: str | None = None) -> Delivery:
    names = ("id", "digest_id", "channel", "recipient", "key", "attempts")
    return Delivery(subscription=row["subscription_id"], thread=thread, **{name: row[name] for name in names})


def row_of(row: RowMapping, thread: str | None = None) -> DeliveryRow:
    """Read a row that `with_digest` asked for."""
    return DeliveryRow(
        delivery=_delivery(row, thread),
        status=row["status"],
        due_at=row["due_at"],
        sent_at=row["sent_at"],
        detail=row["receipt"] if row["status"] == "sent" else row["last_error"],
        decided_at=row["decided_at"],
        body_hash=row["body_hash"],
    )

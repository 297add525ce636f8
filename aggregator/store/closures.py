"""Closures: addresses that get nothing more of a subscription, because a person or the receiver said so.

Closing ends the deliveries that still wait for the address, in the same transaction; opening it again leaves them where they are,
among the dead, until somebody sends them again.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, delete, insert, select, update

from aggregator.records import Address, Closure
from aggregator.store.database import Section
from aggregator.store.tables import closures, deliveries, digests


class Closures(Section):
    """Keep closed addresses."""

    def closures(self, subscription: str | None = None) -> Sequence[Closure]:
        """Give closed addresses, oldest first."""
        query = select(closures).order_by(closures.c.closed_at, closures.c.subscription_id, closures.c.recipient)
        if subscription is not None:
            query = query.where(closures.c.subscription_id == subscription)
        with self._database.read() as connection:
            return [_closure(row) for row in connection.execute(query)]

    def close_address(self, closure: Closure) -> bool:
        """Close an address and end what waits for it; False where it was closed before."""
        with self._database.write() as connection:
            if connection.execute(select(closures.c.cause).where(*_is(closure.subscription, closure.address))).first():
                return False
            connection.execute(insert(closures).values(_row(closure)))
            _end_waiting(connection, closure)
            return True

    def reopen_address(self, subscription: str, address: Address) -> bool:
        """Open an address again; False where it was not closed."""
        with self._database.write() as connection:
            return connection.execute(delete(closures).where(*_is(subscription, address))).rowcount == 1


def closed_addresses(connection: Connection, subscription: str) -> frozenset[Address]:
    """Give the closed addresses of a subscription."""
    query = select(closures.c.channel, closures.c.recipient).where(closures.c.subscription_id == subscription)
    return frozenset(Address(channel=row.channel, recipient=row.recipient) for row in connection.execute(query))


def reopened(connection: Connection, subscription: str, channel: str, recipient: str) -> bool:
    """Open an address that its receiver refused; False where the person behind it unsubscribed."""
    here = _is(subscription, Address(channel=channel, recipient=recipient))
    connection.execute(delete(closures).where(*here, closures.c.cause == "refused"))
    return connection.execute(select(closures.c.cause).where(*here)).first() is None


def _end_waiting(connection: Connection, closure: Closure) -> None:
    mine = select(digests.c.id).where(digests.c.subscription_id == closure.subscription)
    waiting = update(deliveries).where(
        deliveries.c.digest_id.in_(mine),
        deliveries.c.channel == closure.address.channel,
        deliveries.c.recipient == closure.address.recipient,
        deliveries.c.status.in_(("pending", "retry")),
    )
    connection.execute(waiting.values(status="dead", due_at=None, last_error=f"the address is closed: {closure.detail}"))


def _is(subscription: str, address: Address) -> tuple[ColumnElement[bool], ...]:
    return (
        closures.c.subscription_id == subscription,
        closures.c.channel == address.channel,
        closures.c.recipient == address.recipient,
    )


def _row(closure: Closure) -> dict[str, Any]:
    return {
        "subscription_id": closure.subscription,
        "channel": closure.address.channel,
        "recipient": closure.address.recipient,
        "cause": closure.cause,
        "detail": closure.detail,
        "closed_at": closure.closed_at,
    }


def _closure(row: Any) -> Closure:
    address = Address(channel=row.channel, recipient=row.recipient)
    return Closure(subscription=row.subscription_id, address=address, cause=row.cause, detail=row.detail, closed_at=row.closed_at)

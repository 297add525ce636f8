"""Leaving: a reader ends a subscription by the address in a mail, without a login (RFC 8058).

The address holds a delivery's key and a signature over it, so it works for this one subscription and recipient and cannot be guessed.
The signature is compared in constant time before the ledger is asked anything; an address that was used, is wrong, or is another's
gets one and the same answer.
"""

from datetime import datetime

import structlog

from aggregator.core.signatures import is_signed, signature
from aggregator.ports import Store
from aggregator.records import Address, Closure, DeliveryRow

log = structlog.get_logger(__name__)

_PURPOSE = "leave"
_LONGEST = 200


def leave_token(secret: bytes, key: str) -> str:
    """Sign a delivery's key: short, and safe in a URL."""
    return f"{key}.{signature(secret, _PURPOSE, key)}"


def find_reader(store: Store, secret: bytes, token: str) -> DeliveryRow | None:
    """Give the delivery that a token came with, if its recipient still gets the subscription; else None."""
    key, _, given = token[:_LONGEST].rpartition(".")
    if not is_signed(secret, _PURPOSE, key, given):
        return None
    row = store.delivery_of_key(key)
    if row is None or _address(row) in {closure.address for closure in store.closures(row.delivery.subscription)}:
        return None
    return row


def leave_subscription(store: Store, secret: bytes, token: str, now: datetime) -> bool:
    """End a subscription for the recipient that a token names, with all that still waits; False where it names nobody."""
    row = find_reader(store, secret, token)
    if row is None:
        return False
    closure = Closure(
        subscription=row.delivery.subscription,
        address=_address(row),
        cause="unsubscribed",
        detail=f"the reader unsubscribed with the address in digest {row.delivery.digest_id}",
        closed_at=now,
    )
    closed = store.close_address(closure)
    if closed:
        log.info("a reader unsubscribed", subscription=closure.subscription, channel=closure.address.channel)
    return closed


def _address(row: DeliveryRow) -> Address:
    return Address(channel=row.delivery.channel, recipient=row.delivery.recipient)

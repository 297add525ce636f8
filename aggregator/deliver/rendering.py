"""Rendering again: a digest is frozen when it is decided, so what was sent can be shown to the byte at any time."""

import hashlib

from aggregator.deliver.work import Delivering
from aggregator.errors import UsageError
from aggregator.ports import Message


def render_again(delivering: Delivering, digest_id: int, delivery_id: int) -> tuple[bytes, bool | None]:
    """Render a delivery again as its channel sent it, and tell whether it is the same to the byte; None where that is not known.

    Raises `UsageError` where there is no such delivery, or its channel is not configured.
    """
    row, digest = delivering.store.delivery(delivery_id), delivering.store.digest(digest_id)
    if row is None or digest is None or row.delivery.digest_id != digest_id:
        raise UsageError(f"digest {digest_id} has no delivery {delivery_id}")
    channel = delivering.channels.get(row.delivery.channel)
    if channel is None:
        raise UsageError(f"channel {row.delivery.channel!r} is not configured: set what it needs in the environment")
    message = channel.render(digest, row.delivery)
    body = whole_of(message)
    return body, body_hash(message) == row.body_hash if row.body_hash else None


def whole_of(message: Message) -> bytes:
    """Give the message itself among its parts: the mail, the payload, or what there is."""
    return next((message.parts[suffix] for suffix in (".eml", ".json", ".txt") if suffix in message.parts), b"")


def body_hash(message: Message) -> str:
    """Give the SHA-256 of a message."""
    return hashlib.sha256(whole_of(message)).hexdigest()

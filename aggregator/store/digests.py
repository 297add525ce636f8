"""Digests: decided once, frozen, and written together with everything that follows from them.

The digest, its items, one delivery per address and the subscription's new place are one transaction: a killed process has
either decided or not. The items' unique key keeps a version of a story from being told twice by any path.
"""

import hashlib
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, insert, or_, select, true

from aggregator.models import Digest
from aggregator.records import Address
from aggregator.store.closures import closed_addresses
from aggregator.store.database import Section, batches
from aggregator.store.story_tables import told_articles
from aggregator.store.subscriptions import advance
from aggregator.store.tables import deliveries, digest_items, digests, subscriptions


class Digests(Section):
    """Keep digests."""

    def record_digest(self, digest: Digest, addresses: Sequence[Address], next_due_at: datetime | None, now: datetime) -> int | None:
        """Keep a digest, its items and one delivery per open address, and advance the subscription, in one transaction.

        Gives None and keeps nothing where somebody else advanced the subscription first. Raises `StoreError` where an item was
        told before.
        """
        window = (digest.after_seq, digest.through_seq)
        with self._database.write() as connection:
            if not advance(connection, digest.subscription, window, _first(digest, now), next_due_at=next_due_at, last_digest_at=now):
                return None
            digest_id = _keep(connection, digest)
            items = _items(digest_id, digest)
            closed = closed_addresses(connection, digest.subscription)
            outbox = [_delivery(digest_id, digest, address, now) for address in dict.fromkeys(addresses) if address not in closed]
            if items:
                connection.execute(insert(digest_items), items)
            _remember(connection, digest)
            if outbox:
                connection.execute(insert(deliveries), outbox)
            return digest_id

    def digests(self, subscription: str | None = None, limit: int = 50) -> Sequence[tuple[int, Digest]]:
        """Give digests with their ids, newest first."""
        query = select(digests.c.id, digests.c.payload).order_by(digests.c.id.desc()).limit(limit)
        if subscription is not None:
            query = query.where(digests.c.subscription_id == subscription)
        with self._database.read() as connection:
            return [(row.id, row.payload) for row in connection.execute(query)]

    def digest_before(self, subscription: str, moment: datetime) -> Digest | None:
        """Give the last digest of a subscription decided before a moment, or None."""
        earlier = select(digests.c.payload).where(digests.c.subscription_id == subscription, digests.c.decided_at < moment)
        with self._database.read() as connection:
            found: Digest | None = connection.execute(earlier.order_by(digests.c.id.desc()).limit(1)).scalar()
            return found

    def digest(self, digest_id: int) -> Digest | None:
        """Give a digest as it was decided, or None."""
        with self._database.read() as connection:
            found: Digest | None = connection.execute(select(digests.c.payload).where(digests.c.id == digest_id)).scalar()
            return found


def delivery_key(digest_id: int, digest: Digest, address: Address) -> str:
    """Make the key that a delivery keeps over retries and restarts.

    The moment of decision is part of it, so that a database made anew never repeats the keys of the old one.
    """
    parts = (digest.subscription, address.channel, address.recipient, str(digest_id), digest.decided_at.isoformat())
    return f"{digest_id}-{hashlib.sha256(chr(0).join(parts).encode('utf-8', 'replace')).hexdigest()[:20]}"


def _first(digest: Digest, now: datetime) -> ColumnElement[bool]:
    """Give the condition that nobody decided this window before.

    The place in the sequence tells, except for an empty window, which moves nothing: there the date of the digest before does.
    """
    if digest.after_seq < digest.through_seq:
        return true()
    return or_(subscriptions.c.last_digest_at.is_not_distinct_from(digest.since), subscriptions.c.next_due_at <= now)


def _keep(connection: Connection, digest: Digest) -> int:
    keeping = insert(digests).values(
        subscription_id=digest.subscription,
        after_seq=digest.after_seq,
        through_seq=digest.through_seq,
        decided_at=digest.decided_at,
        payload=digest,
    )
    return int(connection.execute(keeping.returning(digests.c.id)).scalar_one())


def _items(digest_id: int, digest: Digest) -> list[dict[str, Any]]:
    return [
        {
            "digest_id": digest_id,
            "position": position,
            "subscription_id": digest.subscription,
            "story_id": item.story_id,
            "story_version": item.version,
            "kind": item.kind,
        }
        for position, item in enumerate(digest.items)
    ]


def _remember(connection: Connection, digest: Digest) -> None:
    """Keep which articles were told, those of continuing stories included: stories may be grouped anew, what was read stays read."""
    outlets = [outlet for item in (*digest.items, *digest.continuing) for outlet in item.outlets]
    shown = {outlet.article_id for outlet in outlets if outlet.article_id is not None}
    of_subscription = told_articles.c.subscription_id == digest.subscription
    for batch in batches(sorted(shown)):
        known = select(told_articles.c.article_id).where(of_subscription, told_articles.c.article_id.in_(batch))
        fresh = sorted({*batch} - set(connection.execute(known).scalars()))
        if fresh:
            connection.execute(
                insert(told_articles), [{"subscription_id": digest.subscription, "article_id": article} for article in fresh]
            )


def _delivery(digest_id: int, digest: Digest, address: Address, now: datetime) -> dict[str, Any]:
    return {
        "digest_id": digest_id,
        "channel": address.channel,
        "recipient": address.recipient,
        "key": delivery_key(digest_id, digest, address),
        "status": "pending",
        "attempts": 0,
        "due_at": now,
    }

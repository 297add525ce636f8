"""Sending: a few messages are on their way at once, and each succeeds or fails alone.

A claimed delivery is rendered, handed over by its channel, and its receipt kept before the same sender takes up another. A failure is
put back by date. Told to stop, no message is broken off that is on its way.
"""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field, replace
from typing import Any

import structlog

from aggregator.core.timing import DELIVERY_RETRIES, SHARED_ATTEMPTS
from aggregator.deliver.claims import Claims
from aggregator.deliver.receipts import Receipts, not_sent
from aggregator.deliver.rendering import body_hash
from aggregator.deliver.work import Delivering, Sent
from aggregator.errors import DeliveryError, StoreError
from aggregator.models import Receipt
from aggregator.records import ClaimedDelivery

log = structlog.get_logger(__name__)

MOST_ATTEMPTS = SHARED_ATTEMPTS + len(DELIVERY_RETRIES) + 1
"""Attempts that may break off without an answer; the first of them may have been a neighbour's fault."""
LAST_SECONDS = 6.0
"""How long a message on its way is waited for when the service stops."""


async def send_due(delivering: Delivering, progress: Callable[[Sent], None] = lambda sent: None) -> tuple[Sent, ...]:
    """Send every delivery that is due, a few at a time; a failed one is put back by date.

    Raises `StoreError` where the store fails, but not before the messages on their way are through: one that is broken off would
    go out twice. Where receipts are left over that the ledger did not take, or there is no room to note more, nothing is sent.
    """
    book = delivering.book
    try:
        sent = await _send_due(delivering, progress)
    except StoreError as error:
        book.trouble = book.trouble or str(error)
        raise
    book.trouble = None
    return sent


async def _send_due(delivering: Delivering, progress: Callable[[Sent], None]) -> tuple[Sent, ...]:
    receipts = Receipts(delivering)
    await receipts.settle()
    async with Claims(delivering) as claims:
        if not await claims.found():  # most of the time, and then no channel is even made
            return ()
        delivering.book.ready()
        async with delivering.session():
            return await _send_all(_Senders(delivering, claims, receipts, progress))


async def _send_all(senders: "_Senders") -> tuple[Sent, ...]:
    workers = [asyncio.create_task(senders.work()) for _ in range(senders.use.parallel)]
    try:
        ended = await asyncio.gather(*workers, return_exceptions=True)
    except asyncio.CancelledError:  # the workers are cancelled too; each ends when its message is through
        await asyncio.wait(workers)
        raise
    for error in ended:
        if error is not None:
            raise error
    return tuple(senders.results)


@dataclass(slots=True)
class _Senders:
    """Send claimed deliveries, and remember how each went."""

    use: Delivering
    claims: Claims
    receipts: Receipts
    progress: Callable[[Sent], None]
    results: list[Sent] = field(default_factory=list)

    async def work(self) -> None:
        """Send one delivery after the other until none is due."""
        while claimed := await self._next():
            sent = await _finished(self._send(claimed))
            self.progress(sent)
            self.results.append(sent)

    async def _next(self) -> ClaimedDelivery | None:
        """Take up another delivery, but none while the ledger takes no receipts."""
        await self.receipts.flowing()
        return await self.claims.take()

    async def _send(self, claimed: ClaimedDelivery) -> Sent:
        book, delivery_id = self.use.book, claimed.delivery.id
        try:
            return await self._attempt(claimed)
        finally:
            if delivery_id not in {note.delivery_id for note in book.noted()}:
                book.end(delivery_id)

    async def _attempt(self, claimed: ClaimedDelivery) -> Sent:
        try:
            receipt = await _hand_over(self.use, claimed)
        except DeliveryError as error:
            return await asyncio.to_thread(not_sent, self.use, claimed, error)
        except Exception as error:  # one delivery must not stop the others; it is tried again by date
            log.exception("delivery failed unexpectedly", delivery=claimed.delivery.id)
            failure = DeliveryError(f"internal error: {type(error).__name__}; see the log")
            return await asyncio.to_thread(not_sent, self.use, claimed, failure)
        await self.receipts.keep(claimed, receipt)
        log.info("delivered", subscription=claimed.delivery.subscription, channel=claimed.delivery.channel, key=claimed.delivery.key)
        return Sent(claimed=claimed)


async def _finished(sending: Coroutine[Any, Any, Sent]) -> Sent:
    """Let a message on its way come through when we are told to stop: broken off before its receipt, it would go out twice."""
    task = asyncio.create_task(sending)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait([task], timeout=LAST_SECONDS)
        task.cancel()
        raise


async def _hand_over(delivering: Delivering, claimed: ClaimedDelivery) -> Receipt:
    channel = delivering.channels.get(claimed.delivery.channel)
    if channel is None:  # it may come back with the next start, so the message waits for it
        raise DeliveryError(f"channel {claimed.delivery.channel!r} is not configured: set what it needs in the environment")
    if claimed.delivery.attempts > MOST_ATTEMPTS:
        raise DeliveryError("every attempt so far broke off without an answer", permanent=True)
    message = channel.render(claimed.digest, claimed.delivery)
    hashed = body_hash(message)  # before it is sent: what was taken is to be noted at once
    return replace(await channel.send(claimed.delivery, message), body_hash=hashed)

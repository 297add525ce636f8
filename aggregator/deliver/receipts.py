"""Receipts: what a receiver answered goes into the ledger before its sender takes up another message.

Receipts that come while a commit is under way are kept by the next one, together; each sender waits for the commit that holds its own.
So no more messages than are on their way at once can ever be taken by a receiver and unknown to the ledger. A ledger that is locked or
full is asked again; meanwhile no other message is begun, and what was taken stands in the receipt book, which a later process reads.
"""

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta

import structlog

from aggregator.core.timing import next_attempt_at
from aggregator.deliver.work import Delivering, Sent
from aggregator.errors import DeliveryError, StoreError
from aggregator.models import Receipt
from aggregator.records import Address, ClaimedDelivery, Closure

log = structlog.get_logger(__name__)

FIRST_PAUSE, LONGEST_PAUSE = 0.05, 5.0
"""Seconds between two attempts at keeping receipts; each pause is twice the one before."""

Kept = tuple[ClaimedDelivery, Receipt]


class Receipts:
    """Keep receipts, several in a transaction."""

    def __init__(self, delivering: Delivering) -> None:
        self._use = delivering
        self._waiting: list[tuple[Kept, asyncio.Future[None]]] = []
        self._keeping: asyncio.Task[None] | None = None
        self._failed: BaseException | None = None
        self._flows = asyncio.Event()
        self._flows.set()

    async def settle(self) -> None:
        """Bring into the ledger what it could not take before; raises `StoreError` where it still cannot."""
        book, store = self._use.book, self._use.store
        notes, unused = book.noted(), tuple(book.unused)
        if notes or unused:
            try:
                await asyncio.to_thread(store.record_noted, notes)
                await asyncio.to_thread(store.give_back, unused)
            except StoreError as error:
                book.trouble = f"{len(notes)} receipts cannot be kept: {error}"
                raise
        for note in notes:
            book.end(note.delivery_id)
        book.unused[:] = [one for one in book.unused if all(one is not back for back in unused)]

    async def flowing(self) -> None:
        """Wait while the ledger takes no receipts; raises `StoreError` where it has been given up."""
        await self._flows.wait()
        if self._failed is not None:
            raise self._failed

    async def keep(self, claimed: ClaimedDelivery, receipt: Receipt) -> None:
        """Note the receipt, and return when it is in the ledger; raises `StoreError` where it cannot be kept."""
        self._use.book.note(claimed, receipt, self._use.clock())
        kept = asyncio.get_running_loop().create_future()
        self._waiting.append(((claimed, receipt), kept))
        if self._keeping is None:
            self._keeping = asyncio.create_task(self._keep_all())
        await kept

    async def _keep_all(self) -> None:
        while self._waiting:
            together, self._waiting = self._waiting, []
            self._failed = error = await self._commit([receipt for receipt, _ in together])
            self._flows.set()
            for (claimed, _), kept in together:
                if error is None:
                    self._use.book.end(claimed.delivery.id)
                _settle(kept, error)
        self._keeping = None

    async def _commit(self, receipts: Sequence[Kept]) -> BaseException | None:
        """Give the error instead of raising it: it belongs to every sender that waits."""
        loop, pause = asyncio.get_running_loop(), FIRST_PAUSE
        until = loop.time() + self._use.receipt_patience.total_seconds()
        while isinstance(error := await self._try(receipts), StoreError):
            self._flows.clear()
            self._use.book.trouble = f"{len(receipts)} receipts cannot be kept: {error}"
            if loop.time() >= until:
                return error
            log.warning("receipts could not be kept yet, trying again", receipts=len(receipts), reason=str(error))
            await asyncio.sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE)
        if error is None:
            self._use.book.trouble = None
        return error

    async def _try(self, receipts: Sequence[Kept]) -> BaseException | None:
        store, now = self._use.store, self._use.clock()
        (error,) = await asyncio.gather(asyncio.to_thread(store.record_all_sent, receipts, now), return_exceptions=True)
        return error if isinstance(error, BaseException) else None


def _settle(kept: "asyncio.Future[None]", error: BaseException | None) -> None:
    if kept.done():  # its sender was told to stop
        return
    if error is None:
        kept.set_result(None)
    else:
        kept.set_exception(error)


def not_sent(delivering: Delivering, claimed: ClaimedDelivery, error: DeliveryError) -> Sent:
    """Put a delivery back by date or among the dead, and close its address where its receiver says that there is none."""
    now, attempts = delivering.clock(), claimed.delivery.attempts
    if not error.begun:
        return _put_off(delivering, claimed, error, now)
    retry_at = None if error.permanent else next_attempt_at(max(attempts, 1), error.retry_after, now)
    with delivering.store.transaction():
        held = delivering.store.record_not_sent(claimed, str(error), retry_at, now)
        if held and error.closes:
            _close(delivering, claimed, error)
    tell = log.warning if retry_at else log.error
    tell(
        "delivery failed" if retry_at else "delivery is dead, nobody will be told: look at it and send it again",
        subscription=claimed.delivery.subscription,
        channel=claimed.delivery.channel,
        reason=str(error),
        retry_at=retry_at,
    )
    return Sent(claimed=claimed, error=str(error), retry_at=retry_at)


def _put_off(delivering: Delivering, claimed: ClaimedDelivery, error: DeliveryError, now: datetime) -> Sent:
    """Put back a delivery that was not tried, until its receiver's pause is over; its attempt does not count."""
    until = now + timedelta(seconds=error.retry_after or 0)
    delivering.store.put_off(claimed, str(error), until)
    log.info("delivery put off", subscription=claimed.delivery.subscription, channel=claimed.delivery.channel, until=until)
    return Sent(claimed=claimed, error=str(error), retry_at=until)


def _close(delivering: Delivering, claimed: ClaimedDelivery, error: DeliveryError) -> None:
    """Close an address that its receiver says does not exist, so that nothing more is sent there, and tell the operator."""
    delivery = claimed.delivery
    address = Address(channel=delivery.channel, recipient=delivery.recipient)
    closed_at = delivering.clock()
    closure = Closure(subscription=delivery.subscription, address=address, cause="refused", detail=str(error), closed_at=closed_at)
    if delivering.store.close_address(closure):
        log.error(
            "an address is closed, it gets nothing more: correct it, or open it again with `aggregator digest resend`",
            subscription=delivery.subscription,
            channel=delivery.channel,
            reason=str(error),
        )

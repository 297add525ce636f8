"""Claims: deliveries are taken from the ledger some at a time, and handed out one by one.

What was taken but not begun is given back at the end. A claim that has waited for half its lease is given back too, since its lease
might end while its message is on the way, and another worker would send it as well.
"""

import asyncio
from collections import deque
from datetime import datetime
from types import TracebackType

import structlog

from aggregator.deliver.work import LEASE, Delivering
from aggregator.errors import StoreError
from aggregator.records import ClaimedDelivery

log = structlog.get_logger(__name__)

AT_ONCE = 64
"""Deliveries claimed in one transaction."""
FRESH = LEASE / 2


class Claims:
    """Hand out claimed deliveries to several senders; leave the block when none of them will begin another."""

    def __init__(self, delivering: Delivering) -> None:
        self._use = delivering
        self._turn = asyncio.Lock()
        self._waiting: deque[ClaimedDelivery] = deque()
        self._claimed_at: datetime | None = None

    async def __aenter__(self) -> "Claims":
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None) -> None:
        await self._give_back()

    async def found(self) -> bool:
        """Claim what is due, and tell whether anything is."""
        async with self._turn:
            if not self._waiting:
                await self._claim(self._use.clock())
            return bool(self._waiting)

    async def take(self) -> ClaimedDelivery | None:
        """Give the next delivery, begun in the book, or None where nothing is due; raises `StoreError` where the book has no room."""
        async with self._turn:
            if self._waiting and not self._fresh():
                await self._give_back()
            if not self._waiting:
                await self._claim(self._use.clock())
            if not self._waiting:
                return None
            # Begun before anybody else may claim: under a clock set forward its lease seems to have ended already.
            self._use.book.begin(self._waiting[0])
            return self._waiting.popleft()

    async def _claim(self, now: datetime) -> None:
        """Claim some more; told to stop meanwhile, wait for what the store gives, so that it can be given back."""
        claiming = asyncio.ensure_future(asyncio.to_thread(self._use.store.claim_deliveries, now, LEASE, AT_ONCE, self._use.book.under_way))
        self._claimed_at = now
        try:
            self._waiting.extend(await asyncio.shield(claiming))
        except asyncio.CancelledError:
            self._waiting.extend(await claiming)
            raise

    def _fresh(self) -> bool:
        """Tell a claim whose lease lasts; a clock that was set back says nothing about that."""
        return self._claimed_at is not None and self._claimed_at <= self._use.clock() < self._claimed_at + FRESH

    async def _give_back(self) -> None:
        unused = list(self._waiting)
        self._waiting.clear()
        try:
            if unused:
                await asyncio.to_thread(self._use.store.give_back, unused)
        except StoreError as error:
            self._use.book.unused.extend(unused)
            log.warning("claims could not be given back yet", deliveries=len(unused), reason=str(error))

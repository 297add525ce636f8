"""Patience: whoever asks how a process does gets an answer in time, also while the database gives none.

Everybody who asks meanwhile waits for one and the same answer, so that checks that come again and again do not pile up behind it.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

from aggregator.errors import StoreError

T = TypeVar("T")
SECONDS = 3.0
"""How long the database is waited for: less than the patience of those who check."""


class Patient(Generic[T]):
    """Ask a question that may take long; raises `StoreError` after `seconds`, and asks it once for all who wait."""

    def __init__(self, ask: Callable[[], Awaitable[T]], seconds: float = SECONDS) -> None:
        self._ask, self._seconds = ask, seconds
        self._asked: asyncio.Task[T] | None = None

    async def __call__(self) -> T:
        """Give the answer."""
        if self._asked is None or self._asked.done():
            self._asked = asyncio.create_task(self._question())
            self._asked.add_done_callback(_heard)
        try:
            async with asyncio.timeout(self._seconds):
                return await asyncio.shield(self._asked)
        except TimeoutError:
            raise StoreError(f"the database did not answer within {self._seconds:g} s") from None

    async def _question(self) -> T:
        return await self._ask()


def _heard(asked: "asyncio.Task[T]") -> None:
    if not asked.cancelled():
        asked.exception()  # whoever asked may have gone by now

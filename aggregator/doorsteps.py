"""Doorsteps: who may ask which host, and when.

One request at a time to a host, with a pause between two; only so many under way at all. A host that does not answer keeps its own feeds
waiting and nobody else's: its request gives its seat to the next one after a few seconds, and goes on beside it.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from aggregator.ports import Gate

PATIENCE = 2.0
"""Seconds in which nearly every host has answered."""
STANDING = 10
"""Requests for each seat that may go on without one; beyond them, who sits stays, since each holds a connection and memory."""


SHY_HOSTS = {"news.google.com": 20.0}
"""Seconds between two requests where a second is known to be too little: Google News shuts out after some twenty rapid ones."""
PEACE_STATUSES = frozenset({429, 503})
PEACE = timedelta(minutes=15)
"""What a host gets that asks for peace and does not say how long."""


@dataclass(slots=True)
class _Room:
    """Count those who sit, and those who stand."""

    seats: asyncio.Semaphore
    places: int


class _Seat:
    """Be one request's seat, or its place among those who stand."""

    def __init__(self, room: _Room) -> None:
        self._room, self._stands = room, False

    def stand(self) -> None:
        """Give the seat to the next one, if there is place to stand."""
        if self._room.places:
            self._stands = True
            self._room.places -= 1
            self._room.seats.release()

    def leave(self) -> None:
        """Give back what was taken."""
        if self._stands:
            self._room.places += 1
        else:
            self._room.seats.release()


@dataclass(slots=True)
class Doorsteps:
    """Let one request at a time onto a host's doorstep, with a pause after the one before, and only so many under way at all."""

    locks: dict[str, asyncio.Lock] = field(default_factory=dict)
    left_at: dict[str, float] = field(default_factory=dict)
    waiting: dict[str, int] = field(default_factory=dict)
    rooms: dict[int, _Room] = field(default_factory=dict)
    peace: dict[str, datetime] = field(default_factory=dict)

    @asynccontextmanager
    async def seat(self, concurrency: int, patience: float = PATIENCE) -> AsyncIterator[None]:
        """Wait for a seat in the room that all polls share; who sits there longer than `patience` seconds goes on standing."""
        room = self.rooms.setdefault(concurrency, _Room(asyncio.Semaphore(concurrency), STANDING * concurrency))
        await room.seats.acquire()
        seat = _Seat(room)
        timer = asyncio.get_running_loop().call_later(patience, seat.stand)
        try:
            yield
        finally:
            timer.cancel()
            seat.leave()

    def leave_alone(self, host: str, until: datetime) -> None:
        """Remember that a host wants peace."""
        self.peace[host] = max(until, self.peace.get(host, until))

    def peace_of(self, host: str, now: datetime) -> timedelta | None:
        """Give how long a host still wants peace, or None; what is over is forgotten."""
        left = self.peace.get(host, now) - now
        if left <= timedelta(0):
            self.peace.pop(host, None)
            return None
        return left

    @asynccontextmanager
    async def turn(self, host: str, spacing: float) -> AsyncIterator[None]:
        """Wait for one's turn; a host that nobody asks any more is forgotten after its pause."""
        loop = asyncio.get_running_loop()
        self._forget(loop.time())
        self.waiting[host] = self.waiting.get(host, 0) + 1
        try:
            async with self.locks.setdefault(host, asyncio.Lock()):
                pause = self.left_at.get(host, 0.0) - loop.time()
                if pause > 0:
                    await asyncio.sleep(pause)
                try:
                    yield
                finally:
                    self.left_at[host] = loop.time() + spacing
        finally:
            self.waiting[host] -= 1

    def _forget(self, now: float) -> None:
        if len(self.left_at) > 10_000:
            for host in [host for host, moment in self.left_at.items() if moment < now and not self.waiting.get(host)]:
                del self.left_at[host], self.locks[host], self.waiting[host]


@dataclass(frozen=True, slots=True, kw_only=True)
class Turns:
    """Give turns at hosts: among the requests of this process on its `doorsteps`, then among processes at the `gate`.

    `spacing` is the pause in seconds between two requests to one host.
    """

    doorsteps: Doorsteps = field(default_factory=Doorsteps)
    gate: Gate = field(default_factory=lambda: OpenGate())
    spacing: float = 1.0

    def pause(self, host: str) -> float:
        """Give the seconds between two requests to a host."""
        return max(self.spacing, SHY_HOSTS.get(host, 0.0)) if self.spacing else 0.0

    @asynccontextmanager
    async def turn(self, host: str) -> AsyncIterator[None]:
        """Wait for one's turn at a host."""
        pause = self.pause(host)
        async with self.doorsteps.turn(host, pause):
            await self.gate.enter(host)
            try:
                yield
            finally:
                self.gate.leave(host, pause)


class OpenGate:
    """Let everybody through at once, where no other process asks the same hosts."""

    async def enter(self, host: str) -> None:
        """Go on."""

    def leave(self, host: str, pause: float) -> None:
        """Leave nothing behind."""

    async def holds(self, host: str) -> bool:
        """Tell that nobody else can have the turn."""
        return True

"""Hosts: from all processes that work on one installation, one request at a time to a host, with the pause between two kept.

Beside an SQLite file each host has a slot of a small file: a lock on its bytes (fcntl(2), dropped by the kernel when its holder dies) is
the turn, and what is written there is when the next may come, on the clock that all processes of a machine share. On PostgreSQL the turn is
a session's advisory lock, kept until the pause is over.
"""

import asyncio
import fcntl
import os
import struct
import time
from contextlib import suppress
from hashlib import blake2b

from aggregator.errors import StoreError
from aggregator.store.engine import database_url, sqlite_file
from aggregator.store.locks import beside, open_lock_file
from aggregator.store.sessions import SessionLocks

_MOMENT = struct.Struct("<d")
_SLOTS = 1 << 16
"""Two hosts that share a slot wait for each other, which does no harm."""
LOOK = 0.1
"""Seconds between two looks at a host that another process asks."""
RECENT = 1.0
"""Seconds after an answer of the server for which its session surely stands."""
GATHER = 0.05
"""Seconds for which turns that end are gathered."""
LONGEST = 60.0
"""Seconds of the longest pause; what says more was written before the machine was started anew."""


class FileGate:
    """Let the processes of one machine take turns at hosts, through a file."""

    def __init__(self, url: str) -> None:
        path = sqlite_file(database_url(url))
        if path is None:
            raise ValueError("a gate of files is for an SQLite database")
        self._file = open_lock_file(beside(path, ".hosts"))
        self._inside: set[int] = set()

    async def enter(self, host: str) -> None:
        """Wait for the host's turn, and take it."""
        wait = self._take(host)
        while wait > 0:
            await asyncio.sleep(wait)
            wait = self._take(host)

    def leave(self, host: str, pause: float) -> None:
        """Give the turn back; the next may take it after a pause of so many seconds."""
        place = _place(host)
        with suppress(OSError):  # on a full disk the pause is lost, not the poll
            os.pwrite(self._file, _MOMENT.pack(time.monotonic() + max(pause, self._pause(place))), place)
        fcntl.lockf(self._file, fcntl.LOCK_UN, _MOMENT.size, place)
        self._inside.discard(place)

    async def holds(self, host: str) -> bool:
        """Tell that a turn is held for as long as its process lives."""
        return True

    def close(self) -> None:
        """Give every turn back."""
        os.close(self._file)

    def _take(self, host: str) -> float:
        """Take a host's turn; give 0, or after how many seconds to ask again."""
        place = _place(host)
        if place in self._inside:  # the kernel keeps other processes out, not the other hosts of this one that share the slot
            return LOOK
        try:
            fcntl.lockf(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB, _MOMENT.size, place)
        except OSError:
            return LOOK
        wait = self._pause(place)
        if not wait:
            self._inside.add(place)
            return 0.0
        fcntl.lockf(self._file, fcntl.LOCK_UN, _MOMENT.size, place)
        return wait

    def _pause(self, place: int) -> float:
        """Give for how many seconds the slot's last pause lasts."""
        written = os.pread(self._file, _MOMENT.size, place)
        wait = _MOMENT.unpack(written)[0] - time.monotonic() if len(written) == _MOMENT.size else 0.0
        return wait if 0 < wait <= LONGEST else 0.0


class SessionGate:
    """Let the processes of a cluster take turns at hosts, through locks of the database.

    Who waits at the same moment is asked for together, and so is who leaves: with many hosts a turn costs a small part of a question.
    """

    def __init__(self, url: str) -> None:
        self._locks = SessionLocks(url, "poll")
        self._waiting: list[tuple[str, asyncio.Future[None]]] = []
        self._leaving: set[str] = set()
        self._asking: asyncio.Task[None] | None = None

    async def enter(self, host: str) -> None:
        """Wait for the host's turn, and take it."""
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._wait(host_lock(host), turn)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled() and not turn.exception():  # it came together with the end of the wait
                self._give_back(host_lock(host))
            raise

    def leave(self, host: str, pause: float) -> None:
        """Give the turn back after a pause of so many seconds."""
        asyncio.get_running_loop().call_later(pause, self._give_back, host_lock(host))

    async def holds(self, host: str) -> bool:
        """Tell whether a turn that was taken is still held: a process that was stopped for long may have lost it meanwhile."""
        if self._locks.held_lately(host_lock(host), RECENT):
            return True
        return await asyncio.to_thread(self._locks.holds, host_lock(host))

    def close(self) -> None:
        """Give every turn back."""
        self._locks.close()

    def _wait(self, name: str, turn: asyncio.Future[None]) -> None:
        self._waiting.append((name, turn))
        if self._asking is None or self._asking.done():
            self._asking = asyncio.get_running_loop().create_task(self._ask())

    async def _ask(self) -> None:
        while waiting := [(name, turn) for name, turn in self._waiting if not turn.done()]:
            self._waiting = []
            try:
                taken = await asyncio.to_thread(self._locks.take_all, {name for name, _ in waiting})
            except StoreError as error:
                for _, turn in waiting:
                    if not turn.done():
                        turn.set_exception(error)
                continue
            for name, turn in waiting:
                self._answer(name, turn, taken)
            for name in taken:  # whoever waited for these went away meanwhile
                self._give_back(name)

    def _answer(self, name: str, turn: asyncio.Future[None], taken: set[str]) -> None:
        """Tell one who waits that it is their turn, or let them be asked for again after a moment."""
        if turn.done():
            return
        if name in taken:
            taken.remove(name)  # of two who wait for one host, one
            turn.set_result(None)
        else:
            asyncio.get_running_loop().call_later(LOOK, self._wait, name, turn)

    def _give_back(self, name: str) -> None:
        if not self._leaving:
            asyncio.get_running_loop().call_later(GATHER, self._free)
        self._leaving.add(name)

    def _free(self) -> None:
        leaving, self._leaving = self._leaving, set()
        with suppress(RuntimeError):  # the loop ends, and with it the session that holds the locks
            asyncio.get_running_loop().run_in_executor(None, self._locks.free_all, leaving)


def open_gate(url: str) -> FileGate | SessionGate:
    """Open the gate that fits a database."""
    return FileGate(url) if sqlite_file(database_url(url)) else SessionGate(url)


def host_lock(host: str) -> str:
    """Name the lock of a host."""
    return f"host:{host}"


def share_lock(host: str) -> str:
    """Name the lock that a worker holds on a host for as long as it has its feeds to poll."""
    return f"share:{host}"


def _place(host: str) -> int:
    number = int.from_bytes(blake2b(host.encode("utf-8", "replace"), digest_size=4).digest())
    return number % _SLOTS * _MOMENT.size

"""Hosts: from all processes that work on one installation, one request at a time to a host, with the pause between two kept.

Beside an SQLite file each host has a slot of a small file: a lock on its bytes (fcntl(2), dropped by the kernel when its holder dies) is
the turn, and what is written there is when the next may come, on the clock that all processes of a machine share. On PostgreSQL the turn is
a session's advisory lock, kept until the pause is over; workers hold the same one.
"""

import asyncio
import fcntl
import os
import struct
import time
from contextlib import suppress
from hashlib import blake2b

from aggregator.store.engine import database_url, sqlite_file
from aggregator.store.locks import beside, open_lock_file
from aggregator.store.sessions import SessionLocks

_MOMENT = struct.Struct("<d")
_SLOTS = 1 << 16
"""Two hosts that share a slot wait for each other, which does no harm."""
LOOK = 0.1
"""Seconds between two looks at a host that another process asks."""
LONGEST = 60.0
"""Seconds of the longest pause; what says more was written before the machine was started anew."""


class FileGate:
    """Let the processes of one machine take turns at hosts, through a file."""

    def __init__(self, url: str) -> None:
        path = sqlite_file(database_url(url))
        if path is None:
            raise ValueError("a gate of files is for an SQLite database")
        self._file = open_lock_file(beside(path, ".hosts"))

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
            os.pwrite(self._file, _MOMENT.pack(time.monotonic() + pause), place)
        fcntl.lockf(self._file, fcntl.LOCK_UN, _MOMENT.size, place)

    def close(self) -> None:
        """Give every turn back."""
        os.close(self._file)

    def _take(self, host: str) -> float:
        """Take a host's turn; give 0, or after how many seconds to ask again."""
        place = _place(host)
        try:
            fcntl.lockf(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB, _MOMENT.size, place)
        except OSError:
            return LOOK
        written = os.pread(self._file, _MOMENT.size, place)
        wait = _MOMENT.unpack(written)[0] - time.monotonic() if len(written) == _MOMENT.size else 0.0
        if not 0 < wait <= LONGEST:
            return 0.0
        fcntl.lockf(self._file, fcntl.LOCK_UN, _MOMENT.size, place)
        return wait


class SessionGate:
    """Let the processes of a cluster take turns at hosts, through locks of the database."""

    def __init__(self, url: str) -> None:
        self._locks = SessionLocks(url, "poll")

    async def enter(self, host: str) -> None:
        """Wait for the host's turn, and take it."""
        taken = await asyncio.to_thread(self._locks.take, host_lock(host))
        while not taken:
            await asyncio.sleep(LOOK)
            taken = await asyncio.to_thread(self._locks.take, host_lock(host))

    def leave(self, host: str, pause: float) -> None:
        """Give the turn back after a pause of so many seconds."""
        free_later(self._locks, host_lock(host), pause)

    def close(self) -> None:
        """Give every turn back."""
        self._locks.close()


def open_gate(url: str) -> FileGate | SessionGate:
    """Open the gate that fits a database."""
    return FileGate(url) if sqlite_file(database_url(url)) else SessionGate(url)


def host_lock(host: str) -> str:
    """Name the lock of a host."""
    return f"host:{host}"


def free_later(locks: SessionLocks, name: str, pause: float) -> None:
    """Give a lock back after so many seconds, while the loop runs on; who closes the session gives it back at once."""
    loop = asyncio.get_running_loop()

    def give_back() -> None:
        with suppress(RuntimeError):  # the loop ends, and with it the session that holds the lock
            loop.run_in_executor(None, locks.free, name)

    loop.call_later(pause, give_back)


def _place(host: str) -> int:
    number = int.from_bytes(blake2b(host.encode("utf-8", "replace"), digest_size=4).digest())
    return number % _SLOTS * _MOMENT.size

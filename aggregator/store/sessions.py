"""Session locks: held across a cluster by one PostgreSQL session, and dropped by the server when that session ends.

A killed process loses its session at once, a vanished machine within a minute (TCP keepalive). A stopped process keeps it: nobody
else does what it holds until it goes on or dies, so two never do the same. A holder asks `holds` before each act that the lock
guards, and learns there that its session was lost.
"""

import os
import socket
import threading
import time
from collections.abc import Collection, Sequence
from contextlib import suppress
from hashlib import blake2b
from typing import Any

from sqlalchemy import Connection, text

from aggregator import __version__
from aggregator.errors import StoreError
from aggregator.store.database import translated
from aggregator.store.engine import connect, database_url
from aggregator.store.locks import _SPACE, SERVICE

_HOSTS = _SPACE + 1
"""The space of locks on hosts."""
LEADER = "leader"
_TAKE_ALL = (
    """SELECT coalesce(array_agg(lock), '{}') FROM unnest(CAST(:lock AS integer[])) AS lock WHERE pg_try_advisory_lock(:space, lock)"""
)
_FREE_ALL = "SELECT count(pg_advisory_unlock(:space, lock)) FROM unnest(CAST(:lock AS integer[])) AS lock"
_SILENCE = """
SELECT extract(epoch FROM clock_timestamp() - holder.state_change)
FROM pg_locks AS held JOIN pg_stat_activity AS holder ON holder.pid = held.pid
WHERE held.locktype = 'advisory' AND held.granted AND held.objsubid = 2
AND held.database = (SELECT oid FROM pg_database WHERE datname = current_database())
AND held.classid = CAST(:space AS bigint) & 4294967295 AND held.objid = CAST(:lock AS bigint) & 4294967295
"""


def session_name(role: str) -> str:
    """Name this process for whoever looks at the server's sessions: what it is, of which release, where."""
    return f"aggregator {role} {__version__} {socket.gethostname()[:24]}:{os.getpid()}"


class SessionLocks:
    """Take named locks on one session of a PostgreSQL database; safe to call from any thread."""

    def __init__(self, url: str, role: str) -> None:
        address = database_url(url).update_query_dict({"application_name": session_name(role)})
        keepalive = {"keepalives_idle": "20", "keepalives_interval": "10", "keepalives_count": "3"}
        self._engine = connect(address.update_query_dict(keepalive))
        self._session: Connection | None = None
        self._held: set[str] = set()
        self._guard = threading.Lock()
        self._answered_at = 0.0

    def take(self, name: str) -> bool:
        """Take a lock unless it is held, by another session or by this one."""
        with self._guard:
            if name in self._held and self._alive():
                return False
            if not self._ask("SELECT pg_try_advisory_lock(:space, :lock)", name):
                return False
            self._held.add(name)
            return True

    def take_all(self, names: Collection[str]) -> set[str]:
        """Take those of these locks on hosts that nobody holds, in one question, and name them."""
        with self._guard:
            if self._held.intersection(names):
                self._alive()  # a session that is gone holds nothing
            wanted = {_place(name)[1]: name for name in names if name not in self._held}
            if not wanted:
                return set()
            taken = {wanted[lock] for lock in self._answer(_TAKE_ALL, _HOSTS, list(wanted))}
            self._held |= taken
            return taken

    def holds(self, name: str) -> bool:
        """Ask the server whether this session still stands, and with it the lock."""
        with self._guard:
            return self._alive() and name in self._held

    def held_lately(self, name: str, seconds: float) -> bool:
        """Tell, without asking, whether the lock was held when the server answered within the last so many seconds."""
        return name in self._held and time.monotonic() - self._answered_at < seconds

    def silence(self, name: str) -> float | None:
        """Give for how many seconds the holder of a lock asked nothing; None where nobody holds it.

        A stopped process keeps its session, and with it the lock; that it does not ask any more is how others learn of it.
        """
        with self._guard:
            found = self._answer(_SILENCE, *_place(name))
            return None if found is None else float(found)

    def free(self, name: str) -> None:
        """Give a lock back; one that was lost is not missed."""
        with self._guard:
            if name in self._held:
                self._held.discard(name)
                with suppress(StoreError):  # the session is lost, and with it the lock
                    self._ask("SELECT pg_advisory_unlock(:space, :lock)", name)

    def free_all(self, names: Collection[str]) -> None:
        """Give locks on hosts back, in one question; those that were lost are not missed."""
        with self._guard:
            mine = self._held.intersection(names)
            self._held -= mine
            if mine:
                places = [_place(name)[1] for name in mine]
                with suppress(StoreError):  # the session is lost, and with it the locks
                    self._answer(_FREE_ALL, _HOSTS, places)

    def close(self) -> None:
        """Give every lock back, so that who waits has it at once, and end the session."""
        with self._guard:
            if self._session is not None:
                with suppress(StoreError), translated():
                    self._session.execute(text("SELECT pg_advisory_unlock_all()"))
            self._lost()
            self._engine.dispose()

    def _alive(self) -> bool:
        if self._session is None:
            return False
        try:
            with translated():
                alive = self._session.execute(text("SELECT 1")).scalar() == 1
            self._answered_at = time.monotonic()
            return alive
        except StoreError:
            self._lost()
            return False

    def _ask(self, query: str, name: str) -> bool:
        return bool(self._answer(query, *_place(name)))

    def _answer(self, query: str, space: int, lock: int | Sequence[int]) -> Any:
        try:
            with translated():
                if self._session is None:
                    session = self._engine.connect().execution_options(isolation_level="AUTOCOMMIT")
                    session.execute(text("SET tcp_keepalives_idle = 20; SET tcp_keepalives_interval = 10; SET tcp_keepalives_count = 3"))
                    self._session = session
                answer = self._session.execute(text(query), {"space": space, "lock": lock}).scalar()
            self._answered_at = time.monotonic()
            return answer
        except StoreError:
            self._lost()
            raise

    def _lost(self) -> None:
        """Forget a session that is gone; the locks went with it."""
        self._held.clear()
        session, self._session = self._session, None
        if session is not None:
            session.invalidate()
            session.close()


def _place(name: str) -> tuple[int, int]:
    """Give the two numbers of a lock; the leader's is the one that a single service holds too."""
    if name == LEADER:
        return _SPACE, SERVICE
    return _HOSTS, int.from_bytes(blake2b(name.encode(), digest_size=4).digest(), signed=True)

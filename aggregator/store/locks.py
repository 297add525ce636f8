"""Locks: one service per installation, one upgrade at a time, one judge at a time.

Beside an SQLite file they are flock(2) locks, on PostgreSQL advisory locks. Both are dropped by the kernel or the server when
their holder dies, also by kill -9; nothing has to be cleaned up. A lock file is never deleted: a deleted file could be locked
by one process and made anew by another.
"""

import fcntl
import os
import socket
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from types import TracebackType

from sqlalchemy import URL, Connection, text

from aggregator.errors import StoreError, UsageError
from aggregator.store.database import translated
from aggregator.store.engine import PRIVATE_FILE, PRIVATE_FOLDER, connect, database_url, sqlite_file

_SPACE = 1_313_558_354
"""Sets our advisory locks apart from those of other programs in the same database."""
SERVICE, UPGRADE, JUDGING, WORKING, REGROUPING = 1, 2, 3, 4, 6

_HOLD = text("SELECT pg_advisory_xact_lock(:space, :lock)")

_held: set[int] = set()


def _close_in_child() -> None:
    """Close inherited lock files in a forked child, or it would keep the lock of a killed parent."""
    for descriptor in _held:
        os.close(descriptor)
    _held.clear()


os.register_at_fork(after_in_child=_close_in_child)


def inherited(descriptor: int, *, ended: bool = False) -> None:
    """Have a locked file closed in forked children, until its holder says that it has `ended`."""
    if ended:
        _held.discard(descriptor)
    else:
        _held.add(descriptor)


def installation_lock(url: str) -> AbstractContextManager[object]:
    """Give the lock that the one service process holds while it runs; entering raises `UsageError` where another holds it."""
    address = database_url(url)
    path = sqlite_file(address)
    return ServiceLock(beside(path, ".lock")) if path else _service_on_server(address)


@contextmanager
def working_lock(url: str) -> Iterator[None]:
    """Hold, together with others, the lock of those who poll or send: their leases are theirs while they live."""
    address = database_url(url)
    path = sqlite_file(address)
    if path is None:
        with _session(address, "worker") as session:
            session.execute(text("SELECT pg_advisory_lock_shared(:space, :lock)"), {"space": _SPACE, "lock": WORKING})
            yield
        return
    descriptor = open_lock_file(beside(path, ".working"))
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH)
        yield
    finally:
        os.close(descriptor)


@contextmanager
def alone(url: str) -> Iterator[bool]:
    """Tell whether nobody holds the working lock, and let nobody take it inside the block."""
    address = database_url(url)
    path = sqlite_file(address)
    if path is None:
        with _session(address, "starter") as session:
            yield bool(session.execute(text("SELECT pg_try_advisory_lock(:space, :lock)"), {"space": _SPACE, "lock": WORKING}).scalar_one())
        return
    descriptor = open_lock_file(beside(path, ".working"))
    try:
        yield _taken(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def at_rest(url: str) -> Iterator[None]:
    """Hold a database for ourselves: raises `UsageError` where a service, a worker or a command works on it, and keeps all of them out."""
    with installation_lock(url), alone(url) as nobody_else:
        others = _connected(database_url(url))
        if others or not nobody_else:
            who = ", ".join(others) or "a command that polls or sends"
            raise UsageError(f"somebody works on this database: {who}; stop all services, workers and commands first")
        yield


def _connected(url: URL) -> list[str]:
    """Name the processes of ours that have a session on a server, but for the one that holds the service's lock, which is this one.

    A worker that lost the session of its lock is connected again, though it does not hold the lock any more.
    """
    if sqlite_file(url) is not None:
        return []
    with _session(url, "starter") as session:
        return list(session.execute(text(_OTHERS), {"space": _SPACE, "service": SERVICE, "working": WORKING}).scalars())


def _taken(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def beside(path: Path, suffix: str) -> Path:
    """Name a file that lies beside the database."""
    return path.with_name(path.name + suffix)


class ServiceLock:
    """Hold a lock file that names its holder's process id; only one process at a time can."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._descriptor = -1

    def __enter__(self) -> "ServiceLock":
        descriptor = open_lock_file(self._path)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.pread(descriptor, 32, 0).decode("ascii", "replace").strip() or "unknown"
            os.close(descriptor)
            message = f"another service works on this database: process {holder} holds {self._path}; stop it first"
            raise UsageError(message) from None
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
        inherited(descriptor)
        self._descriptor = descriptor
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        inherited(self._descriptor, ended=True)
        fcntl.flock(self._descriptor, fcntl.LOCK_UN)
        os.close(self._descriptor)


def open_lock_file(path: Path) -> int:
    """Open a lock file, made where it is missing; raises `StoreError` where the folder does not allow it."""
    try:
        path.parent.mkdir(mode=PRIVATE_FOLDER, parents=True, exist_ok=True)
        return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, PRIVATE_FILE)
    except OSError as error:
        raise StoreError(f"the lock file {path} cannot be opened: {error.strerror}") from error


@contextmanager
def waiting_file_lock(path: Path) -> Iterator[None]:
    """Wait for a lock file, and hold it inside the block."""
    descriptor = open_lock_file(path)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def hold_until_commit(connection: Connection, lock: int) -> None:
    """Wait for an advisory lock that ends with the transaction; nothing to do on SQLite, where one transaction writes."""
    if connection.dialect.name == "postgresql":
        connection.execute(_HOLD, {"space": _SPACE, "lock": lock})


@contextmanager
def _service_on_server(url: URL) -> Iterator[None]:
    """Hold a session's advisory lock; the session names our host and process, for whoever is refused."""
    with _session(url, "service") as session:
        _take_or_refuse(session)
        yield


@contextmanager
def _session(url: URL, role: str) -> Iterator[Connection]:
    """Open a session of its own, whose advisory locks end with it."""
    engine = connect(url.update_query_dict({"application_name": f"aggregator {role} {socket.gethostname()}:{os.getpid()}"}))
    try:
        with translated(), engine.connect().execution_options(isolation_level="AUTOCOMMIT") as session:
            session.execute(text(_KEEPALIVE))  # a machine that vanished holds nothing for longer than a minute
            yield session
    finally:
        engine.dispose()


def _take_or_refuse(session: Connection) -> None:
    lock = {"space": _SPACE, "lock": SERVICE}
    if not session.execute(text("SELECT pg_try_advisory_lock(:space, :lock)"), lock).scalar_one():
        holder = session.execute(text(_HOLDER), lock).scalar() or "unknown"
        raise UsageError(f"another service works on this database: {holder} holds its lock; stop it first")


_HOLDER = """SELECT activity.application_name || ' (server process ' || activity.pid || ')'
             FROM pg_locks AS held JOIN pg_stat_activity AS activity ON activity.pid = held.pid
             WHERE held.locktype = 'advisory' AND held.granted AND held.classid = :space AND held.objid = :lock
               AND held.database = (SELECT oid FROM pg_database WHERE datname = current_database())"""
_OTHERS = """SELECT DISTINCT application_name FROM pg_stat_activity
             WHERE datname = current_database() AND application_name LIKE 'aggregator %'
               AND application_name NOT LIKE 'aggregator starter %' AND pid <> pg_backend_pid()
               AND pid NOT IN (SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND granted AND classid = :space
                               AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
                               AND (objid = :service OR objid = :working AND mode = 'ExclusiveLock'))
             ORDER BY application_name"""
_KEEPALIVE = "SET tcp_keepalives_idle = 20; SET tcp_keepalives_interval = 10; SET tcp_keepalives_count = 3"

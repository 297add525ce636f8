"""Engines: which databases are accepted, and how a connection to each is set up.

SQLite runs with WAL, synchronous NORMAL, foreign keys on and a busy timeout; a writer says BEGIN IMMEDIATE, so that it waits for
the other writer before it reads instead of failing after. PostgreSQL speaks UTC and compresses long texts with lz4 where it can.
Messages never repeat a URL: it may hold a password.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import ArgumentError
from sqlalchemy.pool import ConnectionPoolEntry

from aggregator.errors import StoreError, UsageError

BUSY_TIMEOUT = 30
"""Seconds that a SQLite writer waits for another one."""
CACHE = 8_000
"""Kibibytes of an SQLite database that a connection keeps at hand: the indexes of keys and hashes are written all over."""
IDLE_TIMEOUT = 120
"""Seconds after which PostgreSQL ends a session that does nothing inside a transaction."""
PRIVATE_FILE, PRIVATE_FOLDER = 0o600, 0o700
"""Modes of what is made for the owner alone."""
_FORMS = "write sqlite:///path/to/file.db or postgresql://user@host/name"
_LZ4 = """SELECT set_config(name, 'lz4', false) FROM pg_settings
          WHERE name = 'default_toast_compression' AND 'lz4' = ANY (enumvals)"""


def database_url(text: str) -> URL:
    """Read a database URL; raises `UsageError` for anything but an SQLite file or PostgreSQL."""
    try:
        url = make_url(text)
    except (ArgumentError, ValueError):
        raise UsageError(f"the database URL cannot be read: {_FORMS}") from None
    if url.drivername in ("postgresql", "postgresql+psycopg"):
        if "@" in f"{url.host}{url.database}":  # else part of the password would be taken for a host, and told in errors
            raise UsageError(f"the database URL holds more than one @: write %40 for it, and %2F for /, in a name or password; {_FORMS}")
        return url.set(drivername="postgresql+psycopg")
    if url.drivername not in ("sqlite", "sqlite+pysqlite"):
        raise UsageError(f"databases of the kind {url.drivername!r} are not supported: {_FORMS}")
    if not url.database or url.database == ":memory:" or url.database.startswith("file:"):
        raise UsageError(f"an SQLite database needs the path of a file: {_FORMS}")
    return url


def sqlite_file(url: URL) -> Path | None:
    """Give the file of an SQLite database, or None for PostgreSQL."""
    return Path(url.database) if url.database and url.get_backend_name() == "sqlite" else None


def make_private(path: Path) -> None:
    """Make a file that only its owner reads, as it will hold accounts and tokens; one that there is stays as it is.

    Where that cannot be, whoever opens the file says so.
    """
    with suppress(OSError):
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, PRIVATE_FILE))


def connect(url: URL, *, foreign_keys: bool = True) -> Engine:
    """Make the engine for a URL that `database_url` accepted; makes the folder of an SQLite file."""
    path = sqlite_file(url)
    if path is None:
        return _postgresql(url)
    try:
        path.parent.mkdir(mode=PRIVATE_FOLDER, parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(f"the folder {path.parent} for the database cannot be made: {error.strerror}") from error
    return _sqlite(url, foreign_keys=foreign_keys)


def reading(engine: Engine) -> Engine:
    """Give a view of the engine whose transactions only read, each from one snapshot."""
    if engine.dialect.name == "sqlite":
        return engine.execution_options(begin_mode="DEFERRED")
    return engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)


@contextmanager
def snapshot(engine: Engine) -> Iterator[Connection]:
    """Read from one snapshot for as long as it takes, also where the reader is busy elsewhere for minutes."""
    with reading(engine).begin() as connection:
        if connection.dialect.name == "postgresql":
            connection.exec_driver_sql("SET LOCAL idle_in_transaction_session_timeout = 0")
        yield connection


def _sqlite(url: URL, *, foreign_keys: bool) -> Engine:
    engine = create_engine(url, connect_args={"timeout": BUSY_TIMEOUT})

    @event.listens_for(engine, "do_connect")
    def make(_dialect: Any, _entry: ConnectionPoolEntry, _args: Any, _options: Any) -> None:
        if path := sqlite_file(url):
            make_private(path)  # the journals beside it take its mode

    @event.listens_for(engine, "connect")
    def set_up(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
        connection.isolation_level = None  # the driver must not open transactions by itself; "begin" below does
        cursor = connection.cursor()
        for pragma in (f"cache_size=-{CACHE}", "journal_mode=WAL", "synchronous=NORMAL", f"foreign_keys={'ON' if foreign_keys else 'OFF'}"):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        connection.exec_driver_sql(f"BEGIN {connection.get_execution_options().get('begin_mode', 'IMMEDIATE')}")

    return engine


def _postgresql(url: URL) -> Engine:
    engine = create_engine(url, pool_pre_ping=True)

    @event.listens_for(engine, "connect")
    def set_up(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
        cursor = connection.cursor()
        cursor.execute("SET TIME ZONE 'UTC'")
        cursor.execute(_LZ4)
        # A process that was stopped in the middle of a transaction must not hold its locks for ever.
        cursor.execute(f"SET idle_in_transaction_session_timeout = '{IDLE_TIMEOUT}s'")
        cursor.close()
        connection.commit()

    return engine

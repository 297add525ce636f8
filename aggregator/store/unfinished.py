"""Unfinished moves: the mark in a database that a copy or a restore is filling, so that nobody works on half an installation.

The mark is a table of its own that belongs to no release's schema: it is made before the first row arrives and dropped after the
last look, so whatever kills a move leaves it behind. It names the source, since only a copy from the same one may go on.
"""

from dataclasses import asdict, dataclass
from hashlib import sha256
from shlex import quote
from typing import Literal

from sqlalchemy import URL, Column, Connection, Engine, MetaData, Table, Text, insert, inspect, select, text

from aggregator.errors import UsageError
from aggregator.store.database import translated
from aggregator.store.engine import connect, database_url, reading, sqlite_file

_mark = Table(
    "unfinished_move",
    MetaData(),
    Column("kind", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("identity", Text, nullable=False),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """Say what fills a database: out of which source as people name it, and its identity as programs compare it."""

    kind: Literal["copy", "restore"]
    source: str
    identity: str = ""

    @property
    def state(self) -> str:
        """Say what is unfinished."""
        return f"a {self.kind} of {self.source} into it is unfinished"

    @property
    def advice(self) -> str:
        """Say how to go on."""
        if self.kind == "copy":
            return "go on with aggregator db copy --resume from the same source, or restore a backup: aggregator db restore FILE --replace"
        return f"restore again: aggregator db restore {quote(self.source)} --replace"


def copy_of(url: URL, connection: Connection) -> Move:
    """Name a copy by its source; a server's database is known by its number too, which a new one of its name does not share."""
    path = sqlite_file(url)
    if path is not None:
        return Move(kind="copy", source=str(path.resolve()), identity=_hashed(str(path.resolve())))
    host = url.host or url.query.get("host", "")
    number = connection.execute(text("SELECT oid FROM pg_database WHERE datname = current_database()")).scalar_one()
    return Move(kind="copy", source=f"the database {url.database}", identity=_hashed(f"{host}:{url.port}/{url.database}/{number}"))


def begin(engine: Engine, move: Move) -> None:
    """Mark a database as being filled; a mark that stands is replaced."""
    with engine.begin() as connection:
        _mark.drop(connection, checkfirst=True)
        _mark.create(connection)
        connection.execute(insert(_mark).values(**asdict(move)))


def finish(engine: Engine) -> None:
    """Take the mark away: all has arrived."""
    with engine.begin() as connection:
        _mark.drop(connection, checkfirst=True)


def unfinished(connection: Connection) -> Move | None:
    """Give the move that was broken off; None where a database is whole."""
    if not inspect(connection).has_table(_mark.name):
        return None
    row = connection.execute(select(_mark)).mappings().first()
    return Move(**row) if row else None


def refuse_unfinished(url: str | URL) -> None:
    """Raise `UsageError` where a database holds half of an installation; a missing file is not made."""
    address = database_url(url) if isinstance(url, str) else url
    path = sqlite_file(address)
    if path is not None and not path.exists():
        return
    engine = connect(address)
    try:
        with translated(), reading(engine).begin() as connection:
            move = unfinished(connection)
    finally:
        engine.dispose()
    if move:
        raise UsageError(f"the database holds half of an installation: {move.state}; {move.advice}")


def _hashed(name: str) -> str:
    return sha256(name.encode()).hexdigest()

"""Backups: one SQLite file and beside it a manifest with its hash, and the count and hash of every table.

Whichever engine the service runs on, the backup is the same kind of file, so that an installation can also be restored onto the
other engine. It is taken while the service runs: SQLite by its backup API, PostgreSQL from one snapshot through our own tables.
A file with a manifest is whole: the manifest is written last.
"""

import json
import os
import shutil
import sqlite3
from contextlib import closing
from dataclasses import asdict, dataclass
from datetime import datetime
from hashlib import sha256
from pathlib import Path

from sqlalchemy import URL, Connection, Engine, create_engine, make_url

from aggregator.errors import StoreError, UsageError
from aggregator.store.accounts import Account, Shape, account, shapes
from aggregator.store.copying import Progress, compare, copy_tables, empty, index, silent, used_tables
from aggregator.store.database import translated
from aggregator.store.engine import PRIVATE_FOLDER, connect, database_url, make_private, snapshot, sqlite_file
from aggregator.store.locks import at_rest, beside
from aggregator.store.schema import upgrade
from aggregator.store.unfinished import Move, begin, finish, refuse_unfinished
from aggregator.store.workplace import workplace

MANIFEST = ".manifest.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Backup:
    """Describe a finished backup; `schema` is the version of its tables."""

    path: Path
    made_at: str
    schema: str
    size: int
    sha256: str
    tables: tuple[Account, ...]

    @property
    def rows(self) -> int:
        """Count all rows."""
        return sum(table.rows for table in self.tables)


def back_up(url: str, path: Path, now: datetime, progress: Progress = silent) -> Backup:
    """Write a consistent copy of a running installation to `path`, and its manifest beside it.

    Raises:
        UsageError: there is a file at `path` already, or half of an installation in the database.
        StoreError: the database or the place for the file cannot be used.
    """
    if path.exists():
        raise UsageError(f"{path} exists: a backup overwrites nothing, name another file")
    source, partial = database_url(url), beside(path, ".partial")
    refuse_unfinished(source)
    try:
        path.parent.mkdir(mode=PRIVATE_FOLDER, parents=True, exist_ok=True)
        partial.unlink(missing_ok=True)
        make_private(partial)
        accounts = _copied(source, partial, progress)
        _settle(partial)
        made = Backup(
            path=path,
            made_at=now.isoformat(),
            schema=_schema_of(partial),
            size=partial.stat().st_size,
            sha256=_hash_of(partial),
            tables=accounts or _accounts(partial, shapes(), progress),
        )
        os.replace(partial, path)
        _write_manifest(made)
    except (OSError, sqlite3.Error) as error:
        raise StoreError(f"the backup cannot be written to {path}: {error}") from error
    finally:
        partial.unlink(missing_ok=True)
    return made


def read_backup(path: Path, progress: Progress = silent) -> Backup:
    """Read a backup's manifest and hold the file against it; raises `StoreError` where a byte differs."""
    stated = _read_manifest(path)
    if _hash_of(path) != stated.sha256:
        raise StoreError(f"{path} is not the file that was backed up: its SHA-256 differs from the manifest's; use another backup")
    found = {one.shape.name: one for one in _accounts(path, tuple(one.shape for one in stated.tables), progress)}
    compare(stated.tables, found)
    return stated


def restore(path: Path, url: str, *, replace: bool = False, progress: Progress = silent) -> Backup:
    """Put a checked backup in the place of a database that is empty, or is to be replaced, and check what arrived.

    A replaced SQLite file is kept beside it. Raises `UsageError` where somebody works on it, or the target holds something and `replace`
    is False; `StoreError` where the backup is damaged.
    """
    backup, target = read_backup(path, progress), database_url(url)
    with at_rest(url):
        if sqlite_file(target):
            _to_file(backup, target, replace=replace, progress=progress)
            upgrade(target)
            index(target, progress)  # a backup of a server has none
        else:
            _to_server(backup, target, replace=replace, progress=progress)
    return backup


def _copied(source: URL, partial: Path, progress: Progress) -> tuple[Account, ...]:
    """Copy the database into a file; its accounts come along where the copy was compared with its source anyway."""
    if sqlite_file(source) is None:
        return _from_server(source, partial, progress)
    _from_file(source, partial)
    return ()


def _from_file(source: URL, partial: Path) -> None:
    """Copy by SQLite's backup API in one step, from one state, while others write."""
    path = sqlite_file(source)
    if path is None or not path.is_file():
        raise UsageError(f"there is no database at {path}: nothing to back up")
    with closing(sqlite3.connect(path, timeout=30)) as origin, closing(sqlite3.connect(partial)) as copy:
        origin.backup(copy)


def _from_server(source: URL, partial: Path, progress: Progress) -> tuple[Account, ...]:
    target = _file_url(partial)
    upgrade(target)
    origin, goal = connect(source), connect(target)
    try:
        with translated(), snapshot(origin) as rows:
            return copy_tables(rows, goal, progress)
    finally:
        origin.dispose()
        goal.dispose()
        beside(partial, ".upgrade.lock").unlink(missing_ok=True)


def _settle(path: Path) -> None:
    """Make the copy one file without journal, sound, and on the disk."""
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA journal_mode=DELETE")
        (sound,) = connection.execute("PRAGMA quick_check").fetchone()
    if sound != "ok":
        raise StoreError(f"the database is damaged: {sound}; run aggregator db check")
    with path.open("rb") as file:
        os.fsync(file.fileno())


def _to_file(backup: Backup, target: URL, *, replace: bool, progress: Progress) -> None:
    path = Path(target.database or "")
    if path.exists() and not replace:
        raise UsageError(f"{path} exists: say --replace to put the backup in its place; the old file is kept beside it")
    with workplace(path) as folder:
        arriving = folder / path.name
        make_private(arriving)
        shutil.copyfile(backup.path, arriving)
        _check_arrived(backup, arriving, progress)
        if path.exists():
            _fold_journal(path)
            _put_aside(path)
        for suffix in ("-wal", "-shm"):
            beside(path, suffix).unlink(missing_ok=True)
        _write_through(arriving)
        os.replace(arriving, path)
        _write_through(path.parent)


def _put_aside(path: Path) -> None:
    """Give the file a second name that no earlier one has; under its own it stands until the new one takes its place."""
    number = 0
    while (aside := beside(path, f".replaced.{number}" if number else ".replaced")).exists():
        number += 1
    os.link(path, aside)


def _write_through(path: Path) -> None:
    """Have a file, or the names in a folder, written to the disk."""
    number = os.open(path, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)


def _fold_journal(path: Path) -> None:
    """Write the journal into the file that is put aside, where it can still be read."""
    try:
        with closing(sqlite3.connect(path)) as connection:
            connection.execute("PRAGMA journal_mode=DELETE")
    except sqlite3.DatabaseError:  # damaged, which may be why it is replaced
        return


def _to_server(backup: Backup, target: URL, *, replace: bool, progress: Progress) -> None:
    """Bring the backup's copy to this release first: its tables are then those of the target."""
    goal = connect(target)
    try:
        with translated(), workplace(backup.path) as folder:
            if not replace and used_tables(goal):
                raise UsageError("the database holds an installation: say --replace to delete it and put the backup in its place")
            working = _file_url(folder / backup.path.name)
            shutil.copyfile(backup.path, folder / backup.path.name)
            upgrade(working)
            upgrade(target)
            begin(goal, Move(kind="restore", source=str(backup.path.absolute())))
            empty(goal)
            _fill(working, goal, progress)
            index(target, progress)
            finish(goal)
    finally:
        goal.dispose()


def _fill(working: URL, goal: Engine, progress: Progress) -> None:
    origin = connect(working)
    try:
        with snapshot(origin) as rows:
            copy_tables(rows, goal, progress)
    finally:
        origin.dispose()


def _check_arrived(backup: Backup, path: Path, progress: Progress) -> None:
    found = {one.shape.name: one for one in _accounts(path, tuple(one.shape for one in backup.tables), progress)}
    compare(backup.tables, found)


def _accounts(path: Path, wanted: tuple[Shape, ...], progress: Progress) -> tuple[Account, ...]:
    # Opened as immutable, so that reading leaves no journal beside it.
    address = f"{path.resolve().as_uri()}?immutable=1&mode=ro"
    engine = create_engine("sqlite://", creator=lambda: sqlite3.connect(address, uri=True))
    try:
        with translated(), engine.connect() as connection:
            return tuple(_counted(connection, shape, progress) for shape in wanted)
    finally:
        engine.dispose()


def _counted(connection: Connection, shape: Shape, progress: Progress) -> Account:
    return account(connection, shape, lambda name, rows: progress("check", name, rows))


def _file_url(path: Path) -> URL:
    return make_url("sqlite://").set(database=str(path))


def _schema_of(path: Path) -> str:
    with closing(sqlite3.connect(path)) as connection:
        row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    return str(row[0]) if row else ""


def _hash_of(path: Path) -> str:
    digest = sha256()
    try:
        with path.open("rb") as file:
            while block := file.read(1 << 20):
                digest.update(block)
    except OSError as error:
        raise StoreError(f"{path} cannot be read: {error.strerror}") from error
    return digest.hexdigest()


def _write_manifest(backup: Backup) -> None:
    content = asdict(backup) | {"path": backup.path.name}
    target = beside(backup.path, MANIFEST)
    make_private(target)
    with target.open("w", encoding="utf-8") as file:
        json.dump(content, file, indent=1)
        file.write("\n")
        file.flush()
        os.fsync(file.fileno())


def _read_manifest(path: Path) -> Backup:
    manifest = beside(path, MANIFEST)
    try:
        content = json.loads(manifest.read_text(encoding="utf-8"))
        tables = tuple(_stated(table) for table in content.pop("tables"))
        return Backup(**{**content, "path": path, "tables": tables})
    except OSError as error:
        raise StoreError(f"the manifest {manifest} cannot be read: {error.strerror}; without it the backup cannot be checked") from error
    except (ValueError, KeyError, TypeError) as error:
        raise StoreError(f"the manifest {manifest} is damaged; use another backup") from error


def _stated(table: dict[str, object]) -> Account:
    shape = table["shape"]
    if not isinstance(shape, dict):
        raise TypeError("shape")
    columns = tuple((str(name), str(kind)) for name, kind in shape["columns"])
    named = Shape(name=str(shape["name"]), columns=columns, key=tuple(map(str, shape["key"])))
    return Account(shape=named, rows=int(str(table["rows"])), sha256=str(table["sha256"]))

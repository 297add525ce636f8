"""Copying: every table of one database into another, whichever engine each runs on.

The source is read from one snapshot. Rows arrive in the order of their keys and each chunk is committed, so that an interrupted copy
goes on behind the last key that arrived. At the end counts and hashes of both sides are compared: a copy is right or is refused.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from typing import Any

import psycopg
from sqlalchemy import URL, Connection, Engine, Select, Table, delete, func, insert, inspect, select, text, tuple_

from aggregator.errors import StoreError, UsageError
from aggregator.store.accounts import Account, Shape, account, in_order, ordered, shapes, streamed
from aggregator.store.database import Database, translated
from aggregator.store.engine import connect, database_url, reading, snapshot, sqlite_file
from aggregator.store.locks import at_rest
from aggregator.store.schema import stored_version, upgrade
from aggregator.store.search import Search
from aggregator.store.tables import metadata
from aggregator.store.unfinished import Move, begin, copy_of, finish, refuse_unfinished, unfinished

Progress = Callable[[str, str, int], None]
"""Called with the step ("copy", "check source", "check target", "index"), the table and a number of rows."""


def silent(step: str, table: str, rows: int) -> None:
    """Report nothing."""


def copy_database(source: str, target: str, *, resume: bool = False, progress: Progress = silent) -> tuple[Account, ...]:
    """Copy an installation and give the accounts that both sides share; both must be at rest.

    Raises:
        UsageError: there is no source, somebody works on a side, or the target holds what this copy did not put there.
        StoreError: a side cannot be used, or the two differ at the end.
    """
    from_url, to_url = database_url(source), database_url(target)
    _refuse_missing(from_url)
    refuse_unfinished(from_url)
    with at_rest(source), at_rest(target):
        return _copy_at_rest(from_url, to_url, resume=resume, progress=progress)


def index(url: URL, progress: Progress = silent) -> None:
    """Build the search index, which each engine keeps in a form of its own, where there is none; one that stands is left alone."""
    database = Database(url)
    try:
        search, before = Search(database), 0
        if search.is_indexed():
            return

        def advance(done: int) -> None:
            nonlocal before
            progress("index", "articles", done - before)
            before = done

        search.rebuild_search(advance)
    finally:
        database.close()


def _copy_at_rest(from_url: URL, to_url: URL, *, resume: bool, progress: Progress) -> tuple[Account, ...]:
    origin, goal = connect(from_url), connect(to_url)
    try:
        with translated():
            with reading(origin).begin() as connection:
                move = copy_of(from_url, connection)
            _refuse_used(goal, move, resume=resume)
            upgrade(from_url)
            upgrade(to_url)
            with snapshot(origin) as rows:
                refuse_foreign(rows, goal)
                begin(goal, move)
                accounts = copy_tables(rows, goal, progress)
            index(to_url, progress)
            finish(goal)
            return accounts
    finally:
        origin.dispose()
        goal.dispose()


def copy_tables(source: Connection, goal: Engine, progress: Progress = silent) -> tuple[Account, ...]:
    """Copy all tables from an open snapshot, number on where the source stopped, and compare."""
    for shape in shapes():
        _copy(source, goal, shape, progress)
    _set_sequences(goal)
    here = [account(source, shape, lambda name, rows: progress("check source", name, rows)) for shape in shapes()]
    with reading(goal).begin() as connection:
        there = {shape.name: account(connection, shape, lambda name, rows: progress("check target", name, rows)) for shape in shapes()}
    compare(here, there)
    return tuple(here)


def compare(expected: Sequence[Account], found: Mapping[str, Account]) -> None:
    """Hold two sets of accounts against each other; raises `StoreError` that names every table that differs."""
    wrong = [
        f"{one.shape.name} ({one.rows} rows, {found[one.shape.name].rows} arrived)"
        for one in expected
        if (one.rows, one.sha256) != (found[one.shape.name].rows, found[one.shape.name].sha256)
    ]
    if wrong:
        raise StoreError(f"the copy differs from its source in {', '.join(wrong)}; empty the target and copy again")


def empty(engine: Engine) -> None:
    """Delete every row of our tables, those that refer to others first."""
    with engine.begin() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text("TRUNCATE " + ", ".join(table.name for table in metadata.sorted_tables) + " CASCADE"))
            return
        for table in reversed(metadata.sorted_tables):
            connection.execute(delete(table))


def used_tables(goal: Engine) -> list[str]:
    """Name the tables of ours that hold rows; the migration puts some into the counters."""
    with reading(goal).begin() as connection:
        there = set(inspect(connection).get_table_names())
        tables = (table for table in metadata.sorted_tables if table.name in there and table.name != "counters")
        return [table.name for table in tables if _holds_rows(connection, table)]


def _refuse_missing(source: URL) -> None:
    """Refuse a source that is not there, and make nothing in its place."""
    path = sqlite_file(source)
    if path is not None and not (path.is_file() and path.stat().st_size):
        raise UsageError(f"there is no database at {path}: nothing to copy")
    engine = connect(source)
    try:
        with translated(), reading(engine).begin() as connection:
            if not stored_version(connection):
                raise UsageError(f"the source {path or source.database} holds no installation: nothing to copy")
    finally:
        engine.dispose()


def _refuse_used(goal: Engine, move: Move, *, resume: bool) -> None:
    """Refuse a target that holds rows, unless a copy of the same source left them and is to go on."""
    used = used_tables(goal)
    if not used:
        return
    with reading(goal).begin() as connection:
        left = unfinished(connection)
    if left != move:
        found = left.state if left else "no copy of this source was broken off there"
        raise UsageError(f"the target already holds rows in {', '.join(used)}, and {found}: name an empty database")
    if not resume:
        hint = "say --resume to go on with it, or name an empty database"
        raise UsageError(f"the target already holds rows in {', '.join(used)} of an interrupted copy: {hint}")


def refuse_foreign(source: Connection, goal: Engine) -> None:
    """Refuse a target whose rows are not the first ones of the source, in the order in which a copy writes them."""
    with reading(goal).begin() as connection:
        whole = True
        for shape in shapes():
            table = shape.table()
            last = None if shape.name == "counters" else _last_key(connection, table)
            if last and not (whole and _counted(connection, table, last) == _counted(source, table, last)):
                hint = "was it worked on since, or the source? Name an empty database"
                raise UsageError(f"the target holds rows in {shape.name} that this copy did not put there: {hint}")
            if shape.name != "counters":
                whole = whole and source.execute(_behind(source, table, last).limit(1)).first() is None


def _counted(connection: Connection, table: Table, last: tuple[Any, ...]) -> int:
    """Count the rows up to a key."""
    return connection.execute(select(func.count()).select_from(table).where(_key(connection, table) <= tuple_(*last))).scalar_one()


def _behind(connection: Connection, table: Table, last: tuple[Any, ...] | None) -> Select[Any]:
    """Ask for the rows behind a key, in order; for all without one."""
    query = ordered(connection, table)
    return query.where(_key(connection, table) > tuple_(*last)) if last else query


def _key(connection: Connection, table: Table) -> Any:
    return tuple_(*(in_order(connection, column) for column in table.primary_key.columns))


def _holds_rows(connection: Connection, table: Table) -> bool:
    return connection.execute(select(*table.primary_key.columns).limit(1)).first() is not None


def _copy(source: Connection, goal: Engine, shape: Shape, progress: Progress) -> None:
    table = shape.table()
    with goal.begin() as connection:
        if shape.name == "counters":  # the migration has put a row there
            connection.execute(delete(table))
        last = _last_key(connection, table)
        arrived = connection.execute(select(func.count()).select_from(table)).scalar_one() if last else 0
    progress("copy", shape.name, arrived)
    with closing(streamed(source, _behind(source, table, last))) as chunks:
        for chunk in chunks:
            with goal.begin() as connection:
                _put(connection, table, chunk)
            progress("copy", shape.name, len(chunk))


def _last_key(connection: Connection, table: Table) -> tuple[Any, ...] | None:
    columns = list(table.primary_key.columns)
    descending = [in_order(connection, column).desc() for column in columns]
    row = connection.execute(select(*columns).order_by(*descending).limit(1)).first()
    return tuple(row) if row else None


def _put(connection: Connection, table: Table, rows: Sequence[Any]) -> None:
    """Write rows in bulk: by COPY where there is one."""
    if connection.dialect.name != "postgresql":
        connection.execute(insert(table), [dict(row._mapping) for row in rows])
        return
    names = ", ".join(f'"{column.name}"' for column in table.columns)
    cursor: Any = connection.connection.cursor()  # psycopg's own, which knows COPY
    try:
        with cursor.copy(f'COPY "{table.name}" ({names}) FROM STDIN') as copy:
            for row in rows:
                copy.write_row(row)
    except psycopg.Error as error:  # past SQLAlchemy, so nobody has translated it
        said = str(error).strip().partition("\n")[0]
        raise StoreError(f"the database refused rows of {table.name}: {said}") from error
    finally:
        cursor.close()


def _set_sequences(goal: Engine) -> None:
    """Let PostgreSQL number new rows behind the copied ones."""
    if goal.dialect.name != "postgresql":
        return
    with goal.begin() as connection:
        for shape in shapes():
            if len(shape.key) != 1 or dict(shape.columns)[shape.key[0]] != "integer":
                continue
            places = {"table": shape.name, "column": shape.key[0]}
            sequence = connection.execute(text("SELECT pg_get_serial_sequence(:table, :column)"), places).scalar()
            if sequence:
                last = connection.execute(select(func.max(shape.table().c[shape.key[0]]))).scalar()
                connection.execute(
                    text("SELECT setval(:name, :last, :used)"), {"name": sequence, "last": last or 1, "used": last is not None}
                )

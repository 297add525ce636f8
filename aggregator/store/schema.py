"""The schema's version: brought to this release by Alembic, under a lock, as one transaction.

Two starters take turns, the second finds nothing to do. A migration that fails leaves the database as it was, on both engines. A
database that is of this release already is told by its version alone: Alembic takes longer to load than all else of a start.
"""

import re
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from sqlalchemy import URL, Connection, inspect, text

import aggregator
from aggregator.errors import StoreError
from aggregator.store.database import translated
from aggregator.store.engine import connect, database_url, reading, sqlite_file
from aggregator.store.locks import UPGRADE, beside, hold_until_commit, waiting_file_lock


def is_current(url: str) -> bool:
    """Tell whether the database at an address has this release's tables."""
    return _is_of_this_release(database_url(url))


def upgrade(url: URL) -> None:
    """Bring the database to this release's tables; raises `StoreError` where it is newer than the program, or damaged."""
    if _is_of_this_release(url):
        return
    path = sqlite_file(url)
    if path is None:
        _upgrade(url)
        return
    with waiting_file_lock(beside(path, ".upgrade.lock")):
        _upgrade(url)


def stored_version(connection: Connection) -> str:
    """Give the version of the database's tables; empty where there are none."""
    if not inspect(connection).has_table("alembic_version"):
        return ""
    return str(connection.execute(text("SELECT version_num FROM alembic_version")).scalar() or "")


@cache
def versions() -> tuple[str, ...]:
    """Give the versions that this release knows, oldest first: what the migrations call themselves, in the order of their files."""
    said = (path.read_text(encoding="utf-8") for path in sorted((migrations_folder() / "versions").glob("0*.py")))
    return tuple(found.group(1) for found in (re.search(r'^revision = "([^"]+)"', text, re.MULTILINE) for text in said) if found)


def _is_of_this_release(url: URL) -> bool:
    path = sqlite_file(url)
    if path is not None and not path.exists():
        return False
    engine = connect(url)
    try:
        with translated(), reading(engine).begin() as connection:
            return stored_version(connection) == versions()[-1]
    finally:
        engine.dispose()


def migrations_folder() -> Path:
    """Find the migrations beside the package, where a checkout and an installation both have them."""
    beside_package = Path(aggregator.__file__).resolve().parent.parent / "migrations"
    if (beside_package / "env.py").is_file():
        return beside_package
    spec = find_spec("migrations")
    for folder in spec.submodule_search_locations or () if spec else ():
        if (Path(folder) / "env.py").is_file():
            return Path(folder)
    raise StoreError(f"the migrations are missing: looked for {beside_package}; install the program again")


def _upgrade(url: URL) -> None:
    # Rebuilding a table on SQLite drops the old one, which would delete the rows that refer to it; so the keys are checked after.
    engine = connect(url, foreign_keys=False)
    try:
        with translated(), engine.begin() as connection:
            hold_until_commit(connection, UPGRADE)
            _migrate(connection)
            _check_keys(connection)
            if sqlite_file(url) is None:
                connection.exec_driver_sql("ANALYZE")  # of a new column PostgreSQL knows nothing, and reads whole tables by mistake
    finally:
        engine.dispose()


def _migrate(connection: Connection) -> None:
    from alembic import command
    from alembic.config import Config
    from alembic.util import CommandError

    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", str(migrations_folder()).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    try:
        command.upgrade(config, "head")
    except CommandError as error:
        message = f"the database has tables of another release ({error}); install that release, or restore a backup"
        raise StoreError(message) from error


def _check_keys(connection: Connection) -> None:
    if connection.dialect.name == "sqlite":
        broken = connection.exec_driver_sql("PRAGMA foreign_key_check").first()
        if broken:
            raise StoreError(f"a row of table {broken[0]} refers to a missing row of {broken[2]}; restore a backup")

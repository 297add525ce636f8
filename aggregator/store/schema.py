"""The schema's version: brought to this release by Alembic, under a lock, as one transaction.

Two starters take turns, the second finds nothing to do. A migration that fails leaves the database as it was, on both engines.
"""

from importlib.util import find_spec
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.util import CommandError
from sqlalchemy import URL, Connection

import aggregator
from aggregator.errors import StoreError
from aggregator.store.database import translated
from aggregator.store.engine import connect, sqlite_file
from aggregator.store.locks import UPGRADE, beside, hold_until_commit, waiting_file_lock


def upgrade(url: URL) -> None:
    """Bring the database to this release's tables; raises `StoreError` where it is newer than the program, or damaged."""
    path = sqlite_file(url)
    if path is None:
        _upgrade(url)
        return
    with waiting_file_lock(beside(path, ".upgrade.lock")):
        _upgrade(url)


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
    finally:
        engine.dispose()


def _migrate(connection: Connection) -> None:
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

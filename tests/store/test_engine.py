from pathlib import Path

import pytest

from aggregator.errors import StoreError, UsageError
from aggregator.store import SqlStore, open_store
from aggregator.store.engine import database_url, sqlite_file


@pytest.mark.parametrize(
    "url",
    [
        "mysql://user:secret@host/db",
        "postgres://user:secret@host/db",
        "no url: secret",
        "postgresql://news:hunter@secretpart/w0rd@127.0.0.1:1/news",
        "postgresql://news:hunter@secretpart@127.0.0.1:1/news",
        "",
        "sqlite://",
        "sqlite:///:memory:",
        "sqlite:///file:x?uri=true",
    ],
)
def test_other_databases_are_refused_without_showing_the_password(url: str) -> None:
    with pytest.raises(UsageError, match=r"write sqlite:///path/to/file\.db or postgresql://") as caught:
        open_store(url)
    assert "secret" not in str(caught.value)


def test_relative_and_absolute_files_are_accepted() -> None:
    assert sqlite_file(database_url("sqlite:///data/store.db")) == Path("data/store.db")
    assert sqlite_file(database_url("sqlite:////var/lib/store.db")) == Path("/var/lib/store.db")
    assert sqlite_file(database_url("postgresql://user@host/name")) is None


def test_the_folder_of_the_file_is_made(tmp_path: Path) -> None:
    store = open_store(f"sqlite:///{tmp_path}/a/b/store.db")
    store.upgrade()
    store.close()
    assert (tmp_path / "a" / "b" / "store.db").is_file()


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StoreError, match=r"file/deeper.*cannot be made"):
        open_store(f"sqlite:///{tmp_path}/file/deeper/store.db")


def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    path.write_text("this is a letter, not a database; it goes on for a while to be sure")
    store = open_store(f"sqlite:///{path}")
    with pytest.raises(StoreError, match="not a database"):
        store.upgrade()


def test_a_database_without_tables_is_refused_with_a_sentence(empty_url: str) -> None:
    store = open_store(empty_url)
    with pytest.raises(StoreError, match="the database refused"):
        store.overview()
    store.close()


def test_a_server_that_does_not_answer_is_refused_without_the_password() -> None:
    store = open_store("postgresql://user:secret@127.0.0.1:1/name")
    with pytest.raises(StoreError) as caught:
        store.overview()
    assert "secret" not in str(caught.value)


def test_sqlite_runs_as_documented(tmp_path: Path) -> None:
    store = open_store(f"sqlite:///{tmp_path}/store.db")
    with store._database.read() as connection:
        settings = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        }
    assert settings == {"journal_mode": "wal", "synchronous": 1, "foreign_keys": 1, "busy_timeout": 30000}
    store.close()


@pytest.mark.parametrize("engine_name", ["postgresql"], indirect=True)
def test_postgresql_speaks_utc_and_reads_from_one_snapshot(sql_store: SqlStore) -> None:
    with sql_store._database.read() as connection:
        assert connection.exec_driver_sql("SHOW TimeZone").scalar() == "UTC"
        assert connection.exec_driver_sql("SHOW transaction_isolation").scalar() == "repeatable read"
        assert connection.exec_driver_sql("SHOW transaction_read_only").scalar() == "on"
    with sql_store._database.write() as connection:
        assert connection.exec_driver_sql("SHOW transaction_isolation").scalar() == "read committed"
        assert connection.exec_driver_sql("SHOW transaction_read_only").scalar() == "off"

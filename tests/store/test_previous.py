"""Databases of earlier releases: each opens with this one and keeps every row, and can be had back from a backup."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from sqlalchemy import inspect, text

from aggregator.errors import StoreError
from aggregator.store import SqlStore, open_store
from aggregator.store.schema import stored_version, versions
from aggregator.store.soundness import check_database
from aggregator.store.tables import metadata
from tests.store.moving import fill
from tests.store.samples import FEED, NOW, OTHER_FEED, SUBSCRIPTION, intake, take_in
from tests.store.test_migrations import differences, move

Rows = dict[str, tuple[Sequence[str], list[tuple[Any, ...]]]]


def rows(store: SqlStore, like: Rows | None = None) -> Rows:
    """Give every row of our tables, or of the tables and columns of an earlier look."""
    found: Rows = {}
    with store._database.engine.connect() as connection:
        inspector = inspect(connection)
        names = [table.name for table in metadata.sorted_tables if inspector.has_table(table.name)]
        for name in like or names:
            columns = like[name][0] if like else sorted(column["name"] for column in inspector.get_columns(name))
            query = f"SELECT {', '.join(columns)} FROM {name}"
            found[name] = (columns, sorted((tuple(row) for row in connection.execute(text(query))), key=repr))
    if like and "counters" in like:  # an upgrade may begin to count something new; what was counted before stays as it was
        columns, counted = found["counters"]
        known = {row[columns.index("name")] for row in like["counters"][1]}
        found["counters"] = (columns, [row for row in counted if row[columns.index("name")] in known])
    return found


def open_filled(url: str) -> SqlStore:
    store = open_store(url)
    store.upgrade()
    store.sync_feeds([FEED, OTHER_FEED], NOW)
    store.sync_subscriptions([SUBSCRIPTION], {SUBSCRIPTION.id: NOW}, NOW)
    fill(store)
    return store


@pytest.mark.parametrize("version", versions()[:-1])
def test_a_database_of_an_earlier_release_keeps_every_row(version: str, tmp_path: Path) -> None:
    check_upgrade(f"sqlite:///{tmp_path}/store.db", version)


@pytest.mark.parametrize("version", [versions()[0], versions()[-2]])
def test_so_does_one_on_a_server(version: str, postgres: Any) -> None:
    check_upgrade(postgres.new(), version)


def check_upgrade(url: str, version: str) -> None:
    store = open_filled(url)
    move(store, command.downgrade, version)
    store.close()
    before = rows(store)
    assert sum(len(found) for _, found in before.values()) > 30
    assert check_database(url)[0].advice == "run aggregator db upgrade"
    store.upgrade()
    assert rows(store, before) == before
    assert differences(store) == []
    assert [one.what for one in check_database(url) if not one.ok] == []
    assert store.overview().stories == 1
    take_in(store, intake("after the upgrade"))
    assert store.overview().entries == 10
    store.close()


def test_a_release_that_is_older_than_the_database_changes_nothing_and_says_what_to_do(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/store.db"
    store = open_filled(url)
    with store._database.write() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999_of_tomorrow'"))
    before = rows(store)
    with pytest.raises(StoreError, match="another release"):
        store.upgrade()
    assert rows(store) == before
    assert check_database(url)[0].advice.startswith("install the release that wrote it")
    with store._database.read() as connection:
        assert stored_version(connection) == "9999_of_tomorrow"
    store.close()

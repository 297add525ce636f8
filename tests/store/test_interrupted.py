"""An upgrade that is killed in the middle leaves the database as it was, and the next start brings it to this release."""

import os
import signal
from itertools import count
from typing import Any

import pytest
from alembic import command
from sqlalchemy import Engine, event

from aggregator.store import SqlStore, open_store
from aggregator.store.schema import stored_version, versions
from aggregator.store.soundness import check_database
from tests.deliver.killing import fork, killed
from tests.store.test_migrations import differences, move
from tests.store.test_previous import open_filled, rows


def version_of(store: SqlStore) -> str:
    with store._database.read() as connection:
        return stored_version(connection)


def upgrade_and_die(url: str, deadly: int) -> bool:
    """Upgrade in a process of its own that is killed after so many statements; tell whether it was."""
    taken = count(1)

    def step(*_: object) -> None:
        if next(taken) == deadly:
            os.kill(os.getpid(), signal.SIGKILL)

    def work() -> None:
        event.listen(Engine, "after_cursor_execute", step)
        event.listen(Engine, "commit", step)
        store = open_store(url)
        store.upgrade()
        store.close()

    return killed(fork(work))


@pytest.mark.parametrize(("version", "stride"), [(versions()[0], 41), (versions()[-2], 7)])
def test_an_upgrade_killed_at_any_step_changes_nothing_and_is_made_up_for(empty_url: str, version: str, stride: int) -> None:
    store = open_filled(empty_url)
    move(store, command.downgrade, version)
    before: Any = rows(store)
    store.close()
    deaths = 0
    for deadly in count(3, stride):
        if not upgrade_and_die(empty_url, deadly):
            break
        deaths += 1
        # Killed at its very end the upgrade may have been committed; in between there is nothing.
        assert version_of(store) in (version, versions()[-1])
        assert rows(store, before) == before
        store.close()
    assert deaths > 1
    store.upgrade()
    assert (version_of(store), rows(store, before), differences(store)) == (versions()[-1], before, [])
    assert [one.what for one in check_database(empty_url) if not one.ok] == []
    store.close()

"""Moves that are broken off, on both engines: nobody works on half an installation, and nothing is filled that somebody works on."""

import multiprocessing
import os
import re
import signal
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from aggregator.app.upgrading import upgrade_apart
from aggregator.errors import UsageError
from aggregator.ports import Store
from aggregator.settings import load_settings
from aggregator.store import installation_lock, open_store, working_lock
from aggregator.store.backup import MANIFEST, back_up, restore
from aggregator.store.copying import copy_database
from aggregator.store.retention import prune
from aggregator.store.sessions import SessionLocks
from aggregator.store.soundness import check_database
from tests.store.conftest import Postgres
from tests.store.moving import fill, fresh, half, hits, rows_of
from tests.store.samples import NOW, intake, take_in


@pytest.mark.parametrize("lock", [installation_lock, working_lock])
def test_where_somebody_works_nothing_is_copied_or_restored(
    store: Store, url: str, tmp_path: Path, lock: Callable[[str], AbstractContextManager[object]]
) -> None:
    fill(store)
    made, before, other = back_up(url, tmp_path / "monday.db", NOW), rows_of(url), f"sqlite:///{tmp_path}/copy.db"
    copy_database(url, other)
    with lock(url):
        for move in (
            lambda: copy_database(url, f"sqlite:///{tmp_path}/new.db"),
            lambda: copy_database(other, url, resume=True),
            lambda: restore(made.path, url, replace=True),
        ):
            with pytest.raises(UsageError, match="works on this database") as refused:
                move()
            assert "starter" not in str(refused.value)  # who asks is not told of itself
    assert rows_of(url) == before
    assert not (tmp_path / "new.db").exists()


def test_a_session_of_a_worker_that_lost_its_lock_is_somebody_who_works(store: Store, url: str, engine_name: str, tmp_path: Path) -> None:
    if engine_name != "postgresql":
        pytest.skip("the lock of a file is never lost")
    made = back_up(url, tmp_path / "monday.db", NOW)
    locks = SessionLocks(url, "worker")
    locks.take("somewhere")
    with pytest.raises(UsageError, match="somebody works on this database: aggregator worker"):
        restore(made.path, url, replace=True)
    locks.close()
    restore(made.path, url, replace=True)


def test_resuming_touches_no_installation_that_the_copy_did_not_begin(
    store: Store, url: str, engine_name: str, postgres: Postgres, tmp_path: Path
) -> None:
    fill(store)
    other = f"sqlite:///{tmp_path}/other.db"
    copy_database(url, other)
    before = rows_of(url)
    with pytest.raises(UsageError, match="no copy of this source was broken off there"):
        copy_database(other, url, resume=True)
    assert rows_of(url) == before
    there = fresh(postgres, engine_name, tmp_path)
    half(url, there)
    with pytest.raises(UsageError, match=r"a copy of .* into it is unfinished"):
        copy_database(other, there, resume=True)
    copy_database(url.replace(f"/{tmp_path.name}/", f"/{tmp_path.name}/../{tmp_path.name}/"), there, resume=True)  # spelled otherwise
    assert rows_of(there) == before


def test_resuming_is_refused_where_rows_came_from_elsewhere(
    store: Store, url: str, engine_name: str, postgres: Postgres, tmp_path: Path
) -> None:
    fill(store)
    there = fresh(postgres, engine_name, tmp_path)
    half(url, there, "feeds")
    worked = open_store(there)  # as an older release would, which does not know the mark
    take_in(worked, intake("own"))
    worked.close()
    before = rows_of(there)
    with pytest.raises(UsageError, match=r"holds rows in \w+ that this copy did not put there"):
        copy_database(url, there, resume=True)
    assert rows_of(there) == before


@pytest.mark.parametrize(("step", "table"), [("copy", "feeds"), ("check target", "entries"), ("index", "articles")])
def test_half_a_copy_is_no_installation_until_it_is_whole(
    store: Store, url: str, engine_name: str, postgres: Postgres, tmp_path: Path, step: str, table: str
) -> None:
    fill(store)
    there = fresh(postgres, engine_name, tmp_path)
    half(url, there, table, step)
    refused_everywhere(there, tmp_path, "--resume")
    copy_database(url, there, resume=True)
    begun = open_store(there)
    begun.upgrade()
    assert len(hits(begun, "people")) == 8
    begun.close()
    assert [finding for finding in check_database(there) if not finding.ok] == []


def refused_everywhere(url: str, folder: Path, words: str) -> None:
    """Hold that nobody begins to work on half an installation, and that a check tells how to go on."""
    starting = open_store(url)
    settings = load_settings({"AGGREGATOR_DATABASE_URL": url, "AGGREGATOR_DATA_DIR": str(folder)})
    for begin in (
        starting.upgrade,
        lambda: upgrade_apart(settings),
        lambda: prune(url, NOW, NOW),
        lambda: back_up(url, folder / "half.db", NOW),
        lambda: copy_database(url, f"sqlite:///{folder}/of-half.db"),
    ):
        with pytest.raises(UsageError, match=f"half of an installation.*{re.escape(words)}"):
            begin()
    starting.close()
    (told,) = check_database(url)
    assert words in told.advice
    assert not list(folder.glob("*half.db"))


@pytest.mark.parametrize("engine_name", ["sqlite"])
def test_half_a_restored_server_is_no_installation_until_it_is_restored_again(
    store: Store, url: str, postgres: Postgres, tmp_path: Path
) -> None:
    fill(store)
    (tmp_path / "backups").mkdir()
    made, there = back_up(url, tmp_path / "backups" / "monday.db", NOW), postgres.new()
    copy_database(url, there)
    before = rows_of(there)
    process = multiprocessing.get_context("spawn").Process(target=_killed_while_restoring, args=(made.path, there))
    process.start()
    process.join(60)
    assert process.exitcode == -signal.SIGKILL
    refused_everywhere(there, tmp_path, f"restore again: aggregator db restore {made.path} --replace")
    with pytest.raises(UsageError, match=r"a restore of .* into it is unfinished"):
        copy_database(url, there, resume=True)
    restore(made.path, there, replace=True)
    assert rows_of(there) == before
    assert {path.name for path in made.path.parent.iterdir()} == {"monday.db", "monday.db" + MANIFEST}


def _killed_while_restoring(path: Path, url: str) -> None:
    def killed(step: str, table: str, rows: int) -> None:
        if (step, table) == ("copy", "entries") and rows:
            os.kill(os.getpid(), signal.SIGKILL)

    restore(path, url, replace=True, progress=killed)


def test_a_mistyped_source_is_refused_and_nothing_is_made(tmp_path: Path) -> None:
    (tmp_path / "empty.db").touch()
    for name in ("mistyped.db", "no/folder.db", "empty.db"):
        with pytest.raises(UsageError, match=f"there is no database at .*{name}: nothing to copy"):
            copy_database(f"sqlite:///{tmp_path}/{name}", f"sqlite:///{tmp_path}/copy.db")
    assert [path.name for path in tmp_path.iterdir()] == ["empty.db"]


def test_a_server_without_an_installation_is_no_source(postgres: Postgres, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="holds no installation: nothing to copy"):
        copy_database(postgres.new(), f"sqlite:///{tmp_path}/copy.db")
    assert list(tmp_path.iterdir()) == []

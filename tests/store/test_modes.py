"""What an installation writes is read by its owner alone, whatever the umask; what there was before stays as it is, and is told."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from aggregator.doctor.ground import look_at_privacy
from aggregator.settings import load_settings
from aggregator.store import installation_lock
from aggregator.store.backup import back_up, restore
from aggregator.store.engine import database_url
from aggregator.store.receipt_book import FileBook
from aggregator.store.schema import upgrade
from tests.store.samples import NOW


@pytest.fixture(autouse=True)
def umask() -> Iterator[None]:
    before = os.umask(0o022)
    yield
    os.umask(before)


def modes(folder: Path) -> dict[str, int]:
    return {path.name: path.stat().st_mode & 0o777 for path in (folder, *folder.rglob("*"))}


def test_databases_locks_books_and_backups_are_for_their_owner(tmp_path: Path) -> None:
    url, folder = f"sqlite:///{tmp_path}/data/aggregator.db", tmp_path / "data"
    upgrade(database_url(url))
    book = FileBook(folder / "receipts", required=True)
    book.ready()
    with installation_lock(url):
        made = back_up(url, tmp_path / "kept" / "one.db", NOW)
    restore(made.path, f"sqlite:///{tmp_path}/again/aggregator.db")
    found = modes(folder) | modes(tmp_path / "kept") | modes(tmp_path / "again")
    book.close()
    folders = {"data", "receipts", "kept", "again"}
    assert {name: oct(mode) for name, mode in found.items() if mode != (0o700 if name in folders else 0o600)} == {}
    assert {"aggregator.db", "aggregator.db.lock", "one.db", "one.db.manifest.json"} <= found.keys()
    assert any(name.endswith(".book") for name in found)


def test_what_others_may_read_is_left_and_told(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    folder.mkdir(mode=0o755)
    database, settings = folder / "aggregator.db", load_settings({"AGGREGATOR_DATA_DIR": str(folder)})
    assert list(look_at_privacy(settings)) == []
    database.touch(mode=0o644)
    upgrade(database_url(f"sqlite:///{database}"))
    assert database.stat().st_mode & 0o777 == 0o644
    (told,) = look_at_privacy(settings)
    assert (told.state, told.found) == ("look", f"other users of this machine may read {database}")
    assert told.advice == f"chmod -R go-rwx {folder}"
    folder.chmod(0o700)
    assert list(look_at_privacy(settings)) == []

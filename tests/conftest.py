"""A store for the use cases: an SQLite file that is made once and copied for each test, since making one takes a tenth of a second."""

import shutil
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
import structlog

from aggregator.store import SqlStore, open_store
from tests.store.samples import NOW


class Clock:
    """Tell the time that the test sets."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def pass_by(self, **time: float) -> datetime:
        """Let time pass, in the words of timedelta."""
        self.now += timedelta(**time)
        return self.now


@pytest.fixture(scope="session")
def made_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("made") / "store.db"
    store = open_store(f"sqlite:///{path}")
    store.upgrade()
    store.close()
    return path


@pytest.fixture
def store_url(made_once: Path, tmp_path: Path) -> str:
    shutil.copy(made_once, tmp_path / "store.db")
    return f"sqlite:///{tmp_path / 'store.db'}"


@pytest.fixture
def sqlite_store(store_url: str) -> Iterator[SqlStore]:
    opened = open_store(store_url)
    yield opened
    opened.close()


@pytest.fixture
def clock() -> Clock:
    return Clock(NOW)


@pytest.fixture(autouse=True)
def _logs_as_before() -> Iterator[None]:
    """Undo what a test set up for the logs: they would go on to write into its captured, closed stream."""
    yield
    structlog.reset_defaults()

import pytest

from aggregator.ports import Store
from aggregator.store import SqlStore
from tests.conftest import Clock
from tests.judge.newsroom import FEEDS


@pytest.fixture
def store(sqlite_store: SqlStore, clock: Clock) -> Store:
    sqlite_store.sync_feeds(tuple(FEEDS.values()), clock())
    return sqlite_store

"""What PostgreSQL knows of tables that grow."""

import psycopg

from aggregator.store import open_store
from aggregator.store.statistics import FIRST
from tests.store.conftest import Postgres
from tests.store.samples import FEED, NOW, intake, take_in


def _analysed(url: str) -> set[str]:
    """Name the tables of which it is known that they have rows."""
    with psycopg.connect(url) as connection:
        return {row[0] for row in connection.execute("SELECT relname FROM pg_class WHERE relkind = 'r' AND reltuples > 0")}


def test_a_table_that_has_grown_is_analysed_without_waiting_for_the_servers_upkeep(postgres: Postgres) -> None:
    url = postgres.new()
    store = open_store(url)
    store.upgrade()
    store.sync_feeds([FEED], NOW)
    assert not {"entries", "revisions", "feeds"} & _analysed(url)
    for number in range(4 * FIRST):
        take_in(store, *[intake(f"{number} {place}") for place in range(40)])
    assert {"entries", "revisions"} <= _analysed(url)
    assert "feeds" not in _analysed(url)  # one feed is soon read
    store.close()

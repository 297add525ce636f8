"""Installations to move, moves that break off, and what has arrived."""

from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path

import pytest

from aggregator.core.queries import parse_query
from aggregator.desk_records import SearchFilter
from aggregator.ports import Store
from aggregator.store import SqlStore
from aggregator.store.accounts import account, shapes
from aggregator.store.copying import Progress, copy_database
from aggregator.store.engine import connect, database_url
from tests.store.conftest import Postgres
from tests.store.samples import ADDRESSES, NOW, digest, entry, intake, item, open_story, take_in, unmatched

DAY = timedelta(days=1)


def fill(store: Store, unmatched_entries: int = 7) -> None:
    """Put in one told story, some entries that matched nothing, and one that waits."""
    story = open_story(store)
    store.record_digest(digest(item(story)), ADDRESSES, NOW + DAY, NOW)
    for revision in take_in(
        store,
        *(intake(f"none{number}", served=entry(f"none{number}", title=f"Workers 없음 {number}")) for number in range(unmatched_entries)),
    ):
        store.record_judged(unmatched(revision))
    take_in(store, intake("waits"))


def fresh(postgres: Postgres, kind: str, folder: Path) -> str:
    return postgres.new() if kind == "postgresql" else f"sqlite:///{folder}/other/copy.db"


def hits(store: SqlStore, query: str) -> list[int]:
    return [hit.article_id for hit in store.search(parse_query(query), SearchFilter(), best=False).items]


def break_off(table: str, wanted: str = "copy") -> Progress:
    """Give what breaks a move off as a kill would, when rows of a table have arrived."""

    def broken_off(step: str, name: str, rows: int) -> None:
        if (step, name) == (wanted, table) and rows:
            raise KeyboardInterrupt

    return broken_off


def half(url: str, there: str, table: str = "entries", step: str = "copy") -> None:
    """Copy an installation in part."""
    with pytest.raises(KeyboardInterrupt):
        copy_database(url, there, progress=break_off(table, step))


def rows_of(url: str) -> Mapping[str, tuple[int, str]]:
    """Count and hash every table."""
    engine = connect(database_url(url))
    try:
        with engine.connect() as connection:
            return {shape.name: (found.rows, found.sha256) for shape in shapes() for found in [account(connection, shape)]}
    finally:
        engine.dispose()

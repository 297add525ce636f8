"""Counts that are kept between pages are those of the tables."""

from contextlib import suppress

from aggregator.store import SqlStore
from tests.store.samples import OTHER_FEED, intake, take_in


def counted(store: SqlStore) -> tuple[int, int, dict[str, int]]:
    overview = store.overview()
    return overview.entries, overview.revisions, {line.feed_id: line.entries for line in store.feed_health() if line.entries}


def test_counts_follow_what_is_stored(store: SqlStore) -> None:
    assert counted(store) == (0, 0, {})
    take_in(store, intake("one"), intake("two"))
    assert counted(store) == (2, 2, {"dailynk": 2})
    take_in(store, intake("three"), feed=OTHER_FEED)
    assert counted(store) == (3, 3, {"dailynk": 2, OTHER_FEED.id: 1})
    assert counted(store) == (3, 3, {"dailynk": 2, OTHER_FEED.id: 1})


def test_what_is_undone_was_never_counted(store: SqlStore) -> None:
    take_in(store, intake("one"))
    assert counted(store)[0] == 1
    with suppress(ZeroDivisionError), store.transaction():
        take_in(store, intake("two"))
        assert counted(store)[0] == 2
        raise ZeroDivisionError
    assert counted(store)[0] == 1
    take_in(store, intake("three"))
    assert counted(store)[0] == 2

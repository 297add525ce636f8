"""An archive whose keys an earlier rule made: what its feeds still serve is neither stored nor told again."""

from pathlib import Path
from typing import Any

from alembic import command
from sqlalchemy import text

from aggregator.core.fingerprints import digest_of, raw_hash
from aggregator.core.intake import decide, identities
from aggregator.models import Entry
from aggregator.records import Intake
from aggregator.store import SqlStore, open_store
from tests.store.samples import FEED, NOW, OTHER_FEED, poll
from tests.store.test_migrations import move

STORY, DRAFT, OTHER_DRAFT = "https://a.example/story/", "https://undocs.org/A/80/L.5", "https://undocs.org/A/80/L.6"


def served(url: str, guid: str | None = None, title: str = "A title") -> Entry:
    return Entry(id=guid, url=url, title=title, summary=url, published_at=NOW)


def as_before(entry: Entry, key: str, identity: str | None = None) -> Intake:
    """Give what the earlier rule made of an entry."""
    return Intake(entry_id=None, identity=identity or entry.id or key, raw_hash=raw_hash(entry), article_key=key, entry=entry)


EARLIER = (
    as_before(served(STORY), STORY),
    as_before(served(DRAFT), "https://undocs.org/A/80"),
    as_before(served("https://a.example/one/", STORY + "1/"), STORY + "1/"),
    as_before(served("https://a.example/two/", "7", "Two"), "https://a.example/two/", f"7#{digest_of('https://a.example/two/')}"),
    as_before(served("https://a.example/three/", "7", "Three"), "https://a.example/three/", f"7#{digest_of('https://a.example/three/')}"),
    as_before(served("https://a.example/story", "8"), "https://a.example/story"),
)


def upgraded(url: str) -> SqlStore:
    store = open_store(url)
    store.upgrade()
    store.sync_feeds([FEED, OTHER_FEED], NOW)
    move(store, command.downgrade, "0013_names_of_decisions")
    store.record_polls([poll(*EARLIER)])
    store.upgrade()
    return store


def polled(store: SqlStore, *entries: Entry, feed: Any = FEED) -> tuple[int, int]:
    known = store.known_entries(feed.id, set(identities(entries)))
    (line,) = store.record_polls([poll(*decide(feed.id, entries, known), feed=feed)])
    return line.new, line.revised


def check(store: SqlStore) -> None:
    assert polled(store, *(intake.entry for intake in EARLIER)) == (0, 0)
    count = text("SELECT count(*) FROM articles")
    with store._database.engine.connect() as connection:
        before = connection.execute(count).scalar_one()
    assert polled(store, served("https://a.example/story?utm_source=x", "x"), feed=OTHER_FEED) == (1, 0)
    with store._database.engine.connect() as connection:
        assert connection.execute(count).scalar_one() == before
    assert polled(store, served(OTHER_DRAFT)) == (1, 0)
    with store._database.engine.connect() as connection:
        assert connection.execute(count).scalar_one() == before + 1
    store.close()


def test_what_is_served_on_is_known_after_the_upgrade(tmp_path: Path) -> None:
    check(upgraded(f"sqlite:///{tmp_path}/store.db"))


def test_so_it_is_on_a_server(postgres: Any) -> None:
    check(upgraded(postgres.new()))

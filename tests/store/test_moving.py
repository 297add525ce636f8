"""Copies, backups and retention, on both engines."""

import json
import sqlite3
import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from aggregator.core.outcomes import HELD
from aggregator.errors import StoreError, UsageError
from aggregator.models import Reason
from aggregator.ports import Store
from aggregator.store import SqlStore, open_store
from aggregator.store.backup import MANIFEST, back_up, read_backup, restore
from aggregator.store.copying import copy_database
from aggregator.store.retention import prune
from aggregator.store.soundness import check_database
from aggregator.store.tables import articles, decisions, revisions
from aggregator.store.verifying import verify
from tests.store.conftest import Postgres
from tests.store.moving import DAY, fill, fresh, half, hits
from tests.store.samples import FEED, NOW, intake, matched, open_story, opened, poll, take_in


def books(store: Store) -> tuple[Any, ...]:
    return store.overview(), tuple(store.outcomes()), tuple(store.digests()), tuple(store.deliveries()), tuple(store.polls())


@pytest.mark.parametrize("target", ["sqlite", "postgresql"])
def test_a_copy_holds_the_same_on_either_engine(store: Store, url: str, target: str, postgres: Postgres, tmp_path: Path) -> None:
    fill(store)
    there = fresh(postgres, target, tmp_path)
    accounts = {one.shape.name: one.rows for one in copy_database(url, there)}
    assert (accounts["revisions"], accounts["stories"], accounts["deliveries"]) == (9, 1, 2)
    copied = open_store(there)
    assert books(copied) == books(store)
    assert len(hits(copied, "people")) == 8
    take_in(copied, intake("later"))
    assert open_story(copied, "another") > 1
    copied.close()


def test_an_interrupted_copy_goes_on_where_it_stopped(store: Store, url: str, postgres: Postgres) -> None:
    fill(store)
    there = postgres.new()
    half(url, there)
    with pytest.raises(UsageError, match="--resume"):
        copy_database(url, there)
    written: dict[str, int] = {}

    def note(step: str, table: str, rows: int) -> None:
        written.setdefault(f"{step} {table}", rows)

    copy_database(url, there, resume=True, progress=note)
    assert (written["copy entries"], written["copy revisions"]) == (9, 0)
    copied = open_store(there)
    assert books(copied) == books(store)
    assert len(hits(copied, "people")) == 8
    copied.close()


def test_a_source_that_changed_since_the_interruption_is_told(store: Store, url: str, postgres: Postgres) -> None:
    fill(store)
    there = postgres.new()
    half(url, there)
    store.sync_feeds([FEED], NOW)  # the other feed is no longer configured
    with pytest.raises(StoreError, match=r"differs from its source in feeds \(2 rows, 2 arrived\)"):
        copy_database(url, there, resume=True)


def test_a_backup_is_one_file_and_a_manifest_that_agree(store: Store, url: str, tmp_path: Path) -> None:
    fill(store)
    made = back_up(url, tmp_path / "backups" / "monday.db", NOW)
    assert read_backup(made.path) == made
    assert {path.name for path in made.path.parent.iterdir()} == {"monday.db", "monday.db" + MANIFEST}
    manifest = json.loads((made.path.parent / ("monday.db" + MANIFEST)).read_text())
    assert {table["shape"]["name"]: table["rows"] for table in manifest["tables"]}["revisions"] == 9


@pytest.mark.parametrize("target", ["sqlite", "postgresql"])
def test_a_restored_backup_holds_what_was_backed_up(store: Store, url: str, target: str, postgres: Postgres, tmp_path: Path) -> None:
    fill(store)
    before = books(store)
    made = back_up(url, tmp_path / "monday.db", NOW)
    take_in(store, intake("after the backup"))
    there = fresh(postgres, target, tmp_path)
    restore(made.path, there)
    restored = open_store(there)
    assert books(restored) == before
    assert len(hits(restored, "people")) == 8
    restored.close()


def test_restoring_over_an_installation_must_be_asked_for(store: Store, url: str, engine_name: str, tmp_path: Path) -> None:
    fill(store)
    before = books(store)
    made = back_up(url, tmp_path / "monday.db", NOW)
    take_in(store, intake("after the backup"))
    store.close()
    with pytest.raises(UsageError, match="--replace"):
        restore(made.path, url)
    restore(made.path, url, replace=True)
    assert books(store) == before
    if engine_name == "sqlite":
        aside = open_store(f"{url}.replaced")
        assert aside.overview().entries == before[0].entries + 1
        aside.close()
        restore(made.path, url, replace=True)
        assert sorted(path.name for path in tmp_path.glob("*.replaced*")) == ["store.db.replaced", "store.db.replaced.1"]
        aside = open_store(f"{url}.replaced")
        assert aside.overview().entries == before[0].entries + 1
        aside.close()


def test_a_backup_under_load_is_a_state_that_was(store: Store, another: Store, url: str, tmp_path: Path) -> None:
    """Every poll stores three entries; a backup that saw half a poll would hold a number that three does not divide."""
    stop, polls = threading.Event(), 0

    def load() -> None:
        nonlocal polls
        while not stop.is_set():
            another.record_polls([poll(*(intake(f"{polls}-{number}") for number in range(3)))])
            polls += 1

    writer = threading.Thread(target=load)
    writer.start()
    made = [back_up(url, tmp_path / f"{number}.db", NOW) for number in range(3)]
    stop.set()
    writer.join()
    for backup in made:
        restore(backup.path, f"sqlite:///{tmp_path}/restored{backup.path.name}")
        restored = open_store(f"sqlite:///{tmp_path}/restored{backup.path.name}")
        overview = restored.overview()
        assert overview.entries % 3 == 0
        assert overview.entries == 3 * len(restored.polls(limit=100_000))
        assert all(finding.ok for finding in check_database(f"sqlite:///{tmp_path}/restored{backup.path.name}"))
        restored.close()


@pytest.mark.parametrize("place", [0.1, 0.5, 0.9])
def test_a_flipped_byte_in_a_backup_is_found_before_anything_is_replaced(store: Store, url: str, place: float, tmp_path: Path) -> None:
    fill(store)
    made = back_up(url, tmp_path / "monday.db", NOW)
    content = bytearray(made.path.read_bytes())
    content[int(len(content) * place)] ^= 1
    made.path.write_bytes(content)
    with pytest.raises(StoreError, match="SHA-256 differs"):
        restore(made.path, f"sqlite:///{tmp_path}/new.db")
    assert not (tmp_path / "new.db").exists()


@pytest.mark.parametrize(("manifest", "words"), [(None, "cannot be read"), ("{}", "is damaged"), ("[", "is damaged")])
def test_a_backup_without_its_manifest_is_refused(store: Store, url: str, manifest: str | None, words: str, tmp_path: Path) -> None:
    made = back_up(url, tmp_path / "monday.db", NOW)
    beside = tmp_path / ("monday.db" + MANIFEST)
    beside.unlink()
    if manifest is not None:
        beside.write_text(manifest)
    with pytest.raises(StoreError, match=words):
        read_backup(made.path)


def test_a_backup_overwrites_nothing(store: Store, url: str, tmp_path: Path) -> None:
    (tmp_path / "mine.db").write_text("mine")
    with pytest.raises(UsageError, match="exists"):
        back_up(url, tmp_path / "mine.db", NOW)
    assert (tmp_path / "mine.db").read_text() == "mine"


def test_pruning_empties_what_matched_nothing_and_the_books_still_balance(sql_store: SqlStore, store: Store, url: str) -> None:
    fill(store, unmatched_entries=4)
    outcomes = store.outcomes()
    assert prune(url, NOW, NOW) == prune(url, NOW, NOW)  # nothing is old enough
    done = prune(url, NOW + DAY, NOW + DAY)
    assert (done.entries, done.polls) == (4, 3)
    assert store.outcomes() == outcomes
    with sql_store._database.read() as connection:
        kept = {row.seq: row.entry for row in connection.execute(select(revisions.c.seq, revisions.c.entry))}
        texts = [row.text for row in connection.execute(select(articles.c.text).order_by(articles.c.id))]
        explained = {row.seq for row in connection.execute(select(decisions.c.seq))}
    assert [bool(kept[seq].content) for seq in sorted(kept)] == [True, False, False, False, False, True]
    assert kept[2].notes == ("pruned",)
    assert texts == ["Some 2,000 people", "", "", "", "", None]
    assert explained == {1}
    assert prune(url, NOW + DAY, NOW + DAY).entries == 0


def test_pruned_words_are_found_no_more_and_the_index_stays_whole(sql_store: SqlStore, store: Store, url: str) -> None:
    fill(store, unmatched_entries=3)
    assert len(hits(sql_store, "people")) == 4
    prune(url, NOW + DAY, NOW + DAY)
    assert len(hits(sql_store, "people")) == 1
    assert len(hits(sql_store, "없음")) == 3
    with sql_store._database.write() as connection:
        if connection.dialect.name == "sqlite":
            connection.exec_driver_sql("INSERT INTO search_index(search_index) VALUES('integrity-check')")
    assert [finding.what for finding in check_database(url) if not finding.ok] == []
    assert verify(url).faults == ()


def test_a_pruned_entry_that_is_served_again_is_no_news(store: Store, url: str) -> None:
    fill(store, unmatched_entries=2)
    prune(url, NOW + DAY, NOW + DAY)
    (again,) = store.record_polls([poll(intake("none0"), intake("none1"))])
    assert (again.new, again.revised) == (0, 0)


def test_a_sound_database_has_no_finding(store: Store, url: str) -> None:
    fill(store)
    assert [finding for finding in check_database(url) if not finding.ok] == []


def test_what_is_held_back_is_in_no_story_and_sound(store: Store, url: str) -> None:
    (revision,) = take_in(store, intake("one of a flood"))
    store.record_judged(replace(matched(revision, opened()), placement=None, outcome=Reason(code=HELD, detail="flood")))
    assert [finding for finding in check_database(url) if not finding.ok] == []


@pytest.mark.parametrize(
    ("damage", "what"),
    [
        ("UPDATE counters SET value = 3 WHERE name = 'ingest'", "revisions numbered beyond the ingest counter"),
        ("UPDATE entries SET current_seq = 99", "entries whose current revision is missing"),
        ("DELETE FROM story_events", "matched revisions in no story"),
        ("DELETE FROM deliveries", "digests that no delivery carries"),
    ],
)
def test_books_that_do_not_balance_are_told_with_advice(sql_store: SqlStore, store: Store, url: str, damage: str, what: str) -> None:
    fill(store)
    with sql_store._database.write() as connection:
        connection.exec_driver_sql(damage)
    assert what in {finding.what for finding in check_database(url) if "restore" in finding.advice}


def test_a_damaged_file_is_told(store: Store, url: str, engine_name: str, tmp_path: Path) -> None:
    if engine_name != "sqlite":
        pytest.skip("PostgreSQL looks after its own pages")
    fill(store)
    store.close()
    path = Path(url.removeprefix("sqlite:///"))
    with sqlite3.connect(path) as connection:
        (page,) = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = 'ix_entries_article_id'").fetchone()
    connection.close()
    content = bytearray(path.read_bytes())
    content[(page - 1) * 4096 + 4090 : page * 4096] = b"\xff" * 6
    path.write_bytes(content)
    assert "malformed" in told(url) or "wrong" in told(url)


def told(url: str) -> str:
    """Give what a check says, also where the file is too damaged to be read on."""
    try:
        return "; ".join(finding.state for finding in check_database(url))
    except StoreError as error:
        return str(error)

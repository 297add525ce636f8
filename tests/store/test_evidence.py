"""Any change to what was kept of a match is found, and a bundle proves itself without the program."""

import sqlite3
import subprocess
import sys
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from aggregator.bundle import write_bundle
from aggregator.errors import UsageError
from aggregator.ports import Store
from aggregator.records import Response
from aggregator.store import SqlStore, open_store
from aggregator.store.evidence import _SERVED, verify
from aggregator.store.retention import prune
from tests.store.samples import FEED, HOUR, NOW, intake, joined, matched, opened, poll, unmatched

LONG = "노동자 2,000명이 단둥을 떠났다. " * 40
BODY = b"<rss>" + LONG.encode() + b"</rss>"
HEADERS = {"etag": '"1"', "content-type": "text/xml"}
ANSWER = Response(url="https://dailynk.example/feed", status=200, headers=HEADERS, body=BODY, fetched_at=NOW)
OTHER = replace(ANSWER, body=b"<rss>nothing</rss>")


def fill(store: Store) -> int:
    """Store two polls with answers: the first brings two members of one story and a miss, the second only a miss."""
    store.record_polls([poll(intake("one"), intake("miss"), intake("two"), response=ANSWER), poll(intake("other"), response=OTHER)])
    first, miss, second, other = store.unjudged(10)
    story = store.record_judged(matched(first, opened(), text=LONG))
    assert story
    store.record_judged(unmatched(miss))
    store.record_judged(matched(second, joined(story), text=f"{LONG} <script>"))
    store.record_judged(unmatched(other))
    return story


def damage(store: SqlStore, statement: str) -> None:
    with store._database.write() as connection:
        connection.exec_driver_sql(statement)


def test_what_is_untouched_verifies(store: Store, url: str) -> None:
    fill(store)
    found = verify(url)
    assert (found.links, found.faults) == (2, ())
    assert verify(url).head == found.head


@pytest.mark.parametrize(
    ("statement", "fault"),
    [
        ("UPDATE evidence SET kept = kept || '.' WHERE number = 1", "link 1 (revision 1): the kept text was changed"),
        ("UPDATE evidence SET content = replace(content, 'Workers one', 'Workers two')", "link 1 (revision 1): its content was changed"),
        ("UPDATE evidence SET hash = previous WHERE number = 1", "link 1 (revision 1): its content was changed"),
        ("DELETE FROM evidence WHERE number = 1", "link 2 (revision 3): the link before is missing"),
        ("DELETE FROM evidence WHERE number = 2", "the chain ends with link 1, but 2 were sealed: links were taken from its end"),
        ("UPDATE revisions SET entry = replace(entry, '2,000', '3,000') WHERE seq = 3", "link 2 (revision 3): the entry was changed"),
        ("UPDATE responses SET body_sha256 = 'x'", "link 1 (revision 1): what is told of the response was changed"),
        ("UPDATE responses SET headers = '{}'", "link 2 (revision 3): what is told of the response was changed"),
        ("UPDATE responses SET body = NULL", "link 1 (revision 1): the body of the response was changed"),
        ("UPDATE articles SET article_key = 'https://elsewhere.example/' || id", "link 1 (revision 1): it belongs to another article"),
    ],
)
def test_each_change_is_named(sql_store: SqlStore, store: Store, url: str, statement: str, fault: str) -> None:
    fill(store)
    damage(sql_store, statement)
    faults = verify(url).faults
    assert fault in faults


def steps_to_find_the_answer(store: SqlStore) -> int:
    """Count the hundreds of steps that SQLite takes to look for the answer that brought the first revision."""
    taken = 0

    def count() -> None:
        nonlocal taken
        taken += 1

    with store._database.read() as connection:
        driver = connection.connection.driver_connection
        assert isinstance(driver, sqlite3.Connection)
        driver.set_progress_handler(count, 100)
        assert connection.execute(_SERVED, {"seqs": [1]}).mappings().one()["id"] is None
        driver.set_progress_handler(None, 0)
    return taken


def test_what_came_without_an_answer_is_not_sought_in_all_later_ones(sqlite_store: SqlStore) -> None:
    sqlite_store.sync_feeds([FEED], NOW)
    sqlite_store.record_polls([poll(intake("brought")), *(poll(intake(f"{number}"), response=OTHER) for number in range(5))])
    few = steps_to_find_the_answer(sqlite_store)
    sqlite_store.record_polls([poll(intake(f"more {number}"), response=OTHER) for number in range(400)])
    assert steps_to_find_the_answer(sqlite_store) <= few + 2


def test_a_flipped_byte_of_a_stored_response_is_found(store: Store, url: str, engine_name: str) -> None:
    fill(store)
    store.close()
    if engine_name == "postgresql":
        other = open_store(url)
        damage(other, "UPDATE responses SET body = set_byte(body, 20, get_byte(body, 20) # 1)")
        other.close()
    else:
        path = Path(url.removeprefix("sqlite:///"))
        with sqlite3.connect(path) as connection:
            (body,) = connection.execute("SELECT body FROM responses WHERE id = 1").fetchone()
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.close()
        content = bytearray(path.read_bytes())
        content[content.index(body[:40]) + 20] ^= 1
        path.write_bytes(content)
    assert "link 1 (revision 1): the body of the response was changed" in verify(url).faults


def test_answers_without_a_match_are_forgotten_once_judged(sql_store: SqlStore, store: Store, url: str) -> None:
    store.record_polls([poll(intake("waits"), response=ANSWER)])
    assert prune(url, NOW - HOUR, NOW - HOUR).responses == 0
    (waiting,) = store.unjudged(10)
    store.record_judged(unmatched(waiting))
    fill(store)
    assert prune(url, NOW - HOUR, NOW - HOUR).responses == 2
    assert verify(url).faults == ()


def test_a_poll_that_brings_nothing_new_keeps_no_answer(store: Store, url: str) -> None:
    store.record_polls([poll(intake("one"), response=ANSWER)])
    store.record_polls([poll(intake("one"), response=ANSWER)])
    (waiting,) = store.unjudged(10)
    store.record_judged(unmatched(waiting))
    assert prune(url, NOW - HOUR, NOW - HOUR).responses == 1


def test_excerpts_keep_no_whole_text_and_verify_all_the_same(url: str, store: Store) -> None:
    careful = open_store(url, "excerpts")
    story = fill(careful)
    with careful._database.read() as connection:
        kept = connection.exec_driver_sql("SELECT max(length(kept)) FROM evidence").scalar_one()
        bodies = connection.exec_driver_sql("SELECT count(body) FROM responses").scalar_one()
    careful.close()
    assert (kept, bodies) == (300, 0)
    assert verify(url).faults == ()
    assert story


def unpack(url: str, story: int, folder: Path) -> Path:
    write_bundle(url, story, folder / "story.zip")
    with zipfile.ZipFile(folder / "story.zip") as archive:
        archive.extractall(folder / "bundle")
    return folder / "bundle"


def check(bundle: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-I", "verify.py"], cwd=bundle, capture_output=True, text=True, check=False, timeout=30)


def test_a_bundle_opens_and_proves_itself_without_the_program(store: Store, url: str, tmp_path: Path) -> None:
    bundle = unpack(url, fill(store), tmp_path)
    done = check(bundle)
    assert (done.returncode, done.stdout) == (0, f"2 links are as they were sealed; head {verify(url).head}\n")
    page = (bundle / "index.html").read_text(encoding="utf-8")
    assert "노동자" in page
    assert "<script>" not in page
    assert [path.read_bytes() for path in (bundle / "responses").iterdir()] == [BODY]


@pytest.mark.parametrize("name", ["texts/1.txt", "entries/2.json", "evidence.json", "responses"])
def test_a_changed_file_in_a_bundle_is_found_by_its_own_script(store: Store, url: str, name: str, tmp_path: Path) -> None:
    bundle = unpack(url, fill(store), tmp_path)
    path = next((bundle / name).iterdir()) if name == "responses" else bundle / name
    path.write_bytes(path.read_bytes().replace(b"Workers one", b"Workers two").replace(b"2,000", b"3,000"))
    assert "was changed" in check(bundle).stdout


def test_a_story_that_is_not_there_has_no_bundle(store: Store, url: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="story 7"):
        write_bundle(url, 7, tmp_path / "story.zip")
    assert not (tmp_path / "story.zip").exists()


def test_one_revision_is_sealed_once(store: Store, url: str) -> None:
    store.record_polls([poll(intake("one"), response=ANSWER)])
    (revision,) = store.unjudged(10)
    store.record_judged(matched(revision, opened()))
    store.record_judged(matched(replace(revision), opened()))
    assert verify(url).links == 1

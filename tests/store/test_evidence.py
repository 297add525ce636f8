"""Any change to what was kept of a match is found."""

import json
import sqlite3
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import pytest
from sqlalchemy import select, update

from aggregator.ports import Store
from aggregator.records import Response
from aggregator.store import SqlStore, open_store
from aggregator.store.evidence import _SERVED
from aggregator.store.links import FIRST, spelled
from aggregator.store.retention import prune
from aggregator.store.tables import evidence
from aggregator.store.verifying import verify
from tests.store.samples import FEED, HOUR, NOW, entry, intake, joined, matched, opened, poll, take_in, unmatched
from tests.store.unpacking import check, unpack

LONG = "노동자 2,000명이 단둥을 떠났다. " * 40
BODY = b"<rss>" + LONG.encode() + b"</rss>"
HEADERS = {"etag": '"1"', "content-type": "text/xml"}
ANSWER = Response(url="https://dailynk.example/feed", status=200, headers=HEADERS, body=BODY, fetched_at=NOW)
FORGED = "UPDATE articles SET text = 'forged', title = 'forged'"
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
        (FORGED, "link 1 (revision 1): the text that the article shows was changed"),
        (FORGED, "link 2 (revision 3): the title or the feed that the article shows was changed"),
        ("UPDATE articles SET feed_id = 'yonhap'", "link 1 (revision 1): the title or the feed that the article shows was changed"),
        ("UPDATE articles SET text = 'forged', current_seq = 2 WHERE id = 1", "article 1 shows a text that is sealed nowhere"),
        ("UPDATE articles SET text = 'forged', current_seq = NULL WHERE id = 1", "article 1 shows a text that is sealed nowhere"),
        ("UPDATE articles SET first_seen_at = told_at_earlier", "link 1 (revision 1): article_first_seen_at was changed"),
        ("UPDATE entries SET first_seen_at = told_at_earlier", "link 2 (revision 3): entry_first_seen_at was changed"),
        ("UPDATE entries SET identity = identity || '.'", "link 1 (revision 1): identity was changed"),
        ("UPDATE entries SET raw_hash = 'x'", "link 1 (revision 1): the entry's hash is that of none of its revisions"),
        ("UPDATE revisions SET raw_hash = 'x'", "link 1 (revision 1): raw_hash was changed"),
        ("UPDATE revisions SET observed_at = told_at_earlier", "link 1 (revision 1): the time of the revision was changed"),
        ("UPDATE revisions SET title = 'x'", "link 1 (revision 1): the revision's title or address was changed"),
        ("UPDATE responses SET feed_id = 'yonhap'", "link 1 (revision 1): what is told of the response was changed"),
        ("UPDATE responses SET first_seq = 0", "link 1 (revision 1): what is told of the response was changed"),
        ("UPDATE responses SET last_seq = 9", "link 1 (revision 1): what is told of the response was changed"),
        ("UPDATE responses SET headers = '{'", "link 1 (revision 1): a row that belongs to it cannot be read"),
        ("UPDATE counters SET value = 3 WHERE name = 'sealed_after'", "link 1 (revision 1): sealed_after was changed"),
        ("DELETE FROM counters WHERE name = 'sealed_after'", "the number after which everything that matches is sealed was deleted"),
        ("DELETE FROM counters WHERE name = 'evidence'", "the chain ends with link 2, but the count of links was deleted"),
        ("UPDATE articles SET article_key = 'https://elsewhere.example/' || id", "link 1 (revision 1): it belongs to another article"),
    ],
)
def test_each_change_is_named(sql_store: SqlStore, store: Store, url: str, statement: str, fault: str) -> None:
    fill(store)
    damage(sql_store, statement.replace("told_at_earlier", "'2020-01-01 00:00:00.000000'"))
    faults = verify(url).faults
    assert any(said.startswith(fault) for said in faults)


def test_a_chain_that_was_taken_whole_with_its_count_is_missed(sql_store: SqlStore, store: Store, url: str) -> None:
    fill(store)
    damage(sql_store, "DELETE FROM evidence")
    damage(sql_store, "DELETE FROM counters WHERE name = 'evidence'")
    said = verify(url).faults
    assert said[0] == "the chain ends with link 0, but the count of links was deleted"
    assert [fault.split(":")[0] for fault in said[1:]] == [f"revision {seq} matched and has no link" for seq in (1, 3)]


def test_what_was_taken_from_the_end_is_still_missed_when_the_chain_goes_on(sql_store: SqlStore, store: Store, url: str) -> None:
    fill(store)
    damage(sql_store, "DELETE FROM evidence WHERE number = 2")
    (late,) = take_in(store, intake("late"))
    store.record_judged(matched(late, opened()))
    assert "the chain ends with link 2, but 3 were sealed: links were taken from its end" in verify(url).faults


@pytest.mark.parametrize(("column", "value"), [("fetched_at", "2026-03-01 08:00:0x.000000"), ("url", b"\xff")])
def test_a_damaged_row_is_named_and_the_next_one_is_read(store: Store, url: str, engine_name: str, column: str, value: object) -> None:
    if engine_name == "postgresql":
        pytest.skip("PostgreSQL refuses such a value by itself")
    fill(store)
    store.close()
    with sqlite3.connect(url.removeprefix("sqlite:///")) as connection:
        connection.execute(f"UPDATE responses SET {column} = CAST(? AS TEXT) WHERE id = 1", (value,))
    connection.close()
    assert [fault.split(":")[0] for fault in verify(url).faults] == ["link 1 (revision 1)", "link 2 (revision 3)"]


def test_a_later_text_takes_the_place_of_a_sealed_one(store: Store, url: str) -> None:
    story = fill(store)
    (later,) = take_in(store, intake("one", raw_hash="h2", served=entry("one", title="Workers one, corrected")))
    store.record_judged(replace(matched(later, joined(story), text="corrected"), replaces=True))
    (miss,) = take_in(store, intake("one", raw_hash="h3"))
    store.record_judged(unmatched(miss))
    assert (verify(url).links, verify(url).faults) == (3, ())


def test_a_head_that_was_noted_is_known_when_the_chain_has_grown(store: Store, url: str) -> None:
    fill(store)
    noted = verify(url).head
    (late,) = take_in(store, intake("late"))
    store.record_judged(matched(late, opened()))
    assert (verify(url, noted).noted, verify(url, "0" * 63 + "1").noted) == (2, None)


def test_links_of_the_first_version_stay_valid(sql_store: SqlStore, store: Store, url: str, tmp_path: Path) -> None:
    story = fill(store)
    head = first_version(sql_store)
    assert (verify(url).head, verify(url).faults) == (head, ())
    assert check(unpack(url, story, tmp_path)).returncode == 0
    damage(sql_store, FORGED)
    assert len(verify(url).faults) == 4


def first_version(store: SqlStore) -> str:
    """Write the chain as links of the first version stand, and give its head."""
    late = {"version", "mode", "excerpt_sha256", "reduced_sha256", "entry_id", "identity", "raw_hash", "entry_first_seen_at"}
    late |= {"article_id", "article_first_seen_at", "sealed_after"}
    previous = FIRST
    with store._database.write() as connection:
        for number, content in connection.execute(select(evidence.c.number, evidence.c.content).order_by(evidence.c.number)).all():
            said = {name: value for name, value in json.loads(content).items() if name not in late}
            said["response"] = {name: said["response"][name] for name in ("url", "status", "headers", "body_sha256", "fetched_at")}
            old = spelled(said)
            own = sha256(f"{previous}\n{old}".encode()).hexdigest()
            mine = update(evidence).where(evidence.c.number == number)
            connection.execute(mine.values(content=old, previous=previous, hash=own))
            previous = own
    return previous


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


def test_one_revision_is_sealed_once(store: Store, url: str) -> None:
    store.record_polls([poll(intake("one"), response=ANSWER)])
    (revision,) = store.unjudged(10)
    store.record_judged(matched(revision, opened()))
    store.record_judged(matched(replace(revision), opened()))
    assert verify(url).links == 1

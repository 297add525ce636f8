"""What matched stays for ever, whatever rules say later; what is forgotten under load, and by a killed process, breaks no proof."""

import os
import signal
import threading
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import Engine, event, select

from aggregator.core.outcomes import HELD
from aggregator.models import Reason
from aggregator.ports import Store
from aggregator.store import SqlStore
from aggregator.store.retention import prune
from aggregator.store.soundness import check_database
from aggregator.store.tables import revisions
from aggregator.store.verifying import verify
from tests.deliver.killing import fork, killed
from tests.store.samples import NOW, intake, matched, opened, poll, take_in, unmatched
from tests.store.test_evidence import ANSWER, fill

LATER = NOW + timedelta(days=1)


def unsound(url: str) -> list[str]:
    return [finding.what for finding in check_database(url) if not finding.ok] + list(verify(url).faults)


def test_what_matches_by_later_rules_is_sealed_once(store: Store, url: str) -> None:
    fill(store)
    (revision,) = take_in(store, intake("late"))
    store.record_judged(unmatched(revision))
    for _ in range(2):
        store.record_rejudged(matched(revision, opened()))
    assert (verify(url).links, unsound(url)) == (3, [])


def test_what_matched_by_rules_of_before_is_not_forgotten(sql_store: SqlStore, store: Store, url: str) -> None:
    (revision,) = take_in(store, intake("one of a flood"))
    store.record_judged(replace(matched(revision, opened()), placement=None, outcome=Reason(code=HELD, detail="flood")))
    store.record_rejudged(unmatched(revision))
    assert prune(url, LATER, LATER).entries == 0
    with sql_store._database.read() as connection:
        (entry,) = connection.execute(select(revisions.c.entry)).scalars()
    assert (entry.content, unsound(url)) == (revision.entry.content, [])


def forget_and_die(url: str, step: int) -> bool:
    """Forget in a process of its own that is killed after so many statements; tell whether it was."""
    taken = 0

    def count(*_: object) -> None:
        nonlocal taken
        taken += 1
        if taken == step:
            os.kill(os.getpid(), signal.SIGKILL)

    def work() -> None:
        event.listen(Engine, "after_cursor_execute", count)
        prune(url, LATER, LATER)

    return killed(fork(work))


def many_misses(store: Store, name: str, number: int) -> None:
    store.record_polls([poll(*(intake(f"{name}{each}") for each in range(number)), response=ANSWER)])
    for waiting in store.unjudged(number):
        store.record_judged(unmatched(waiting))


def test_a_killed_process_that_forgot_leaves_whole_proofs_and_the_next_one_goes_on(store: Store, url: str) -> None:
    fill(store)
    many_misses(store, "none", 20)
    outcomes, deaths = store.outcomes(), 0
    store.close()
    for step in range(4, 60, 9):
        deaths += forget_and_die(url, step)
        assert unsound(url) == []
    assert deaths > 1
    prune(url, LATER, LATER)
    assert (prune(url, LATER, LATER).entries, unsound(url)) == (0, [])
    assert store.outcomes() == outcomes


def test_forgetting_beside_polling_and_judging_touches_nothing_that_waits_or_matched(store: Store, another: Store, url: str) -> None:
    links, stop = 0, threading.Event()

    def load() -> None:
        nonlocal links
        while not stop.is_set():
            many_misses(another, f"none {links}-", 3)
            (revision,) = take_in(another, intake(f"matched {links}"))
            another.record_judged(matched(revision, opened()))
            links += 1

    writer = threading.Thread(target=load)
    writer.start()
    try:
        forgotten = sum(prune(url, LATER, LATER).entries for _ in range(6))
    finally:
        stop.set()
        writer.join()
    forgotten += prune(url, LATER, LATER).entries
    assert (forgotten, verify(url).links, unsound(url)) == (3 * links, links, [])


@pytest.mark.parametrize(
    ("statements", "fault"),
    [
        (("UPDATE evidence SET seq = 100 - seq WHERE number = 1",), "the link before is missing"),
        (
            (
                "UPDATE evidence SET number = 9 WHERE number = 1",
                "UPDATE evidence SET number = 1 WHERE number = 2",
                "UPDATE evidence SET number = 2 WHERE number = 9",
            ),
            "the hash before is another one",
        ),
        (
            ("DELETE FROM evidence WHERE number = 2", "UPDATE counters SET value = 1 WHERE name = 'evidence'"),
            "revision 3 matched and has no link",
        ),
        (("DELETE FROM evidence", "UPDATE counters SET value = 0 WHERE name = 'evidence'"), "links were taken"),
    ],
)
def test_rows_that_were_swapped_or_cut_off_are_found(
    sql_store: SqlStore, store: Store, url: str, statements: tuple[str, ...], fault: str
) -> None:
    fill(store)
    with sql_store._database.engine.connect() as connection:
        if connection.dialect.name == "sqlite":
            connection.exec_driver_sql("COMMIT")
            connection.exec_driver_sql("PRAGMA foreign_keys=OFF")
            connection.exec_driver_sql("BEGIN")
        elif "seq" in statements[0] and statements[0].startswith("UPDATE evidence SET seq"):
            pytest.skip("PostgreSQL keeps its foreign keys")
        for statement in statements:
            connection.exec_driver_sql(statement)
        connection.commit()
    assert any(fault in said for said in verify(url).faults)

import asyncio
import signal
import subprocess
import sys
import threading

import pytest

from aggregator.errors import StoreError
from aggregator.ports import Store
from tests.store.samples import ADDRESSES, HOUR, NOW, digest, intake, item, joined, matched, open_story, poll, take_in, unmatched


def test_an_exception_undoes_everything_inside(store: Store) -> None:
    def fail_late() -> None:
        with store.transaction():
            store.record_polls([poll(intake())])
            assert len(store.unjudged(10)) == 1
            raise RuntimeError("stopped")

    with pytest.raises(RuntimeError, match="stopped"):
        fail_late()
    assert store.unjudged(10) == []
    assert store.polls() == []
    assert [revision.seq for revision in take_in(store, intake())] == [1]


def test_calls_inside_are_kept_together(store: Store, another: Store) -> None:
    with store.transaction():
        story_id = open_story(store)
        with store.transaction():
            store.record_digest(digest(item(story_id)), ADDRESSES, NOW, NOW)
        assert another.overview().revisions == 0
    assert another.overview().deliveries_by_status == {"pending": 2}


def test_a_refused_call_undoes_its_own_part_only(store: Store) -> None:
    with store.transaction():
        (revision,) = take_in(store, intake())
        with pytest.raises(StoreError, match="refused"):
            store.record_digest(digest(item(99_999)), ADDRESSES, NOW, NOW)
        store.record_judged(unmatched(revision))
    assert store.judged_through() == 1
    assert store.digests() == []
    state = store.subscription_state("desk")
    assert state is not None
    assert state.after_seq == 0


def test_a_transaction_belongs_to_its_thread(store: Store) -> None:
    seen: list[int] = []
    with store.transaction():
        store.record_polls([poll(intake())])
        reader = threading.Thread(target=lambda: seen.append(store.overview().revisions))
        reader.start()
        reader.join()
        assert store.overview().revisions == 1
    assert seen == [0]


async def test_worker_threads_write_side_by_side(store: Store) -> None:
    writes = [asyncio.to_thread(store.record_polls, [poll(intake(str(number)))]) for number in range(16)]
    await asyncio.gather(*writes)
    assert [revision.seq for revision in store.unjudged(100)] == list(range(1, 17))


def test_a_reader_is_not_held_up_by_a_writer(store: Store, another: Store) -> None:
    with store.transaction():
        store.record_polls([poll(intake())])
        assert another.feed_health()[0].status == "never"


_DYING = """
import sys
from aggregator.store import open_store
from tests.store.samples import *
store = open_store(sys.argv[1])
with store.transaction():
    open_story(store)
    store.record_digest(digest(through_seq=1), ADDRESSES, NOW, NOW)
    print("written", flush=True)
    sys.stdin.read()
"""


def test_a_killed_process_leaves_nothing_half_done(store: Store, url: str) -> None:
    process = subprocess.Popen([sys.executable, "-c", _DYING, url], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    with process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"written\n"
        process.send_signal(signal.SIGKILL)
    assert store.overview().revisions == 0
    assert store.digests() == []
    assert store.deliveries() == []
    state = store.subscription_state("desk")
    assert state is not None
    assert state.after_seq == 0
    assert open_story(store) > 0
    assert [outcome.seq for outcome in store.outcomes()] == [1]
    assert store.due_subscriptions(NOW + HOUR) != []


def test_nobody_moves_articles_while_they_are_to_stand_still(store: Store, another: Store) -> None:
    story = open_story(store)
    (late,) = take_in(store, intake("late"))
    store.record_judged(matched(late, joined(story)))
    parting = threading.Thread(target=another.split_story, args=(story, [2], NOW))
    with store.standing_still():
        parting.start()
        parting.join(0.2)
        assert len(store.story_record(story).members) == 2
    parting.join()
    assert len(store.story_record(story).members) == 1

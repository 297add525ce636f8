import threading
from dataclasses import replace
from datetime import timedelta

import pytest

from aggregator.errors import StoreError
from aggregator.ports import Store
from aggregator.records import Address
from tests.store.samples import ADDRESSES, HOUR, NOW, digest, item, open_story

TOMORROW = NOW + 24 * HOUR


def test_a_digest_comes_back_as_it_was_decided(store: Store) -> None:
    told = digest(item(open_story(store)))
    digest_id = store.record_digest(told, ADDRESSES, TOMORROW, NOW)
    assert digest_id is not None
    assert store.digest(digest_id) == told
    assert store.digests() == [(digest_id, told)]
    assert store.digest(digest_id + 1) is None


def test_a_digest_advances_its_subscription(store: Store) -> None:
    store.record_digest(digest(through_seq=4), ADDRESSES, TOMORROW, NOW)
    state = store.subscription_state("desk")
    assert state is not None
    assert (state.after_seq, state.next_due_at, state.last_digest_at) == (4, TOMORROW, NOW)


def test_each_address_gets_one_delivery_with_its_own_key(store: Store) -> None:
    store.record_digest(digest(), (*ADDRESSES, ADDRESSES[0]), TOMORROW, NOW)
    rows = store.deliveries()
    assert {(row.delivery.channel, row.delivery.recipient) for row in rows} == {
        ("email", "desk@example.org"),
        ("slack", "env:SLACK"),
    }
    assert len({row.delivery.key for row in rows}) == len(rows) == 2
    assert {(row.status, row.due_at, row.delivery.subscription, row.delivery.attempts) for row in rows} == {("pending", NOW, "desk", 0)}


def test_a_window_decided_elsewhere_is_not_decided_again(store: Store, another: Store) -> None:
    told = digest(item(open_story(store)))
    assert store.record_digest(told, ADDRESSES, TOMORROW, NOW) is not None
    assert another.record_digest(told, ADDRESSES, TOMORROW, NOW) is None
    assert len(store.digests()) == 1
    assert len(store.deliveries()) == 2


def test_of_many_that_decide_one_window_at_once_one_wins(store: Store, another: Store) -> None:
    told, start = digest(item(open_story(store))), threading.Barrier(4)
    results: list[int | None] = []

    def decide(side: Store) -> None:
        start.wait()
        results.append(side.record_digest(told, ADDRESSES, TOMORROW, NOW))

    deciders = [threading.Thread(target=decide, args=(side,)) for side in (store, another, store, another)]
    for decider in deciders:
        decider.start()
    for decider in deciders:
        decider.join()
    assert sorted(result is not None for result in results) == [False, False, False, True]
    assert len(store.deliveries()) == 2


def test_an_empty_window_is_decided_once_though_it_moves_nothing(store: Store, another: Store) -> None:
    empty = replace(digest(after_seq=0, through_seq=0), since=None)
    assert store.record_digest(empty, ADDRESSES, TOMORROW, NOW) is not None
    assert another.record_digest(empty, ADDRESSES, TOMORROW, NOW + timedelta(seconds=1)) is None
    assert store.record_digest(replace(empty, since=NOW), ADDRESSES, TOMORROW, NOW + HOUR) is not None
    assert store.record_digest(empty, ADDRESSES, TOMORROW, TOMORROW) is not None


def test_no_version_of_a_story_is_told_twice_by_any_path(store: Store) -> None:
    told = item(open_story(store))
    store.record_digest(digest(told), ADDRESSES, TOMORROW, NOW)
    with pytest.raises(StoreError, match="refused"):
        store.record_digest(digest(told, after_seq=1, through_seq=2), ADDRESSES, TOMORROW, NOW)
    state = store.subscription_state("desk")
    assert state is not None
    assert state.after_seq == 1
    assert len(store.digests()) == 1
    assert store.record_digest(digest(replace(told, version=2), after_seq=1, through_seq=2), ADDRESSES, TOMORROW, NOW) is not None


def test_a_digest_of_a_story_that_is_not_stored_leaves_nothing(store: Store) -> None:
    with pytest.raises(StoreError, match="refused"):
        store.record_digest(digest(item(99_999)), ADDRESSES, TOMORROW, NOW)
    assert store.digests() == []
    assert store.deliveries() == []


def test_an_undeclared_subscription_gets_no_digest(store: Store) -> None:
    assert store.record_digest(replace(digest(), subscription="nobody"), ADDRESSES, TOMORROW, NOW) is None


def test_digests_come_newest_first_and_by_subscription(store: Store) -> None:
    for number in range(3):
        store.record_digest(digest(after_seq=number, through_seq=number + 1), (), TOMORROW, NOW)
    assert [told.through_seq for _, told in store.digests("desk", limit=2)] == [3, 2]
    assert store.digests("nobody") == []


def test_a_database_made_anew_does_not_repeat_keys(store: Store) -> None:
    first = digest(after_seq=0, through_seq=1)
    second = replace(first, after_seq=1, through_seq=2, decided_at=NOW + HOUR)
    keys = set()
    for told in (first, second):
        store.record_digest(told, (Address(channel="email", recipient="a@example.org"),), TOMORROW, NOW)
    keys = {row.delivery.key.partition("-")[2] for row in store.deliveries()}
    assert len(keys) == 2

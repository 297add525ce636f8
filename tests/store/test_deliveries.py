import threading
from datetime import timedelta

import pytest

from aggregator.core.timing import SHARED_ATTEMPTS
from aggregator.models import Receipt
from aggregator.ports import Store
from aggregator.records import Address, ClaimedDelivery
from tests.store.samples import HOUR, NOW, digest

LEASE = timedelta(minutes=5)
DONE = Receipt(detail="250 queued as 7")


@pytest.fixture
def outbox(store: Store) -> Store:
    """Give a store with three deliveries that are due."""
    addresses = [Address(channel="email", recipient=f"{name}@example.org") for name in "abc"]
    store.record_digest(digest(), addresses, None, NOW)
    return store


def claim(store: Store, minutes: int = 0) -> ClaimedDelivery:
    claimed = store.claim_delivery(NOW + timedelta(minutes=minutes), LEASE)
    assert claimed is not None
    return claimed


def statuses(store: Store) -> dict[str, str]:
    return {row.delivery.recipient[0]: row.status for row in store.deliveries()}


def test_a_claim_carries_the_frozen_digest_and_counts_the_attempt(outbox: Store) -> None:
    claimed = claim(outbox)
    assert claimed.digest == digest()
    assert (claimed.delivery.recipient, claimed.delivery.attempts, claimed.delivery.subscription) == ("a@example.org", 1, "desk")
    assert statuses(outbox) == {"a": "sending", "b": "pending", "c": "pending"}


def test_each_delivery_is_claimed_once(outbox: Store) -> None:
    assert [claim(outbox).delivery.recipient[0] for _ in range(3)] == ["a", "b", "c"]
    assert outbox.claim_delivery(NOW, LEASE) is None


def test_nothing_is_due_before_its_date(outbox: Store) -> None:
    assert outbox.claim_delivery(NOW - timedelta(seconds=1), LEASE) is None


def test_a_sent_delivery_keeps_its_receipt_and_is_never_due_again(outbox: Store) -> None:
    claimed = claim(outbox)
    assert outbox.record_sent(claimed, DONE, NOW + LEASE)
    (row,) = [row for row in outbox.deliveries() if row.delivery.id == claimed.delivery.id]
    assert (row.status, row.sent_at, row.detail, row.due_at) == ("sent", NOW + LEASE, "250 queued as 7", None)
    assert not outbox.record_sent(claimed, DONE, NOW)
    assert {claim(outbox, minutes=600).delivery.recipient for _ in range(2)} == {"b@example.org", "c@example.org"}
    assert outbox.claim_delivery(NOW + 10 * HOUR, LEASE) is None


def test_a_failed_delivery_comes_back_at_its_date_behind_those_due_longer(outbox: Store) -> None:
    failed = claim(outbox)
    assert outbox.record_not_sent(failed, "421 try later", NOW + HOUR, NOW)
    (row,) = [row for row in outbox.deliveries() if row.delivery.id == failed.delivery.id]
    assert (row.status, row.due_at, row.detail) == ("retry", NOW + HOUR, "421 try later")
    assert [claim(outbox, minutes=60).delivery.recipient[0] for _ in range(3)] == ["b", "c", "a"]


def test_a_retry_keeps_the_key_and_counts_on(outbox: Store) -> None:
    first = claim(outbox)
    outbox.record_not_sent(first, "421", NOW, NOW)
    again = next(claimed for claimed in (claim(outbox), claim(outbox), claim(outbox)) if claimed.delivery.id == first.delivery.id)
    assert (again.delivery.key, again.delivery.attempts) == (first.delivery.key, 2)
    assert again.token != first.token


def test_a_given_up_delivery_is_dead(outbox: Store) -> None:
    claimed = claim(outbox)
    assert outbox.record_not_sent(claimed, "550 no such user", None, NOW)
    assert statuses(outbox)["a"] == "dead"
    assert [claim(outbox, minutes=600).delivery.recipient[0] for _ in range(2)] == ["b", "c"]


def test_an_ended_lease_can_be_claimed_and_the_old_token_is_worthless(outbox: Store) -> None:
    lost = claim(outbox)
    taken = claim(outbox, minutes=5)
    assert taken.delivery.id == lost.delivery.id
    assert not outbox.record_sent(lost, DONE, NOW)
    assert not outbox.record_not_sent(lost, "late", None, NOW)
    assert outbox.record_sent(taken, DONE, NOW)


def test_whoever_still_holds_the_token_may_report_after_the_lease(outbox: Store) -> None:
    slow = claim(outbox)
    assert outbox.record_sent(slow, DONE, NOW + HOUR)


def test_released_leases_are_due_as_before(outbox: Store) -> None:
    lost = claim(outbox)
    outbox.release_leases()
    assert statuses(outbox)["a"] == "retry"
    assert claim(outbox).delivery.id == lost.delivery.id
    assert not outbox.record_sent(lost, DONE, NOW)


def test_many_are_claimed_and_settled_together_each_for_itself(outbox: Store) -> None:
    first, second, third = outbox.claim_deliveries(NOW, LEASE, 10)
    assert [claimed.delivery.recipient[0] for claimed in (first, second, third)] == ["a", "b", "c"]
    outbox.release_leases()
    again = claim(outbox)
    assert outbox.record_all_sent([(again, DONE), (second, DONE)], NOW) == [True, False]
    assert statuses(outbox) == {"a": "sent", "b": "retry", "c": "retry"}


def test_a_claim_given_back_is_as_if_it_had_never_been(outbox: Store) -> None:
    unused = outbox.claim_deliveries(NOW, LEASE, 2)
    outbox.give_back(unused)
    assert statuses(outbox) == {"a": "pending", "b": "pending", "c": "pending"}
    assert claim(outbox).delivery.attempts == 1


def test_a_claim_that_another_took_over_cannot_be_given_back(outbox: Store) -> None:
    lost = claim(outbox)
    claim(outbox, minutes=5)
    outbox.give_back([lost])
    assert statuses(outbox)["a"] == "sending"


def test_what_broke_off_again_and_again_is_claimed_alone(outbox: Store) -> None:
    for _ in range(SHARED_ATTEMPTS):
        outbox.record_not_sent(claim(outbox), "421", NOW - HOUR, NOW)
    alone = outbox.claim_deliveries(NOW, LEASE, 10)
    together = outbox.claim_deliveries(NOW, LEASE, 10)
    assert [[claimed.delivery.recipient[0] for claimed in claims] for claims in (alone, together)] == [["a"], ["b", "c"]]


def test_rows_can_be_asked_for_by_digest(outbox: Store) -> None:
    assert outbox.deliveries(digest_id=99_999) == []
    assert len(outbox.deliveries(limit=2)) == 2


def test_two_workers_never_claim_the_same_row(store: Store, another: Store) -> None:
    addresses = [Address(channel="email", recipient=f"{number}@example.org") for number in range(24)]
    store.record_digest(digest(), addresses, None, NOW)
    start, claimed = threading.Barrier(4), list[int]()

    def work(side: Store) -> None:
        start.wait()
        while delivery := side.claim_delivery(NOW, LEASE):
            claimed.append(delivery.delivery.id)

    workers = [threading.Thread(target=work, args=(side,)) for side in (store, another, store, another)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert len(claimed) == len(set(claimed))
    assert len(claimed) == 24

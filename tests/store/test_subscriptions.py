from dataclasses import replace
from datetime import timedelta

from aggregator.models import Schedule
from aggregator.ports import Store
from aggregator.records import SubscriptionState
from tests.store.samples import HOUR, NOW, SUBSCRIPTION, intake, poll, take_in, unmatched

INSTANT = replace(SUBSCRIPTION, id="alerts", schedule=Schedule(every="immediate"))


def due(store: Store, hours: int = 0) -> list[str]:
    return [state.subscription for state in store.due_subscriptions(NOW + hours * HOUR)]


def test_a_new_subscription_starts_after_what_is_stored(store: Store) -> None:
    store.record_polls([poll(intake("one"), intake("two"))])
    store.sync_subscriptions([INSTANT], {}, NOW)
    state = store.subscription_state("alerts")
    assert state == SubscriptionState(subscription="alerts", after_seq=2, next_due_at=None)


def test_an_unknown_subscription_has_no_state(store: Store) -> None:
    assert store.subscription_state("nobody") is None


def test_a_missed_due_date_survives_a_restart(store: Store) -> None:
    store.sync_subscriptions([SUBSCRIPTION], {"desk": NOW + 24 * HOUR}, NOW + HOUR)
    state = store.subscription_state("desk")
    assert state is not None
    assert state.next_due_at == NOW


def test_a_changed_schedule_takes_the_new_date(store: Store) -> None:
    weekly = replace(SUBSCRIPTION, schedule=replace(SUBSCRIPTION.schedule, every="week"))
    store.sync_subscriptions([weekly], {"desk": NOW + 24 * HOUR}, NOW)
    assert due(store) == []
    assert due(store, hours=24) == ["desk"]


def test_a_removed_subscription_is_not_due_and_goes_on_where_it_stood(store: Store) -> None:
    store.sync_subscriptions([], {}, NOW)
    assert due(store, hours=99) == []
    store.record_polls([poll(intake())])
    store.sync_subscriptions([SUBSCRIPTION], {"desk": NOW + 24 * HOUR}, NOW)
    state = store.subscription_state("desk")
    assert state is not None
    assert state.after_seq == 0
    assert due(store, hours=99) == ["desk"]


def test_a_subscription_without_a_date_is_due_when_there_is_something_judged(store: Store) -> None:
    store.sync_subscriptions([INSTANT], {"alerts": None}, NOW)
    assert due(store) == []
    (revision,) = take_in(store, intake())
    assert due(store) == []
    store.record_judged(unmatched(revision))
    assert due(store) == ["alerts"]
    assert store.advance_subscription("alerts", 0, 1, None, NOW)
    assert due(store) == []


def test_the_longest_due_comes_first(store: Store) -> None:
    second = replace(SUBSCRIPTION, id="earlier")
    store.sync_subscriptions([SUBSCRIPTION, second], {"earlier": NOW - HOUR}, NOW)
    assert due(store) == ["earlier", "desk"]


def test_advancing_is_conditional_on_the_place(store: Store) -> None:
    assert store.advance_subscription("desk", 0, 5, NOW + 24 * HOUR, NOW)
    assert not store.advance_subscription("desk", 0, 7, NOW + 24 * HOUR, NOW)
    state = store.subscription_state("desk")
    assert state == SubscriptionState(subscription="desk", after_seq=5, next_due_at=NOW + timedelta(hours=24))

from dataclasses import replace
from datetime import timedelta

import pytest

from aggregator.core.urls import host_of
from aggregator.models import FeedSpec
from aggregator.ports import Store
from tests.store.samples import FEED, HOUR, NOW, OTHER_FEED, failed_poll, intake, poll

LEASE = timedelta(minutes=10)


def claimed(store: Store, minutes: int = 0, limit: int = 10, only: list[str] | None = None) -> list[str]:
    return [state.feed_id for state in store.claim_feeds(NOW + timedelta(minutes=minutes), LEASE, limit, only)]


def test_new_feeds_are_due_at_once(store: Store) -> None:
    assert claimed(store) == ["dailynk", "yonhap"]


def test_a_claimed_feed_is_not_claimed_again_until_its_lease_ends(store: Store) -> None:
    claimed(store)
    assert claimed(store, minutes=9) == []
    assert claimed(store, minutes=10) == ["dailynk", "yonhap"]


def test_the_longest_due_comes_first_and_the_limit_holds(store: Store) -> None:
    store.record_polls([poll(next_due_at=NOW + 2 * HOUR), poll(feed=OTHER_FEED, next_due_at=NOW + HOUR)])
    assert claimed(store, minutes=180, limit=1) == ["yonhap"]
    assert claimed(store, minutes=180, limit=1) == ["dailynk"]


def test_named_feeds_are_claimed_whether_due_or_not(store: Store) -> None:
    store.record_polls([poll(), poll(feed=OTHER_FEED)])
    assert claimed(store) == []
    assert claimed(store, only=["yonhap"]) == ["yonhap"]


@pytest.mark.parametrize("specs", [[OTHER_FEED], [replace(FEED, enabled=False), OTHER_FEED]], ids=["removed", "disabled"])
def test_a_removed_or_disabled_feed_is_never_due(store: Store, specs: list[FeedSpec]) -> None:
    store.sync_feeds(specs, NOW)
    assert claimed(store, minutes=6000) == ["yonhap"]
    assert claimed(store, only=["dailynk"]) == []


def test_a_feed_that_comes_back_is_due_and_keeps_its_history(store: Store) -> None:
    store.record_polls([poll(intake())])
    store.sync_feeds([replace(FEED, enabled=False)], NOW)
    store.sync_feeds([FEED], NOW + 2 * HOUR)
    (state,) = store.claim_feeds(NOW + 2 * HOUR, LEASE, 5)
    assert (state.feed_id, state.etag) == ("dailynk", 'W/"1"')
    assert [line.new for line in store.polls("dailynk")] == [1]


def test_declaring_again_keeps_the_state(store: Store) -> None:
    store.record_polls([poll()])
    store.sync_feeds([FEED, OTHER_FEED], NOW + timedelta(minutes=1))
    assert claimed(store, minutes=2) == ["yonhap"]


def test_a_changed_url_forgets_validators_and_failures_and_is_due(store: Store) -> None:
    store.record_polls([poll(), poll(feed=OTHER_FEED)])
    store.record_polls([failed_poll()])
    store.sync_feeds([replace(FEED, url="https://new.example/feed"), OTHER_FEED], NOW)
    (state,) = store.claim_feeds(NOW, LEASE, 5)
    assert (state.url, state.etag, state.body_hash, state.failures, state.error) == ("https://new.example/feed", None, None, 0, None)


def test_what_was_polled_and_leased_under_a_clock_that_ran_ahead_is_mended(store: Store) -> None:
    ahead = NOW + timedelta(days=365)
    store.record_polls([poll(started_at=ahead, finished_at=ahead, next_due_at=ahead + HOUR), poll(feed=OTHER_FEED, next_due_at=NOW + HOUR)])
    store.claim_feeds(ahead, LEASE, 1, ["yonhap"])
    assert store.mend_feed_dates(NOW) == 2
    assert store.mend_feed_dates(NOW) == 0
    assert claimed(store) == ["dailynk"]
    assert claimed(store, minutes=61) == ["dailynk", "yonhap"]


def test_clocks_that_differ_by_little_change_nothing(store: Store) -> None:
    store.record_polls([poll(), poll(feed=OTHER_FEED)])
    assert store.mend_feed_dates(NOW - timedelta(minutes=4)) == 0


def test_released_leases_can_be_claimed(store: Store) -> None:
    claimed(store)
    store.release_leases()
    assert claimed(store) == ["dailynk", "yonhap"]


def test_health_tells_never_ok_failing_and_disabled(store: Store) -> None:
    third = replace(FEED, id="third", enabled=False)
    fourth = replace(FEED, id="fourth")
    store.sync_feeds([FEED, OTHER_FEED, third, fourth], NOW)
    store.record_polls([poll(intake("one"), intake("two")), replace(failed_poll(), feed_id="yonhap")])
    health = {line.feed_id: line for line in store.feed_health()}
    assert {name: line.status for name, line in health.items()} == {
        "dailynk": "ok",
        "yonhap": "failing",
        "third": "disabled",
        "fourth": "never",
    }
    assert health["dailynk"].entries == 2
    assert health["dailynk"].last_success_at == NOW + timedelta(seconds=2)
    assert health["yonhap"].error == "the server answers 503"
    assert health["yonhap"].last_success_at is None


def test_health_leaves_out_feeds_that_left_the_configuration(store: Store) -> None:
    store.sync_feeds([OTHER_FEED], NOW)
    assert [line.feed_id for line in store.feed_health()] == ["yonhap"]


ADDRESSES = (
    "https://Busy.Example/a",
    "http://user:word@busy.example/b?q=1",
    "http://busy.example:8080/c",
    "http://free.example?q=http://busy.example/",
    "http://[::1]:9/d",
    "http://busy.example",
)


def test_hosts_that_are_busy_leave_their_place_to_others(store: Store) -> None:
    specs = [replace(FEED, id=f"feed{number}", url=url) for number, url in enumerate(ADDRESSES)]
    store.sync_feeds(specs, NOW)
    for busy in ({"busy.example"}, {"busy.example", "[::1]:9"}, {"busy.example:8080"}, set[str]()):
        there = [spec.id for spec in specs if host_of(spec.url) not in busy]
        assert sorted(state.feed_id for state in store.due_feeds(NOW, 10, None, busy)) == there
    assert [state.feed_id for state in store.due_feeds(NOW, 1, None, {"busy.example"})] == ["feed2"]

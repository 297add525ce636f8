from datetime import timedelta

from aggregator.ports import Store
from aggregator.records import Alarm
from tests.store.samples import FEED, HOUR, NOW, OTHER_FEED, failed_poll, poll


def alarm(kind: str, *, stands: bool = True, hours: int = 0) -> Alarm:
    raised_at = NOW + hours * HOUR
    return Alarm(kind=kind, feed_id=FEED.id, message=f"{kind}!", raised_at=raised_at, cleared_at=None if stands else raised_at)


def kinds(store: Store) -> list[tuple[str, bool]]:
    return [(found.kind, found.cleared_at is None) for found in store.alarms(since=NOW - HOUR)]


def test_a_standing_alarm_is_raised_once_until_it_is_cleared(store: Store) -> None:
    first, second = store.record_polls([poll(alarms=(alarm("silence"),)), poll(at=NOW + HOUR, alarms=(alarm("silence", hours=1),))])
    assert [len(line.raised) for line in (first, second)] == [1, 1]  # of one feed in one batch, both lines tell of it
    assert kinds(store) == [("silence", True)]
    store.record_polls([poll(at=NOW + 2 * HOUR, cleared=("silence", "failing"))])
    assert kinds(store) == [("silence", False)]
    store.record_polls([poll(at=NOW + 3 * HOUR, alarms=(alarm("silence", hours=3),))])
    assert kinds(store) == [("silence", True), ("silence", False)]


def test_a_notice_is_raised_each_time(store: Store) -> None:
    for hours in (0, 1):
        store.record_polls([poll(at=NOW + hours * HOUR, alarms=(alarm("gap", stands=False, hours=hours),))])
    assert kinds(store) == [("gap", False), ("gap", False)]
    assert store.alarms() == []


def test_alarms_of_one_feed(store: Store) -> None:
    store.record_polls([poll(alarms=(alarm("silence"),)), poll(feed=OTHER_FEED)])
    assert store.alarms(feed_id=OTHER_FEED.id) == []
    assert [found.message for found in store.alarms(feed_id=FEED.id)] == ["silence!"]


def test_a_retired_feed_is_never_due_until_it_is_polled_by_name_with_success(store: Store) -> None:
    gone = poll(at=NOW, outcome="failed", failure=failed_poll().failure, next_due_at=None)
    store.record_polls([gone])
    later = NOW + timedelta(days=400)
    assert [state.feed_id for state in store.claim_feeds(later, HOUR, 10)] == [OTHER_FEED.id]
    assert {line.feed_id: line.status for line in store.feed_health()}[FEED.id] == "retired"
    store.sync_feeds([FEED, OTHER_FEED], later)
    (state,) = store.claim_feeds(later, HOUR, 10, [FEED.id])
    assert state.retired_at is not None
    store.record_polls([poll(at=later)])
    assert {line.feed_id: line.status for line in store.feed_health()}[FEED.id] == "ok"


def test_a_deferred_poll_moves_the_date_and_is_no_history(store: Store) -> None:
    store.record_polls([poll(item_hashes=b"12345678")])
    store.record_polls([poll(outcome="deferred", next_due_at=NOW + 5 * HOUR)])
    assert len(store.polls(FEED.id)) == 1
    (state,) = store.claim_feeds(NOW + 5 * HOUR, HOUR, 10, [FEED.id])
    assert (state.etag, state.item_hashes, state.next_due_at) == ('W/"1"', b"12345678", NOW + 5 * HOUR)

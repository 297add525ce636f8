import threading
from dataclasses import replace
from datetime import timedelta

import pytest

from aggregator.errors import StoreError
from aggregator.ports import Store
from aggregator.records import FeedState
from tests.store.samples import FEED, HOUR, NOW, OTHER_FEED, entry, failed_poll, intake, poll

LEASE = timedelta(minutes=10)


def state_of(store: Store) -> FeedState:
    (state,) = store.claim_feeds(NOW + 100 * HOUR, LEASE, 1, ["dailynk"])
    store.release_leases()
    return state


def test_entries_come_back_as_they_were_served(store: Store) -> None:
    served = entry(title="제목 “x”", updated_at=NOW, notes=("date_in_future",), marks=("[단독]",))
    store.record_polls([poll(intake(served=served))])
    (revision,) = store.unjudged(10)
    assert revision.entry == served
    assert (revision.seq, revision.feed_id, revision.first, revision.article_key) == (1, "dailynk", True, "https://dailynk.example/one")
    assert revision.observed_at == NOW + timedelta(seconds=2)
    assert revision.observed_at.utcoffset() == timedelta(0)


def test_numbers_follow_the_order_of_intakes_and_polls_without_gaps(store: Store) -> None:
    store.record_polls([poll(intake("b"), intake("a")), poll(intake("c"), feed=OTHER_FEED)])
    store.record_polls([poll(intake("a"), intake("d"))])
    assert [(revision.seq, revision.entry.id) for revision in store.unjudged(10)] == [(1, "b"), (2, "a"), (3, "c"), (4, "d")]


def test_an_unchanged_entry_is_not_written_again(store: Store) -> None:
    store.record_polls([poll(intake())])
    (line,) = store.record_polls([poll(intake())])
    assert (line.new, line.revised) == (0, 0)
    assert len(store.unjudged(10)) == 1


def test_a_changed_entry_is_a_revision_of_the_same_article(store: Store) -> None:
    store.record_polls([poll(intake())])
    (line,) = store.record_polls([poll(intake(raw_hash="h2", served=entry(title="Workers, corrected")))])
    first, second = store.unjudged(10)
    assert (line.new, line.revised) == (0, 1)
    assert (second.article_id, second.entry_id, second.first) == (first.article_id, first.entry_id, False)
    assert second.entry.title == "Workers, corrected"


def test_an_entry_that_returns_to_its_earlier_text_is_a_revision(store: Store) -> None:
    for raw_hash in ("h1", "h2", "h1"):
        store.record_polls([poll(intake(raw_hash=raw_hash))])
    assert len(store.unjudged(10)) == 3


def test_one_identity_twice_in_a_batch_is_one_entry(store: Store) -> None:
    lines = store.record_polls([poll(intake(), intake(), intake(raw_hash="h2")), poll(intake(raw_hash="h2"))])
    assert [(line.new, line.revised) for line in lines] == [(1, 1), (0, 0)]
    assert len({revision.entry_id for revision in store.unjudged(10)}) == 1


def test_feeds_with_one_article_key_share_the_article(store: Store) -> None:
    store.record_polls([poll(intake("x", key="https://page.example/"))])
    store.record_polls([poll(intake("y", key="https://page.example/"), feed=OTHER_FEED)])
    first, second = store.unjudged(10)
    assert first.article_id == second.article_id
    assert first.entry_id != second.entry_id
    assert (first.first, second.first) == (True, True)


def test_the_same_identity_in_two_feeds_is_two_entries(store: Store) -> None:
    store.record_polls([poll(intake("1", key="a")), poll(intake("1", key="b"), feed=OTHER_FEED)])
    assert len({revision.article_id for revision in store.unjudged(10)}) == 2


def test_known_entries_tell_identity_and_hash(store: Store) -> None:
    store.record_polls([poll(intake("one"), intake("two", raw_hash="h2"))])
    known = store.known_entries("dailynk", {"one", "two", "three"})
    assert {identity: entry.raw_hash for identity, entry in known.items()} == {"one": "h1", "two": "h2"}
    assert store.known_entries("yonhap", {"one"}) == {}
    assert store.known_entries("dailynk", []) == {}


def test_more_entries_than_one_statement_takes(store: Store) -> None:
    store.record_polls([poll(*(intake(str(number)) for number in range(1300)))])
    assert len(store.known_entries("dailynk", [str(number) for number in range(1300)])) == 1300
    assert store.overview().articles == 1300


@pytest.mark.parametrize("bad", ["a\x00b", "a\ud800b", "😀" * 600])
def test_hostile_characters_do_not_harm_the_entries_beside_them(store: Store, bad: str) -> None:
    hostile = intake(bad, key=bad, served=entry(bad, title=bad, url=bad, content=bad))
    store.record_polls([poll(hostile, intake("good"))])
    (line,) = store.record_polls([poll(hostile, note=bad)])
    assert (line.new, line.revised) == (0, 0)
    assert [revision.entry.id for revision in store.unjudged(10)][1] == "good"
    assert set(store.known_entries("dailynk", [bad])) == {bad}


def test_a_success_sets_validators_and_dates(store: Store) -> None:
    store.record_polls([poll(intake(), newest_published_at=NOW - HOUR)])
    store.record_polls([poll(at=NOW + HOUR, newest_published_at=NOW - 9 * HOUR, etag=None, body_hash="b2")])
    assert state_of(store) == FeedState(
        feed_id="dailynk",
        url=FEED.url,
        etag=None,
        last_modified="Sun, 01 Mar 2026 07:00:00 GMT",
        body_hash="b2",
        next_due_at=NOW + 2 * HOUR,
        last_attempt_at=NOW + HOUR,
        last_success_at=NOW + HOUR + timedelta(seconds=2),
        last_new_at=NOW + timedelta(seconds=2),
        newest_published_at=NOW - HOUR,
    )


def test_a_304_keeps_what_it_does_not_renew(store: Store) -> None:
    store.record_polls([poll()])
    store.record_polls([poll(at=NOW + HOUR, outcome="not_modified", etag='"2"', last_modified=None, body_hash=None)])
    state = state_of(store)
    assert (state.etag, state.last_modified, state.body_hash) == ('"2"', "Sun, 01 Mar 2026 07:00:00 GMT", "b1")


def test_failures_are_counted_until_a_success_and_keep_the_validators(store: Store) -> None:
    store.record_polls([poll()])
    store.record_polls([failed_poll(NOW + HOUR)])
    store.record_polls([failed_poll(NOW + 2 * HOUR, "time-out")])
    failing = state_of(store)
    assert (failing.failures, failing.error, failing.etag) == (2, "time-out", 'W/"1"')
    assert failing.last_success_at == NOW + timedelta(seconds=2)
    store.record_polls([poll(at=NOW + 3 * HOUR)])
    assert (state_of(store).failures, state_of(store).error) == (0, None)


def test_a_poll_ends_the_lease(store: Store) -> None:
    store.claim_feeds(NOW, LEASE, 10)
    store.record_polls([poll(next_due_at=NOW)])
    assert [state.feed_id for state in store.claim_feeds(NOW, LEASE, 10)] == ["dailynk"]


def test_the_history_is_newest_first(store: Store) -> None:
    store.record_polls([poll(intake(), note="two entries without a date")])
    store.record_polls([failed_poll(NOW + HOUR), poll(feed=OTHER_FEED, at=NOW + 2 * HOUR)])
    assert [(line.feed_id, line.outcome, line.message) for line in store.polls()] == [
        ("yonhap", "ok", None),
        ("dailynk", "failed", "the server answers 503"),
        ("dailynk", "ok", "two entries without a date"),
    ]
    assert [line.new for line in store.polls("dailynk")] == [0, 1]
    assert len(store.polls(limit=1)) == 1


def test_a_batch_is_all_or_nothing(store: Store) -> None:
    unknown = replace(poll(), feed_id="unknown")
    with pytest.raises(StoreError, match=r"never declared: unknown"):
        store.record_polls([poll(intake()), unknown])
    assert store.unjudged(10) == []
    assert store.polls() == []


def test_a_naive_date_is_refused(store: Store) -> None:
    with pytest.raises(StoreError, match="time zone"):
        store.record_polls([poll(newest_published_at=NOW.replace(tzinfo=None))])


def test_no_polls_are_no_work(store: Store) -> None:
    assert store.record_polls([]) == []


def test_whoever_sees_a_number_sees_all_numbers_before_it(store: Store, another: Store) -> None:
    """Writers race while a reader looks: the judged part of the sequence never has a hole that fills later."""
    done = threading.Event()
    seen: list[list[int]] = []

    def write(name: str) -> None:
        for number in range(12):
            store.record_polls([poll(*(intake(f"{name}{number}.{part}") for part in range(3)))])

    def look() -> None:
        while not done.is_set():
            seen.append([revision.seq for revision in another.unjudged(1000)])

    writers = [threading.Thread(target=write, args=(name,)) for name in "abc"]
    reader = threading.Thread(target=look)
    reader.start()
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    done.set()
    reader.join()
    assert [revision.seq for revision in store.unjudged(1000)] == list(range(1, 109))
    assert all(numbers == list(range(1, len(numbers) + 1)) for numbers in seen)

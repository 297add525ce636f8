from datetime import timedelta

from aggregator.models import Receipt
from aggregator.ports import Store
from tests.store.samples import ADDRESSES, HOUR, NOW, digest, failed_poll, intake, item, matched, opened, poll, take_in, unmatched


def test_every_revision_has_exactly_one_outcome(store: Store) -> None:
    first, second, third = take_in(store, intake("a"), intake("b"), intake("c"))
    story_id = store.record_judged(matched(first, opened(), topics=("workers", "sanctions")))
    store.record_judged(unmatched(second, "no_country"))
    told, left, waiting = store.outcomes()
    assert (told.seq, told.code, told.detail, told.story_id, told.topics) == (1, "new_story", "alone", story_id, ("sanctions", "workers"))
    assert (left.code, left.story_id, left.topics, left.title, left.url) == (
        "no_country",
        None,
        (),
        "Workers b",
        "https://dailynk.example/b",
    )
    assert (waiting.seq, waiting.feed_id, waiting.code, waiting.detail) == (third.seq, "dailynk", "not_judged", "")


def test_outcomes_start_after_a_number(store: Store) -> None:
    take_in(store, intake("a"), intake("b"), intake("c"))
    assert [outcome.seq for outcome in store.outcomes(after_seq=1)] == [2, 3]


def test_the_overview_counts(store: Store) -> None:
    empty = store.overview()
    assert (empty.entries, empty.revisions, empty.deliveries_by_status, empty.last_poll_at) == (0, 0, {}, None)
    revision = take_in(store, intake("a"), intake("b"), intake("b", raw_hash="h2"))[0]
    story_id = store.record_judged(matched(revision, opened()))
    assert story_id is not None
    store.record_digest(digest(item(story_id)), ADDRESSES, None, NOW)
    claimed = store.claim_delivery(NOW, HOUR)
    assert claimed is not None
    store.record_sent(claimed, Receipt(detail="ok"), NOW)
    seen = store.overview()
    assert (seen.entries, seen.revisions, seen.unjudged, seen.articles, seen.stories, seen.digests) == (2, 3, 2, 2, 1, 1)
    assert seen.deliveries_by_status == {"sent": 1, "pending": 1}
    assert seen.last_poll_at == NOW


def test_old_polls_are_forgotten_and_entries_stay(store: Store) -> None:
    store.record_polls([poll(intake())])
    store.record_polls([failed_poll(NOW + HOUR)])
    assert store.prune_fetches(NOW + timedelta(minutes=1)) == 1
    assert [line.outcome for line in store.polls()] == ["failed"]
    assert store.overview().revisions == 1

from datetime import timedelta

from aggregator.models import Role
from aggregator.ports import Store
from tests.store.samples import HOUR, NOW, OTHER_FEED, entry, intake, joined, matched, open_story, opened, take_in, unmatched


def test_equal_texts_are_found_oldest_first_within_the_period(store: Store) -> None:
    days = {"new": 0, "old": 9, "ancient": 30}
    for name, age in days.items():
        revision = take_in(store, intake(name, served=entry(name, published_at=NOW - timedelta(days=age))))[-1]
        store.record_judged(matched(revision, opened()))
    found = store.tellings_with_text("hash of Some 2,000 people", NOW - timedelta(days=10))
    assert [telling.title for telling in found] == ["Workers old", "Workers new"]
    assert store.tellings_with_text("hash of something else", NOW - timedelta(days=10)) == []


def test_unmatched_articles_are_no_tellings(store: Store) -> None:
    (revision,) = take_in(store, intake())
    store.record_judged(unmatched(revision))
    assert store.tellings_with_text("hash of Some 2,000 people", NOW - timedelta(days=10)) == []
    assert store.telling(99) is None


def test_sketches_hold_all_members_of_stories_near_in_time(store: Store) -> None:
    near = open_story(store)
    late = take_in(store, intake("late", served=entry("late", published_at=NOW + timedelta(days=5))), feed=OTHER_FEED)[-1]
    store.record_judged(matched(late, joined(near, Role.ECHO, echo_of=1)))
    far = take_in(store, intake("far", served=entry("far", published_at=NOW - timedelta(days=90))))[-1]
    store.record_judged(matched(far, opened()))
    (sketch,) = store.story_sketches(NOW - timedelta(days=3), NOW + timedelta(days=3))
    assert (sketch.story_id, sketch.version, sketch.lead_article_id) == (near, 1, 1)
    assert [(member.article_id, member.role, member.topics) for member in sketch.members] == [
        (1, Role.ORIGIN, ("workers",)),
        (2, Role.ECHO, ("workers",)),
    ]


def test_the_ends_of_the_period_count(store: Store) -> None:
    open_story(store)
    told_at = NOW - HOUR
    assert len(store.story_sketches(told_at, NOW)) == 1
    assert len(store.story_sketches(NOW - 9 * HOUR, told_at)) == 1
    assert store.story_sketches(told_at + timedelta(microseconds=1), NOW) == []


def test_sketches_come_oldest_first(store: Store) -> None:
    ids = [open_story(store, name) for name in ("one", "two")]
    assert [sketch.story_id for sketch in store.story_sketches(NOW - 9 * HOUR, NOW)] == ids

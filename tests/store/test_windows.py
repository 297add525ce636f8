from dataclasses import replace

from aggregator.models import Role
from aggregator.ports import Store
from aggregator.records import StoryMaterial
from tests.store.samples import (
    ADDRESSES,
    EVIDENCE,
    HOUR,
    NOW,
    OTHER_FEED,
    digest,
    entry,
    intake,
    item,
    joined,
    judgement,
    matched,
    open_story,
    opened,
    take_in,
    unmatched,
    updated,
)


def window(store: Store, after: int, through: int, topics: tuple[str, ...] = ("workers",)) -> list[StoryMaterial]:
    return list(store.window_stories("desk", topics, after, through))


def tell(store: Store, story_id: int, version: int, after: int, through: int) -> None:
    told = digest(item(story_id, version), after_seq=after, through_seq=through)
    assert store.record_digest(told, ADDRESSES, NOW, NOW) is not None


def test_a_new_story_comes_with_its_articles_and_evidence(store: Store) -> None:
    story_id = open_story(store, topics=("workers", "sanctions"))
    second = take_in(store, intake("two"), feed=OTHER_FEED)[-1]
    store.record_judged(matched(second, joined(story_id, Role.ECHO, echo_of=1)))
    (story,) = window(store, 0, 2)
    assert (story.story_id, story.version, story.told_version, story.lead_article_id, story.changes) == (story_id, 1, None, 1, ())
    first, echo = story.articles
    assert (first.url, first.published_at) == ("https://dailynk.example/one", NOW - HOUR)
    assert {(figure.concept, figure.quote) for figure in first.figures} == {("person:2000", "2,000 people")}
    assert first.judgements == (judgement("sanctions"), judgement("workers"))
    assert first.judgements[0].evidence == (EVIDENCE,)
    assert (echo.telling.role, echo.telling.echo_of, echo.judgements) == (Role.ECHO, 1, (judgement("workers"),))
    assert first.first_seen_at < NOW + HOUR


def test_the_window_is_half_open(store: Store) -> None:
    open_story(store)
    assert [len(window(store, *ends)) for ends in ((0, 1), (0, 5), (1, 5), (0, 0))] == [1, 1, 0, 0]


def test_other_topics_are_no_news(store: Store) -> None:
    open_story(store, topics=("sanctions",))
    assert window(store, 0, 1) == []
    assert window(store, 0, 1, ()) == []
    assert len(window(store, 0, 1, ("workers", "sanctions"))) == 1


def test_a_told_version_is_never_news_again(store: Store) -> None:
    story_id = open_story(store)
    tell(store, story_id, 1, 0, 1)
    second = take_in(store, intake("two"))[-1]
    store.record_judged(matched(second, joined(story_id)))
    assert window(store, 1, 2) == []
    assert window(store, 0, 2) == []


def test_another_subscription_is_told_by_itself(store: Store) -> None:
    tell(store, open_story(store), 1, 0, 1)
    assert len(store.window_stories("other desk", ("workers",), 0, 1)) == 1


def test_an_update_tells_all_changes_since_the_told_version(store: Store) -> None:
    story_id = open_story(store)
    (first,) = take_in(store, intake(raw_hash="h2"))
    store.record_judged(matched(first, updated(story_id, "before it was told")))
    tell(store, story_id, 2, 0, 2)
    for number, change in enumerate(("1,000 → 2,000 people", "place: Dandong → Hunchun")):
        (revision,) = take_in(store, intake(raw_hash=f"new{number}"))
        store.record_judged(matched(revision, updated(story_id, change)))
    (story,) = window(store, 2, 4)
    assert (story.version, story.told_version) == (4, 2)
    assert story.changes == ("1,000 → 2,000 people", "place: Dandong → Hunchun")


def test_an_update_outside_the_topics_waits_for_the_next_matching_revision(store: Store) -> None:
    story_id = open_story(store)
    tell(store, story_id, 1, 0, 1)
    (revision,) = take_in(store, intake(raw_hash="h2"))
    store.record_judged(matched(revision, updated(story_id, "changed"), topics=("sanctions",)))
    assert window(store, 1, 2) == []
    second = take_in(store, intake("two"))[-1]
    store.record_judged(matched(second, joined(story_id)))
    assert [story.changes for story in window(store, 2, 3)] == [("changed",)]


def test_an_article_without_a_url_has_an_empty_one(store: Store) -> None:
    (revision,) = take_in(store, intake(served=entry(url=None, published_at=None)))
    store.record_judged(matched(revision, opened()))
    (article,) = window(store, 0, 1)[0].articles
    assert (article.url, article.published_at) == ("", None)


def test_counts_take_every_revision_once_and_add_up(store: Store) -> None:
    revisions = take_in(store, *(intake(str(number)) for number in range(7)))
    store.record_judged(matched(revisions[0], opened()))
    store.record_judged(matched(revisions[1], opened(), topics=("sanctions",)))
    store.record_judged(matched(revisions[2], opened(), topics=("sanctions", "workers")))
    for revision, code in zip(revisions[3:6], ("no_theme", "no_country", "no_theme"), strict=True):
        store.record_judged(unmatched(revision, code))
    counts = store.window_counts(("workers",), 0, 7)
    assert (counts.seen, counts.matched) == (7, 2)
    assert counts.unmatched_by_reason == {"no_theme": 2, "no_country": 1, "other_topic": 1, "not_judged": 1}
    assert counts.seen == counts.matched + sum(counts.unmatched_by_reason.values())
    inner = store.window_counts(("workers", "sanctions"), 1, 5)
    assert (inner.seen, inner.matched, inner.unmatched_by_reason) == (4, 2, {"no_theme": 1, "no_country": 1})


def test_an_empty_window_counts_nothing(store: Store) -> None:
    counts = store.window_counts((), 0, 10)
    assert (counts.seen, counts.matched, counts.unmatched_by_reason) == (0, 0, {})


def test_a_revision_judged_by_no_topic_counts_under_its_outcome(store: Store) -> None:
    (revision,) = take_in(store, intake())
    store.record_judged(replace(unmatched(revision, "no_theme"), judgements=()))
    assert store.window_counts(("workers",), 0, 1).unmatched_by_reason == {"no_theme": 1}

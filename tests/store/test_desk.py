"""The desk's lists and pages: in order, by key, filtered, whole."""

from datetime import timedelta

import pytest

from aggregator.desk_records import StoryFilter, User
from aggregator.errors import UsageError
from aggregator.models import Role
from aggregator.records import Address
from aggregator.store import SqlStore
from tests.store.samples import HOUR, NOW, OTHER_FEED, digest, failed_poll, intake, joined, matched, open_story, take_in, unmatched, updated


def join(store: SqlStore, story_id: int, name: str, role: Role) -> int:
    revision = take_in(store, intake(name), feed=OTHER_FEED)[-1]
    store.record_judged(matched(revision, joined(story_id, role)))
    return revision.article_id


def ids(store: SqlStore, **chosen: str) -> list[int]:
    return [row.material.story_id for row in store.stories(StoryFilter(**chosen)).items]


def test_the_story_that_moved_last_comes_first(store: SqlStore) -> None:
    first, second = open_story(store, "one"), open_story(store, "two", topics=("bans",))
    assert ids(store) == [second, first]
    join(store, first, "three", Role.INDEPENDENT)
    assert ids(store) == [first, second]


def test_stories_are_filtered_by_each_label_and_by_several(store: SqlStore) -> None:
    first, second = open_story(store, "one"), open_story(store, "two", topics=("bans",))
    join(store, first, "three", Role.ECHO)
    assert ids(store, topic="bans") == [second]
    assert ids(store, feed="yonhap") == [first]
    assert ids(store, role="echo") == [first]
    assert ids(store, language="en") == [first, second]
    assert ids(store, language="en", topic="workers", role="echo") == [first]
    assert ids(store, topic="bans", role="echo") == []


@pytest.mark.parametrize("chosen", [{}, {"topic": "workers"}, {"topic": "workers", "language": "en"}])
def test_story_pages_follow_each_other(store: SqlStore, chosen: dict[str, str]) -> None:
    made = [open_story(store, f"n{number}") for number in range(5)]
    seen, cursor = list[int](), None
    for _ in range(3):
        page = store.stories(StoryFilter(**chosen), cursor, limit=2)
        seen += [row.material.story_id for row in page.items]
        cursor = page.next
    assert (seen, cursor) == (made[::-1], None)
    with pytest.raises(UsageError):
        store.stories(StoryFilter(), "nonsense")


def test_a_story_tells_its_life_and_why(store: SqlStore) -> None:
    story_id = open_story(store, "one")
    article_id = join(store, story_id, "two", Role.ECHO)
    revision = take_in(store, intake("three"))[-1]
    store.record_judged(matched(revision, updated(story_id, "2,000 → 200 people")))
    detail = store.story(story_id)
    assert detail is not None
    assert [event.kind for event in detail.events] == ["opened", "joined", "updated"]
    assert detail.events[-1].changes == ("2,000 → 200 people",)
    assert detail.why[article_id].code == "same_story"
    assert detail.row.material.version == 2
    assert {fact.concept for facts in detail.facts.values() for fact in facts} == {"person:2000"}
    assert store.story(999) is None


def test_an_article_shows_text_judgements_and_what_was_served(store: SqlStore) -> None:
    story_id = open_story(store, "one")
    article = store.article(1)
    assert article is not None
    assert (article.text, article.story_id) == ("Some 2,000 people", story_id)
    assert [judgement.matched for judgement in article.judgements] == [True]
    assert article.judgements[0].evidence[0].quote == "Workers"
    assert article.revisions[0].entry.title == "Workers one"
    assert {stage for stage, _, _ in article.revisions[0].decisions} == {"match", "story"}
    assert store.article(999) is None


def test_an_article_that_waits_is_not_shown_and_one_without_match_is(store: SqlStore) -> None:
    revision = take_in(store, intake("one"))[-1]
    assert store.article(revision.article_id) is None
    store.record_judged(unmatched(revision))
    article = store.article(revision.article_id)
    assert article is not None
    assert (article.story_id, article.revisions[0].outcome.code) == (None, "no_theme")


def test_days_and_feeds_are_counted(store: SqlStore) -> None:
    open_story(store, "one")
    store.record_polls([failed_poll(NOW + HOUR)])
    (day,) = store.days(NOW - timedelta(days=1))
    assert (day.seen, day.polls, day.failed, day.silent_feeds) == (1, 2, 1, 1)
    (feed,) = store.feed_days(NOW - timedelta(days=1))
    assert (feed.feed_id, feed.new, feed.polls, feed.failed) == ("dailynk", 1, 2, 1)
    assert store.days(NOW + timedelta(days=1)) == []
    newest = store.poll_history("dailynk", limit=1)
    assert newest.items[0].outcome == "failed"
    assert [line.outcome for line in store.poll_history("dailynk", newest.next, limit=1).items] == ["ok"]


def test_figures_and_volumes(store: SqlStore) -> None:
    open_story(store, "one")
    open_story(store, "two")
    first = store.figures(limit=1)
    assert first.items[0].fact.quote == "2,000 people"
    rest = store.figures(first.next, limit=10)
    assert len(rest.items) == 3
    assert rest.next is None
    volumes = store.volumes(NOW - timedelta(days=1))
    assert volumes.topics == {(NOW.date(), "workers"): 2}
    assert volumes.languages == {(NOW.date(), "en"): 2}


def test_a_verdict_replaces_the_one_before(store: SqlStore) -> None:
    open_story(store, "one")
    assert store.record_verdict(1, "workers", "relevant", "ann", NOW)
    assert store.record_verdict(1, "workers", "not_relevant", "bo", NOW)
    assert not store.record_verdict(99, "workers", "relevant", "ann", NOW)
    assert store.verdict_counts() == {"workers": (0, 1)}
    article = store.article(1)
    assert article is not None
    assert article.verdicts == {"workers": "not_relevant"}


def test_a_settled_delivery_can_be_made_due_again(store: SqlStore) -> None:
    open_story(store, "one")
    store.record_digest(digest(through_seq=1), [Address(channel="email", recipient="a@example.org")], NOW, NOW)
    (row,) = store.delivery_list().items
    assert not store.requeue(row.delivery.id, NOW)
    claimed = store.claim_delivery(NOW, HOUR)
    assert claimed is not None
    store.record_not_sent(claimed, "refused", None, NOW)
    assert [line.status for line in store.delivery_list(status="dead").items] == ["dead"]
    assert store.requeue(row.delivery.id, NOW)
    again = store.claim_delivery(NOW, HOUR)
    assert again is not None
    assert again.delivery.key == row.delivery.key
    assert store.delivery_list(status="dead").items == []
    assert store.delivery(999) is None


def test_sessions_end_by_logout_time_or_a_new_password(store: SqlStore) -> None:
    store.save_user(User(name="ann", role="editor", password_hash="h"), NOW)
    assert store.has_users()
    for key in ("one", "two", "three"):
        store.open_session(key, "ann", NOW, NOW + HOUR)
    assert store.session_user("one", NOW) == User(name="ann", role="editor")
    store.close_session("one")
    assert store.session_user("one", NOW) is None
    assert store.session_user("two", NOW + HOUR) is None
    store.save_user(User(name="ann", role="viewer", password_hash="h2"), NOW)
    assert store.session_user("three", NOW) is None
    assert store.remove_user("ann")
    assert not store.remove_user("ann")
    assert store.users() == []


def test_tokens_are_found_by_their_hash(store: SqlStore) -> None:
    store.save_token("reader", "hash1", "read", NOW)
    store.save_token("reader", "hash2", "write", NOW)
    assert store.token("hash1") is None
    assert store.token("hash2") == ("reader", "write")
    assert store.remove_token("reader")
    assert store.token("hash2") is None

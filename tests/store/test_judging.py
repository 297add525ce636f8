from dataclasses import replace

import pytest
from sqlalchemy import Table, select

from aggregator.errors import StoreError
from aggregator.models import Role
from aggregator.ports import Store
from aggregator.store import SqlStore
from aggregator.store.tables import (
    articles,
    copy_groups,
    copy_members,
    decisions,
    facts,
    matches,
    sightings,
    stories,
    story_articles,
    story_events,
)
from tests.store.samples import (
    EVIDENCE,
    HOUR,
    NOW,
    OTHER_FEED,
    entry,
    intake,
    joined,
    judgement,
    matched,
    open_story,
    opened,
    take_in,
    unmatched,
    updated,
)


def rows(store: SqlStore, table: Table) -> list[dict[str, object]]:
    with store._database.read() as connection:
        return [dict(row) for row in connection.execute(select(table).order_by(*table.primary_key)).mappings()]


def test_an_empty_store_is_judged_through_zero(store: Store) -> None:
    assert store.judged_through() == 0
    assert store.unjudged(10) == []


def test_judged_through_stops_below_the_oldest_that_waits(store: Store) -> None:
    first, second, third = take_in(store, intake("a"), intake("b"), intake("c"))
    assert store.judged_through() == 0
    store.record_judged(unmatched(first))
    store.record_judged(unmatched(third))
    assert store.judged_through() == 1
    assert [revision.seq for revision in store.unjudged(10)] == [2]
    store.record_judged(unmatched(second))
    assert store.judged_through() == 3


def test_unjudged_gives_the_oldest_first_up_to_the_limit(store: Store) -> None:
    take_in(store, intake("a"), intake("b"), intake("c"))
    assert [revision.seq for revision in store.unjudged(2)] == [1, 2]


def test_an_unmatched_revision_keeps_its_reasons_and_has_no_telling(sql_store: SqlStore, store: Store) -> None:
    (revision,) = take_in(store, intake())
    two = unmatched(revision, "no_country")
    two = replace(two, judgements=(*two.judgements, judgement("sanctions", matched=False, code="below_threshold")))
    assert store.record_judged(two) is None
    assert [(row["stage"], row["subject"], row["code"]) for row in rows(sql_store, decisions)] == [
        ("match", "sanctions", "below_threshold"),
        ("match", "workers", "no_country"),
    ]
    assert rows(sql_store, matches) == []
    assert store.telling(revision.article_id) is None
    assert rows(sql_store, articles)[0]["text"] == "Some 2,000 people"


def test_a_matched_revision_opens_a_story_with_its_trail(sql_store: SqlStore, store: Store) -> None:
    story_id = open_story(store, topics=("workers", "sanctions"))
    (match, _) = rows(sql_store, matches)
    assert (match["seq"], match["topic"], match["evidence"]) == (1, "sanctions", (EVIDENCE,))
    assert [(row["stage"], row["code"]) for row in rows(sql_store, decisions)] == [
        ("match", "matched"),
        ("match", "matched"),
        ("story", "new_story"),
    ]
    assert [(row["position"], row["quote"], row["start_offset"]) for row in rows(sql_store, facts)] == [
        (0, "2,000 people", 4),
        (1, "2,000 people", 4),
    ]
    (event,) = rows(sql_store, story_events)
    assert (event["story_id"], event["seq"], event["kind"], event["version"], event["changes"]) == (story_id, 1, "opened", 1, ())
    assert rows(sql_store, story_articles)[0]["why_code"] == "new_story"


def test_a_telling_holds_the_article_as_it_was_judged(store: Store) -> None:
    story_id = open_story(store, topics=("workers", "sanctions"))
    telling = store.telling(1)
    assert telling is not None
    assert (telling.seq, telling.feed_id, telling.outlet, telling.family, telling.language) == (1, "dailynk", "Daily NK", "dailynk", "en")
    assert (telling.text, telling.text_hash, telling.told_at) == ("Some 2,000 people", "hash of Some 2,000 people", NOW - HOUR)
    assert telling.concepts == {"place/dandong", "person:2000"}
    assert (telling.topics, telling.story_id, telling.role, telling.echo_of) == (("sanctions", "workers"), story_id, Role.ORIGIN, None)


def test_an_undated_article_is_told_when_first_seen(store: Store) -> None:
    (revision,) = take_in(store, intake(served=entry(published_at=None)))
    store.record_judged(matched(revision, opened()))
    telling = store.telling(revision.article_id)
    assert telling is not None
    assert telling.told_at == revision.observed_at


def test_a_revision_is_judged_once(sql_store: SqlStore, store: Store) -> None:
    (revision,) = take_in(store, intake())
    story_id = store.record_judged(matched(revision, opened()))
    assert store.record_judged(matched(revision, opened())) == story_id
    assert len(rows(sql_store, stories)) == 1
    assert [outcome.code for outcome in store.outcomes()] == ["new_story"]


def test_a_revision_that_is_not_stored_is_refused(store: Store) -> None:
    (revision,) = take_in(store, intake())
    with pytest.raises(StoreError, match="revision 99 cannot be judged"):
        store.record_judged(unmatched(replace(revision, seq=99)))


def test_a_joined_article_does_not_change_the_version(sql_store: SqlStore, store: Store) -> None:
    story_id = open_story(store)
    second = take_in(store, intake("two"), feed=OTHER_FEED)[-1]
    assert store.record_judged(matched(second, joined(story_id, Role.ECHO, echo_of=1, lead=True))) == story_id
    (story,) = rows(sql_store, stories)
    assert (story["version"], story["lead_article_id"], story["first_seq"], story["last_seq"]) == (1, 2, 1, 2)
    telling = store.telling(second.article_id)
    assert telling is not None
    assert (telling.role, telling.echo_of, telling.story_id) == (Role.ECHO, 1, story_id)


def test_a_material_change_makes_a_new_version(sql_store: SqlStore, store: Store) -> None:
    story_id = open_story(store)
    (revision,) = take_in(store, intake(raw_hash="h2"))
    store.record_judged(matched(revision, updated(story_id, "1,000 → 2,000 people"), text="now other words"))
    (story,) = rows(sql_store, stories)
    assert story["version"] == 2
    assert [(row["kind"], row["version"], row["changes"]) for row in rows(sql_store, story_events)] == [
        ("opened", 1, ()),
        ("updated", 2, ("1,000 → 2,000 people",)),
    ]
    telling = store.telling(1)
    assert telling is not None
    assert (telling.seq, telling.text) == (2, "now other words")


def test_a_matched_text_is_not_replaced_by_one_that_does_not_match(store: Store) -> None:
    open_story(store)
    (revision,) = take_in(store, intake(raw_hash="h2"))
    assert store.record_judged(replace(unmatched(revision), article=replace(unmatched(revision).article, text="cut"))) is None
    telling = store.telling(1)
    assert telling is not None
    assert (telling.seq, telling.text) == (1, "Some 2,000 people")


def test_another_feed_showing_the_page_does_not_replace_its_text(sql_store: SqlStore, store: Store) -> None:
    story_id = open_story(store)
    again = take_in(store, intake("again", key="https://dailynk.example/one"), feed=OTHER_FEED)[-1]
    repeated = replace(joined(story_id, Role.ORIGIN), event="repeated")
    store.record_judged(replace(matched(again, repeated, text="summary"), replaces=False))
    telling = store.telling(again.article_id)
    assert telling is not None
    assert (telling.seq, telling.text, telling.feed_id) == (1, "Some 2,000 people", "dailynk")
    assert [(row["article_id"], row["entry_id"]) for row in rows(sql_store, sightings)] == [(1, 1), (1, 2)]


def test_an_article_never_leaves_its_story(sql_store: SqlStore, store: Store) -> None:
    story_id = open_story(store)
    (revision,) = take_in(store, intake(raw_hash="h2"))
    assert store.record_judged(matched(revision, opened())) == story_id
    assert len(rows(sql_store, stories)) == 1
    assert [(row["kind"], row["version"]) for row in rows(sql_store, story_events)] == [("opened", 1), ("repeated", 1)]


def test_copies_share_a_group_with_the_first_text(sql_store: SqlStore, store: Store) -> None:
    story_id = open_story(store)
    for name in ("two", "three"):
        revision = take_in(store, intake(name), feed=OTHER_FEED)[-1]
        store.record_judged(matched(revision, joined(story_id, Role.COPY, echo_of=1, copy_of=1)))
    (group,) = rows(sql_store, copy_groups)
    assert (group["first_article_id"], group["text_hash"]) == (1, "hash of Some 2,000 people")
    assert [row["article_id"] for row in rows(sql_store, copy_members)] == [1, 2, 3]
    assert ("copy", "the same words as article 1") in [(row["code"], row["detail"]) for row in rows(sql_store, decisions)]


def test_a_broken_judgement_leaves_nothing_behind(sql_store: SqlStore, store: Store) -> None:
    story_id = open_story(store)
    (revision,) = take_in(store, intake("two"))
    with pytest.raises(StoreError, match="refused"):
        store.record_judged(matched(revision, joined(story_id, echo_of=77)))
    with pytest.raises(StoreError, match="story 99999 is not stored"):
        store.record_judged(matched(revision, joined(99_999)))
    assert [revision.seq for revision in store.unjudged(10)] == [2]
    assert [row["seq"] for row in rows(sql_store, matches)] == [1]
    assert {row["seq"] for row in rows(sql_store, decisions)} == {1}


def test_what_matches_nothing_is_kept_at_once_and_the_rest_is_given_back(store: Store) -> None:
    first, second, third = take_in(store, intake("one"), intake("two"), intake("three"))
    judged = [unmatched(first), matched(second, opened()), unmatched(third)]
    assert store.record_unmatched(judged) == [judged[1]]
    assert [one.seq for one in store.unjudged(10)] == [second.seq]
    assert store.record_unmatched(judged) == [judged[1]]


def test_a_second_text_of_an_article_is_never_kept_in_passing(store: Store) -> None:
    (first,) = take_in(store, intake("one"))
    assert store.record_unmatched([unmatched(first), unmatched(first)]) == [unmatched(first)] * 2
    store.record_judged(unmatched(first))
    assert store.record_unmatched([unmatched(first)]) == []

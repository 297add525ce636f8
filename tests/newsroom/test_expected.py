"""The expected outcome is complete, and true to the texts."""

import re

import pytest

from aggregator.newsroom.content import Expected, ExpectedStory
from aggregator.newsroom.edition import Edition


def story(expected: Expected, name: str) -> ExpectedStory:
    return next(story for story in expected.stories if story.id == name)


def words(edition: Edition, entry_id: str) -> str:
    item = edition.item(entry_id, 1)
    return f"{item.title} {item.text}"


def cites(edition: Edition, entry_id: str, other_id: str) -> bool:
    return any(name in words(edition, entry_id) for name in edition.feed_of[other_id].cited_as)


def test_every_entry_has_exactly_one_fate(edition: Edition, expected: Expected) -> None:
    members = [member.entry for story in expected.stories for member in story.members]
    others = [entry for entries in expected.must_not_match.values() for entry in entries]
    assert sorted(members + others) == sorted(edition.entries)
    assert all(edition.feed_of[member.entry].id == member.feed for story in expected.stories for member in story.members)


def test_every_story_has_one_origin_and_whole_references(expected: Expected) -> None:
    for each in expected.stories:
        roles = {member.entry: member.role for member in each.members}
        assert list(roles.values()).count("origin") == 1, each.id
        for member in each.members:
            assert (member.of in roles) == (member.role in ("echo", "copy", "same")), member.entry


def test_origin_is_the_earliest_of_the_reports_from_own_sources(edition: Edition, expected: Expected) -> None:
    for each in expected.stories:
        dated = {m.entry: edition.item(m.entry, 2).published for m in each.members if m.role in ("origin", "independent")}
        origin = next(m.entry for m in each.members if m.role == "origin")
        first = dated[origin]
        assert first is None or all(first <= other for other in dated.values() if other), each.id


def test_an_echo_names_whom_it_repeats_and_an_independent_report_nobody(edition: Edition, expected: Expected) -> None:
    for each in expected.stories:
        for member in each.members:
            if member.role == "echo" and member.of:
                assert cites(edition, member.entry, member.of), member.entry
            if member.role in ("origin", "independent"):
                families = {edition.feed_of[m.entry].family: m.entry for m in each.members}
                others = [entry for family, entry in families.items() if family != edition.feed_of[member.entry].family]
                assert not [entry for entry in others if cites(edition, member.entry, entry)], member.entry


def test_one_event_is_told_by_five_outlets_in_three_languages(edition: Edition, expected: Expected) -> None:
    members = [m for m in story(expected, "dandong-garment-return").members if m.joins is None and m.role != "same"]
    assert len({edition.feed_of[m.entry].family for m in members}) == 5
    assert {edition.feed_of[m.entry].language for m in members} == {"ko", "zh", "en"}
    echoes = [m for m in members if m.role == "echo"]
    assert len(echoes) == 2
    assert all(edition.feed_of[str(m.of)].publisher_class == "agency" for m in echoes)
    assert all("340" in words(edition, m.entry) and "20" in words(edition, m.entry) for m in members)


def test_there_are_enough_stories_of_every_sort(edition: Edition, expected: Expected) -> None:
    told = expected.told_in(1)
    languages = [{edition.feed_of[m.entry].language for m in each.members if not m.joins} for each in told]
    assert len(told) >= 11
    assert sum(len(each) >= 2 for each in languages) >= 8
    assert set.union(*languages) == {"en", "ko", "zh", "ja", "ru"}
    assert {topic for each in told for topic in each.topics} == {"labour", "sanctions"}


def test_changes_of_the_second_round(edition: Edition, expected: Expected) -> None:
    assert [each.id for each in expected.updated_in(2)] == ["yanji-textile-arrivals"]
    assert {each.id for each in expected.told_in(2)} == {"luanda-clinic-doctors", "gdansk-welders", "dalian-coal-barges"}
    assert not expected.told_in(3)
    edited = {entry.id for entry in edition.entries.values() if entry.rounds}
    assert edited == {"mp-2"} | {revision.entry for revision in expected.quiet_revisions}
    joining = {m.entry for each in expected.stories for m in each.members if m.joins}
    assert joining == {entry.id for entry in edition.entries.values() if "joins-told-story" in entry.traps}


def test_the_searches_of_the_first_steps_have_something_to_find(edition: Edition) -> None:
    texts = [words(edition, entry) for entry in edition.entries]
    assert any("劳工" in text for text in texts)
    assert any(re.search(r"China(\W+\w+){0,9}\W+loyalty funds", text) for text in texts)


def test_look_alikes_are_different_stories(expected: Expected) -> None:
    names = {each.id for each in expected.stories}
    assert {pair.differ_in for pair in expected.look_alikes} == {"city", "figure", "month"}
    assert all(set(pair.stories) <= names and len(set(pair.stories)) == 2 for pair in expected.look_alikes)


@pytest.mark.parametrize(
    "family",
    [
        "missiles",
        "floods",
        "south_korean_strikes",
        "iran_sanctions",
        "shipbuilding",
        "joseonjok",
        "party_meeting",
        "joseon_dynasty",
        "cold_noodles",
        "nk_cells",
        "football",
        "hanja_bei",
    ],
)
def test_every_hard_negative_is_there(expected: Expected, family: str) -> None:
    assert expected.must_not_match[family]


def test_failing_feeds_are_those_with_trouble(edition: Edition, expected: Expected) -> None:
    troubled = {feed.id for feed in edition.feeds.values() if feed.trouble}
    assert set(expected.failing) | set(expected.malformed) == troubled
    assert not expected.relevant & expected.irrelevant

"""Items that tell the beat without its usual words, and items that only look like it: floors for what the shipped topics make of them."""

import pytest

from tests.matching.relevance import measure, verdicts

LANGUAGES = ("en", "ko", "zh", "ja", "ru")


@pytest.mark.parametrize("language", LANGUAGES)
def test_open_items_are_told_apart_in_every_language(language: str) -> None:
    counted = measure("open", language)
    assert counted.precision >= 0.95
    assert counted.recall >= 0.93


def test_items_set_aside_are_told_apart_nearly_as_well() -> None:
    counted = measure("held")
    assert counted.precision >= 0.93
    assert counted.recall >= 0.8


def test_traps_raise_few_false_alarms() -> None:
    counted = measure("second")
    assert counted.false_alarms <= 0.1 * (counted.false_alarms + counted.left)


def test_the_most_oblique_items_taught_their_patterns() -> None:
    assert measure("third").recall >= 0.9


@pytest.mark.parametrize("language", LANGUAGES)
def test_abstracts_are_told_apart_in_every_language(language: str) -> None:
    counted = measure("plain", language)
    assert counted.precision >= 0.97
    assert counted.recall >= 0.97


def test_abstracts_set_aside_are_told_apart_as_well() -> None:
    counted = measure("plain-held")
    assert counted.precision >= 0.95
    assert counted.recall >= 0.93


@pytest.mark.parametrize("topic", ["labour", "sanctions"])
def test_abstracts_go_to_the_topics_that_they_tell(topic: str) -> None:
    plain = [one for one in verdicts() if one.part.startswith("plain")]
    found = [one for one in plain if topic in one.found]
    wanted = [one for one in plain if topic in one.wanted]
    both = [one for one in found if topic in one.wanted]
    assert len(both) >= 0.95 * len(found), [one.id for one in found if one not in both]
    assert len(both) >= 0.95 * len(wanted), [one.id for one in wanted if one not in both]


def test_what_is_found_goes_to_its_own_topic() -> None:
    found = [one for one in verdicts() if one.part != "held" and one.wanted and one.found]
    strayed = [one.id for one in found if not one.found & one.wanted]
    assert len(strayed) <= 0.02 * len(found), strayed

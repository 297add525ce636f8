import pytest

from tests.stories.gold import rows
from tests.stories.scoring import b_cubed, disagreement, pair_score

ALL = [*rows("dev"), *rows("held")]


def test_the_gold_sets_hold_sixty_events_in_five_languages() -> None:
    events = {row["event"] for row in ALL}
    assert len(events) >= 60
    assert {row["lang"] for row in ALL} == {"en", "ko", "zh", "ja", "ru"}
    assert all(2 <= sum(row["event"] == event for row in ALL) <= 6 for event in events)


def test_there_are_as_many_look_alike_pairs_as_events() -> None:
    families: dict[str, set[str]] = {}
    for row in ALL:
        families.setdefault(row["family"], set()).add(row["event"])
    look_alikes = sum(len(events) * (len(events) - 1) // 2 for events in families.values())
    assert look_alikes >= len({row["event"] for row in ALL})


def test_a_third_of_the_events_is_set_aside() -> None:
    held = {row["event"] for row in rows("held")}
    assert len(held) * 3 >= len({row["event"] for row in ALL})
    assert not held & {row["event"] for row in rows("dev")}


def test_scores_follow_their_definitions() -> None:
    truth = {"a": 1, "b": 1, "c": 2, "d": 2}
    assert pair_score({"a": 1, "b": 1, "c": 1, "d": 2}, truth).precision == pytest.approx(1 / 3)
    assert pair_score({"a": 1, "b": 1, "c": 1, "d": 2}, truth).recall == pytest.approx(1 / 2)
    assert b_cubed(truth, truth).f == 1.0
    assert b_cubed({"a": 1, "b": 2, "c": 3, "d": 4}, truth).recall == pytest.approx(1 / 2)
    assert disagreement(truth, truth) == 0.0
    assert disagreement({"a": 1, "b": 1}, {"a": 1, "b": 2}) == 1.0

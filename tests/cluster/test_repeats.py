"""Repeats are explained by what cut a sender off, or they are faults."""

import pytest

from tests.cluster.repeats import Trouble, repeats, unexplained


@pytest.mark.parametrize(
    ("times", "deadly", "explained"),
    [
        ([10.0, 12.0], [], False),
        ([10.0, 12.0], [Trouble("kill", 10.2)], True),
        ([10.0, 12.0], [Trouble("kill", 9.9)], True),
        ([10.0, 12.0], [Trouble("kill", 11.5)], False),
        ([10.0, 12.0], [Trouble("kill", 12.1)], False),
        ([10.0, 40.0], [Trouble("stop", 2.0), Trouble("resumed", 39.9)], True),
        ([10.0, 40.0], [Trouble("stop", 2.0), Trouble("resumed", 30.0)], False),
    ],
)
def test_a_repeat_needs_a_moment_that_cut_its_sender_off(times: list[float], deadly: list[Trouble], explained: bool) -> None:
    assert (unexplained(repeats({"key": times}, deadly)) == []) == explained


def test_every_further_arrival_is_a_repeat_of_its_own() -> None:
    found = repeats({"key": [1.0, 5.0, 9.0], "other": [1.0]}, [Trouble("kill", 1.1)])
    assert [one.cause for one in found] == [Trouble("kill", 1.1), None]


def test_a_kill_explains_no_more_than_was_on_its_way() -> None:
    found = repeats({f"key {number}": [1.0, 2.0] for number in range(9)}, [Trouble("kill", 1.1)])
    assert unexplained(found) == ["one kill repeated 9 messages"]

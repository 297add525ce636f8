"""What is typed stays bounded: a star stands for every word that begins so, and a hostile query has many."""

from string import ascii_lowercase

import pytest

from aggregator.core.queries import MOST_BEGINNINGS, Either, Every, Phrase, Wanted, parse_query


def beginnings(wanted: Wanted | None) -> list[str]:
    if isinstance(wanted, Phrase):
        return [wanted.terms[-1]] if wanted.prefix else []
    parts = (*wanted.parts, *getattr(wanted, "without", ())) if isinstance(wanted, Either | Every) else ()
    return [found for part in parts for found in beginnings(part)]


@pytest.mark.parametrize(
    ("query", "kept"),
    [
        ("fund*", ["fund"]),
        ("f*", []),
        ('"loyalty f*"', []),
        ("р* ра*", ["ра"]),
        ("中 북*", ["中", "북"]),
    ],
)
def test_a_beginning_has_two_letters_or_is_one_character_of_east_asia(query: str, kept: list[str]) -> None:
    assert beginnings(parse_query(query)) == kept


@pytest.mark.parametrize("joint", [" ", " OR ", " NOT "])
def test_a_query_has_so_many_beginnings_and_the_words_after_them_are_words(joint: str) -> None:
    asked = joint.join(f"{letter}{letter}{letter}*" for letter in ascii_lowercase)
    assert beginnings(parse_query(asked)) == [letter * 3 for letter in ascii_lowercase[:MOST_BEGINNINGS]]
    wanted = parse_query("中 " * 30 + "end")
    assert len(beginnings(wanted)) == MOST_BEGINNINGS

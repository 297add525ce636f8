import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.core.excerpts import LIMIT, Mark, cut, excerpt, safe_end


@pytest.mark.parametrize(
    ("text", "limit", "expected"),
    [
        ("short", 10, "short"),
        ("exactly ten", 11, "exactly ten"),
        ("North Korean workers in Dandong", 20, "North Korean…"),
        ("북한 노동자 귀국", 8, "북한 노동자…"),
        ("朝鲜劳工被遣返回国", 5, "朝鲜劳工…"),
        ("Pneumonoultramicroscopic", 8, "Pneumon…"),
        ("abc", 1, "…"),
        ("abc", 0, ""),
    ],
)
def test_cut_ends_at_a_word_where_there_is_one(text: str, limit: int, expected: str) -> None:
    assert cut(text, limit) == expected


@pytest.mark.parametrize(
    "cluster",
    [
        "e\u0301",
        unicodedata.normalize("NFD", "각"),
        unicodedata.normalize("NFD", "가"),
        "가\u11a8",
        "👩\u200d👩\u200d👧",
        "👍🏽",
        "🇰🇵",
        "\r\n",
        "❤\ufe0f",
    ],
)
def test_a_cut_never_splits_what_a_reader_sees_as_one_character(cluster: str) -> None:
    text = cluster * 12
    for index in range(len(text) + 1):
        assert safe_end(text, index) % len(cluster) == 0 or index - safe_end(text, index) > len(cluster)


def test_a_pile_of_combining_marks_is_cut_in_the_end() -> None:
    assert len(cut("e" + "\u0301" * 5_000, 100)) <= 100


def test_without_marks_the_excerpt_is_the_beginning() -> None:
    shown = excerpt("  The plant\n\nclosed in   May. " + "x" * 400, ())
    assert shown.text.startswith("The plant closed in May. ")
    assert not shown.marks


def test_a_short_text_is_shown_whole() -> None:
    shown = excerpt("북한 노동자\n귀국", [Mark(0, 6)])
    assert (shown.text, shown.marks) == ("북한 노동자 귀국", ((0, 6),))


def test_the_excerpt_starts_with_the_sentence_of_its_mark() -> None:
    text = "Nothing here. " * 40 + "The visas ran out in May. " + "More follows. " * 40
    at = text.index("visas")
    shown = excerpt(text, [Mark(at, at + 5)])
    assert shown.text.startswith("…Nothing here. ")
    assert [shown.text[start:end] for start, end in shown.marks] == ["visas"]
    assert len(shown.text) <= LIMIT


def test_the_excerpt_shows_the_heaviest_group_of_marks() -> None:
    text = "anchor " + "filler words go on " * 60 + "loyalty funds and dispatch " + "filler words go on " * 60
    strong = text.index("loyalty funds")
    shown = excerpt(text, [Mark(0, 6, 1), Mark(strong, strong + 13, 3), Mark(strong + 18, strong + 26, 1)])
    assert [shown.text[start:end] for start, end in shown.marks] == ["loyalty funds", "dispatch"]


def test_a_text_without_spaces_or_full_stops_is_cut_between_characters() -> None:
    text = "中国要求朝鲜劳工回国" * 90
    at = text.index("劳工", 500)
    shown = excerpt(text, [Mark(at, at + 2, 3)])
    assert len(shown.text) == LIMIT
    assert [shown.text[start:end] for start, end in shown.marks] == ["劳工"]
    assert shown.text.strip("…") in text


def test_words_longer_than_the_excerpt_do_not_draw_it_to_them() -> None:
    text = "x" * 280 + " and then the visas"
    shown = excerpt(text, [Mark(0, 280, 9), Mark(len(text) - 5, len(text))])
    assert shown.text.endswith("visas")


def test_overlapping_marks_become_one() -> None:
    assert excerpt("North Korean workers", [Mark(0, 12), Mark(6, 20), Mark(0, 12)]).marks == ((0, 20),)


@pytest.mark.parametrize("mark", [Mark(-1, 3), Mark(2, 2), Mark(3, 900), Mark(900, 905)])
def test_a_mark_outside_the_text_is_ignored(mark: Mark) -> None:
    assert excerpt("some words", [mark]).marks == ()


@given(st.text(max_size=900), st.lists(st.tuples(st.integers(0, 900), st.integers(0, 900), st.integers(1, 3)), max_size=8))
def test_any_excerpt_is_bounded_and_its_marks_are_words_of_the_text(text: str, spans: list[tuple[int, int, int]]) -> None:
    shown = excerpt(text, [Mark(*span) for span in spans])
    flat = " ".join(text.split())
    assert len(shown.text) <= LIMIT
    assert shown.text.strip("…").strip() in flat.strip() or not flat
    assert all(0 <= start < end <= len(shown.text) for start, end in shown.marks)
    assert list(shown.marks) == sorted(shown.marks)


@given(st.text(max_size=300), st.integers(0, 120))
def test_any_cut_is_bounded_and_keeps_the_beginning(text: str, limit: int) -> None:
    shown = cut(text, limit)
    assert len(shown) <= limit or shown == text
    assert text.startswith(shown.removesuffix("…").rstrip()) or shown == text

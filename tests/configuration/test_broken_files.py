"""Each broken file begins with what must be said about it: ``# line 4, feeds[0].url: a word of the message``, a line a problem."""

import re
from pathlib import Path

import pytest

from aggregator.errors import ConfigurationError, Problem
from aggregator.feedfile import load_configuration

HERE = Path(__file__).parent
BROKEN = sorted((HERE / "broken").glob("*.yaml"))
SEVERAL = sorted((HERE / "several").glob("*.yaml"))
THEMES = ("country_anchor", "overseas_workers", "overseas_workers/dispatched", "sanctions_regimes")
EXPECTED = re.compile(r"# line (\d+), (.+?): (.+)")


def problems_of(path: Path) -> tuple[Problem, ...]:
    with pytest.raises(ConfigurationError) as caught:
        load_configuration(path, THEMES, known_kinds=("syndication", "jsonfeed"))
    return caught.value.problems


def expected_of(path: Path) -> list[tuple[int, str, str]]:
    matches = (EXPECTED.fullmatch(line) for line in path.read_text(encoding="utf-8").splitlines())
    return [(int(match[1]), match[2], match[3]) for match in matches if match]


@pytest.mark.parametrize("path", [*BROKEN, *SEVERAL], ids=lambda path: path.stem)
def test_broken_file_is_explained_at_its_line_and_key(path: Path) -> None:
    problems, expected = problems_of(path), expected_of(path)
    assert sorted((problem.line, problem.key) for problem in problems) == sorted((line, key) for line, key, _ in expected)
    for line, key, word in expected:
        assert any(word in problem.message for problem in problems if (problem.line, problem.key) == (line, key)), problems


@pytest.mark.parametrize("path", [*BROKEN, *SEVERAL], ids=lambda path: path.stem)
def test_every_message_stands_in_one_line_tells_what_is_allowed_and_shows_no_secret(path: Path) -> None:
    for problem in problems_of(path):
        assert problem.file == str(path)
        assert problem.column >= 1
        assert problem.allowed
        assert str(problem).isprintable()
        assert "/services/" not in str(problem)
        assert "desk:secret" not in str(problem)


def test_there_are_enough_broken_files_with_one_mistake_each() -> None:
    assert len(BROKEN) >= 25
    assert all(len(expected_of(path)) == 1 for path in BROKEN)


def test_problems_come_in_the_order_of_the_file() -> None:
    lines = [problem.line for problem in problems_of(HERE / "several" / "every_section.yaml")]
    assert lines == sorted(lines)


def test_error_reads_as_file_line_column_key_message_allowed() -> None:
    path = HERE / "broken" / "url_scheme.yaml"
    begin = f"{path}:7:10: feeds[0].url: 'ftp://…' does not begin with http:// or https:// (allowed: an address such as"
    assert str(problems_of(path)[0]).startswith(begin)


BYTES = [
    ("empty", b"", 1, 1, "empty"),
    ("latin_1", b"feeds:\n  - name: caf\xe9\n", 2, 14, "0xe9"),
    ("utf_16", "feeds: []\n".encode("utf-16"), 1, 1, "UTF-16"),
    ("control_character", b"feeds:\n  - name: a\x1bb\n", 2, 12, "U+001B"),
    ("escape_out_of_range", b'feeds: "\\UFFFFFFFF"\n', 1, 1, "out of range"),
    ("version_out_of_range", b"%YAML " + b"9" * 5000 + b".1\n--- a\n", 1, 1, "out of range"),
    ("too_large", b"# " + b"x" * 2_000_000, 0, 0, "too large"),
    ("deep", b"[" * 100_000, 1, 14, "deeply"),
]


@pytest.mark.parametrize(("body", "line", "column", "word"), [case[1:] for case in BYTES], ids=[case[0] for case in BYTES])
def test_hostile_bytes_are_refused_with_their_place(tmp_path: Path, body: bytes, line: int, column: int, word: str) -> None:
    path = tmp_path / "feeds.yaml"
    path.write_bytes(body)
    (problem,) = problems_of(path)
    assert (problem.line, problem.column) == (line, column)
    assert word in problem.message


def test_alias_bomb_is_refused_without_being_expanded(tmp_path: Path) -> None:
    rows = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]", *(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 30))]
    path = tmp_path / "feeds.yaml"
    path.write_text("\n".join(rows), encoding="utf-8")
    problems = problems_of(path)
    assert sum("aliases" in problem.message for problem in problems) > 80
    assert len(problems) == 101
    assert "more mistakes" in problems[-1].message


@pytest.mark.parametrize(("name", "word"), [("missing.yaml", "no such file"), (".", "not a regular file")])
def test_path_that_is_no_file_is_named_without_a_line(tmp_path: Path, name: str, word: str) -> None:
    (problem,) = problems_of(tmp_path / name)
    assert (problem.line, word in problem.message) == (0, True)
    assert str(problem).startswith(f"{tmp_path / name}: (top level): ")


def test_unreadable_file_is_named(tmp_path: Path) -> None:
    (problem,) = problems_of(tmp_path / ("x" * 300))
    assert "cannot be read" in problem.message

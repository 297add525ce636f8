"""What the documents say of the program is true of it: tests they name exist, and the picture shows every table and reference."""

import re
from pathlib import Path

import pytest

from aggregator.store.tables import metadata
from tests.house.reading import ROOT, text_of

_NAMED = re.compile(r"`([a-z_]+(?:/[a-z_]+)*(?:\.py)?)(?:::(test_\w+))?`")
_ROW = re.compile(r"^\| [A-Z]\d+ \|.*$", re.MULTILINE)
_LINE = re.compile(r"^    (\w+) [|}o{]+--[|}o{]+ (\w+) ", re.MULTILINE)
ROWS = _ROW.findall(text_of("docs/security.md"))


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.split()[1])
def test_every_threat_is_held_by_tests_that_exist(row: str) -> None:
    named = _NAMED.findall(row.rpartition(" | ")[2])
    assert named
    for file, test in named:
        path: Path = ROOT / "tests" / file
        assert path.exists(), file
        if test:
            assert re.search(rf"^ *(?:async )?def {test}\(", path.read_text(encoding="utf-8"), re.MULTILINE), f"{file}::{test}"


def test_there_are_enough_threats_and_each_stands_once() -> None:
    numbers = [row.split()[1] for row in ROWS]
    assert len(numbers) >= 40
    assert sorted(numbers) == sorted(set(numbers))


def test_the_data_model_describes_every_table() -> None:
    rows = (line.split(" | ")[0] for line in text_of("docs/data-model.md").splitlines() if line.startswith("| `"))
    described = {name for row in rows for name in re.findall(r"`(\w+)`", row)}
    assert {table.name for table in metadata.sorted_tables} - described == set()


def test_the_picture_shows_every_reference() -> None:
    drawn = {frozenset(pair) for pair in _LINE.findall(text_of("docs/data-model.md"))}
    stored = {
        frozenset((table.name, key.column.table.name))
        for table in metadata.sorted_tables
        for key in table.foreign_keys
        if key.column.table.name != table.name
    }
    assert {tuple(sorted(pair)) for pair in stored - drawn} == set()

"""Whatever the file holds, it loads or it is explained; nothing else is ever raised."""

import string
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from aggregator.errors import ConfigurationError, Problem
from aggregator.feedfile import load_configuration

SEEDS = sorted(path.read_text(encoding="utf-8") for path in (Path(__file__).parent / "broken").glob("*.yaml"))
YAML_LETTERS = st.sampled_from(
    list("-:?[]{}&*!|>'\"%@`#,\t\n  \\~<=") + list("aefnoltu01.") + ["feeds", "id", "북", "\x85", "\u2028", "%YAML 1.1\n", "---\n"]
)
KEYS = st.sampled_from(
    ["feeds", "topics", "subscriptions", "id", "name", "url", "kind", "themes", "schedule", "at", "every", "disabled", "recipients"]
)
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=8)
    | st.sampled_from(["email", "env:X", "day", "30m", "07:30"])
)
TREES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS | st.text(max_size=4), inner, max_size=6), max_leaves=25
)

quick = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def loads_or_is_explained(path: Path, body: bytes) -> None:
    path.write_bytes(body)
    problems: tuple[Problem, ...] = ()
    try:
        load_configuration(path, ("country_anchor",))
    except ConfigurationError as error:
        problems = error.problems
    assert all(problem.message and str(problem).isprintable() for problem in problems)


@quick
@given(st.lists(YAML_LETTERS, max_size=60).map("".join))
def test_any_yaml_like_text_loads_or_is_explained(tmp_path: Path, text: str) -> None:
    loads_or_is_explained(tmp_path / "feeds.yaml", text.encode("utf-8", "surrogatepass"))


@quick
@given(TREES)
def test_any_data_loads_or_is_explained(tmp_path: Path, data: Any) -> None:
    loads_or_is_explained(tmp_path / "feeds.yaml", yaml.safe_dump(data, allow_unicode=True).encode("utf-8", "surrogatepass"))


@quick
@given(st.sampled_from(SEEDS), st.integers(0, 600), st.integers(0, 4), st.text(string.printable, max_size=3))
def test_any_edit_of_a_real_file_loads_or_is_explained(tmp_path: Path, text: str, at: int, cut: int, insert: str) -> None:
    loads_or_is_explained(tmp_path / "feeds.yaml", (text[:at] + insert + text[at + cut :]).encode())


@quick
@given(st.binary(max_size=60))
def test_any_bytes_load_or_are_explained(tmp_path: Path, body: bytes) -> None:
    loads_or_is_explained(tmp_path / "feeds.yaml", body)


@pytest.mark.parametrize(
    "text",
    ["? a", "- - - -", "&a [*a]", "<<: {a: b}", "{a, b: c}", "!!binary aGk=", "!!python/name:os.system ''", "*x", "%TAG ! x:\n--- !a b"],
)
def test_odd_corners_of_yaml_are_explained(tmp_path: Path, text: str) -> None:
    loads_or_is_explained(tmp_path / "feeds.yaml", text.encode())

"""The JSON Schema for editors: current, named by the shipped file, and neither stricter nor blinder than it should be."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from aggregator.feedfile.document import parse
from aggregator.feedfile.findings import Findings
from aggregator.feedfile.schema import SCHEMA_PATH, editor_schema

ROOT = Path(__file__).parents[2]
FEEDS = ROOT / "feeds.yaml"


def test_schema_on_disk_is_current() -> None:
    assert SCHEMA_PATH.read_text(encoding="utf-8") == editor_schema(), "run: python -m aggregator.feedfile.schema"


def test_shipped_file_names_its_schema_for_editors() -> None:
    first = FEEDS.read_text(encoding="utf-8").splitlines()[0]
    assert first == f"# yaml-language-server: $schema={SCHEMA_PATH.relative_to(ROOT).as_posix()}"


def test_shipped_file_fits_the_schema() -> None:
    assert misfits_of(FEEDS) == []


@pytest.mark.parametrize(
    "name", ["key_unknown", "key_missing", "rhythm", "url_scheme", "interval", "time_25", "yes_for_true", "themes_empty"]
)
def test_schema_finds_what_an_editor_can_find(name: str) -> None:
    path = Path(__file__).parent / "broken" / f"{name}.yaml"
    assert misfits_of(path) != []


def misfits_of(path: Path) -> list[str]:
    schema = json.loads(editor_schema())
    return list(misfits(parse(path.read_text(encoding="utf-8"), Findings(str(path))), schema, schema["$defs"]))


TYPES: Mapping[str, Any] = {"object": dict, "array": list, "string": str, "boolean": bool, "number": (int, float), "null": type(None)}
UNCHECKED = {
    "$schema",
    "$defs",
    "$ref",
    "anyOf",
    "title",
    "description",
    "default",
    "examples",
    "type",
    "properties",
    "patternProperties",
    "items",
}


def misfits(value: Any, schema: Mapping[str, Any], defs: Mapping[str, Any], at: str = "") -> Iterator[str]:
    """Check the words of JSON Schema that our schema uses, and name each word that this does not know."""
    if "$ref" in schema:
        schema = defs[schema["$ref"].rsplit("/", 1)[-1]]
    if "anyOf" in schema and all(list(misfits(value, option, defs, at)) for option in schema["anyOf"]):
        yield f"{at}: fits none of the alternatives"
    if "type" in schema and not isinstance(value, TYPES[schema["type"]]):
        yield f"{at}: {schema['type']} expected"
        return
    yield from (f"{at}: {word}" for word, bound in schema.items() if word not in UNCHECKED and not holds(word, bound, value, schema))
    if isinstance(value, dict):
        extra = schema.get("additionalProperties")
        for key, inner in value.items():
            patterns = [part for pattern, part in schema.get("patternProperties", {}).items() if re.search(pattern, key)]
            part = schema.get("properties", {}).get(key) or (patterns or [extra if isinstance(extra, dict) else {}])[0]
            yield from misfits(inner, part, defs, f"{at}.{key}")
    if isinstance(value, list):
        for index, inner in enumerate(value):
            yield from misfits(inner, schema.get("items", {}), defs, f"{at}[{index}]")


def holds(word: str, bound: Any, value: Any, schema: Mapping[str, Any]) -> bool:
    checks: dict[str, Any] = {
        "enum": lambda: value in bound,
        "pattern": lambda: re.search(bound, value) is not None,
        "propertyNames": lambda: all(len(key) <= bound["maxLength"] for key in value),
        "required": lambda: all(key in value for key in bound),
        "additionalProperties": lambda: bound is not False or set(value) <= set(schema["properties"]),
        **dict.fromkeys(("minLength", "minItems", "minProperties"), lambda: sized(value) >= bound),
        **dict.fromkeys(("maxLength", "maxItems"), lambda: sized(value) <= bound),
        "minimum": lambda: value >= bound,
        "maximum": lambda: value <= bound,
    }
    return bool(checks[word]())


def sized(value: Sequence[Any]) -> int:
    return len(value)

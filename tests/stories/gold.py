"""The gold sets: events of this beat in our own words, two to five times each, beside look-alikes of the same family.

``dev.jsonl`` was there to tune by; ``held.jsonl`` was set aside and only looked at in the end; ``fresh.jsonl`` was written later, without
a look at the rules, with single pieces between: follow-ups, round-ups, obituaries, opinion. Two events of one `family` differ in
a city, a month, a sector or a figure, and are different stories. ``helong.jsonl`` is one event with its roles.
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parents[1] / "data" / "stories"


def rows(name: str) -> Sequence[Mapping[str, Any]]:
    """Read a gold set."""
    return [json.loads(line) for line in (FOLDER / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()]


def truth(name: str) -> Mapping[str, str]:
    """Give the true event of each id."""
    return {row["id"]: row["event"] for row in rows(name)}

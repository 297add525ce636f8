"""The labelled items of tests/data/relevance, judged by the topics that the product ships."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from tests.matching.topics import judge

FOLDER = Path(__file__).parents[1] / "data" / "relevance"


@dataclass(frozen=True, slots=True)
class Verdict:
    """Hold one item with the topics that it should match and those that it did."""

    id: str
    part: str
    language: str
    title: str
    wanted: frozenset[str]
    found: frozenset[str]
    why: str

    @property
    def kind(self) -> str:
        """Say whether the item is found, missed, a false alarm or rightly left."""
        return ("found" if self.found else "missed") if self.wanted else "false alarm" if self.found else "left"


@dataclass(frozen=True, slots=True)
class Measure:
    """Hold how many items went which way."""

    found: int
    false_alarms: int
    missed: int
    left: int

    @property
    def precision(self) -> float:
        """Give the share of what was found that should be."""
        return self.found / max(1, self.found + self.false_alarms)

    @property
    def recall(self) -> float:
        """Give the share of what should be found that was."""
        return self.found / max(1, self.found + self.missed)


@cache
def verdicts() -> tuple[Verdict, ...]:
    """Judge all items."""
    return tuple(_verdicts())


def _verdicts() -> Iterator[Verdict]:
    for path in sorted(FOLDER.glob("*.jsonl")):
        for line in path.read_text(encoding="utf-8").splitlines():
            row = json.loads(line)
            judged = judge(row["title"], row["text"])
            found = frozenset(one.topic for one in judged if one.matched)
            why = "; ".join(f"{one.topic}: {one.reason.detail}" for one in judged)
            yield Verdict(row["id"], row["part"], row["lang"], row["title"], frozenset(row["topics"]), found, why)


def measure(part: str, language: str = "") -> Measure:
    """Count the items of a part, of all languages or of one."""
    kinds = [one.kind for one in verdicts() if one.part == part and language in ("", one.language)]
    return Measure(kinds.count("found"), kinds.count("false alarm"), kinds.count("missed"), kinds.count("left"))

"""Hold what we read out of the collected documents against what their own readers expect of them.

Each suite is walked case by case; a check is either about a field that we have, and then holds or not, or about one that we have not,
and is counted apart. Nothing here decides how many must hold.
"""

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeAlias

from aggregator.sources.report import Document, report_document

CORPORA = Path(__file__).parents[3].parent / "shared" / "corpora"
SUITES, FEEDS = CORPORA / "parser-suites", CORPORA / "real-feeds"
NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)

Report: TypeAlias = Mapping[str, Any]
MISSING = object()


@dataclass
class Score:
    """Count checks and cases of one suite; a case holds where all its checks about known fields do, and is `bare` without any."""

    suite: str
    checks: Counter[bool] = field(default_factory=Counter)
    cases: Counter[bool] = field(default_factory=Counter)
    bare: int = 0
    unknown: int = 0
    misses: list[str] = field(default_factory=list)

    def take(self, case: str, checks: Sequence[tuple[str, object, object]]) -> None:
        """Count one case: path, expected value, found value; one that is `MISSING` is about a field that we have not."""
        known = [one for one in checks if one[2] is not MISSING]
        self.unknown += len(checks) - len(known)
        self.bare += not known
        for path, expected, found in known:
            self.checks[found == expected] += 1
            if found != expected:
                self.misses.append(f"{case} {path}: expected {str(expected)[:120]!r}, found {str(found)[:120]!r}")
        if known:
            self.cases[all(found == expected for _, expected, found in known)] += 1

    def row(self) -> str:
        """Tell the score as a row of a table."""
        cases, checks = self.cases, self.checks
        return f"| {self.suite} | {cases[True]} of {cases.total()} | {checks[True]} of {checks.total()} | {self.unknown} | {self.bare} |"


def lines(path: Path) -> Iterator[dict[str, Any]]:
    """Give the objects of a file, one a line."""
    return map(json.loads, path.read_text(encoding="utf-8").splitlines())


def report(path: Path, url: str = "", headers: Mapping[str, str] | None = None) -> Report:
    """Report a file."""
    lower = {name.lower(): value for name, value in (headers or {}).items()}
    return report_document(Document(name=path.name, body=path.read_bytes(), url=url, headers=lower), NOW)


def at(found: Sequence[Report], place: int) -> Report:
    """Give what stands at a place, or nothing."""
    return found[place] if -len(found) <= place < len(found) else {}

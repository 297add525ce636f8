"""Count how many facts of labelled sentences are found, and how many found ones are right; rules in `tests/data/facts/README.md`."""

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

FOLDER = Path(__file__).parents[1] / "data" / "facts"
LANGUAGES = ("en", "ko", "zh", "ja", "ru")
LATER = ("second", "last", "blind", "sealed", "fresh", "after")
"""Sets written when the extractor stood already, in files of their own; their labels leave the id of what no vocabulary knows open."""
KINDS = ("figures", "places", "organisations", "people", "provisions", "attributions", "responses", "dates")
Told: TypeAlias = Mapping[str, Any]
_VALUES: Mapping[str, tuple[str, ...]] = {
    "figures": ("low", "high", "unit"),
    "places": ("id",),
    "organisations": ("id",),
    "people": ("id",),
    "provisions": ("id", "implied"),
    "attributions": ("kind",),
    "responses": ("kind",),
    "dates": ("value", "precision"),
}


@dataclass
class Score:
    """Count right, superfluous and missing facts, and say which."""

    right: int = 0
    wrong: int = 0
    missing: int = 0
    misses: list[str] = field(default_factory=list)

    @property
    def precision(self) -> float:
        return self.right / (self.right + self.wrong) if self.right + self.wrong else 1.0

    @property
    def recall(self) -> float:
        return self.right / (self.right + self.missing) if self.right + self.missing else 1.0

    def add(self, other: "Score") -> None:
        self.right += other.right
        self.wrong += other.wrong
        self.missing += other.missing
        self.misses += other.misses


def sentences(part: str | None = None) -> list[Told]:
    """Read the labelled sentences: those of one part ("open", "held", or a later set), or all of the first set."""
    files = (part,) if part in LATER else LANGUAGES
    lines = [line for file in files for line in (FOLDER / f"{file}.jsonl").read_text(encoding="utf-8").splitlines()]
    return [row for line in lines if (row := json.loads(line)) and part in (None, row["part"])]


def score(kind: str, expected: Sequence[Told], found: Sequence[Told], name: str = "") -> Score:
    """Compare the facts of one kind in one text."""
    result = Score()
    met: set[int] = set()
    for fact in found:
        hits = [number for number, gold in enumerate(expected) if _same(kind, gold, fact)]
        if hits:
            met.update(hits[:1] if kind == "figures" else hits)
        else:
            result.wrong += 1
            result.misses.append(f"{name}: wrong {kind} {_shown(kind, fact)}")
    result.right = len(met)
    result.missing = len(expected) - len(met)
    result.misses += [f"{name}: missing {kind} {_shown(kind, gold)}" for number, gold in enumerate(expected) if number not in met]
    return result


def extras(expected: Sequence[Told], found: Sequence[Told], name: str = "") -> Score:
    """Compare qualifier and period of the figures that were found."""
    result = Score()
    for gold in expected:
        fact = next((fact for fact in found if _same("figures", gold, fact)), None)
        for key in ("qualifier", "period"):
            wanted, told = gold[key], fact[key] if fact else gold[key]
            result.right += wanted is not None and wanted == told
            result.wrong += told is not None and wanted != told
            result.missing += wanted is not None and wanted != told
            if wanted != told:
                result.misses.append(f"{name}: {key} of {gold['text']} is {wanted}, not {told}")
    return result


def counted(expected: Sequence[Told], found: Sequence[Told], name: str = "") -> Score:
    """Compare what is counted, for the figures that were found and whose label names it: the words told hold the labelled noun."""
    result = Score()
    for gold in expected:
        fact = next((fact for fact in found if _same("figures", gold, fact)), None)
        if fact is None or "what" not in gold:
            continue
        told = str(fact.get("what") or "")
        met = bool(told) and gold["what"].casefold() in told.casefold()
        result.right += met
        result.missing += not met
        result.wrong += bool(told) and not met
        if not met:
            result.misses.append(f"{name}: what of {gold['text']} is {gold['what']}, not {told}")
    return result


def tally(rows: Iterable[tuple[Told, Told]]) -> Mapping[tuple[str, str], Score]:
    """Add up, by language and kind, the scores of (labelled sentence, facts found in it)."""
    totals: dict[tuple[str, str], Score] = {}
    for row, facts in rows:
        for kind in KINDS:
            expected, found = row["facts"].get(kind, ()), facts.get(kind, ())
            totals.setdefault((row["lang"], kind), Score()).add(score(kind, expected, found, row["id"]))
            if kind == "figures":
                totals.setdefault((row["lang"], "qualifier, period"), Score()).add(extras(expected, found, row["id"]))
                totals.setdefault((row["lang"], "what"), Score()).add(counted(expected, found, row["id"]))
    return totals


def sums(totals: Mapping[tuple[str, str], Score], position: int) -> Mapping[str, Score]:
    """Add up a tally by language (position 0) or by kind (1)."""
    added: dict[str, Score] = {}
    for key, one in totals.items():
        added.setdefault(key[position], Score()).add(one)
    return added


def traps(rows: Iterable[Told]) -> Counter[str]:
    """Count the sentences with a trap by language."""
    return Counter(row["lang"] for row in rows if row["trap"])


def _same(kind: str, gold: Told, fact: Told) -> bool:
    if fact["end"] <= gold["start"] or gold["end"] <= fact["start"]:
        return False
    return all(_equal(gold[key], fact[key]) for key in _VALUES[kind] if not (key == "id" and gold[key] is None))


def _equal(one: Any, other: Any) -> bool:
    if isinstance(one, float) and isinstance(other, int | float):
        return abs(one - other) <= 0.005 * max(abs(one), 1)
    return bool(one == other)


def _shown(kind: str, fact: Told) -> str:
    return f"{fact['text']!r} {[fact[key] for key in _VALUES[kind]]}"

"""The figures ledger: what analysts compare, and where two articles of one story disagree.

Two articles conflict where each tells a figure of one unit for the story, and no figure of the one agrees with any of the other. Ranges
agree where they overlap.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from aggregator.core.revisions import figure_words
from aggregator.records import LedgerLine

_COMPARED = frozenset(("person", "visa", "permit", "vessel", "ton", "factory", "company"))


@dataclass(frozen=True, slots=True)
class Conflict:
    """Hold the figures of one unit on which the articles of a story disagree, one line an article."""

    story_id: int
    unit: str
    lines: tuple[LedgerLine, ...]

    @property
    def sides(self) -> str:
        """Show the figures side by side: "200 people (Yonhap) / 2,000 people (NHK)"."""
        return " / ".join(f"{figure_words(line.fact.concept)} ({line.outlet})" for line in self.lines)


def conflicts(lines: Iterable[LedgerLine]) -> tuple[Conflict, ...]:
    """Give the conflicts between the articles of each story, in the order of the stories."""
    stories: dict[tuple[int, str], dict[int, list[LedgerLine]]] = {}
    for line in lines:
        if line.story_id is not None and line.fact.unit in _COMPARED:
            stories.setdefault((line.story_id, line.fact.unit), {}).setdefault(line.article_id, []).append(line)
    return tuple(Conflict(story, unit, found) for (story, unit), told in sorted(stories.items()) if (found := _apart(told)))


def _apart(told: Mapping[int, Sequence[LedgerLine]]) -> tuple[LedgerLine, ...]:
    """Give the first figure of each article that agrees with none of another's."""
    apart = [
        lines[0] for article, lines in told.items() if any(not _agree(lines, others) for other, others in told.items() if other != article)
    ]
    return tuple(apart)


def _agree(lines: Sequence[LedgerLine], others: Sequence[LedgerLine]) -> bool:
    return any(_overlap(one, other) for one in lines for other in others)


def _overlap(one: LedgerLine, other: LedgerLine) -> bool:
    low, high = one.fact.low or 0, one.fact.high or 0
    return low <= (other.fact.high or 0) and (other.fact.low or 0) <= high

"""Find bodies that no list knows, by how such names are made: a ministry of a country, the police of a town, a trading company.

The word that says what a body is (its head) is looked for first; what belongs to the name around it, or a place right beside it, makes
it one. The patterns stand in `vocabulary/bodies.yaml`. What the vocabulary knows by name is left to it.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import islice
from typing import Any

from aggregator.enrich.folding import Hints
from aggregator.enrich.gazetteer import ANCHOR, read_bodies
from aggregator.enrich.names import Mention

_MOST = 200
_REACH = 90
_BEFORE, _BEHIND_HINT = 60, 70
_BETWEEN = re.compile(r"(?:[省市县州区港]|[성시도주군])?(?:의 |の| |공화국 )?")
_BEHIND = re.compile(r" (?:в |во |по |in |of )?")
_FURTHER = re.compile(r" [а-яё]+(?: [а-яё]+)?(?<!\bв)(?<!\bи)(?<!\bна) ")
_LEAD = re.compile(
    r"(?:(?:The|A|An|In|On|At|But|And|When|As|By|For|From|Its|His|Her|Their|Our|Each|Last|Both|After|Before|While|That|This|With|If|and|of|for|or|&)"
    r" )+"
)


@dataclass(frozen=True, slots=True)
class Body:
    """Hold where a text names a body; the place in the name of a `house` (a company, a school) is no place of the story.

    `id` is the actor of the vocabulary that the name stands for, where it does.
    """

    start: int
    end: int
    house: bool
    id: str | None = None


@dataclass(frozen=True, slots=True)
class _Kind:
    """Hold how one kind of body is named."""

    hints: Hints
    heads: re.Pattern[str]
    left: re.Pattern[str] | None
    right: re.Pattern[str] | None
    bare: bool
    place: bool
    house: bool
    id: str | None


def bodies(text: str, language: str, mentions: Sequence[Mention]) -> Iterator[Body]:
    """Give the bodies a text names, in reading order; `mentions` are the names that the gazetteer found in it."""
    places = [mention for mention in mentions if mention.concept.startswith(("place/", ANCHOR))]
    ends = {mention.end: mention.start for mention in places}
    starts = {mention.start: mention.end for mention in places}
    found = [
        body
        for kind in _kinds().get(language, ())
        for head in islice(kind.hints.around(kind.heads, text, _BEFORE, _BEHIND_HINT), _MOST)
        if (body := _around(text, head, kind, (ends, starts)))
    ]
    through = 0
    for body in sorted(found, key=lambda body: (body.start, -body.end)):
        if body.start >= through:
            through = body.end
            yield body


def _around(text: str, head: re.Match[str], kind: _Kind, beside: tuple[Mapping[int, int], Mapping[int, int]]) -> Body | None:
    """Take what belongs to the name around its head; None where nothing makes the head a name."""
    start, end = head.span()
    left = kind.left.search(text[max(0, start - _REACH) : start]) if kind.left else None
    if left:
        lead = _LEAD.match(left.group())
        start -= len(left.group()) - (lead.end() if lead else 0)
    right = kind.right.match(text, end) if kind.right else None
    end = right.end() if right else end
    if kind.place:
        start, end = _with_place(text, start, end, beside)
    named = kind.bare or (start, end) != head.span() or (kind.left is None and kind.right is None and kind.house)
    return Body(start, end, kind.house, kind.id) if named else None


def _with_place(text: str, start: int, end: int, beside: tuple[Mapping[int, int], Mapping[int, int]]) -> tuple[int, int]:
    """Stretch a name over the place that stands right before it, or in Russian right behind it."""
    ends, starts = beside
    for gap in range(4):
        before = ends.get(start - gap)
        if before is not None and _BETWEEN.fullmatch(text, start - gap, start):
            return before, end
    after = next((starts[gap.end()] for gap in _gaps(text, end) if gap.end() in starts), None)
    if after is None:
        return start, end
    again = _BEHIND.match(text, after)
    return start, starts.get(again.end(), after) if again else after


def _gaps(text: str, end: int) -> Iterator[re.Match[str]]:
    """Give what may stand between a head and its place: a preposition, or in Russian two more words (безопасности провинции)."""
    for pattern in (_BEHIND, _FURTHER):
        gap = pattern.match(text, end)
        if gap:
            yield gap


@cache
def _kinds() -> Mapping[str, tuple[_Kind, ...]]:
    return {language: tuple(map(_kind, kinds)) for language, kinds in read_bodies().items()}


def _kind(written: Mapping[str, Any]) -> _Kind:
    def pattern(name: str) -> re.Pattern[str] | None:
        return re.compile(str(written[name])) if name in written else None

    flags = {name: bool(written.get(name)) for name in ("bare", "place", "house")}
    known = str(written["id"]) if "id" in written else None
    hints = Hints(written["hints"])
    return _Kind(hints, re.compile(written["heads"]), pattern("left"), pattern("right"), id=known, **flags)

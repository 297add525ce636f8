"""Weigh an article: SCORE, the part of the language with weights and a threshold.

How a score comes about:

1. What it is ABOUT (the country) must be named, or the feed be about it (`assume_country`). A weak name ("the North", 北) counts
   where a strong name stands elsewhere in the article, or beside a strong term in its sentence, or where a part that counts enough
   alone holds. Without ABOUT, all is in reach.
2. A strong term counts 1 where the country is in reach: in the title, in the same sentence or the one beside it. It counts half
   where the country is named only in the lead, and nothing otherwise.
3. A weak term counts one half, and only in a sentence that holds the country or a strong term of the same theme or of another that
   scores. A weak term of a concept marked ``beside_country`` is as good as a strong one close to the country's name, or where the
   title holds both.
4. After the title and the lead all counts halve: what is said once, far down, is background.
5. A guard in the same sentence makes a term count for nothing (a missile launch "violates resolutions" in every report).
6. Each concept counts at most 1, by different sentences (its weak terms at most one half), times its weight. A part that is no
   plain set or term counts its weight where it holds. The score is the sum.

SCORE holds when the sum reaches the threshold and one of NEEDS, or such a part, has a share in it. What SHOWS finds is evidence
only. Exclusions blanked words before; they never veto an article.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, TypeAlias

from aggregator.matching.query import Node, Score
from aggregator.matching.reading import TITLE_SENTENCE, Reading, Scope, Seen

_BESIDE = 30
_FAR_REACH = 0.5
_DEPTH = 0.5
_WEAK = 0.5
_HITS_PER_SENTENCE = 3

Mentions: TypeAlias = Callable[[Node, Reading, Scope], Sequence[Seen]]
Holds: TypeAlias = Callable[[Node, Reading, Scope], bool]


class Count(NamedTuple):
    """Hold what one mention counts, as what strength, and why it counts nothing."""

    seen: Seen
    strength: str
    points: float
    why_not: str = ""


@dataclass(frozen=True, slots=True)
class Country:
    """Hold where the country is named: its sentences, and its names in each of them."""

    names: Mapping[int, Sequence[Seen]]
    early: bool
    assumed: bool

    def reach(self, sentence: int) -> float:
        """Say how far a strong term of this sentence belongs to the country, from 0 to 1."""
        names = self.names
        near = self.assumed or sentence in names or TITLE_SENTENCE in names or sentence - 1 in names or sentence + 1 in names
        return 1.0 if near else _FAR_REACH if self.early else 0.0

    def is_beside(self, seen: Seen) -> bool:
        """Tell whether a name stands within a few words of a term, or both in the title."""
        names = self.names.get(seen.sentence, ())
        if seen.sentence == TITLE_SENTENCE and names:
            return True
        return any(max(name.start - seen.end, seen.start - name.end) <= _BESIDE for name in names)


@dataclass(frozen=True, slots=True)
class Weighed:
    """Hold a score with its parts; `present` is False where what it is about is not named."""

    holds: bool
    score: float
    present: bool
    country: Country
    counts: Sequence[Count]
    shares: Mapping[str, float]
    """What each concept, or other part, adds to the score."""

    @property
    def counted(self) -> Sequence[Seen]:
        """Give the country's names and what counted."""
        names = [name for found in self.country.names.values() for name in found]
        return [*names, *(count.seen for count in self.counts if count.points)]


def weigh(score: Score, reading: Reading, mentions: Mentions, holds: Holds) -> Weighed:
    """Add up a bound score over a whole article."""
    weights = dict(score.weights)
    if score.anchor is not None and not reading.assumed and not mentions(score.anchor, reading, reading.everything):
        return Weighed(False, 0.0, False, Country({}, False, False), (), {})
    found = _scoring(score, reading, weights, mentions)
    held = [number for number, part in enumerate(score.parts) if holds(part.node, reading, reading.everything)]
    is_full = any(score.parts[number].weight >= score.threshold for number in held)
    country = _country(score, reading, None if is_full else found, mentions)
    present = bool(country.names) or country.assumed
    counts = [_count(one, weights, reading, country) for one in found] if present else []
    points = _points(counts)
    shares = {concept: weights[concept] * value for concept, value in points.items()}
    extra = {f"part {number + 1}": score.parts[number].weight for number in held} if present else {}
    total = round(sum(shares.values()) + sum(extra.values()), 2)
    lacking = bool(score.needed) and not score.needed & points.keys() and not extra
    return Weighed(
        present and total >= score.threshold and not lacking, total if present else 0.0, present, country, counts, shares | extra
    )


def _scoring(score: Score, reading: Reading, weights: Collection[str], mentions: Mentions) -> list[Seen]:
    """Give the mentions of weighed concepts, a few of each in a sentence."""
    found: list[Seen] = []
    for concept in reading.by_concept.keys() & weights:
        found += _few(reading.by_concept[concept])
    if score.blanked is not None and found:
        covers = mentions(score.blanked, reading, reading.everything)
        found = [one for one in found if not any(cover.start < one.end and one.start < cover.end for cover in covers)]
    return found


def _few(seen: Sequence[Seen]) -> Sequence[Seen]:
    if len(seen) <= _HITS_PER_SENTENCE:
        return seen
    kept: list[Seen] = []
    counted: dict[tuple[int, str], int] = {}
    for one in seen:
        place = (one.sentence, one.strength)
        counted[place] = counted.get(place, 0) + 1
        if one.sentence == TITLE_SENTENCE or counted[place] <= _HITS_PER_SENTENCE:
            kept.append(one)
    return kept


def _country(score: Score, reading: Reading, found: Sequence[Seen] | None, mentions: Mentions) -> Country:
    """Find the country; weak names alone need a full term of `found` in their sentence, or none where that is None."""
    if score.anchor is None:
        return Country({}, True, True)
    names = mentions(score.anchor, reading, reading.everything)
    if found is not None and names and not reading.assumed and not any(name.strength == "strong" for name in names):
        weights = dict(score.weights)
        full = {one.sentence for one in found if one.strength == "strong" and weights[one.concept] >= score.threshold}
        names = [name for name in names if name.sentence in full]
    by_sentence: dict[int, list[Seen]] = {}
    for name in names:
        by_sentence.setdefault(name.sentence, []).append(name)
    return Country(by_sentence, any(name.early for name in names), reading.assumed)


def _count(one: Seen, weights: Mapping[str, float], reading: Reading, country: Country) -> Count:
    """Say what one mention of a scoring concept counts."""
    if reading.is_guarded(one):
        return Count(one, one.strength, 0.0, "in a sentence about something else")
    depth = 1.0 if one.early else _DEPTH
    reach = country.reach(one.sentence)
    if one.strength == "strong" or (reading.counts_beside(one.concept) and country.is_beside(one)):
        return Count(one, "strong", reach * depth, "" if reach else "without country in reach")
    if one.sentence in country.names or (country.assumed and one.early) or reading.has_strong(one, weights):
        return Count(one, "weak", _WEAK * reach * depth, "" if reach else "without country in reach")
    return Count(one, "weak", 0.0, "without country in the sentence")


def _points(counts: Sequence[Count]) -> dict[str, float]:
    """Add up what each concept counts; leaves out those that count nothing."""
    best: dict[tuple[str, str, int], float] = {}
    for count in counts:
        if count.points:
            key = (count.seen.concept, count.strength, count.seen.sentence)
            best[key] = max(best.get(key, 0.0), count.points)
    sums: dict[tuple[str, str], float] = {}
    for (concept, strength, _), points in best.items():
        sums[concept, strength] = min(sums.get((concept, strength), 0.0) + points, 1.0 if strength == "strong" else _WEAK)
    totals: dict[str, float] = {}
    for (concept, _), points in sums.items():
        totals[concept] = min(1.0, totals.get(concept, 0.0) + points)
    return totals

"""Likeness: how probable it is that two tellings tell one event, and by what.

A logistic score over what two tellings share and what sets them apart. Shared: words of the headline and of the lead (one language
only, cosine by rarity), the rarest shared town, country and figure, bodies and names, themes. Against: other places, other figures of
a unit, time between them, one newsroom's two different headlines, an announcement beside a deed. Where sentence embeddings are
there, two texts of different languages are compared by their cosine too, with weights of their own; within a language words decide
better. The weights were fitted on our development set and real feeds by logistic regression and then by search on pair F and B-cubed F;
docs/stories.md has the numbers.
"""

import math
import re
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache
from operator import mul
from typing import NamedTuple

from aggregator.core.acts import ACT
from aggregator.records import Telling, Traits

WINDOW = timedelta(days=3)
"""Reports further apart are taken to tell two events, unless they are copies."""
SIMULTANEOUS = timedelta(hours=6)
"""Reports less apart than this are as good as of one moment: nearness alone proves nothing."""
JOIN = 0.25
"""Average probability at which two groups become one story."""
TOUCH = 0.12
"""Probability from which a story is looked at again when an article arrives."""
PARTS, COPY = 0.5, 0.8
"""Share of the shorter text in the longer one from which it repeats it in parts, and from which both are one text."""
FULL_TEXT = 120
"""Letters from which a text is more than a headline and its teaser; one newsroom that writes two of them tells two events."""
FULL = "full"
"""The cue of such a text."""
LONG_TEXT = 1_000
"""Letters from which two texts of one newsroom that are no copies of each other are two reports, however alike they sound."""
LONG = "long"
"""The cue of such a text."""
_LONG_APART = 3.0
"""How much more than teasers two long texts of one newsroom count."""
_TELLING = 3
"""Terms from which words count whole."""
_BEYOND = 2.0
"""What reports further apart than the window count more."""
_MEASURED = 1.7
"""How much more than heads two different tonnages, sums or shares count."""
_SCALE = 400.0
"""Embeddings are kept as small integers: a component times this."""
_BODIES = ("organisation/", "person/", "resolution/", "provision/")
_SPAN = re.compile(r"(-?[0-9.]+)(?:-([0-9.]+))?")
_PLACES = ("place/", "region/", "country/")


@dataclass(frozen=True, slots=True)
class Part:
    """Hold one part of a score: what was compared, how much of it was found, and what it added in log-odds."""

    name: str
    value: float
    adds: float
    shared: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Likeness:
    """Hold the probability that two tellings tell one event, with its parts."""

    probability: float
    parts: tuple[Part, ...]


class _Found(NamedTuple):
    value: float
    shared: tuple[str, ...] = ()


_WITHOUT_MEANING = {
    "headline": 5.5,
    "lead": 7.4,
    "town": 2.65,
    "country": 0.9,
    "figure": 4.25,
    "bodies": 2.05,
    "themes": 0.77,
    "cites": 1.97,
    "sentences": 4.0,
    "other places": -8.0,
    "other figures": -2.4,
    "time between": -8.0,
    "own other headline": -2.0,
    "own newsroom": -2.9,
    "own other text": -7.0,
    "announced and done": -1.39,
    "acts": 1.6,
    "other acts": -2.4,
    "": -0.06,
}
_WITH_MEANING = {
    "town": 2.87,
    "country": 1.68,
    "figure": 1.4,
    "bodies": 1.66,
    "themes": 1.53,
    "cites": 1.96,
    "sentences": 4.0,
    "meaning": 11.81,
    "other places": -4.88,
    "other figures": -2.67,
    "time between": -6.63,
    "acts": 1.0,
    "other acts": -1.5,
    "": -6.08,
}


def likeness(one: Telling, other: Telling, overlap: float = 0.0) -> Likeness:
    """Weigh two tellings; `overlap` is the share of the shorter text that stands in the longer one, where it is known."""
    meant = bool(one.traits.meaning and other.traits.meaning) and one.language[:2] != other.language[:2]
    weights = _WITH_MEANING if meant else _WITHOUT_MEANING
    found = dict(_compared(one, other, overlap, meant=meant))
    parts = [Part(name, item.value, weights[name] * item.value, item.shared) for name, item in found.items() if item.value]
    score = weights[""] + sum(part.adds for part in parts)
    return Likeness(1 / (1 + math.exp(-max(-30.0, min(30.0, score)))), (Part("at the start", 1.0, weights[""]), *parts))


def quantised(vectors: Collection[Collection[float]]) -> tuple[int, ...]:
    """Keep unit vectors as small integers, one after the other."""
    return tuple(max(-127, min(127, round(value * _SCALE))) for vector in vectors for value in vector)


def _compared(one: Telling, other: Telling, overlap: float, *, meant: bool) -> Iterator[tuple[str, _Found]]:
    ours, theirs = one.traits, other.traits
    same_language = one.language[:2] == other.language[:2]
    trusted = (1 - max(ours.doubt, theirs.doubt)) * min(_said(ours), _said(theirs))
    headline = cosine(ours.title, theirs.title) if same_language else _Found(0.0)
    yield "headline", _Found(headline.value * trusted, headline.shared)
    if same_language:
        lead = cosine(ours.lead, theirs.lead)
        yield "lead", _Found(lead.value * trusted, lead.shared)
        yield "announced and done", _Found(float(("ahead" in ours.cues) != ("ahead" in theirs.cues)))
    yield from _facts(ours.facts, theirs.facts)
    yield from _acts(ours.cues, theirs.cues, same_language=same_language)
    yield "cites", _Found(float(cites(one, other) or cites(other, one)))
    own = one.family == other.family and same_language
    yield "sentences", _Found(overlap if overlap >= PARTS and not own else 0.0)
    gap = abs(one.told_at - other.told_at)
    beyond = _BEYOND if gap > WINDOW and overlap < COPY else 0.0
    yield "time between", _Found(beyond + math.sqrt(min(1.0, max(gap, SIMULTANEOUS) / WINDOW)))
    if own and overlap < COPY:
        yield "own other headline", _Found(1.0 - headline.value)
        updated = "update" in ours.cues | theirs.cues
        yield "own newsroom", _Found(float(headline.value < 0.8 and not updated))
        yield "own other text", _Found(0.0 if updated else _written_twice(ours, theirs))
    if meant:
        yield "meaning", _Found(sum(map(mul, ours.meaning, theirs.meaning)) / (_SCALE * _SCALE * 2))


def _said(traits: Traits) -> float:
    """Tell whether a telling says anything: "Photo" over an empty text proves nothing by standing twice."""
    return min(1.0, max(len(traits.title), len(traits.lead)) / _TELLING)


def _written_twice(ours: Traits, theirs: Traits) -> float:
    """Tell whether both are texts of their own, no teasers."""
    if LONG in ours.cues and LONG in theirs.cues:
        return _LONG_APART
    return float(FULL in ours.cues and FULL in theirs.cues)


def _facts(ours: Mapping[str, float], theirs: Mapping[str, float]) -> Iterator[tuple[str, _Found]]:
    shared = {concept: min(ours[concept], theirs[concept]) for concept in ours.keys() & theirs.keys()}
    yield "town", _rarest(shared, ("place/", "region/"))
    yield "country", _rarest(shared, ("country/",))
    figures = {concept: weight for concept, weight in shared.items() if is_figure(concept)}
    yield "figure", _rarest(figures, ("",))
    yield "bodies", _sum(shared, lambda concept: concept.startswith(_BODIES), 1.5)
    yield "themes", _sum(shared, _is_theme, 2.0)
    yield "other places", _Found(float(_apart(ours, theirs, ("place/", "region/"))))
    yield "other figures", _Found(0.0 if figures else _other_figures(ours, theirs))


def _acts(ours: Collection[str], theirs: Collection[str], *, same_language: bool) -> Iterator[tuple[str, _Found]]:
    """Compare what two headlines say was done; within a language the words have told already what is shared."""
    one, other = ({cue for cue in cues if cue.startswith(ACT)} for cues in (ours, theirs))
    yield "other acts", _Found(float(bool(one and other and one.isdisjoint(other))))
    if not same_language:
        yield "acts", _Found(float(not one.isdisjoint(other)), tuple(sorted(one & other)))


def cosine(ours: Mapping[str, float], theirs: Mapping[str, float]) -> _Found:
    """Give the cosine of two weighted sets of terms, with the shared ones, rarest first."""
    shared = {term for term in ours.keys() & theirs.keys() if ours[term] > 0}
    if not shared:
        return _Found(0.0)
    product = sum(ours[term] * theirs[term] for term in shared)
    norms = math.sqrt(_squares(ours.values()) * _squares(theirs.values()))
    ranked = sorted(shared, key=lambda term: (-ours[term], term))
    return _Found(product / norms if norms else 0.0, tuple(ranked[:5]))


def _squares(weights: Collection[float]) -> float:
    squares: float = sum(map(mul, weights, weights))
    return squares


def cites(one: Telling, other: Telling) -> bool:
    """Tell whether one telling names the other's newsroom as its source."""
    return one.family != other.family and f"outlet/{other.family}" in one.concepts


def is_figure(concept: str) -> bool:
    """Tell figures such as ``person:300`` from other concepts."""
    return ":" in concept


def _rarest(shared: Mapping[str, float], kinds: tuple[str, ...]) -> _Found:
    ranked = sorted((-weight, concept) for concept, weight in shared.items() if concept.startswith(kinds))
    return _Found(-ranked[0][0], tuple(concept for _, concept in ranked)) if ranked else _Found(0.0)


def _sum(shared: Mapping[str, float], kind: Callable[[str], bool], most: float) -> _Found:
    chosen = sorted(concept for concept in shared if kind(concept))
    return _Found(min(most, sum(shared[concept] for concept in chosen)), tuple(chosen))


def _is_theme(concept: str) -> bool:
    return not is_figure(concept) and not concept.startswith((*_BODIES, *_PLACES, "outlet/"))


def _apart(ours: Mapping[str, float], theirs: Mapping[str, float], kinds: tuple[str, ...]) -> bool:
    one = [concept for concept in ours if concept.startswith(kinds)]
    other = [concept for concept in theirs if concept.startswith(kinds)]
    return bool(one and other and set(one).isdisjoint(other))


def _other_figures(ours: Mapping[str, float], theirs: Mapping[str, float]) -> float:
    """Tell whether both count one thing and differ; what is measured or paid tells events apart better than heads, which grow.

    A figure inside the other one's range does not differ from it.
    """
    pairs = [(one, other) for one in figure_spans(ours) for other in figure_spans(theirs) if one[0] == other[0]]
    if not pairs or any(one[1] <= other[2] and other[1] <= one[2] for one, other in pairs):
        return 0.0
    return _MEASURED if any(one[0] != "person" for one, _ in pairs) else 1.0


def figure_spans(concepts: Mapping[str, float]) -> list[tuple[str, float, float]]:
    """Give unit, least and most of each figure: ``person:50000-100000``."""
    return [span for concept in concepts if is_figure(concept) and (span := _span(concept))]


@lru_cache(maxsize=4096)
def _span(concept: str) -> tuple[str, float, float] | None:
    unit, _, value = concept.partition(":")
    span = _SPAN.fullmatch(value)
    return (unit, float(span[1]), float(span[2] or span[1])) if span else None

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
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache
from operator import mul

from aggregator.core.acts import ACT, FIRST
from aggregator.core.slots import other_names
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
_FORETOLD, _NEXT_DAY = 0.7, timedelta(days=1)
"""What an announcement beside a deed counts in one hour, which may be two wordings of one thing; a day apart it counts whole."""
_SCALE = 400.0
"""Embeddings are kept as small integers: a component times this."""
_BODIES = ("organisation/", "person/", "resolution/", "provision/")
_SPAN = re.compile(r"(-?[0-9.]+)(?:-([0-9.]+))?")
_TOWNS, _COUNTRIES = ("place/", "region/"), ("country/",)
_ONE_FORM = 0.2
"""How alike two headlines are at least that may be of one form."""
_MOST_BODIES, _MOST_THEMES = 1.5, 2.0
"""What many shared names, or themes, count at most."""
_MOST_NAMED = 5
_OWN_SAME = 0.95
"""How alike two headlines of a newsroom are that tells one thing twice."""


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


_WITHOUT_MEANING = {
    "headline": 3.2,
    "lead": 7.9,
    "town": 3.1,
    "country": 2.3,
    "figure": 4.25,
    "bodies": 1.8,
    "themes": 1.6,
    "acts": 1.6,
    "cites": 2.3,
    "sentences": 3.9,
    "other places": -10.0,
    "other countries": -8.0,
    "other names": -10.0,
    "other figures": -2.6,
    "other acts": -1.6,
    "time between": -8.0,
    "own other headline": -1.6,
    "own newsroom": -4.0,
    "own other text": -8.0,
    "announced and done": -2.6,
    "": -0.35,
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
    "other countries": -5.0,
    "other figures": -2.67,
    "time between": -6.63,
    "acts": 1.0,
    "other acts": -1.5,
    "": -6.08,
}

WEIGHTS = (_WITHOUT_MEANING, _WITH_MEANING)
"""What the version of the rules is made of."""


def probability(one: Telling, other: Telling, overlap: float = 0.0) -> float:
    """Give the probability that two tellings tell one event; `overlap` is the share of the shorter text that stands in the longer one."""
    weights = _WITH_MEANING if _meant(one, other) else _WITHOUT_MEANING
    return _logistic(weights[""] + sum(weights[name] * value for name, value in _values(one, other, overlap)))


def likeness(one: Telling, other: Telling, overlap: float = 0.0) -> Likeness:
    """Weigh two tellings as `probability` does, and say what by."""
    weights = _WITH_MEANING if _meant(one, other) else _WITHOUT_MEANING
    found = dict(_values(one, other, overlap))
    parts = [Part(name, value, weights[name] * value, _shared(name, one.traits, other.traits)) for name, value in found.items() if value]
    score = weights[""] + sum(part.adds for part in parts)
    return Likeness(_logistic(score), (Part("at the start", 1.0, weights[""]), *parts))


def _logistic(score: float) -> float:
    return 1 / (1 + math.exp(-max(-30.0, min(30.0, score))))


def _meant(one: Telling, other: Telling) -> bool:
    return bool(one.traits.meaning and other.traits.meaning) and one.language[:2] != other.language[:2]


def quantised(vectors: Collection[Collection[float]]) -> tuple[int, ...]:
    """Keep unit vectors as small integers, one after the other."""
    return tuple(max(-127, min(127, round(value * _SCALE))) for vector in vectors for value in vector)


def _values(one: Telling, other: Telling, overlap: float) -> Iterator[tuple[str, float]]:
    """Compare two tellings part by part; this runs for some thirty pairs with every article that comes."""
    ours, theirs = one.traits, other.traits
    same_language = one.language[:2] == other.language[:2]
    headline = 0.0
    if same_language:
        trusted = (1 - max(ours.doubt, theirs.doubt)) * min(_said(ours), _said(theirs))
        headline = cosine(ours.title, theirs.title)
        yield "headline", headline * trusted
        yield "lead", cosine(ours.lead, theirs.lead) * trusted
        yield "other names", float(headline >= _ONE_FORM and overlap < COPY and other_names(one, other))
    yield from _facts(ours.facts, theirs.facts)
    yield "other countries", float(_apart(_headline_countries(ours), _headline_countries(theirs), _COUNTRIES))
    yield from _acts(ours.cues, theirs.cues, same_language=same_language)
    yield "cites", float(cites(one, other) or cites(other, one))
    own = one.family == other.family and same_language
    yield "sentences", overlap if overlap >= PARTS and not own else 0.0
    gap = abs(one.told_at - other.told_at)
    if same_language and ("ahead" in ours.cues) != ("ahead" in theirs.cues):
        yield "announced and done", _FORETOLD + (1 - _FORETOLD) * min(1.0, gap / _NEXT_DAY)
    beyond = _BEYOND if gap > WINDOW and overlap < COPY else 0.0
    yield "time between", beyond + math.sqrt(min(1.0, max(gap, SIMULTANEOUS) / WINDOW))
    if own and overlap < COPY:
        updated = "update" in ours.cues | theirs.cues
        yield "own other headline", 1.0 - headline
        yield "own newsroom", float(headline < _OWN_SAME and not updated)
        yield "own other text", 0.0 if updated else _written_twice(ours, theirs)
    if _meant(one, other):
        yield "meaning", sum(map(mul, ours.meaning, theirs.meaning)) / (_SCALE * _SCALE * 2)


def _said(traits: Traits) -> float:
    """Tell whether a telling says anything: "Photo" over an empty text proves nothing by standing twice."""
    return min(1.0, max(len(traits.title), len(traits.lead)) / _TELLING)


def _written_twice(ours: Traits, theirs: Traits) -> float:
    """Tell whether both are texts of their own, no teasers."""
    if LONG in ours.cues and LONG in theirs.cues:
        return _LONG_APART
    return float(FULL in ours.cues and FULL in theirs.cues)


def _facts(ours: Mapping[str, float], theirs: Mapping[str, float]) -> Iterator[tuple[str, float]]:
    shared = _both(ours, theirs)
    kinds: dict[str, list[float]] = {"town": [], "country": [], "figure": [], "bodies": [], "themes": []}
    for concept in sorted(shared):
        kinds.setdefault(_kind(concept), []).append(shared[concept])
    for rarest in ("town", "country", "figure"):
        yield rarest, max(kinds[rarest], default=0.0)
    yield "bodies", min(_MOST_BODIES, sum(kinds["bodies"]))
    yield "themes", min(_MOST_THEMES, sum(kinds["themes"]))
    yield "other places", float(_apart(ours, theirs, _TOWNS))
    yield "other figures", 0.0 if kinds["figure"] else _other_figures(ours, theirs)


def _both(ours: Mapping[str, float], theirs: Mapping[str, float]) -> dict[str, float]:
    return {concept: min(ours[concept], theirs[concept]) for concept in ours.keys() & theirs.keys()}


@lru_cache(maxsize=4096)
def _kind(concept: str) -> str:
    """Name the part that a shared concept belongs to."""
    if ":" in concept:
        return "figure"
    kinds = {"town": _TOWNS, "country": ("country/",), "bodies": _BODIES, "outlet": ("outlet/",)}
    return next((kind for kind, starts in kinds.items() if concept.startswith(starts)), "themes")


def _acts(ours: Collection[str], theirs: Collection[str], *, same_language: bool) -> Iterator[tuple[str, float]]:
    """Compare what two headlines say was done; within a language the words have told already what is shared."""
    one, other = ({cue for cue in cues if cue.startswith(FIRST)} for cues in (ours, theirs))
    yield "other acts", float(bool(one and other and one != other))
    if not same_language:
        yield "acts", float(any(cue in theirs for cue in ours if cue.startswith(ACT)))


def _shared(part: str, ours: Traits, theirs: Traits) -> tuple[str, ...]:
    """Name what a part found in both, rarest first."""
    if part in ("headline", "lead"):
        words = getattr(ours, "title" if part == "headline" else "lead")
        both = [term for term in words.keys() & getattr(theirs, "title" if part == "headline" else "lead").keys() if words[term] > 0]
        return tuple(sorted(both, key=lambda term: (-words[term], term))[:_MOST_NAMED])
    if part == "acts":
        return tuple(sorted(cue for cue in ours.cues & theirs.cues if cue.startswith(ACT)))
    shared = _both(ours.facts, theirs.facts)
    return tuple(sorted((concept for concept in shared if _kind(concept) == part), key=lambda concept: (-shared[concept], concept)))


def cosine(ours: Mapping[str, float], theirs: Mapping[str, float]) -> float:
    """Give the cosine of two weighted sets of terms."""
    product = sum([ours[term] * theirs[term] for term in ours.keys() & theirs.keys()])
    return product / math.sqrt(_squares(ours.values()) * _squares(theirs.values())) if product else 0.0


def _squares(weights: Collection[float]) -> float:
    squares: float = sum(map(mul, weights, weights))
    return squares


def cites(one: Telling, other: Telling) -> bool:
    """Tell whether one telling names the other's newsroom as its source."""
    return one.family != other.family and f"outlet/{other.family}" in one.concepts


def is_figure(concept: str) -> bool:
    """Tell figures such as ``person:300`` from other concepts."""
    return ":" in concept


def _apart(ours: Mapping[str, float], theirs: Mapping[str, float], kinds: tuple[str, ...]) -> bool:
    one = [concept for concept in ours if concept.startswith(kinds)]
    other = [concept for concept in theirs if concept.startswith(kinds)]
    return bool(one and other and set(one).isdisjoint(other))


def _headline_countries(traits: Traits) -> Mapping[str, float]:
    """Give the countries of a headline but for those of every text; further down others are named for comparison."""
    named = (f"country/{concept.removeprefix('place/')}" for concept in traits.headline if concept.startswith("place/"))
    return {country: traits.facts[country] for country in named if country in traits.facts}


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

"""Put a judgement's reason into words: the parts of the score, or the nearest miss."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from aggregator.matching.packs import Packs

_MOST_PARTS = 5


@dataclass(frozen=True, slots=True)
class Miss:
    """Hold one word that was found, what it counted, and why not more."""

    quote: str
    strength: str
    points: float
    why_not: str


def explain_match(shares: Mapping[str, float], score: float, threshold: float, packs: Packs) -> str:
    """Name the concepts that made up the score, the largest share first."""
    ranked = sorted(shares.items(), key=lambda item: (-item[1], item[0]))
    parts = [f"{packs.label(concept)} {share:g}" for concept, share in ranked[:_MOST_PARTS]]
    rest = "" if len(ranked) <= _MOST_PARTS else f" + {len(ranked) - _MOST_PARTS} more"
    return f"{' + '.join(parts)}{rest} = {score:g}, needed {threshold:g}"


def explain_miss(misses: Sequence[Miss], score: float, threshold: float, lacking: Sequence[str]) -> str:
    """Name what was found and what it fell short of; `misses` must not be empty."""
    best = max(misses, key=lambda miss: (miss.points, miss.strength == "strong"))
    if lacking:
        return f"nothing of {' or '.join(lacking)} beside {best.quote}"
    if best.points == 0:
        return f"one {best.strength} term short: {best.quote} {best.why_not}"
    return f"score {score:g} of {threshold:g}: only {' and '.join(_found(misses))}"


def _found(misses: Sequence[Miss]) -> list[str]:
    counted = dict.fromkeys(f"{miss.quote} ({miss.strength}, {miss.points:g})" for miss in misses if miss.points)
    return list(counted)[:3]

"""Rarity: how much a term or a fact says about an event, learned on the archive itself.

A term of every text weighs nothing, one that no other text has weighs 1: w = ln((N + 1) / (df + 1/2)) / ln(N + 1), the inverse
document frequency of Spärck Jones (1972) brought to the range 0 to 1. A young archive knows little, so facts are weighed as if a
hundred articles without them had been seen before; words are not, or the words of the subject would tell everything apart.
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

SEEN_BEFORE = 100
"""Articles without the fact that a young archive is taken to hold."""


@dataclass(frozen=True, slots=True)
class Rarity:
    """Hold how many articles the archive has, and how many of them have each term."""

    articles: int = 0
    counts: Mapping[str, int] = field(default_factory=dict)

    @property
    def doubt(self) -> float:
        """Tell how little the archive knows of words, 1/2 to 0: in a young one every word looks rare, so shared ones prove less."""
        return max(0.0, 0.5 * (1 - self.articles / SEEN_BEFORE))

    def word(self, term: str) -> float:
        """Weigh a word, 0 to 1."""
        return _weight(self.articles, self.counts.get(term, 0))

    def fact(self, concept: str) -> float:
        """Weigh a place, figure, name or other fact, 0 to 1."""
        return _weight(self.articles + SEEN_BEFORE, self.counts.get(concept, 0))

    def words(self, terms: Iterable[str]) -> dict[str, float]:
        """Weigh words; those that say nothing stay with weight 0, to be counted."""
        return {term: round(self.word(term), 4) for term in terms}


def _weight(articles: int, count: int) -> float:
    total = max(articles, 1) + 1
    return min(1.0, max(0.0, math.log(total / (count + 0.5)) / math.log(total)))

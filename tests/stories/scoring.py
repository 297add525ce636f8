"""Score a clustering against the truth: pair F, and B-cubed F (Bagga and Baldwin, 1998).

B-cubed is kind to a corpus of singletons; pair F counts nothing but pairs, so both are asked for.
"""

from collections import Counter
from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass
from itertools import combinations


@dataclass(frozen=True, slots=True)
class Score:
    """Hold precision, recall and F of one measure."""

    precision: float
    recall: float

    @property
    def f(self) -> float:
        """Give the harmonic mean."""
        total = self.precision + self.recall
        return 2 * self.precision * self.recall / total if total else 0.0


def pairs(clusters: Mapping[str, Hashable]) -> frozenset[tuple[str, str]]:
    """Give the pairs of ids that stand in one cluster."""
    members: dict[Hashable, list[str]] = {}
    for name, cluster in clusters.items():
        members.setdefault(cluster, []).append(name)
    return frozenset(pair for names in members.values() for pair in combinations(sorted(names), 2))


def pair_score(found: Mapping[str, Hashable], truth: Mapping[str, Hashable]) -> Score:
    """Compare the pairs found with the true ones."""
    ours, true = pairs({name: found[name] for name in truth}), pairs(truth)
    right = len(ours & true)
    return Score(right / len(ours) if ours else 1.0, right / len(true) if true else 1.0)


def b_cubed(found: Mapping[str, Hashable], truth: Mapping[str, Hashable]) -> Score:
    """Average over the items how pure and how complete the cluster of each is."""
    ours, true = Counter(found[name] for name in truth), Counter(truth.values())
    both = Counter((found[name], truth[name]) for name in truth)
    shares = [(both[found[name], truth[name]], ours[found[name]], true[truth[name]]) for name in truth]
    return Score(_mean(right / size for right, size, _ in shares), _mean(right / size for right, _, size in shares))


def disagreement(one: Mapping[str, Hashable], other: Mapping[str, Hashable]) -> float:
    """Give the share of pairs together in either clustering that are not together in both."""
    ours, theirs = pairs(one), pairs(other)
    return len(ours ^ theirs) / len(ours | theirs) if ours | theirs else 0.0


def _mean(values: Iterable[float]) -> float:
    listed = list(values)
    return sum(listed) / len(listed) if listed else 1.0

"""Average linkage: group things by how alike they are on average, never by a chain of pairs.

UPGMA (Sokal and Michener, 1958): the two groups whose members are most alike on average join, until no two reach the bar. What a
person put together starts as one group, what a person kept apart never joins. Ties are broken by the keys, so that the same set
gives the same groups in whatever order it came.
"""

from collections.abc import Callable, Hashable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from itertools import combinations, product
from typing import Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)


def _never(_one: object, _other: object) -> bool:
    return False


@dataclass(frozen=True, slots=True)
class Copies(Generic[Key]):
    """Hold the pairs that are one text, and what tells that two things can be no copies, through however many others."""

    pairs: AbstractSet[frozenset[Key]] = frozenset()
    clash: Callable[[Key, Key], bool] = _never


def group(
    keys: Sequence[Key],
    alike: Callable[[Key, Key], float],
    bar: float,
    bonds: Mapping[frozenset[Key], bool],
    doubles: AbstractSet[Key] = frozenset(),
    copies: "Copies[Key] | None" = None,
) -> list[tuple[Key, ...]]:
    """Group `keys`, given in a stable order; `bonds` hold pairs that must (True) or must not (False) stand together.

    `doubles` repeat another key and do not count in averages; `copies` start as one group where nothing forbids it.
    """
    groups = bonded(keys, bonds, copies or Copies())
    likeness = {frozenset(pair): alike(*pair) for pair in combinations(keys, 2)}
    single = {number: [key for key in members if key not in doubles] or members for number, members in groups.items()}
    apart = {pair for pair, together in bonds.items() if not together}
    averages = {
        (one, other): _average((groups[one], single[one]), (groups[other], single[other]), likeness, apart)
        for one, other in combinations(sorted(groups), 2)
    }
    while averages:
        (one, other), best = max(averages.items(), key=lambda item: (item[1], -item[0][0], -item[0][1]))
        if best < bar:
            break
        groups[one] = groups[one] + groups.pop(other)
        single[one] = single[one] + single.pop(other)
        averages = {pair: value for pair, value in averages.items() if not {one, other} & set(pair)}
        for third in groups:
            if third != one:
                averages[min(one, third), max(one, third)] = _average(
                    (groups[one], single[one]), (groups[third], single[third]), likeness, apart
                )
    return [tuple(members) for members in groups.values()]


def bonded(keys: Sequence[Key], bonds: Mapping[frozenset[Key], bool], copies: "Copies[Key]") -> dict[int, list[Key]]:
    """Start with what is bound, decisions of people first; no union crosses a pair that was kept apart, none of copies one that clashes."""
    groups = {number: [key] for number, key in enumerate(keys)}
    of = {key: number for number, key in enumerate(keys)}
    apart = {pair for pair, together in bonds.items() if not together}
    decided = [pair for pair, together in bonds.items() if together]
    for pairs, clash in ((decided, _never), (copies.pairs - bonds.keys(), copies.clash)):
        for pair in sorted(pairs, key=lambda pair: sorted(of.get(key, -1) for key in pair)):
            numbers = sorted({of[key] for key in pair if key in of})
            if len(numbers) == 2 and not _forbidden(groups[numbers[0]], groups[numbers[1]], apart, clash):
                moved = groups.pop(numbers[1])
                groups[numbers[0]] += moved
                of.update(dict.fromkeys(moved, numbers[0]))
    return groups


def _forbidden(ours: Sequence[Key], theirs: Sequence[Key], apart: AbstractSet[frozenset[Key]], clash: Callable[[Key, Key], bool]) -> bool:
    return any(frozenset(pair) in apart or clash(*pair) for pair in product(ours, theirs))


def _average(
    ours: tuple[Sequence[Key], Sequence[Key]],
    theirs: tuple[Sequence[Key], Sequence[Key]],
    likeness: Mapping[frozenset[Key], float],
    apart: AbstractSet[frozenset[Key]],
) -> float:
    """Average over the pairs of those that count; any pair that was kept apart forbids."""
    if apart and not apart.isdisjoint(frozenset((one, other)) for one in ours[0] for other in theirs[0]):
        return -1.0
    pairs = [likeness[frozenset((one, other))] for one in ours[1] for other in theirs[1]]
    return sum(pairs) / len(pairs)

"""Average linkage: group things by how alike they are on average, never by a chain of pairs.

UPGMA (Sokal and Michener, 1958): the two groups whose members are most alike on average join, until no two reach the bar. What a
person put together starts as one group, what a person kept apart never joins. Ties are broken by the keys, so that the same set
gives the same groups in whatever order it came.
"""

from collections.abc import Callable, Hashable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from itertools import combinations
from typing import TypeVar

Key = TypeVar("Key", bound=Hashable)


def group(
    keys: Sequence[Key],
    alike: Callable[[Key, Key], float],
    bar: float,
    bonds: Mapping[frozenset[Key], bool],
    doubles: AbstractSet[Key] = frozenset(),
) -> list[tuple[Key, ...]]:
    """Group `keys`, given in a stable order; `bonds` hold pairs that must (True) or must not (False) stand together.

    `doubles` repeat another key and do not count in averages.
    """
    groups = _bonded(keys, bonds)
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


def _bonded(keys: Sequence[Key], bonds: Mapping[frozenset[Key], bool]) -> dict[int, list[Key]]:
    groups = {number: [key] for number, key in enumerate(keys)}
    of = {key: number for number, key in enumerate(keys)}
    for pair in sorted((pair for pair, together in bonds.items() if together), key=lambda pair: sorted(of.get(key, -1) for key in pair)):
        numbers = sorted({of[key] for key in pair if key in of})
        if len(numbers) == 2:
            moved = groups.pop(numbers[1])
            groups[numbers[0]] += moved
            of.update(dict.fromkeys(moved, numbers[0]))
    return groups


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

"""Redrawing: from the groups of a draft to moves between the stories that stand, so that as few articles as can be change their story.

A group keeps the story that most of its members stand in, and a story goes to the group that holds most of it; where all its articles
leave, it is merged into the story that takes most of them, so its number leads there. What people decided of pairs stands above the
draft, also where they decided after it was made.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from aggregator.core.linkage import Copies, bonded
from aggregator.core.stories import targets_of

Bonds = Mapping[frozenset[int], bool]


@dataclass(frozen=True, slots=True)
class Leaving:
    """Say which articles leave a story together, and for which group."""

    source: int
    group: int
    articles: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Redrawn:
    """Hold groups, the story that each keeps (None opens one), and what moves, in an order in which it can be carried out."""

    groups: tuple[tuple[int, ...], ...]
    targets: tuple[int | None, ...]
    moves: tuple[Leaving, ...]


def redraw(stands: Mapping[int, int], drafted: Mapping[int, int], bonds: Bonds) -> Redrawn:
    """Say how articles, given in a stable order with the story of each, come to stand as drafted and as people decided."""
    groups = _obeying(_gathered(drafted), bonds)
    targets = targets_of(groups, stands)
    leaving: dict[tuple[int, int], list[int]] = {}
    for number, members in enumerate(groups):
        for article in members:
            if stands[article] != targets[number]:
                leaving.setdefault((stands[article], number), []).append(article)
    # The largest part leaves last: where a story ends, its number leads to that one.
    ordered = sorted(leaving, key=lambda key: (key[0], len(leaving[key]), key[1]))
    moves = tuple(Leaving(source, number, tuple(leaving[source, number])) for source, number in ordered)
    return Redrawn(tuple(groups), tuple(targets), moves)


def _gathered(drafted: Mapping[int, int]) -> list[tuple[int, ...]]:
    groups: dict[int, list[int]] = {}
    for article, group in drafted.items():
        groups.setdefault(group, []).append(article)
    return [tuple(members) for members in groups.values()]


def _obeying(groups: Sequence[tuple[int, ...]], bonds: Bonds) -> list[tuple[int, ...]]:
    """Part what people kept apart, then put together what they put together."""
    if not bonds:
        return list(groups)
    pieces = [piece for members in groups for piece in _parted(members, bonds)]
    of = {article: number for number, piece in enumerate(pieces) for article in piece}
    united = dict(enumerate(pieces))
    for pair in sorted((pair for pair, together in bonds.items() if together and pair <= of.keys()), key=sorted):
        one, other = sorted(of[article] for article in pair)
        if one != other and not _kept_apart(united[one], united[other], bonds):
            of.update(dict.fromkeys(united[other], one))
            united[one] += united.pop(other)
    return list(united.values())


def _parted(members: Sequence[int], bonds: Bonds) -> list[tuple[int, ...]]:
    """Cut a group so that no piece holds a pair that was kept apart; what was put together stays in one piece."""
    inside = set(members)
    own = {pair: together for pair, together in bonds.items() if pair <= inside}
    if all(own.values()):
        return [tuple(members)]
    pieces: list[list[int]] = []
    for atom in bonded(members, own, Copies()).values():
        home = next((piece for piece in pieces if not _kept_apart(piece, atom, own)), None)
        if home is None:
            pieces.append(list(atom))
        else:
            home += atom
    return [tuple(piece) for piece in pieces]


def _kept_apart(ours: Sequence[int], theirs: Sequence[int], bonds: Bonds) -> bool:
    one, other = set(ours), set(theirs)
    return any(not together and pair & one and pair & other for pair, together in bonds.items())

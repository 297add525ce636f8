"""The compiled form of a query: a small tree of frozen nodes, the same for topics, the archive, subscriptions and search.

A node says yes or no of a scope, a stretch of an article. Some nodes also name **mentions**, words at a place: terms, sets of
the packs, their union by OR, and what NEAR, WITH, UNLESS, ``title:`` and ``first:`` leave of them. `Word` and `Named` are how an
author wrote a leaf; binding to the packs (`aggregator.matching.binding`) makes `Terms` of both.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TypeAlias

SENTENCE, PARAGRAPH = "sentence", "paragraph"


@dataclass(frozen=True, slots=True, order=True)
class Spot:
    """Point into a query; both count from 1."""

    line: int = 1
    column: int = 1


@dataclass(frozen=True, slots=True)
class Word:
    """Hold a term or phrase as written, without its quotes."""

    notation: str
    spot: Spot = field(default=Spot(), compare=False)


@dataclass(frozen=True, slots=True)
class Named:
    """Hold a set by name, a theme or ``theme/concept``; with its weak terms where `weak`."""

    name: str
    weak: bool = False
    spot: Spot = field(default=Spot(), compare=False)


@dataclass(frozen=True, slots=True)
class Terms:
    """Look for the terms of some concepts; mentions that touch a mention of `blanked` do not count."""

    concepts: frozenset[str]
    strengths: frozenset[str]
    label: str
    blanked: "Node | None" = None


@dataclass(frozen=True, slots=True)
class Or:
    """Hold where any part does; of mentions, their union."""

    parts: tuple["Node", ...]


@dataclass(frozen=True, slots=True)
class And:
    """Hold where every part does."""

    parts: tuple["Node", ...]


@dataclass(frozen=True, slots=True)
class Not:
    """Hold where the part does not."""

    part: "Node"


@dataclass(frozen=True, slots=True)
class Except:
    """Stand for ``part EXCEPT words`` before binding, which moves the words down to the terms they blank."""

    part: "Node"
    words: "Node"


@dataclass(frozen=True, slots=True)
class Near:
    """Keep the mentions of each side that have one of the other with at most `words` words between, in the same field."""

    left: "Node"
    right: "Node"
    words: int
    spot: Spot = field(default=Spot(), compare=False)


@dataclass(frozen=True, slots=True)
class Guarded:
    """Keep the mentions in whose sentence or paragraph `condition` holds, or does not where `negated`."""

    part: "Node"
    condition: "Node"
    unit: str
    negated: bool
    spot: Spot = field(default=Spot(), compare=False)


@dataclass(frozen=True, slots=True)
class Within:
    """Hold where the part holds inside one sentence or paragraph; the title is one of each.

    `is_plain` says that the part is made of terms, AND and OR alone; binding fills it.
    """

    unit: str
    part: "Node"
    is_plain: bool = field(default=False, compare=False)


@dataclass(frozen=True, slots=True)
class AtLeast:
    """Hold where that many mentions stand side by side, without overlap."""

    count: int
    part: "Node"
    spot: Spot = field(default=Spot(), compare=False)


@dataclass(frozen=True, slots=True)
class Zone:
    """Narrow the scope to the title (`words` None), or to the title and the first `words` words of the text."""

    words: int | None
    part: "Node"


@dataclass(frozen=True, slots=True)
class Has:
    """Ask for a property of the article: "language", "source", "class" or "assumed"."""

    key: str
    value: str
    spot: Spot = field(default=Spot(), compare=False)


@dataclass(frozen=True, slots=True)
class Part:
    """Give a weight to what a score adds up."""

    weight: float
    node: "Node"


@dataclass(frozen=True, slots=True)
class Score:
    """Hold where the weighted parts reach `threshold`; how is told in `aggregator.matching.scoring`.

    Binding fills `weights` by concept and leaves in `parts` what is no plain set or term; `needed` and `shown` become concepts.
    """

    threshold: float
    parts: tuple[Part, ...]
    anchor: "Node | None" = None
    needs: tuple[Named, ...] = ()
    shows: tuple[Named, ...] = ()
    weights: tuple[tuple[str, float], ...] = ()
    needed: frozenset[str] = frozenset()
    shown: frozenset[str] = frozenset()
    blanked: "Node | None" = None
    spot: Spot = field(default=Spot(), compare=False)


Node: TypeAlias = Word | Named | Terms | Or | And | Not | Except | Near | Guarded | Within | AtLeast | Zone | Has | Score


def children(node: Node) -> tuple[Node, ...]:
    """Give the nodes directly below one."""
    match node:
        case Or(parts=parts) | And(parts=parts):
            return parts
        case Not(part=part) | Within(part=part) | AtLeast(part=part) | Zone(part=part):
            return (part,)
        case Except(part=part, words=other) | Guarded(part=part, condition=other):
            return part, other
        case Near(left=left, right=right):
            return left, right
        case Score(parts=weighed, anchor=anchor):
            return (*(part.node for part in weighed), *((anchor,) if anchor else ()))
        case _:
            return ()


def walk(node: Node) -> Iterator[Node]:
    """Give a node and all below it."""
    waiting = [node]
    while waiting:
        one = waiting.pop()
        yield one
        waiting += reversed(children(one))


def names_mentions(node: Node) -> bool:
    """Tell whether a node names words at a place, so that they can be near something or be counted."""
    match node:
        case Word() | Named() | Terms() | Near() | Guarded():
            return True
        case Or(parts=parts):
            return all(names_mentions(part) for part in parts)
        case Zone(part=part) | Except(part=part):
            return names_mentions(part)
        case _:
            return False


def is_plain(node: Node) -> bool:
    """Tell whether a bound node is made of terms, AND and OR alone."""
    return all(isinstance(one, Terms | And | Or) for one in walk(node))


def needs_words(node: Node) -> bool:
    """Tell whether a node cannot hold where none of its terms stands."""
    match node:
        case Not() | Has() | Score():
            return False
        case Or(parts=parts):
            return all(needs_words(part) for part in parts)
        case And(parts=parts):
            return any(needs_words(part) for part in parts)
        case Within(part=part) | Zone(part=part):
            return needs_words(part)
        case _:
            return True

"""Bind a query to the packs: names become concepts, terms become concepts of their own, exclusions move to the words they blank."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

from aggregator.matching.checking import check_node, read_word
from aggregator.matching.packs import QUERY, Concept, Pack, Packs, Term
from aggregator.matching.query import (
    And,
    AtLeast,
    Except,
    Guarded,
    Named,
    Near,
    Node,
    Not,
    Or,
    Part,
    Score,
    Terms,
    Within,
    Word,
    Zone,
    is_plain,
)

_STRONG = frozenset(("strong",))
_BOTH = frozenset(("strong", "weak"))


@dataclass(frozen=True, slots=True)
class Bound:
    """Hold a query ready to be evaluated, and the terms it brings along, by notation."""

    node: Node
    terms: Mapping[str, Term]


def bind(node: Node, packs: Packs) -> Bound:
    """Resolve the names and terms of a parsed query; raises `QueryError`."""
    names = {*packs.themes, *(concept.id for pack in packs.themes.values() for concept in pack.concepts.values())}
    check_node(node, names)
    binder = _Binder(packs)
    return Bound(binder.bind(node), binder.terms)


def concepts_of(names: Collection[str], packs: Packs) -> frozenset[str]:
    """Give the concepts of themes, and concepts as they are."""
    found: set[str] = set()
    for name in names:
        found |= {concept.id for concept in packs.themes[name].concepts.values()} if name in packs.themes else {name}
    return frozenset(found)


def pack_of(terms: Mapping[str, Term]) -> Pack:
    """Make a pack of the terms that queries bring along, a concept for each."""
    concepts = {notation: Concept(f"{QUERY}/{notation}", {"en": notation}, (term,)) for notation, term in terms.items()}
    return Pack(QUERY, {"en": "query"}, concepts, (), "")


# --- binding ----------------------------------------------------------------------------------------------------


class _Binder:
    """Resolve leaves, collecting the query's own terms on the way."""

    def __init__(self, packs: Packs) -> None:
        self._packs = packs
        self._sets: dict[tuple[str, frozenset[str]], Terms] = {}
        self.terms: dict[str, Term] = {}

    def bind(self, node: Node, blanked: Node | None = None, strengths: frozenset[str] = _STRONG) -> Node:
        """Give the node with all leaves as `Terms`; `blanked` are the words that an EXCEPT around it covers."""
        match node:
            case Word() | Named():
                return self._leaf(node, blanked, strengths)
            case Except(part=part, words=words):
                inner = self.bind(words, None, _BOTH)
                return self.bind(part, Or((blanked, inner)) if blanked else inner, strengths)
            case Score():
                return self._score(node, blanked)
            case Or(parts=parts) | And(parts=parts):
                return replace(node, parts=tuple(self.bind(part, blanked, strengths) for part in parts))
            case Within(part=part):
                inside = self.bind(part, blanked, strengths)
                return replace(node, part=inside, is_plain=is_plain(inside))
            case Not(part=part) | AtLeast(part=part) | Zone(part=part):
                return replace(node, part=self.bind(part, blanked, strengths))
            case Near(left=left, right=right):
                return replace(node, left=self.bind(left, blanked, strengths), right=self.bind(right, blanked, strengths))
            case Guarded(part=part, condition=condition):
                return replace(node, part=self.bind(part, blanked, strengths), condition=self.bind(condition, blanked))
            case _:
                return node

    def _leaf(self, node: Word | Named, blanked: Node | None, strengths: frozenset[str]) -> Terms:
        if isinstance(node, Named):
            wanted = _BOTH if node.weak else strengths
            known = self._sets.get((node.name, wanted))  # one object for one set, so that a reading looks for it once
            if known is None:
                known = self._sets[node.name, wanted] = Terms(concepts_of([node.name], self._packs), wanted, f"@{node.name}")
            return known if blanked is None else replace(known, blanked=blanked)
        self.terms[node.notation] = read_word(node.notation, node.spot)
        return Terms(frozenset((f"{QUERY}/{node.notation}",)), _STRONG, node.notation, blanked)

    def _score(self, score: Score, blanked: Node | None) -> Score:
        weights: dict[str, float] = {}
        others: list[Part] = []
        leaves = [part for part in score.parts if isinstance(part.node, Word | Named)]
        for part in sorted(leaves, key=lambda part: "/" in getattr(part.node, "name", "/")):  # a concept's weight goes before its theme's
            leaf = self.bind(part.node, None)
            weights |= dict.fromkeys(leaf.concepts if isinstance(leaf, Terms) else (), part.weight)
        for part in score.parts:
            if part not in leaves:
                others.append(Part(part.weight, self.bind(part.node, blanked)))
        counted = {concept: weight for concept, weight in weights.items() if weight}
        shown = concepts_of([named.name for named in score.shows], self._packs) | weights.keys()
        return replace(
            score,
            parts=tuple(others),
            anchor=self.bind(score.anchor, blanked, _BOTH) if score.anchor else None,
            blanked=blanked,
            weights=tuple(sorted(counted.items())),
            needed=concepts_of([named.name for named in score.needs], self._packs),
            shown=frozenset(shown) - counted.keys(),
        )

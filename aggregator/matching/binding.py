"""Bind a query to the packs: names become concepts, terms become concepts of their own, exclusions move to the words they blank.

What cannot mean anything is refused here, with its place: a set that no pack holds, a term without a beginning, NEAR between
things that name no words, a score inside a sentence.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches

from aggregator.matching.language import QueryError, parse
from aggregator.matching.packs import GUARDS, QUERY, Concept, Pack, Packs, Term
from aggregator.matching.query import (
    And,
    AtLeast,
    Except,
    Guarded,
    Has,
    Named,
    Near,
    Node,
    Not,
    Or,
    Part,
    Score,
    Spot,
    Terms,
    Within,
    Word,
    Zone,
    children,
    is_plain,
    names_mentions,
    walk,
)
from aggregator.matching.terms import TermError, read_term

CLASSES = ("official", "agency", "inside_source", "specialist", "paper", "derivative", "state_media", "search")
_STRONG = frozenset(("strong",))
_BOTH = frozenset(("strong", "weak"))
_MENTIONS = "a term, a phrase, a set, OR of these, NEAR, WITH, UNLESS, title: or first:n of them"


@dataclass(frozen=True, slots=True)
class Bound:
    """Hold a query ready to be evaluated, and the terms it brings along, by notation."""

    node: Node
    terms: Mapping[str, Term]


def check(text: str, names: Collection[str] | None, sources: Collection[str] | None = None) -> None:
    """Refuse a query that breaks off, or that names a set or source which is not there; raises `QueryError`.

    `names` holds themes and ``theme/concept``; None leaves names unchecked, and so for `sources`.
    """
    node = parse(text)
    for one in walk(node):
        _check_leaf(one, names, sources)
        for named in (*one.needs, *one.shows) if isinstance(one, Score) else ():
            _check_leaf(named, names, sources)
    _check_shape(node, inside=False)


def bind(node: Node, packs: Packs) -> Bound:
    """Resolve the names and terms of a parsed query; raises `QueryError`."""
    check_names = {*packs.themes, *(concept.id for pack in packs.themes.values() for concept in pack.concepts.values())}
    for one in walk(node):
        for named in (*one.needs, *one.shows) if isinstance(one, Score) else ():
            _check_leaf(named, check_names, None)
        _check_leaf(one, check_names, None)
    _check_shape(node, inside=False)
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


# --- checks -----------------------------------------------------------------------------------------------------


def _check_leaf(node: Node, names: Collection[str] | None, sources: Collection[str] | None) -> None:
    match node:
        case Named(name=name, spot=spot) if names is not None and name not in names:
            raise _unknown("set", f"@{name}", spot, [f"@{known}" for known in _alike(name, names)])
        case Word(notation=notation, spot=spot):
            _read(notation, spot)
        case Has(key="language", value=value, spot=spot) if len(value) != 2 or not value.isalpha():
            raise QueryError(f"{value!r} is no language", spot, "a code of two letters: language:ko")
        case Has(key="class", value=value, spot=spot) if value not in CLASSES:
            raise _unknown("class", value, spot, CLASSES)
        case Has(key="assumed", value=value, spot=spot) if value != "country":
            raise QueryError(f"nothing is assumed about {value!r}", spot, "assumed:country")
        case Has(key="source", value=value, spot=spot) if sources is not None and value not in sources:
            raise _unknown("source", value, spot, sorted(sources))
        case _:
            return


def _alike(name: str, names: Collection[str]) -> Sequence[str]:
    theme = name.partition("/")[0]
    if "/" in name and theme in names:
        return sorted(known for known in names if known.startswith(f"{theme}/"))
    return sorted(known for known in names if "/" not in known and known != GUARDS)


def _unknown(what: str, name: str, spot: Spot, known: Sequence[str]) -> QueryError:
    near = get_close_matches(name, known, n=1, cutoff=0.6)
    hint = f"; did you mean {near[0]}?" if near else ""
    return QueryError(f"there is no {what} {name}{hint}", spot, ", ".join(known[:20]) or f"a {what} that is there")


def _read(notation: str, spot: Spot) -> Term:
    try:
        return Term(notation, "", "strong", read_term(notation, {}))
    except TermError as error:
        raise QueryError(f"{notation!r} is no term: {error}", spot, "words, * for any ending") from None


def _check_shape(node: Node, *, inside: bool) -> None:
    """Refuse operators around what they cannot work on, from the top down."""
    match node:
        case Near(left=left, right=right, spot=spot):
            _require_mentions("NEAR", spot, left, right)
        case AtLeast(part=part, spot=spot):
            _require_mentions("AT LEAST", spot, part)
        case Guarded(part=part, spot=spot, negated=negated):
            _require_mentions("UNLESS" if negated else "WITH", spot, part)
        case Except(words=words):
            _require_mentions("EXCEPT", _first_spot(words), words)
        case Score(spot=spot, anchor=anchor, parts=parts):
            if inside:
                raise QueryError("SCORE weighs a whole article", spot, "SCORE outside of SENTENCE(...), title: and other parts")
            _require_mentions("ABOUT", _first_spot(anchor) if anchor else spot, *((anchor,) if anchor else ()))
            for child in (*(part.node for part in parts), *((anchor,) if anchor else ())):
                _check_shape(child, inside=True)
            return
        case _:
            pass
    for child in children(node):
        _check_shape(child, inside=inside or not isinstance(node, Or | And | Not | Except))


def _require_mentions(operator: str, spot: Spot, *nodes: Node) -> None:
    if not all(names_mentions(node) for node in nodes):
        raise QueryError(f"{operator} works on words, and here stands something that names none", spot, _MENTIONS)


def _first_spot(node: Node) -> Spot:
    spots = [spot for one in walk(node) if (spot := getattr(one, "spot", None))]
    return min(spots, default=Spot())


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
        self.terms[node.notation] = _read(node.notation, node.spot)
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

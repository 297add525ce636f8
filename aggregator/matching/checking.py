"""Refuse queries that cannot mean anything, each mistake with its place: a set that no pack holds, a term without a beginning, NEAR
between things that name no words, a score inside a sentence.
"""

from collections.abc import Collection, Sequence
from difflib import get_close_matches

from aggregator.matching import query as tree
from aggregator.matching.language import parse
from aggregator.matching.mistakes import QueryError
from aggregator.matching.packs import GUARDS, Term
from aggregator.matching.terms import TermError, read_term

CLASSES = ("official", "agency", "inside_source", "specialist", "paper", "derivative", "state_media", "search")
_MENTIONS = "a term, a phrase, a set, OR of these, NEAR, WITH, UNLESS, title: or first:n of them"


def check(text: str, names: Collection[str] | None, sources: Collection[str] | None = None) -> None:
    """Refuse a query that breaks off, or that names a set or source which is not there; raises `QueryError`.

    `names` holds themes and ``theme/concept``; None leaves names unchecked, and so for `sources`.
    """
    check_node(parse(text), names, sources)


def check_node(node: tree.Node, names: Collection[str] | None, sources: Collection[str] | None = None) -> None:
    """Check a parsed query as `check` does."""
    for one in tree.walk(node):
        _check_leaf(one, names, sources)
        for named in (*one.needs, *one.shows) if isinstance(one, tree.Score) else ():
            _check_leaf(named, names, sources)
    _check_shape(node, inside=False)


def _check_leaf(node: tree.Node, names: Collection[str] | None, sources: Collection[str] | None) -> None:
    match node:
        case tree.Named(name=name, spot=spot) if names is not None and name not in names:
            raise _unknown("set", f"@{name}", spot, [f"@{known}" for known in _alike(name, names)])
        case tree.Word(notation=notation, spot=spot):
            read_word(notation, spot)
        case tree.Has(key="language", value=value, spot=spot) if len(value) != 2 or not value.isalpha():
            raise QueryError(f"{value!r} is no language", spot, "a code of two letters: language:ko")
        case tree.Has(key="class", value=value, spot=spot) if value not in CLASSES:
            raise _unknown("class", value, spot, CLASSES)
        case tree.Has(key="assumed", value=value, spot=spot) if value != "country":
            raise QueryError(f"nothing is assumed about {value!r}", spot, "assumed:country")
        case tree.Has(key="source", value=value, spot=spot) if sources is not None and value not in sources:
            raise _unknown("source", value, spot, sorted(sources))
        case _:
            return


def _alike(name: str, names: Collection[str]) -> Sequence[str]:
    theme = name.partition("/")[0]
    if "/" in name and theme in names:
        return sorted(known for known in names if known.startswith(f"{theme}/"))
    return sorted(known for known in names if "/" not in known and known != GUARDS)


def _unknown(what: str, name: str, spot: tree.Spot, known: Sequence[str]) -> QueryError:
    near = get_close_matches(name, known, n=1, cutoff=0.6)
    hint = f"; did you mean {near[0]}?" if near else ""
    return QueryError(f"there is no {what} {name}{hint}", spot, ", ".join(known[:20]) or f"a {what} that is there")


def read_word(notation: str, spot: tree.Spot) -> Term:
    """Give the term that a query brings along; raises `QueryError`."""
    try:
        return Term(notation, "", "strong", read_term(notation, {}))
    except TermError as error:
        raise QueryError(f"{notation!r} is no term: {error}", spot, "words, * for any ending") from None


def _check_shape(node: tree.Node, *, inside: bool) -> None:
    """Refuse operators around what they cannot work on, from the top down."""
    match node:
        case tree.Near(left=left, right=right, spot=spot):
            _require_mentions("NEAR", spot, left, right)
        case tree.AtLeast(part=part, spot=spot):
            _require_mentions("AT LEAST", spot, part)
        case tree.Guarded(part=part, spot=spot, negated=negated):
            _require_mentions("UNLESS" if negated else "WITH", spot, part)
        case tree.Except(words=words):
            _require_mentions("EXCEPT", _first_spot(words), words)
        case tree.Score(spot=spot, anchor=anchor, parts=parts):
            if inside:
                raise QueryError("SCORE weighs a whole article", spot, "SCORE outside of SENTENCE(...), title: and other parts")
            _require_mentions("ABOUT", _first_spot(anchor) if anchor else spot, *((anchor,) if anchor else ()))
            for child in (*(part.node for part in parts), *((anchor,) if anchor else ())):
                _check_shape(child, inside=True)
            return
        case _:
            pass
    for child in tree.children(node):
        _check_shape(child, inside=inside or not isinstance(node, tree.Or | tree.And | tree.Not | tree.Except))


def _require_mentions(operator: str, spot: tree.Spot, *nodes: tree.Node) -> None:
    if not all(tree.names_mentions(node) for node in nodes):
        raise QueryError(f"{operator} works on words, and here stands something that names none", spot, _MENTIONS)


def _first_spot(node: tree.Node) -> tree.Spot:
    spots = [spot for one in tree.walk(node) if (spot := getattr(one, "spot", None))]
    return min(spots, default=tree.Spot())

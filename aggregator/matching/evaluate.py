"""Evaluate compiled queries: the one evaluator for live matching, the archive, subscriptions and search.

Every operator works inside a scope, a stretch of the article; the parts of SENTENCE, PARAGRAPH, ``title:`` and ``first:`` see a
narrower one. Sentences part a scope and are looked at once each, so the cost of a query is linear in the mentions it finds.
"""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from itertools import accumulate

from aggregator.matching.query import (
    SENTENCE,
    And,
    AtLeast,
    Guarded,
    Has,
    Near,
    Node,
    Not,
    Or,
    Score,
    Terms,
    Within,
    Zone,
    needs_words,
    walk,
)
from aggregator.matching.reading import Reading, Scope, Seen
from aggregator.matching.scoring import weigh


def holds(node: Node, reading: Reading, scope: Scope) -> bool:
    """Tell whether a bound query holds of a scope."""
    match node:
        case And(parts=parts):
            return all(holds(part, reading, scope) for part in parts)
        case Or(parts=parts):
            return any(holds(part, reading, scope) for part in parts)
        case Not(part=part):
            return not holds(part, reading, scope)
        case Within(unit=unit, part=part, is_plain=True):
            return bool(_numbers(part, unit, reading, scope))
        case Within(part=part):
            return any(holds(part, reading, inner) for inner in _inner_scopes(node, reading, scope))
        case Zone(words=words, part=part):
            return holds(part, reading, narrowed(words, reading, scope))
        case AtLeast(count=count, part=part):
            return _side_by_side(mentions(part, reading, scope)) >= count
        case Has():
            return _has(node, reading)
        case Score():
            return weigh(node, reading, mentions, holds).holds
        case _:
            return bool(mentions(node, reading, scope))


def mentions(node: Node, reading: Reading, scope: Scope) -> Sequence[Seen]:
    """Give the mentions that a node names inside a scope, in reading order; none for what names no words."""
    match node:
        case Terms(blanked=blanked):
            return reading.within(reading.of(node) if blanked is None else _free(node, blanked, reading), scope)
        case Or(parts=parts):
            return _merged([mentions(part, reading, scope) for part in parts])
        case Near(left=left, right=right, words=words):
            return _near(mentions(left, reading, scope), mentions(right, reading, scope), words, reading)
        case Guarded(part=part):
            found = mentions(part, reading, scope)
            return _guarded(node, found, reading, scope) if found else ()
        case Zone(words=words, part=part):
            return mentions(part, reading, narrowed(words, reading, scope))
        case _:
            return ()


def supporting(node: Node, reading: Reading, scope: Scope) -> Iterator[Seen]:
    """Give the mentions that make a node hold; call it only where it does. Scores tell their own."""
    match node:
        case And(parts=parts):
            for part in parts:
                yield from supporting(part, reading, scope)
        case Or(parts=parts):
            for part in parts:
                if holds(part, reading, scope):
                    yield from supporting(part, reading, scope)
        case Within(part=part):
            for inner in _inner_scopes(node, reading, scope):
                if holds(part, reading, inner):
                    yield from supporting(part, reading, inner)
        case Zone(words=words, part=part):
            yield from supporting(part, reading, narrowed(words, reading, scope))
        case AtLeast(part=part):
            yield from mentions(part, reading, scope)
        case Guarded(part=part, condition=condition, unit=unit, negated=negated):
            yield from (found := mentions(node, reading, scope))
            for inner in () if negated else _scopes_of(found, unit, reading, scope):
                yield from supporting(condition, reading, inner)
        case Score():
            yield from weigh(node, reading, mentions, holds).counted
        case _:
            yield from mentions(node, reading, scope)


def narrowed(words: int | None, reading: Reading, scope: Scope) -> Scope:
    """Narrow a scope to the title, or to the title and the first words of the text."""
    return scope[0], min(scope[1], reading.base if words is None else reading.first_words(words))


def _has(node: Has, reading: Reading) -> bool:
    article = reading.article
    feed = article.feed
    match node.key:
        case "language":
            return node.value == (article.language or feed.language)
        case "class":
            return node.value == feed.publisher_class
        case "source":
            names = (feed.id, feed.family, feed.publisher, article.outlet or "")
            return node.value in (name.casefold() for name in names)
        case _:
            return feed.assume_country


# --- scopes -----------------------------------------------------------------------------------------------------


def _inner_scopes(node: Within, reading: Reading, scope: Scope) -> Iterator[Scope]:
    """Part a scope into its sentences or paragraphs: all, or those with a term of the part where it needs one."""
    ends = reading.units(node.unit)
    if node.is_plain:
        numbers: Sequence[int] = sorted(_numbers(node.part, node.unit, reading, scope))
    elif needs_words(node.part):
        numbers = sorted({bisect_right(ends, place) for place in _places(node.part, reading, scope)})
    else:
        numbers = range(bisect_right(ends, scope[0]), len(ends)) if scope[0] < scope[1] else ()
    for number in numbers:
        inner = _unit(number, ends, scope)
        if inner[0] < inner[1]:
            yield inner


def _numbers(part: Node, unit: str, reading: Reading, scope: Scope) -> set[int]:
    """Give the numbers of the sentences or paragraphs in which a plain part holds, without looking at each of them."""
    match part:
        case And(parts=parts):
            common = _numbers(parts[0], unit, reading, scope)
            for one in parts[1:]:
                if common:
                    common = common & _numbers(one, unit, reading, scope)
            return common
        case Or(parts=parts):
            return set().union(*(_numbers(one, unit, reading, scope) for one in parts))
        case _ if unit == SENTENCE:
            return {one.sentence for one in mentions(part, reading, scope)}
        case _:
            ends = reading.units(unit)
            return {bisect_right(ends, one.start) for one in mentions(part, reading, scope)}


def _places(part: Node, reading: Reading, scope: Scope) -> set[int]:
    """Give where terms stand without which a node cannot hold: of all parts of an AND, those of the rarest."""
    match part:
        case And(parts=parts):
            return min((_places(one, reading, scope) for one in parts if needs_words(one)), key=len)
        case Or(parts=parts):
            return {place for one in parts for place in _places(one, reading, scope)}
        case Terms():
            return {one.start for one in reading.within(reading.of(part), scope)}
        case _:
            return {place for terms in walk(part) if isinstance(terms, Terms) for place in _places(terms, reading, scope)}


def _unit(number: int, ends: Sequence[int], scope: Scope) -> Scope:
    return max(scope[0], ends[number - 1] if number else 0), min(scope[1], ends[number])


def _scopes_of(found: Sequence[Seen], unit: str, reading: Reading, scope: Scope) -> Iterator[Scope]:
    ends = reading.units(unit)
    for number in sorted({bisect_right(ends, one.start) for one in found}):
        yield _unit(number, ends, scope)


# --- mentions ---------------------------------------------------------------------------------------------------


def _merged(lists: Sequence[Sequence[Seen]]) -> Sequence[Seen]:
    full = [found for found in lists if found]
    if len(full) < 2:
        return full[0] if full else ()
    return sorted({one for found in full for one in found})


def _side_by_side(found: Sequence[Seen]) -> int:
    """Count the most mentions that do not overlap."""
    count = end = 0
    for one in sorted(found, key=lambda one: one.end):
        if one.start >= end:
            count, end = count + 1, one.end
    return count


def _free(terms: Terms, blanked: Node, reading: Reading) -> Sequence[Seen]:
    """Give the mentions of some terms that nothing blanks; what covers a word covers it in every scope."""
    found = reading.free.get(id(terms))
    if found is None:
        found = reading.free[id(terms)] = _uncovered(reading.of(terms), mentions(blanked, reading, reading.everything))
    return found


def _uncovered(found: Sequence[Seen], covers: Sequence[Seen]) -> Sequence[Seen]:
    """Drop mentions that overlap one of `covers`."""
    if not covers or not found:
        return found
    starts = [cover.start for cover in covers]
    reach = list(accumulate((cover.end for cover in covers), max))
    return [one for one in found if not (place := bisect_right(starts, one.end - 1)) or reach[place - 1] <= one.start]


def _near(left: Sequence[Seen], right: Sequence[Seen], words: int, reading: Reading) -> Sequence[Seen]:
    if not left or not right:
        return ()
    return _merged([_beside(left, right, words, reading), _beside(right, left, words, reading)])


def _beside(found: Sequence[Seen], others: Sequence[Seen], words: int, reading: Reading) -> Sequence[Seen]:
    """Keep mentions with one of the others at most `words` words before or behind."""
    places = [reading.words_of(other) for other in others]  # first words rise with the reading order
    starts = [first for first, _ in places]
    reach = list(accumulate((last for _, last in places), max))
    kept = []
    for one in found:
        first, last = reading.words_of(one)
        place = bisect_right(starts, last + words + 1)
        if place and reach[place - 1] >= first - words - 1:
            kept.append(one)
    return kept


def _guarded(node: Guarded, found: Sequence[Seen], reading: Reading, scope: Scope) -> Sequence[Seen]:
    ends = reading.units(node.unit)
    verdicts: dict[int, bool] = {}
    for one in found:
        number = bisect_right(ends, one.start)
        if number not in verdicts:
            verdicts[number] = holds(node.condition, reading, _unit(number, ends, scope)) is not node.negated
    return [one for one in found if verdicts[bisect_right(ends, one.start)]]

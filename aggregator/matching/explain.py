"""Put a judgement's reason into words: the parts of the score, or the nearest miss."""

from collections.abc import Sequence

from aggregator.matching.evaluate import holds, mentions
from aggregator.matching.packs import Packs
from aggregator.matching.query import And, AtLeast, Guarded, Has, Near, Node, Not, Or, Score, Terms, Within, Zone, walk
from aggregator.matching.reading import Reading, Scope
from aggregator.matching.scoring import Count, Weighed
from aggregator.models import Reason

_MOST_PARTS = 5
NO_COUNTRY = Reason(code="no_country", detail="the country is not named")


def reason_of_match(node: Node, weighed: Weighed | None, score: Score | None, packs: Packs) -> Reason:
    """Name the concepts that made up the score, the largest share first; or that the query holds."""
    if weighed is None or score is None or not weighed.shares:
        return Reason(code="matched", detail=f"the query holds: {summary(node)}")
    ranked = sorted(weighed.shares.items(), key=lambda item: (-item[1], item[0]))
    parts = [f"{_name(concept, score, packs)} {share:g}" for concept, share in ranked[:_MOST_PARTS]]
    rest = "" if len(ranked) <= _MOST_PARTS else f" + {len(ranked) - _MOST_PARTS} more"
    return Reason(code="matched", detail=f"{' + '.join(parts)}{rest} = {weighed.score:g}, needed {score.threshold:g}")


def _name(share: str, score: Score, packs: Packs) -> str:
    if share.startswith("part "):
        return labelled(score.parts[int(share[5:]) - 1].node, packs)
    return share.removeprefix("query/") if share.startswith("query/") else packs.label(share)


# --- scores -----------------------------------------------------------------------------------------------------


def missed_score(score: Score, weighed: Weighed, reading: Reading) -> Reason:
    """Say what a score fell short of."""
    if not weighed.present:
        return _absent(score, reading)
    lacking = weighed.score >= score.threshold
    if not weighed.counts and not weighed.shares:
        return _nothing(score, reading)
    if lacking and score.needs:
        return Reason(
            code="below_threshold", detail=f"nothing of {' or '.join(one.name for one in score.needs)} beside {_best(weighed, reading)}"
        )
    if weighed.counts:
        best = max(weighed.counts, key=_worth)
        if best.points == 0:
            return Reason(code="below_threshold", detail=f"one {best.strength} term short: {_quote(best, reading)} {best.why_not}")
    return Reason(code="below_threshold", detail=f"score {weighed.score:g} of {score.threshold:g}: only {_found(weighed, reading)}")


def _absent(score: Score, reading: Reading) -> Reason:
    anchors = score.anchor.concepts if isinstance(score.anchor, Terms) else frozenset()
    blanked = [one for one in reading.blanked if one.concept in anchors]
    if blanked:
        return Reason(code="excluded", detail=f"the country is named only in excluded words: {reading.quote(min(blanked)).quote}")
    return NO_COUNTRY


def _nothing(score: Score, reading: Reading) -> Reason:
    themes = {concept.partition("/")[0] for concept, _ in score.weights}
    blanked = [one for one in reading.blanked if one.theme in themes]
    if blanked:
        return Reason(code="excluded", detail=f"only excluded words were found: {reading.quote(min(blanked)).quote}")
    return Reason(code="no_theme", detail="the country is named, but no word of the topic's themes")


def _worth(count: Count) -> tuple[float, bool, int]:
    return count.points, count.strength == "strong", -count.seen.start


def _best(weighed: Weighed, reading: Reading) -> str:
    return _quote(max(weighed.counts, key=_worth), reading) if weighed.counts else "the rest"


def _quote(count: Count, reading: Reading) -> str:
    return reading.quote(count.seen).quote


def _found(weighed: Weighed, reading: Reading) -> str:
    ranked = sorted((count for count in weighed.counts if count.points), key=_worth, reverse=True)
    quotes = dict.fromkeys(f"{_quote(count, reading)} ({count.strength}, {count.points:g})" for count in ranked)
    return " and ".join(list(quotes)[:3]) or "other parts"


# --- other queries ----------------------------------------------------------------------------------------------


def missed_query(node: Node, reading: Reading) -> Reason:
    """Say what is missing of a query that does not hold: the fewest parts that would make it hold."""
    terms = [one for one in walk(node) if isinstance(one, Terms)]
    if terms and not any(reading.of(one) for one in terms):
        blanked = [one for one in reading.blanked if any(one.concept in terms_of.concepts for terms_of in terms)]
        if blanked:
            return Reason(code="excluded", detail=f"only excluded words were found: {reading.quote(min(blanked)).quote}")
        return Reason(code="no_theme", detail=f"none of the query's words stands here: {summary(node)}")
    missing = _missing(node, reading, reading.everything)
    found = [reading.quote(one[0]).quote for terms_of in terms if (one := reading.of(terms_of))]
    beside = f", beside {' and '.join(list(dict.fromkeys(found))[:3])}" if found else ""
    return Reason(code="below_threshold", detail=f"{_count(missing)} short: {'; '.join(missing[:3])}{beside}")


def _count(missing: Sequence[str]) -> str:
    return "one part" if len(missing) == 1 else f"{len(missing)} parts"


def _missing(node: Node, reading: Reading, scope: Scope) -> list[str]:
    if holds(node, reading, scope):
        return []
    match node:
        case And(parts=parts):
            return [lack for part in parts for lack in _missing(part, reading, scope)]
        case Or(parts=parts):
            return min((_missing(part, reading, scope) for part in parts), key=len)
        case Not(part=part):
            return [f"{summary(part)} stands here, and must not"]
        case Near(left=left, right=right, words=words) if mentions(left, reading, scope) and mentions(right, reading, scope):
            return [f"{summary(left)} and {summary(right)} are more than {words} words apart"]
        case Near(left=left, right=right):
            return [*_missing(left, reading, scope), *_missing(right, reading, scope)]
        case Within(unit=unit, part=part):
            return _missing(part, reading, scope) or [f"all of {summary(part)} in one {unit}"]
        case Guarded(part=part, unit=unit, negated=negated, condition=condition) if mentions(part, reading, scope):
            return [f"{summary(part)} with{'out' if negated else ''} {summary(condition)} in its {unit}"]
        case _:
            return [summary(node)]


def labelled(node: Node, packs: Packs) -> str:
    """Write what a combination looks for in the words of the packs, without what it leaves out: ``trades & abroad & pay``."""
    match node:
        case Terms(label=label):
            return packs.label(label[1:]) if label.startswith("@") else label
        case And(parts=parts):
            return " & ".join(name for part in parts if (name := labelled(part, packs)))
        case Or(parts=parts):
            return " or ".join(labelled(part, packs) for part in parts[:4])
        case Not():
            return ""
        case Within(part=part) | Zone(part=part):
            return labelled(part, packs)
        case _:
            return summary(node)


def summary(node: Node) -> str:
    """Write a query in short, as its author would recognise it."""
    match node:
        case Terms(label=label):
            return label
        case And(parts=parts) | Or(parts=parts):
            word = " AND " if isinstance(node, And) else " OR "
            names = [summary(part) for part in parts[:4]]
            return f"({word.join(names)}{word + '…' if len(parts) > 4 else ''})"
        case Not(part=part):
            return f"NOT {summary(part)}"
        case Near(left=left, right=right, words=words):
            return f"{summary(left)} NEAR/{words} {summary(right)}"
        case Within(unit=unit, part=part):
            return f"{unit.upper()}({summary(part).removeprefix('(').removesuffix(')')})"
        case AtLeast(count=count, part=part):
            return f"AT LEAST {count} {summary(part)}"
        case Guarded(part=part, condition=condition, negated=negated):
            return f"{summary(part)} {'UNLESS' if negated else 'WITH'} {summary(condition)}"
        case Zone(words=words, part=part):
            return f"{'title:' if words is None else f'first:{words} '}{summary(part)}"
        case Has(key=key, value=value):
            return f"{key}:{value}"
        case _:
            return "SCORE"

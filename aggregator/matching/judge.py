"""Judge articles by topics: compile each topic to a query, read an article once, evaluate all queries, and say why.

A topic is a query. One that is written as anchor, themes and weights is short for the query that `as_query` gives: both go the same
way. A score that a query holds becomes the judgement's score; a query without one scores 1 where it holds.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

from aggregator.errors import ConfigurationError, Problem
from aggregator.matching.binding import Bound, bind, pack_of
from aggregator.matching.evaluate import holds, mentions, supporting
from aggregator.matching.explain import NO_COUNTRY, missed_query, missed_score, reason_of_match
from aggregator.matching.language import parse
from aggregator.matching.mistakes import QueryError
from aggregator.matching.packs import GUARDS, QUERY, Packs
from aggregator.matching.query import Node, Score, Terms, Zone, children, walk
from aggregator.matching.reading import Brief, Reading, Seen
from aggregator.matching.scan import Scanner, scanner_of
from aggregator.matching.scoring import Weighed, weigh
from aggregator.models import Article, Evidence, Judgement, Reason, TopicSpec

ALGORITHM = 3
"""Raise this number when the rules of evaluation change, so that stored judgements tell by which rules they were made."""

_QUOTES_PER_CONCEPT = 3


@dataclass(frozen=True, slots=True)
class Rule:
    """Hold one topic with its compiled query; `score` is the score inside it, where there is one.

    `gate` holds, by scanner, the literals of which one must stand in an article if the rule is to match it at all.
    """

    topic: TopicSpec
    text: str
    node: Node
    score: Score | None
    gate: tuple[frozenset[int], ...] | None


class Judge:
    """Judge articles by topics; immutable, and safe to share between threads."""

    def __init__(self, topics: Sequence[TopicSpec], packs: Packs) -> None:
        rules = _compiled(topics, packs)
        self._packs = packs
        terms = {notation: term for _, _, bound in rules for notation, term in bound.terms.items()}
        self._scanners = (scanner_of(packs), Scanner([pack_of(terms)])) if terms else (scanner_of(packs),)
        self._rules = tuple(_rule(topic, text, bound, self._scanners) for topic, text, bound in rules)
        self._brief = _brief([rule.node for rule in self._rules], packs, self._scanners)
        self.versions: Mapping[str, str] = {topic.id: _digest(text, packs) for topic, text, _ in rules}
        self.rule_version = hashlib.sha256(repr(sorted(self.versions.items())).encode()).hexdigest()[:12]

    def judge(self, article: Article) -> tuple[Judgement, ...]:
        """Give one judgement a topic, in the order of the topics; evidence of a match points into the original title and text."""
        return self._judge(article, thorough=False)

    def explain(self, article: Article) -> tuple[Judgement, ...]:
        """Judge, and quote also what was found where a topic does not match."""
        return self._judge(article, thorough=True)

    def _judge(self, article: Article, *, thorough: bool) -> tuple[Judgement, ...]:
        reading = Reading(article, self._scanners, self._packs)
        return tuple(self._assess(rule, reading, thorough) for rule in self._rules)

    def _assess(self, rule: Rule, reading: Reading, thorough: bool) -> Judgement:
        if rule.gate and not (thorough or reading.assumed or reading.may_name(rule.gate)):
            return Judgement(topic=rule.topic.id, matched=False, score=0.0, evidence=(), reason=NO_COUNTRY)
        reading.place(None if thorough else self._brief)
        weighed = weigh(rule.score, reading, mentions, holds) if rule.score else None
        matched = weighed.holds if weighed and rule.node is rule.score else holds(rule.node, reading, reading.everything)
        score = weighed.score if weighed else float(matched)
        evidence: tuple[Evidence, ...] = ()
        if matched or thorough:
            evidence = _evidence(rule, reading, weighed, matched)
        return Judgement(
            topic=rule.topic.id, matched=matched, score=score, evidence=evidence, reason=self._reason(rule, reading, weighed, matched)
        )

    def _reason(self, rule: Rule, reading: Reading, weighed: Weighed | None, matched: bool) -> Reason:
        if matched:
            return reason_of_match(rule.node, weighed, rule.score, self._packs)
        if weighed and rule.score and not weighed.holds:
            return missed_score(rule.score, weighed, reading)
        return missed_query(rule.node, reading)


def compile_topics(topics: Sequence[TopicSpec], packs: Packs) -> Judge:
    """Build the judge of some topics.

    Raises `ConfigurationError` where a topic names an unknown theme or concept, or its query cannot be read.
    """
    return Judge(topics, packs)


def compile_query(text: str, packs: Packs) -> Judge:
    """Build the judge of a single query, as a search or a subscription asks it; its topic is called ``query``.

    Raises `QueryError` with line and column.
    """
    bind(parse(text), packs)
    return Judge([TopicSpec(id="query", name=text[:100], query=text)], packs)


def _compiled(topics: Sequence[TopicSpec], packs: Packs) -> Sequence[tuple[TopicSpec, str, Bound]]:
    problems: list[Problem] = []
    rules: list[tuple[TopicSpec, str, Bound]] = []
    for topic in topics:
        unknown = list(_unknown(topic, packs))
        problems += unknown
        text = topic.query or ("" if unknown else as_query(topic))
        try:
            rules += [(topic, text, bind(parse(text), packs))] if text else []
        except QueryError as error:
            place = error.spot
            problems.append(Problem("topics", place.line, place.column, f"topics.{topic.id}.query", error.message, error.expected))
    if problems:
        raise ConfigurationError(problems)
    return rules


def as_query(topic: TopicSpec) -> str:
    """Write a topic of anchor, themes and weights as the query that it is short for."""
    if topic.query:
        return topic.query
    parts = "".join(f"\n  {weight:g} @{theme}," for theme, weight in topic.themes.items())
    parts += "".join(f"\n  {weight:g} ({query}),".replace("\n\n", "\n") for query, weight in topic.combinations)
    text = f"SCORE >= {topic.threshold:g} ({parts}\n)\nABOUT @{topic.anchor}"
    for word, names in (("NEEDS", topic.require), ("SHOWS", topic.context)):
        text += f"\n{word} ({', '.join(f'@{name}' for name in names)})" if names else ""
    return text


def _rule(topic: TopicSpec, text: str, bound: Bound, scanners: Sequence[Scanner]) -> Rule:
    score = next((node for node in walk(bound.node) if isinstance(node, Score)), None)
    gate: tuple[frozenset[int], ...] | None = None
    if score is bound.node and score and isinstance(score.anchor, Terms):
        gate = tuple(scanner.literals_of(score.anchor.concepts) for scanner in scanners)
    return Rule(topic, text, bound.node, score, gate)


def _brief(nodes: Sequence[Node], packs: Packs, scanners: Sequence[Scanner]) -> Brief | None:
    """Find the themes that are asked for only at the top of a text, so that the rest of it need not be searched for them."""
    words: list[int] = []
    asked: set[str] = {GUARDS, QUERY}
    zoned: set[str] = set()
    waiting: list[tuple[Node, bool]] = [(node, False) for node in nodes]
    while waiting:
        node, at_top = waiting.pop()
        if isinstance(node, Zone) and node.words is not None:
            words.append(node.words)
        inside = at_top or isinstance(node, Zone)
        (zoned if inside else asked).update(concept.partition("/")[0] for concept in _concepts(node))
        waiting += ((child, inside) for child in children(node))
    early = zoned - asked
    return Brief(max(words, default=0), [scanner.literals_only_of(early) for scanner in scanners]) if early else None


def _concepts(node: Node) -> Iterable[str]:
    """Give the concepts that a bound node asks for by itself."""
    if isinstance(node, Terms):
        yield from node.concepts
        yield from (concept for one in (walk(node.blanked) if node.blanked else ()) for concept in _concepts(one))
    if isinstance(node, Score):
        yield from (*(concept for concept, _ in node.weights), *node.needed, *node.shown)
        yield from (concept for one in (walk(node.blanked) if node.blanked else ()) for concept in _concepts(one))


def _unknown(topic: TopicSpec, packs: Packs) -> Iterable[Problem]:
    if topic.query:
        return
    named = {"anchor": (topic.anchor,), "themes": tuple(topic.themes), "context": topic.context, "require": topic.require}
    for key, names in named.items():
        for name in names:
            if name == GUARDS or (name not in packs.themes and packs.concept(name) is None):
                allowed = ", ".join(sorted(set(packs.themes) - {GUARDS}))
                yield Problem("topics", 1, 1, f"topics.{topic.id}.{key}", f"there is no theme or concept {name!r}", allowed)


def _digest(text: str, packs: Packs) -> str:
    return hashlib.sha256(f"{ALGORITHM}\n{text}\n{packs.digest}".encode()).hexdigest()[:12]


# --- evidence ---------------------------------------------------------------------------------------------------


def _evidence(rule: Rule, reading: Reading, weighed: Weighed | None, matched: bool) -> tuple[Evidence, ...]:
    """Quote what made the topic match, and what its context found; where it did not match, all that was found. A few a concept."""
    chosen: set[Seen] = set()
    if matched:
        chosen |= set(supporting(rule.node, reading, reading.everything) if rule.node is not rule.score or not weighed else weighed.counted)
        chosen |= {*_context(rule, reading, weighed), *_combined(rule, reading, weighed)} if weighed else set()
    else:
        chosen |= {count.seen for count in weighed.counts} if weighed else set()
        chosen |= {one for found in _mentioned(rule.node, reading) for one in found}
    quoted: dict[str, int] = {}
    evidence: list[Evidence] = []
    for one in sorted(chosen):
        quoted[one.concept] = quoted.get(one.concept, 0) + 1
        if quoted[one.concept] <= _QUOTES_PER_CONCEPT:
            evidence.append(reading.quote(one))
    return tuple(evidence)


def _mentioned(node: Node, reading: Reading) -> Iterable[Sequence[Seen]]:
    return (mentions(one, reading, reading.everything) for one in walk(node))


def _context(rule: Rule, reading: Reading, weighed: Weighed) -> Iterable[Seen]:
    """Give what the context found, the first few mentions of each concept that are worth showing."""
    for concept in reading.by_concept.keys() & rule.score.shown if rule.score else ():
        yield from islice((one for one in reading.by_concept[concept] if _supports(one, reading, weighed)), _QUOTES_PER_CONCEPT)


def _combined(rule: Rule, reading: Reading, weighed: Weighed) -> Iterable[Seen]:
    """Give the words that make up the combinations which hold."""
    for number, part in enumerate(rule.score.parts if rule.score else (), 1):
        if f"part {number}" in weighed.shares:
            yield from supporting(part.node, reading, reading.everything)


def _supports(one: Seen, reading: Reading, weighed: Weighed) -> bool:
    """Tell whether a hit of the context is worth showing: in the country's reach, and beside it where it is weak."""
    if reading.is_guarded(one) or not weighed.country.reach(one.sentence):
        return False
    names = weighed.country.names
    near = one.sentence in names or one.sentence - 1 in names or one.sentence + 1 in names
    return one.strength == "strong" or near or reading.has_strong(one, {})

"""Judge an article by topics, with a score that can be retold in one sentence.

How a topic's score comes about:

1. The country must be named (the topic's anchor theme), or the feed must be about it (`assume_country`). A weak name
   ("the North", 北) counts where a strong name stands elsewhere in the article, or beside a strong term in its sentence.
2. A strong term counts 1 where the country is in reach: in the title, in the same sentence or the one beside it. It
   counts half where the country is named only in the lead, and nothing otherwise.
3. A weak term counts one half, and only in a sentence that holds the country or a strong term of the same theme or of
   another that scores.
   A weak term of a concept marked ``beside_country`` is as good as a strong one close to the country's name, or where
   the title holds both.
4. After the title and the lead all counts halve: what is said once, far down, is background.
5. A guard in the same sentence makes a term count for nothing (a missile launch "violates resolutions" in every report).
6. Each concept counts at most 1, by different sentences (its weak terms at most one half), times the topic's weight.
   The score is the sum over concepts.

The topic matches when its score reaches the threshold and something it requires has a share in the score. Themes of
its context never score; what they find is evidence only. Exclusions blanked words before; they never veto an article.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from aggregator.errors import ConfigurationError, Problem
from aggregator.matching.explain import Miss, explain_match, explain_miss
from aggregator.matching.packs import GUARDS, Packs
from aggregator.matching.reading import TITLE_SENTENCE, Reading, Seen, read
from aggregator.matching.scan import Scanner
from aggregator.models import Article, Evidence, Judgement, Reason, TopicSpec

ALGORITHM = 1
"""Raise this number when the rules above change, so that stored judgements tell by which rules they were made."""

_BESIDE = 30
_FAR_REACH = 0.5
_DEPTH = 0.5
_WEAK = 0.5
_QUOTES_PER_CONCEPT = 3


@dataclass(frozen=True, slots=True)
class _Rules:
    """Hold one topic with its themes resolved to concepts."""

    topic: TopicSpec
    weights: Mapping[str, float]
    required: frozenset[str]
    context: frozenset[str]
    guards: Mapping[str, tuple[str, ...]]
    beside: frozenset[str]


@dataclass(frozen=True, slots=True)
class _Country:
    """Hold where the country is named: its sentences, and its names in each of them."""

    sentences: frozenset[int]
    names: Mapping[int, tuple[Seen, ...]]
    early: bool
    assumed: bool

    def reach(self, sentence: int) -> float:
        """Say how far a strong term of this sentence belongs to the country, from 0 to 1."""
        near = {sentence - 1, sentence, sentence + 1, TITLE_SENTENCE} & self.sentences
        return 1.0 if self.assumed or near else _FAR_REACH if self.early else 0.0

    def is_beside(self, seen: Seen) -> bool:
        """Tell whether a name stands within a few words of a term, or both in the title."""
        return (seen.sentence == TITLE_SENTENCE and TITLE_SENTENCE in self.sentences) or any(
            max(name.hit.start - seen.hit.end, seen.hit.start - name.hit.end) <= _BESIDE for name in self.names.get(seen.sentence, ())
        )


@dataclass(frozen=True, slots=True)
class _Count:
    """Hold what one hit counts, as what strength, and why it counts nothing."""

    seen: Seen
    strength: str
    points: float
    why_not: str = ""


class Judge:
    """Judge articles by topics; immutable, and safe to share between threads."""

    def __init__(self, topics: Sequence[TopicSpec], packs: Packs) -> None:
        self._packs = packs
        self._rules = tuple(_resolve(topic, packs) for topic in topics)
        self._scanner = Scanner(packs.themes.values())
        self.rule_version = _version(topics, packs)

    def judge(self, article: Article) -> tuple[Judgement, ...]:
        """Give one judgement a topic, in the order of the topics; evidence points into the original title and text."""
        reading = read(article, self._scanner)
        return tuple(self._assess(rules, reading) for rules in self._rules)

    def _assess(self, rules: _Rules, reading: Reading) -> Judgement:
        country = _country(rules, reading)
        counts = [_count(one, rules, reading, country) for one in _scoring(reading.seen, rules)]
        points = _points(counts)
        score = round(sum(rules.weights[concept] * value for concept, value in points.items()), 2)
        present = bool(country.sentences) or country.assumed
        matched = present and score >= rules.topic.threshold and (not rules.required or bool(rules.required & points.keys()))
        evidence = _evidence(rules, reading, country, counts, matched)
        reason = self._reason(rules, reading, counts, points, score) if present else _absent(rules, reading)
        return Judgement(topic=rules.topic.id, matched=matched, score=score if present else 0.0, evidence=evidence, reason=reason)

    def _reason(self, rules: _Rules, reading: Reading, counts: Sequence[_Count], points: Mapping[str, float], score: float) -> Reason:
        topic = rules.topic
        shares = {concept: rules.weights[concept] * value for concept, value in points.items()}
        missing = rules.required and not rules.required & points.keys()
        if score >= topic.threshold and not missing:
            return Reason(code="matched", detail=explain_match(shares, score, topic.threshold, self._packs))
        if not counts:
            themes = {theme.partition("/")[0] for theme in topic.themes}
            blanked = [one for one in reading.blanked if one.hit.theme in themes]
            if blanked:
                return Reason(code="excluded", detail=f"only excluded words were found: {reading.quote(blanked[0]).quote}")
            return Reason(code="no_theme", detail="the country is named, but no word of the topic's themes")
        misses = [Miss(reading.quote(one.seen).quote, one.strength, one.points, one.why_not) for one in counts]
        lacking = tuple(topic.require) if missing and score >= topic.threshold else ()
        return Reason(code="below_threshold", detail=explain_miss(misses, score, topic.threshold, lacking))


def compile_topics(topics: Sequence[TopicSpec], packs: Packs) -> Judge:
    """Build the judge of some topics; raises `ConfigurationError` where a topic names an unknown theme or concept."""
    problems = [problem for topic in topics for problem in _unknown(topic, packs)]
    if problems:
        raise ConfigurationError(problems)
    return Judge(topics, packs)


def _unknown(topic: TopicSpec, packs: Packs) -> Iterable[Problem]:
    named = {"anchor": (topic.anchor,), "themes": tuple(topic.themes), "context": topic.context, "require": topic.require}
    for key, names in named.items():
        for name in names:
            if name == GUARDS or (name not in packs.themes and packs.concept(name) is None):
                allowed = ", ".join(sorted(set(packs.themes) - {GUARDS}))
                yield Problem("topics", 1, 1, f"topics.{topic.id}.{key}", f"there is no theme or concept {name!r}", allowed)


def _resolve(topic: TopicSpec, packs: Packs) -> _Rules:
    weights: dict[str, float] = {}
    for name in sorted(topic.themes, key=lambda name: "/" in name):  # a concept's own weight overrides its theme's
        weights |= dict.fromkeys(_concepts([name], packs), topic.themes[name])
    weights = {concept: weight for concept, weight in weights.items() if weight > 0}
    known = [concept for pack in packs.themes.values() for concept in pack.concepts.values()]
    return _Rules(
        topic,
        weights,
        _concepts(topic.require, packs),
        _concepts((*topic.context, *topic.themes), packs) - weights.keys(),
        {concept.id: concept.unless for concept in known if concept.unless},
        frozenset(concept.id for concept in known if concept.beside_country),
    )


def _concepts(names: Iterable[str], packs: Packs) -> frozenset[str]:
    found: set[str] = set()
    for name in names:
        found |= {concept.id for concept in packs.themes[name].concepts.values()} if name in packs.themes else {name}
    return frozenset(found)


def _version(topics: Sequence[TopicSpec], packs: Packs) -> str:
    rules = [(topic.id, topic.anchor, sorted(topic.themes.items()), topic.context, topic.threshold, topic.require) for topic in topics]
    return hashlib.sha256(f"{ALGORITHM}\n{rules!r}\n{packs.digest}".encode()).hexdigest()[:12]


# --- the country ------------------------------------------------------------------------------------------------


def _scoring(seen: Iterable[Seen], rules: _Rules) -> list[Seen]:
    return [one for one in seen if one.hit.concept in rules.weights]


def _country(rules: _Rules, reading: Reading) -> _Country:
    names = [one for one in reading.seen if one.hit.theme == rules.topic.anchor and not _is_guarded(one, rules, reading)]
    if not reading.assumed and not any(name.hit.strength == "strong" for name in names):
        full = {one.sentence for one in _scoring(reading.seen, rules) if one.hit.strength == "strong" and _is_full(one, rules)}
        names = [name for name in names if name.sentence in full]
    by_sentence: dict[int, list[Seen]] = {}
    for name in names:
        by_sentence.setdefault(name.sentence, []).append(name)
    placed = {sentence: tuple(found) for sentence, found in by_sentence.items()}
    return _Country(frozenset(placed), placed, any(name.early for name in names), reading.assumed)


def _is_full(one: Seen, rules: _Rules) -> bool:
    return rules.weights[one.hit.concept] >= rules.topic.threshold


def _is_guarded(one: Seen, rules: _Rules, reading: Reading) -> bool:
    guards = rules.guards.get(one.hit.concept)
    return guards is not None and any(one.sentence in reading.guarded.get(guard, ()) for guard in guards)


def _absent(rules: _Rules, reading: Reading) -> Reason:
    blanked = [one for one in reading.blanked if one.hit.theme == rules.topic.anchor]
    if blanked:
        return Reason(code="excluded", detail=f"the country is named only in excluded words: {reading.quote(blanked[0]).quote}")
    return Reason(code="no_country", detail="the country is not named")


# --- counting ---------------------------------------------------------------------------------------------------


def _count(one: Seen, rules: _Rules, reading: Reading, country: _Country) -> _Count:
    """Say what one hit of a scoring concept counts."""
    depth = 1.0 if one.early else _DEPTH
    reach = country.reach(one.sentence)
    if _is_guarded(one, rules, reading):
        return _Count(one, one.hit.strength, 0.0, "in a sentence about something else")
    if one.hit.strength == "strong" or (one.hit.concept in rules.beside and country.is_beside(one)):
        return _Count(one, "strong", reach * depth, "" if reach else "without country in reach")
    if one.sentence in country.sentences or (country.assumed and one.early) or reading.has_strong(one, rules.weights):
        return _Count(one, "weak", _WEAK * reach * depth, "" if reach else "without country in reach")
    return _Count(one, "weak", 0.0, "without country in the sentence")


def _points(counts: Iterable[_Count]) -> dict[str, float]:
    """Add up what each concept counts; leaves out those that count nothing."""
    best: dict[tuple[str, str, int], float] = {}
    for count in counts:
        key = (count.seen.hit.concept, count.strength, count.seen.sentence)
        best[key] = max(best.get(key, 0.0), count.points)
    sums: dict[tuple[str, str], float] = {}
    for (concept, strength, _), points in best.items():
        sums[concept, strength] = min(sums.get((concept, strength), 0.0) + points, 1.0 if strength == "strong" else _WEAK)
    concepts = dict.fromkeys(concept for concept, _ in sums)
    totals = {concept: min(1.0, sums.get((concept, "strong"), 0.0) + sums.get((concept, "weak"), 0.0)) for concept in concepts}
    return {concept: total for concept, total in totals.items() if total > 0}


# --- evidence ---------------------------------------------------------------------------------------------------


def _evidence(rules: _Rules, reading: Reading, country: _Country, counts: Sequence[_Count], matched: bool) -> tuple[Evidence, ...]:
    """Quote the country, what counted, and for a match what its context found; a few quotes a concept."""
    chosen = [name for names in country.names.values() for name in names]
    chosen += [count.seen for count in counts if count.points or not matched]
    if matched:
        chosen += [one for one in reading.seen if one.hit.concept in rules.context and _supports(one, rules, reading, country)]
    quoted: dict[str, int] = {}
    evidence: list[Evidence] = []
    for one in sorted(chosen, key=lambda one: (one.sentence, one.hit)):
        quoted[one.hit.concept] = quoted.get(one.hit.concept, 0) + 1
        if quoted[one.hit.concept] <= _QUOTES_PER_CONCEPT:
            evidence.append(reading.quote(one))
    return tuple(evidence)


def _supports(one: Seen, rules: _Rules, reading: Reading, country: _Country) -> bool:
    """Tell whether a hit of the context is worth showing: in the country's reach, and beside it where it is weak."""
    if _is_guarded(one, rules, reading):
        return False
    near = {one.sentence - 1, one.sentence, one.sentence + 1} & country.sentences
    return country.reach(one.sentence) > 0 and (one.hit.strength == "strong" or bool(near) or reading.has_strong(one, ()))

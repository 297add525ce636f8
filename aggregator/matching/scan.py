"""Find all terms of all packs in one pass: an automaton for the literals, then boundaries and patterns on its hits only.

The cost does not grow with the number of terms, and is linear in the text: a pattern starts at a literal's hit and
is bounded in length (see `aggregator.matching.terms`).
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import groupby
from operator import attrgetter
from typing import NamedTuple

from ahocorasick_rs import AhoCorasick, Implementation, MatchKind

from aggregator.matching.packs import GUARDS, QUERY, Concept, Pack, Packs, Term
from aggregator.matching.terms import GAPS, Form, compiled, is_word_letter
from aggregator.matching.text import Normalised

_LONGEST_ENDING = 15


class Hit(NamedTuple):
    """Point at one term in a normalised text; `strength` is "strong", "weak" or "exclude"."""

    theme: str
    concept: str
    strength: str
    start: int
    end: int


class _Probe(NamedTuple):
    """Join one form with what its hit means."""

    theme: str
    concept: str
    strength: str
    form: Form


@dataclass(frozen=True, slots=True)
class Scanned:
    """Hold the hits of one text in reading order, and those that an exclusion blanked."""

    hits: tuple[Hit, ...]
    blanked: tuple[Hit, ...]


class Scanner:
    """Find the terms of some packs; immutable, and safe to share between threads."""

    def __init__(self, packs: Iterable[Pack]) -> None:
        packs = tuple(packs)
        self._all_stay = frozenset((GUARDS, QUERY, *(pack.theme for pack in packs if pack.keep_all)))
        probes: dict[tuple[str, str], list[_Probe]] = {}
        for probe in _probes(packs):
            probes.setdefault((probe.form.literal, probe.form.left), []).append(probe)
        self._groups = [(left, _joined(group)) for (_, left), group in probes.items()]
        self._automaton = AhoCorasick(
            [literal for literal, _ in probes],
            matchkind=MatchKind.Standard,
            store_patterns=False,
            implementation=Implementation.ContiguousNFA,
        )

    def scan(self, text: Normalised) -> Scanned:
        """Find every term; of overlapping hits of one theme the longest stays, and excluded words leave none."""
        found: set[Hit] = set()
        folded = text.text
        for index, start, end in self._automaton.find_matches_as_indexes(folded, overlapping=True):
            left, probes = self._groups[index]
            if left and start and (is_word_letter(folded[start - 1]) if left == "word" else folded[start - 1].isalnum()):
                continue
            for probe in probes:
                last = _end_of(probe.form, text, start, end)
                if last:
                    found.add(Hit(probe.theme, probe.concept, probe.strength, start, last))
        return _settle(found, self._all_stay)


@lru_cache(maxsize=4)
def scanner_of(packs: Packs) -> Scanner:
    """Give the scanner of all packs, made once: a changed topic needs no new one."""
    return Scanner(packs.themes.values())


def _probes(packs: Iterable[Pack]) -> Iterable[_Probe]:
    for pack in packs:
        for term in pack.exclusions:
            yield from _forms(pack.theme, "", term)
        for concept in pack.concepts.values():
            yield from _concept_probes(pack.theme, concept)


def _concept_probes(theme: str, concept: Concept) -> Iterable[_Probe]:
    for term in concept.terms:
        yield from _forms(theme, concept.id, term)


def _forms(theme: str, concept: str, term: Term) -> Iterable[_Probe]:
    return (_Probe(theme, concept, term.strength, form) for form in term.forms)


def _joined(group: Iterable[_Probe]) -> tuple[_Probe, ...]:
    """Join the patterns that mean the same into one with alternatives, so that a hit costs one try, not twenty."""
    single: list[_Probe] = []
    patterns: dict[_Probe, list[str]] = {}
    for probe in dict.fromkeys(group):
        if probe.form.expression and not probe.form.capitals:
            meaning = probe._replace(form=Form(probe.form.literal, probe.form.left))
            patterns.setdefault(meaning, []).append(probe.form.expression)
        else:
            single.append(probe)
    for meaning, expressions in patterns.items():
        single.append(meaning._replace(form=replace(meaning.form, expression=_alternatives(expressions))))
    return tuple(single)


def _alternatives(expressions: Sequence[str]) -> str:
    """Join patterns, those that begin alike up to their first gap behind one beginning."""
    tails: dict[str, list[str]] = {}
    for expression in expressions:
        cut = min((place + len(gap) for gap in GAPS if (place := expression.find(gap)) > 0), default=0)
        tails.setdefault(expression[:cut], []).append(expression[cut:])
    joined = [head + _choice(rests) for head, rests in tails.items()]
    return _choice(joined)


def _choice(patterns: Sequence[str]) -> str:
    return patterns[0] if len(patterns) == 1 else f"(?:{'|'.join(f'(?:{one})' for one in patterns)})"


def _end_of(form: Form, text: Normalised, start: int, end: int) -> int:
    """Give where the term ends whose literal stands at [start, end), or 0 where its right boundary or pattern says no."""
    folded = text.text
    if form.capitals and not _has_capitals(form, text, start):
        return 0
    if form.expression:
        match = compiled(form.expression).match(folded, start)
        return match.end() if match else 0
    if form.right == "ending":
        return _end_of_word(folded, end)
    if form.right and end < len(folded):
        behind = folded[end]
        if behind.isalnum() if form.right == "letter" else is_word_letter(behind):
            return 0
    return end


def _has_capitals(form: Form, text: Normalised, start: int) -> bool:
    spans = (text.span(start + offset, start + offset + 1) for offset in form.capitals)
    return all(text.original[first:last].isupper() for first, last in spans)


def _end_of_word(folded: str, end: int) -> int:
    limit = min(len(folded), end + _LONGEST_ENDING)
    while end < limit and is_word_letter(folded[end]):
        end += 1
    return end


def _settle(found: set[Hit], all_stay: Collection[str]) -> Scanned:
    """Drop what an exclusion of its theme touches, then what a longer hit of its theme covers (except in `all_stay`)."""
    kept: list[Hit] = []
    blanked: list[Hit] = []
    for theme, group in groupby(sorted(found), key=attrgetter("theme")):
        hits = list(group)
        exclusions = sorted((hit for hit in hits if hit.strength == "exclude"), key=attrgetter("start"))
        terms = [hit for hit in hits if hit.strength != "exclude"]
        blank, free = _blank(terms, exclusions) if exclusions else ([], terms)
        blanked += blank
        kept += free if theme in all_stay else _longest(free)
    return Scanned(tuple(sorted(kept, key=attrgetter("start", "end"))), tuple(blanked))


def _blank(terms: Sequence[Hit], exclusions: Sequence[Hit]) -> tuple[list[Hit], list[Hit]]:
    """Part the terms into those that overlap an exclusion and those that do not."""
    blank: list[Hit] = []
    free: list[Hit] = []
    reach: list[tuple[int, int]] = []
    for hit in exclusions:  # joined to stretches without overlap
        if reach and hit.start <= reach[-1][1]:
            reach[-1] = (reach[-1][0], max(reach[-1][1], hit.end))
        else:
            reach.append((hit.start, hit.end))
    place = 0
    for term in sorted(terms, key=attrgetter("start")):
        while place < len(reach) and reach[place][1] <= term.start:
            place += 1
        covered = place < len(reach) and reach[place][0] < term.end
        (blank if covered else free).append(term)
    return blank, free


def _longest(terms: Iterable[Hit]) -> list[Hit]:
    """Drop hits that lie within a longer or equal hit of the same theme; strong before weak where they are equal."""
    kept: list[Hit] = []
    end = -1
    for hit in sorted(terms, key=lambda hit: (hit.start, -hit.end, hit.strength, hit.concept)):
        if hit.end > end:
            kept.append(hit)
            end = hit.end
    return kept

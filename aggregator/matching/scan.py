"""Find all terms of all packs in one pass: an automaton for the literals, then boundaries and patterns on its hits only.

The cost does not grow with the number of terms, and is linear in the text: a pattern starts at a literal's hit and
is bounded in length (see `aggregator.matching.terms`).
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import groupby
from operator import itemgetter
from typing import NamedTuple, TypeAlias

from ahocorasick_rs import AhoCorasick, Implementation, MatchKind

from aggregator.matching.packs import GUARDS, QUERY, Concept, Pack, Packs, Term
from aggregator.matching.terms import GAPS, WORD_LETTERS, Form, compiled
from aggregator.matching.text import Normalised

_LONGEST_ENDING = 15


class Hit(NamedTuple):
    """Point at one term in a normalised text; `strength` is "strong", "weak" or "exclude"."""

    theme: str
    start: int
    end: int
    strength: str
    concept: str


class _Probe(NamedTuple):
    """Join one form with what its hit means."""

    theme: str
    concept: str
    strength: str
    form: Form


_Raw: TypeAlias = Sequence[tuple[int, int, int]]
_Found: TypeAlias = tuple[str, int, int, str, str]
"""A hit as it sorts: theme, start, the end below zero so that the longer comes first, strength, concept."""


@dataclass(frozen=True, slots=True)
class Scanned:
    """Hold the hits of one text, theme by theme in reading order, and those that an exclusion blanked."""

    hits: Sequence[Hit]
    blanked: Sequence[Hit]


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

    def literals(self, text: Normalised) -> _Raw:
        """Find the literals of all terms, without their boundaries and patterns: the fast half of a scan."""
        return self._automaton.find_matches_as_indexes(text.text, overlapping=True)

    def literals_of(self, concepts: Collection[str]) -> frozenset[int]:
        """Give the numbers of the literals with which terms of some concepts begin."""
        return frozenset(number for number, (_, probes) in enumerate(self._groups) if any(probe.concept in concepts for probe in probes))

    def literals_only_of(self, themes: Collection[str]) -> frozenset[int]:
        """Give the numbers of the literals with which only terms of some themes begin."""
        return frozenset(number for number, (_, probes) in enumerate(self._groups) if all(probe.theme in themes for probe in probes))

    def scan(self, text: Normalised, literals: _Raw | None = None, skipped: Collection[int] = frozenset(), beyond: int = 0) -> Scanned:
        """Find every term; of overlapping hits of one theme the longest stays, and excluded words leave none.

        Literals in `skipped` are passed over where they begin behind the character `beyond`.
        """
        found: set[_Found] = set()
        folded = text.text
        groups = self._groups
        for index, start, end in self.literals(text) if literals is None else literals:
            if start > beyond and index in skipped:
                continue
            left, probes = groups[index]
            if left and start and (folded[start - 1] in WORD_LETTERS if left == "word" else folded[start - 1].isalnum()):
                continue
            for theme, concept, strength, form in probes:
                if not form.right and not form.expression:
                    last = end if not form.capitals or _has_capitals(form, text, start) else 0
                else:
                    last = _end_of(form, text, start, end)
                if last:
                    found.add((theme, start, -last, strength, concept))
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
        if behind.isalnum() if form.right == "letter" else behind in WORD_LETTERS:
            return 0
    return end


def _has_capitals(form: Form, text: Normalised, start: int) -> bool:
    spans = (text.span(start + offset, start + offset + 1) for offset in form.capitals)
    return all(text.original[first:last].isupper() for first, last in spans)


def _end_of_word(folded: str, end: int) -> int:
    limit = min(len(folded), end + _LONGEST_ENDING)
    while end < limit and folded[end] in WORD_LETTERS:
        end += 1
    return end


def _settle(found: Iterable[_Found], all_stay: Collection[str]) -> Scanned:
    """Drop what an exclusion of its theme touches, then what a longer hit of its theme covers (except in `all_stay`)."""
    kept: list[Hit] = []
    blanked: list[Hit] = []
    for theme, group in groupby(sorted(found), key=itemgetter(0)):
        hits = [Hit(theme, start, -end, strength, concept) for _, start, end, strength, concept in group]
        if any(hit[3] == "exclude" for hit in hits):
            blank, hits = _blank(hits)
            blanked += blank
        kept += hits if theme in all_stay else _longest(hits)
    return Scanned(kept, blanked)


def _blank(hits: Sequence[Hit]) -> tuple[list[Hit], list[Hit]]:
    """Part the terms into those that overlap an exclusion and those that do not."""
    blank: list[Hit] = []
    free: list[Hit] = []
    reach: list[tuple[int, int]] = []
    for hit in (hit for hit in hits if hit.strength == "exclude"):  # joined to stretches without overlap
        if reach and hit.start <= reach[-1][1]:
            reach[-1] = (reach[-1][0], max(reach[-1][1], hit.end))
        else:
            reach.append((hit.start, hit.end))
    place = 0
    for term in (hit for hit in hits if hit.strength != "exclude"):
        while place < len(reach) and reach[place][1] <= term.start:
            place += 1
        covered = place < len(reach) and reach[place][0] < term.end
        (blank if covered else free).append(term)
    return blank, free


def _longest(terms: Iterable[Hit]) -> list[Hit]:
    """Drop hits that lie within a longer or equal hit of the same theme; strong before weak where they are equal."""
    kept: list[Hit] = []
    end = -1
    for hit in terms:
        if hit.end > end:
            kept.append(hit)
            end = hit.end
    return kept

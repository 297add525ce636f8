"""Read an article once for all queries: scan title and text, put both on one axis, number sentences, paragraphs and words.

The title stands first on the axis, then the text. The title is sentence 0 and paragraph 0; those of the text count from 1.
A mention belongs to the sentence it starts in. What only some queries ask for (paragraphs, words) is found when it is asked for.
"""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping, Sequence
from itertools import islice
from typing import NamedTuple

from aggregator.matching.packs import GUARDS, Packs
from aggregator.matching.query import PARAGRAPH, Terms
from aggregator.matching.scan import Hit, Scanner
from aggregator.matching.sentences import Segments, segment
from aggregator.matching.text import normalise
from aggregator.models import Article, Evidence

TITLE_SENTENCE = 0
LEAD = 600
"""Characters of the text that count as its lead."""
_BETWEEN_FIELDS = 10_000
_WORD = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]{1,2}|[^\W_\u3040-\u30ff\u3400-\u9fff]+")

Scope = tuple[int, int]
"""A half-open stretch of the axis."""


class Seen(NamedTuple):
    """Hold one mention: its stretch of the axis, its sentence, and whether it stands in the title or the lead."""

    start: int
    end: int
    strength: str
    concept: str
    theme: str
    sentence: int
    early: bool


class Brief(NamedTuple):
    """Name what queries ask for only within the first `words` words of a text: literals, by scanner."""

    words: int
    literals: Sequence[frozenset[int]]


class Reading:
    """Hold all that was found in one article, and answer what the evaluator asks of it.

    At first only literals are known, which is enough to tell most articles apart (`may_name`); `place` finds the rest.
    """

    def __init__(self, article: Article, scanners: Sequence[Scanner], packs: Packs) -> None:
        self.article = article
        self.assumed = article.feed.assume_country
        self.title, self.text = normalise(article.title), normalise(article.text)
        self.base = len(self.title.text) + 1
        self.length = self.base + len(self.text.text) + 1
        self._unless, self._beside = packs.unless, packs.beside_country
        self._literals = [(scanner, scanner.literals(self.title), scanner.literals(self.text)) for scanner in scanners]
        self._segments: Segments | None = None
        self.bounds: Sequence[int] = (self.base,)
        self._placed = False
        self._mentions: dict[int, Sequence[Seen]] = {}
        self.free: dict[int, Sequence[Seen]] = {}
        self._words: list[int] | None = None
        self._first: dict[int, int] = {}

    def may_name(self, literals: Sequence[frozenset[int]]) -> bool:
        """Tell whether a term that begins with one of some literals, given by scanner, stands in title or text, blanked or not."""
        for wanted, (scanner, *both) in zip(literals, self._literals, strict=True):
            for field, found in zip((self.title, self.text), both, strict=True):
                few = [literal for literal in found if literal[0] in wanted]
                scanned = scanner.scan(field, few) if few else None
                if scanned and (scanned.hits or scanned.blanked):
                    return True
        return False

    def place(self, brief: Brief | None = None) -> None:
        """Find all terms and put them in their sentences; does nothing the second time. `brief` names what is not asked for far down."""
        if self._placed:
            return
        self._placed = True
        in_title = [scanner.scan(self.title, literals) for scanner, literals, _ in self._literals]
        beyond = self.first_words(brief.words) - self.base if brief and brief.words else -1
        skipped = brief.literals if brief else [frozenset[int]()] * len(self._literals)
        in_text = [
            scanner.scan(self.text, literals, skip, beyond) for skip, (scanner, _, literals) in zip(skipped, self._literals, strict=True)
        ]
        if any(scanned.hits or scanned.blanked for scanned in in_text):
            self.bounds = self._bounds()
        self.by_concept: dict[str, list[Seen]] = {}
        self.strong: dict[int, set[str]] = {}
        for scanned in in_title:
            self._sort(self._in_title(scanned.hits))
        for scanned in in_text:
            self._sort(self._in_text(scanned.hits))
        self._silent = self._silenced()
        self.blanked = [seen for scanned in in_title for seen in self._in_title(scanned.blanked)]
        self.blanked += [seen for scanned in in_text for seen in self._in_text(scanned.blanked)]

    def _in_title(self, hits: Sequence[Hit]) -> list[Seen]:
        return [Seen(start, end, strength, concept, theme, TITLE_SENTENCE, True) for theme, start, end, strength, concept in hits]

    def _in_text(self, hits: Sequence[Hit]) -> list[Seen]:
        base, bounds = self.base, self.bounds
        return [
            Seen(start + base, end + base, strength, concept, theme, bisect_right(bounds, start + base), start < LEAD)
            for theme, start, end, strength, concept in hits
        ]

    def _sort(self, seen: Iterable[Seen]) -> None:
        by_concept, strong = self.by_concept, self.strong
        for one in seen:
            concept = one.concept
            if concept in by_concept:
                by_concept[concept].append(one)
            else:
                by_concept[concept] = [one]
            if one.strength == "strong" and one.theme != GUARDS:
                strong.setdefault(one.sentence, set()).add(concept)

    def _silenced(self) -> Mapping[str, set[int]]:
        """Give the sentences in which a guard makes the terms of a concept count for nothing."""
        guarding = {concept.partition("/")[2]: found for concept, found in self.by_concept.items() if concept.startswith(f"{GUARDS}/")}
        silent: dict[str, set[int]] = {}
        for concept in self.by_concept.keys() & self._unless.keys() if guarding else ():
            numbers = {one.sentence for guard in self._unless[concept] if guard in guarding for one in guarding[guard]}
            if numbers:
                silent[concept] = numbers
        return silent

    # --- mentions -----------------------------------------------------------------------------------------------

    def of(self, terms: Terms) -> Sequence[Seen]:
        """Give the mentions of some concepts in reading order, without those that a guard silences."""
        known = self._mentions.get(id(terms))
        if known is None:
            found: list[Seen] = []
            for concept in self.by_concept.keys() & terms.concepts:
                found += self._heard(concept) if concept in self._silent else self.by_concept[concept]
            if len(terms.strengths) == 1:
                found = [one for one in found if one.strength in terms.strengths]
            found.sort()
            known = self._mentions[id(terms)] = found
        return known

    def _heard(self, concept: str) -> list[Seen]:
        silent = self._silent[concept]
        return [one for one in self.by_concept[concept] if one.sentence not in silent]

    def counts_beside(self, concept: str) -> bool:
        """Tell whether weak terms of a concept are as good as strong ones beside the country's name."""
        return concept in self._beside

    def is_guarded(self, one: Seen) -> bool:
        """Tell whether a guard of its concept stands in the mention's sentence."""
        silent = self._silent.get(one.concept)
        return silent is not None and one.sentence in silent

    def within(self, mentions: Sequence[Seen], scope: Scope) -> Sequence[Seen]:
        """Give those of some mentions, in reading order, that start inside a scope."""
        if not mentions or (scope[0] <= mentions[0].start and mentions[-1].start < scope[1]):
            return mentions
        return mentions[bisect_left(mentions, (scope[0],)) : bisect_left(mentions, (scope[1],))]

    # --- places -------------------------------------------------------------------------------------------------

    @property
    def everything(self) -> Scope:
        """Give the scope of title and text."""
        return 0, self.length

    @property
    def segments(self) -> Segments:
        """Give sentences and paragraphs of the text."""
        if self._segments is None:
            self._segments = segment(self.text.text)
        return self._segments

    def _bounds(self) -> Sequence[int]:
        return self._on_axis(self.segments.sentence_ends)

    def _on_axis(self, ends: Sequence[int]) -> Sequence[int]:
        if not self.text.text:
            return (self.base,)
        return [self.base, *(self.base + end for end in ends[:-1]), self.length]

    def units(self, unit: str) -> Sequence[int]:
        """Give where the title and each sentence or paragraph of the text ends, on the axis."""
        if unit == PARAGRAPH:
            return self._on_axis(self.segments.paragraph_ends)
        if len(self.bounds) == 1:
            self.bounds = self._bounds()
        return self.bounds

    def first_words(self, count: int) -> int:
        """Give the place behind which a mention starts after the first `count` words of the text."""
        known = self._first.get(count)
        if known is None:
            last = next(islice(_WORD.finditer(self.text.text), count - 1, None), None)
            known = self._first[count] = self.length if last is None else self.base + last.start() + 1
        return known

    def words_of(self, one: Seen) -> tuple[int, int]:
        """Give the numbers of a mention's first and last word; title and text are far apart.

        Two Han or kana characters count as one word.
        """
        words = self._word_starts()
        far = _BETWEEN_FIELDS if one.start >= self.base else 0
        return bisect_right(words, one.start) - 1 + far, bisect_right(words, one.end - 1) - 1 + far

    def _word_starts(self) -> list[int]:
        if self._words is None:
            self._words = [found.start() for found in _WORD.finditer(self.title.text)]
            self._words += [self.base + found.start() for found in _WORD.finditer(self.text.text)]
        return self._words

    # --- evidence -----------------------------------------------------------------------------------------------

    def has_strong(self, weak: Seen, scoring: Mapping[str, float]) -> bool:
        """Tell whether a strong term of the same theme, or of a concept in `scoring`, stands in a weak term's sentence."""
        concepts = self.strong.get(weak.sentence, ())
        return any(concept in scoring or concept.startswith(f"{weak.theme}/") for concept in concepts)

    def quote(self, one: Seen) -> Evidence:
        """Give a mention as evidence in the words and offsets of the original."""
        in_title = one.start < self.base
        field, shift = (self.title, 0) if in_title else (self.text, self.base)
        start, end = field.span(one.start - shift, one.end - shift)
        return Evidence(
            theme=one.theme,
            concept=one.concept,
            strength=one.strength,
            field="title" if in_title else "text",
            start=start,
            end=end,
            quote=field.original[start:end],
        )

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
from aggregator.matching.scan import Hit, Scanned, Scanner
from aggregator.matching.text import Segments, normalise, segment
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


class Reading:
    """Hold all that was found in one article, and answer what the evaluator asks of it."""

    def __init__(self, article: Article, scanners: Sequence[Scanner], packs: Packs) -> None:
        self.article = article
        self.assumed = article.feed.assume_country
        self.title, self.text = normalise(article.title), normalise(article.text)
        self.base = len(self.title.text) + 1
        self.length = self.base + len(self.text.text) + 1
        in_title = [scanner.scan(self.title) for scanner in scanners]
        in_text = [scanner.scan(self.text) for scanner in scanners]
        self._segments: Segments | None = None
        self._unless, self._beside = packs.unless, packs.beside_country
        self.bounds: Sequence[int] = (self.base,)
        if any(scanned.hits or scanned.blanked for scanned in in_text):
            self.bounds = self._bounds()
        self._place(in_title, in_text)
        self._mentions: dict[int, Sequence[Seen]] = {}
        self.free: dict[int, Sequence[Seen]] = {}
        self._words: list[int] | None = None
        self._first: dict[int, int] = {}

    def _place(self, in_title: Sequence[Scanned], in_text: Sequence[Scanned]) -> None:
        self.by_concept: dict[str, list[Seen]] = {}
        self._guarding: dict[str, set[int]] = {}
        self.strong: dict[int, set[str]] = {}
        for scanned in in_title:
            self._sort(Seen(hit.start, hit.end, hit.strength, hit.concept, hit.theme, TITLE_SENTENCE, True) for hit in scanned.hits)
        for scanned in in_text:
            self._sort(self._in_text(scanned.hits))
        self.blanked = [
            Seen(hit.start, hit.end, hit.strength, hit.concept, hit.theme, TITLE_SENTENCE, True) for one in in_title for hit in one.blanked
        ]
        for scanned in in_text:
            self.blanked += self._in_text(scanned.blanked)

    def _in_text(self, hits: Sequence[Hit]) -> list[Seen]:
        base, bounds = self.base, self.bounds
        return [
            Seen(start + base, end + base, strength, concept, theme, bisect_right(bounds, start + base), start < LEAD)
            for theme, concept, strength, start, end in hits
        ]

    def _sort(self, seen: Iterable[Seen]) -> None:
        for one in seen:
            if one.theme == GUARDS:
                self._guarding.setdefault(one.concept.partition("/")[2], set()).add(one.sentence)
                self.by_concept.setdefault(one.concept, []).append(one)
                continue
            self.by_concept.setdefault(one.concept, []).append(one)
            if one.strength == "strong":
                self.strong.setdefault(one.sentence, set()).add(one.concept)

    # --- mentions -----------------------------------------------------------------------------------------------

    def of(self, terms: Terms) -> Sequence[Seen]:
        """Give the mentions of some concepts in reading order, without those that a guard silences."""
        known = self._mentions.get(id(terms))
        if known is None:
            found = [
                one
                for concept in self.by_concept.keys() & terms.concepts
                for one in self.by_concept[concept]
                if one.strength in terms.strengths and not self.is_guarded(one)
            ]
            known = self._mentions[id(terms)] = sorted(found)
        return known

    def counts_beside(self, concept: str) -> bool:
        """Tell whether weak terms of a concept are as good as strong ones beside the country's name."""
        return concept in self._beside

    def is_guarded(self, one: Seen) -> bool:
        """Tell whether a guard of its concept stands in the mention's sentence."""
        guards = self._unless.get(one.concept)
        return guards is not None and any(one.sentence in self._guarding.get(guard, ()) for guard in guards)

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

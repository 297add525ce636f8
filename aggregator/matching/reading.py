"""Read an article once for all topics: scan title and text, number the sentences, find the guards."""

from bisect import bisect_right
from collections import Counter
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass

from aggregator.matching.packs import GUARDS
from aggregator.matching.scan import Hit, Scanner
from aggregator.matching.text import Normalised, normalise, segment
from aggregator.models import Article, Evidence

TITLE_SENTENCE = 0
"""The number of the title; sentences of the text count from 1."""
LEAD = 600
"""Characters of the text that count as its lead."""
_HITS_PER_SENTENCE = 3


@dataclass(frozen=True, slots=True)
class Seen:
    """Hold one hit with its place: the field, the sentence, and whether that is the title or the lead."""

    hit: Hit
    field: str
    sentence: int
    early: bool


@dataclass(frozen=True, slots=True)
class Reading:
    """Hold all that was found in one article; `guarded` gives the sentences of each guard, `strong` the strong concepts of
    each sentence.
    """

    seen: tuple[Seen, ...]
    blanked: tuple[Seen, ...]
    guarded: Mapping[str, frozenset[int]]
    fields: Mapping[str, Normalised]
    assumed: bool
    strong: Mapping[int, frozenset[str]]

    def has_strong(self, weak: Seen, scoring: Container[str]) -> bool:
        """Tell whether a strong term of the same theme, or of a concept in `scoring`, stands in a weak term's sentence."""
        concepts = self.strong.get(weak.sentence, ())
        return any(concept in scoring or concept.startswith(f"{weak.hit.theme}/") for concept in concepts)

    def quote(self, seen: Seen) -> Evidence:
        """Give a hit as evidence in the words and offsets of the original."""
        text = self.fields[seen.field]
        start, end = text.span(seen.hit.start, seen.hit.end)
        return Evidence(
            theme=seen.hit.theme,
            concept=seen.hit.concept,
            strength=seen.hit.strength,
            field=seen.field,
            start=start,
            end=end,
            quote=text.original[start:end],
        )


def read(article: Article, scanner: Scanner) -> Reading:
    """Find every term of every pack in an article's title and text."""
    title, text = normalise(article.title), normalise(article.text)
    in_title, in_text = scanner.scan(title), scanner.scan(text)
    ends = segment(text.text).sentence_ends if in_text.hits or in_text.blanked else ()

    seen = [Seen(hit, "title", TITLE_SENTENCE, True) for hit in in_title.hits] + _placed(in_text.hits, ends)
    blanked = [Seen(hit, "title", TITLE_SENTENCE, True) for hit in in_title.blanked] + _placed(in_text.blanked, ends)
    guarded: dict[str, set[int]] = {}
    strong: dict[int, set[str]] = {}
    for one in seen:
        if one.hit.theme == GUARDS:
            guarded.setdefault(one.hit.concept.partition("/")[2], set()).add(one.sentence)
        elif one.hit.strength == "strong":
            strong.setdefault(one.sentence, set()).add(one.hit.concept)
    return Reading(
        tuple(one for one in seen if one.hit.theme != GUARDS),
        tuple(blanked),
        {guard: frozenset(sentences) for guard, sentences in guarded.items()},
        {"title": title, "text": text},
        article.feed.assume_country,
        {sentence: frozenset(concepts) for sentence, concepts in strong.items()},
    )


def _placed(hits: Iterable[Hit], ends: Sequence[int]) -> list[Seen]:
    """Put the text's hits into their sentences; a few of a concept are enough in one sentence."""
    counted: Counter[tuple[int, str, str]] = Counter()
    placed: list[Seen] = []
    for hit in hits:
        sentence = 1 + bisect_right(ends, hit.start)
        key = (sentence, hit.concept, hit.strength)
        counted[key] += 1
        if counted[key] <= _HITS_PER_SENTENCE:
            placed.append(Seen(hit, "text", sentence, hit.start < LEAD))
    return placed

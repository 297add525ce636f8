"""Find sentences and paragraphs of a normalised text in any of the five languages.

A sentence ends at ``!``, ``?``, ``。``, at a full stop that is no abbreviation's, and at the end of a paragraph; one without any is cut
after `LONGEST_SENTENCE` characters.
"""

import re
from dataclasses import dataclass

LONGEST_SENTENCE = 1200
"""Characters after which a text without full stops is cut, so that "same sentence" keeps a meaning."""

_STOP = re.compile("[\n!?。]|\\.(?=[ \n)\\]]|$)")
_ABBREVIATIONS = frozenset(
    re.findall(
        r"\S+",
        "mr mrs ms dr prof gen col lt sgt maj adm sen rep gov st no nos vs inc corp co ltd art sec para res fig approx est dept"
        " jan feb mar apr jun jul aug sep sept oct nov dec u.s u.n u.k d.p.r d.p.r.k r.o.k e.u d.c p.m a.m e.g i.e"
        " г гг ул руб тыс млн млрд им т д п стр ст проф акад ред др см",
    )
)


@dataclass(frozen=True, slots=True)
class Segments:
    """Hold where sentences and paragraphs of a normalised text end; ends are exclusive and rising."""

    sentence_ends: tuple[int, ...]
    paragraph_ends: tuple[int, ...]

    def sentence(self, number: int) -> tuple[int, int]:
        """Give start and end of a sentence in the normalised text."""
        return (self.sentence_ends[number - 1] if number else 0), self.sentence_ends[number]


def segment(text: str) -> Segments:
    """Find sentences and paragraphs of a normalised text.

    Every character belongs to exactly one sentence; the ends of paragraphs are ends of sentences too.
    """
    ends: list[int] = []
    paragraphs: list[int] = []
    for match in _STOP.finditer(text):
        end = match.end()
        mark = text[end - 1]
        if mark == "." and not _is_full_stop(text, end - 1):
            continue
        if mark == "\n":
            paragraphs.append(end)
        if ends and ends[-1] == end - 1:
            ends[-1] = end  # marks in a row end one sentence
        else:
            _cut(ends, end)
    if not ends or ends[-1] < len(text):
        _cut(ends, len(text))
    if not paragraphs or paragraphs[-1] < len(text):
        paragraphs.append(len(text))
    return Segments(tuple(ends), tuple(paragraphs))


def _cut(ends: list[int], end: int) -> None:
    """Add an end, and more ends before it where the sentence would be too long."""
    start = ends[-1] if ends else 0
    if end - start <= LONGEST_SENTENCE:
        ends.append(end)
        return
    ends.extend(range(start + LONGEST_SENTENCE, end, LONGEST_SENTENCE))
    ends.append(end)


def _is_full_stop(text: str, dot: int) -> bool:
    """Tell a full stop from the dot in ``N. Korea`` and ``Dec. 15``; the one in ``3.5`` never comes here."""
    word = text[max(0, dot - 13) : dot].rpartition(" ")[2].lstrip("([")
    return not (len(word) == 1 and word.isalpha() and word.isascii()) and word not in _ABBREVIATIONS

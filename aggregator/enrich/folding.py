"""Fold text for looking up names and numbers, one character for one character.

A folded text is as long as the original, so an offset into one is an offset into the other. Case, full-width forms, curly quotes,
dashes, no-break spaces, Latin accents and ё are folded; everything else stays.
"""

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache, lru_cache
from itertools import count

import ahocorasick_rs

_ALIKE = {
    **dict.fromkeys("‘’‚‛ʼʻ´`＇", "'"),
    **dict.fromkeys("“”„‟«»", '"'),
    **dict.fromkeys("‐‑‒–—―−－", "-"),
    **dict.fromkeys("〜～∼", "~"),
    "ё": "е",
    "Ё": "е",
}
_MARGIN = 32
_MULTILINGUAL_PLANE = 0xFFFF
_LAST_MARK = 0x1F000


def _mark_run(last: int) -> re.Pattern[str]:
    marks = "".join(chr(code) for code in range(0x300, last) if unicodedata.combining(chr(code)))
    return re.compile(f"[{marks}][{marks}]{{8,}}")


# A class without the planes beyond is twenty times as fast, and nearly every text does without them.
_BEYOND = re.compile("[\U00010000-\U0010ffff]")
_MARK_RUN, _ANY_MARK_RUN = _mark_run(_MULTILINGUAL_PLANE), _mark_run(_LAST_MARK)
# A character with what is written onto it: marks, and the vowel and final consonant of a Hangul syllable.
_CLUSTER = re.compile(r"[\s\S][\u0300-\u036f\u1160-\u11ff\u3099\u309a]*")
# Two word characters before the full stop, so that "U.S. visas" and "N. Korea" stay in one piece; decimals have no space behind.
# A title never ends a sentence; another abbreviation does only where the next word starts one ("No. 55", "Aug. 5", "млн. рублей" go on).
_TITLE = r"(?<!\b(?:Mr|Dr|Ms|St|Lt)\.)(?<!\b(?:Mrs|Gen|Rep|Sen|Gov|Col|Sgt|Maj)\.)(?<!\b(?:Prof|Capt)\.)"
_SHORT = (
    r"(?:(?<!\b(?:[Nn]o|vs|гг|ст|ул|им)\.)(?<!\b(?:Jan|Feb|Mar|Apr|Aug|Sep|Oct|Nov|Dec|тыс|руб|млн|чел|стр)\.)(?<!\b(?:Sept|долл|млрд)\.)"
    r"|(?=\s+[^\Wa-zа-яё0-9_]))"
)
# It starts with the mark itself, so that the search runs from mark to mark.
_SENTENCE_END = re.compile(rf"[.!?](?<=\w\w[.!?]){_TITLE}{_SHORT}[\"”’')\]]{{0,3}}\s+|[。！？]|\n+")


class _Folding(dict[int, str]):
    """Map code points to folded characters, learning each one when it is first met."""

    def __missing__(self, code: int) -> str:
        folded = _fold_character(chr(code))
        if code <= _MULTILINGUAL_PLANE:  # the rest would let a hostile text fill the memory, and no name needs it
            self[code] = folded
        return folded


@lru_cache(maxsize=8)
def fold(text: str) -> str:
    """Fold every character of a text; the result has the same length."""
    return text.translate(_FOLDING)


def compose(text: str) -> str:
    """Give a text in NFC; of a run of combining marks, which makes normalising quadratic, only the first are kept."""
    if text.isascii():
        return text
    runs = _ANY_MARK_RUN if _BEYOND.search(text) else _MARK_RUN
    return unicodedata.normalize("NFC", runs.sub(lambda run: run.group()[:8], text))


def composed_offsets(text: str) -> tuple[str, tuple[int, ...]]:
    """Give a text in NFC, and for each of its characters, and its end, the offset in the text as it was."""
    written, offsets = [], []
    for cluster in _CLUSTER.finditer(text):
        composed = unicodedata.normalize("NFC", cluster.group()[:8])
        written.append(composed)
        offsets.extend([cluster.start()] * len(composed))
    return "".join(written), (*offsets, len(text))


@lru_cache(maxsize=8)
def sentence_starts(text: str) -> tuple[int, ...]:
    """Give the offsets at which the sentences of a text start; the first is 0."""
    return (0, *(match.end() for match in _SENTENCE_END.finditer(text) if match.end() > 0))


def sentence_span(text: str, position: int) -> tuple[int, int]:
    """Give start and end of the sentence around a position."""
    starts = sentence_starts(text)
    number = bisect_right(starts, position)
    return starts[number - 1], starts[number] if number < len(starts) else len(text)


_SURROGATE = re.compile("[\ud800-\udfff]")
_LISTS = count()
_LISTED: dict[str, list[int]] = {}
"""The words of all lists of hints, with the lists that each stands in."""


@cache
def _automaton() -> tuple[ahocorasick_rs.AhoCorasick, tuple[Sequence[int], ...]]:
    return ahocorasick_rs.AhoCorasick(list(_LISTED)), tuple(_LISTED.values())


@lru_cache(maxsize=4)  # a step reads a text and its folded twin, and the next step reads the same
def _standing(text: str) -> Mapping[int, Sequence[int]]:
    """Give for every list of hints where its words start in a text, in ascending order."""
    automaton, lists = _automaton()
    if not text.isascii() and _SURROGATE.search(text):  # half a character that JSON may spell, and no UTF-8 can
        text = _SURROGATE.sub("\ufffd", text)
    found: dict[int, list[int]] = {}
    for word, start, _ in automaton.find_matches_as_indexes(text, overlapping=True):
        for number in lists[word]:
            found.setdefault(number, []).append(start)
    return {number: sorted(starts) for number, starts in found.items()}


class Hints:
    """Find the sentences that hold one of a list of words (folded): a costly pattern needs to read no others.

    One automaton for all words costs a fiftieth of an alternation of them. All lists share one, so that a text is read once for them all.
    """

    def __init__(self, words: Iterable[str]) -> None:
        self._list = next(_LISTS)
        for word in dict.fromkeys(words):
            _LISTED.setdefault(word, []).append(self._list)
        _automaton.cache_clear()
        _standing.cache_clear()

    def positions(self, folded: str) -> Sequence[int]:
        """Give where the words start, in ascending order."""
        return _standing(folded).get(self._list, ())

    def around(self, pattern: re.Pattern[str], folded: str, before: int, behind: int) -> Iterator[re.Match[str]]:
        """Give the matches of a pattern that lie within so many characters before and behind one of the words."""
        through = 0
        for position in self.positions(folded):
            if position + behind > through:
                for match in pattern.finditer(folded, max(through, position - before), position + behind):
                    # What touches the end of the stretch may go on behind it.
                    near = match.end() + _MARGIN > position + behind
                    whole = pattern.match(folded, match.start()) if near else match
                    if whole and whole.start() >= through:
                        through = whole.end()
                        yield whole

    def sentences(self, text: str, folded: str) -> Iterator[tuple[int, int]]:
        """Give the spans of the sentences in which a word stands."""
        through = 0
        for position in self.positions(folded):
            if position >= through:
                start, through = sentence_span(text, position)
                yield start, through


def _fold_character(character: str) -> str:
    if character in _ALIKE:
        return _ALIKE[character]
    if _SURROGATE.match(character):
        return "\ufffd"
    if character.isspace():
        return " "
    folded = unicodedata.normalize("NFKC", character)
    folded = folded if len(folded) == 1 else character
    folded = folded.lower() if len(folded.lower()) == 1 else folded
    letter = unicodedata.normalize("NFD", folded)[0]
    return letter if letter.isascii() else folded


_FOLDING = _Folding()

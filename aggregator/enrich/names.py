"""Find names in text of five scripts, whole words only, with one automaton for all of them.

What a whole word is depends on the script: Latin and Cyrillic need a border on both sides; Russian names are met in all their
cases; Hangul needs a border on the left only, since particles stick to the right; Kanji and Hanzi need none; short katakana needs both.
Of names that overlap the longest wins, so "Inner Mongolia" hides "Mongolia".
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache

import ahocorasick_rs

from aggregator.enrich.folding import fold

_HANGUL = re.compile(r"[가-힣]")
_KATAKANA = re.compile(r"[ァ-ヺー]")
_LETTER_OR_DIGIT = re.compile(r"[0-9a-zа-я]")
_CYRILLIC = re.compile(r"[а-я]")
# Prefixes that a country's name takes on: against, in, visiting, pro-, anti-, towards.
_HANGUL_PREFIXES = "대주재방친반탈미"
# After an everyday word that is also a place, only these show that a noun ends here.
_HANGUL_PARTICLES = "에이은는을의과와도로시성주현항서까부산"
_ADJECTIVE_ENDING = re.compile(r"(?:ий|ый|ая|яя|ое|ее|ые|ие)$")
_NOUN_ENDING = re.compile(r"[аяйьоеыи]$")
_ENDINGS = (
    "(?:ого|его|ому|ему|ыми|ими|ами|ями|ой|ей|ом|ем|ою|ею|ью|ах|ях|ам|ям|ов|ев|ий|ый|ая|яя|ое|ее|ые|ие|ым|им|ую|юю|ых|их"
    "|ия|ию|ии|а|я|у|ю|е|ы|и|о|й|ь)?"
)
_SHORT = 2


@dataclass(frozen=True, slots=True)
class Name:
    """Hold one spelling of something; `concept` is empty for a decoy that only hides shorter names."""

    concept: str
    written: str
    ambiguous: bool = False
    exact: bool = False


@dataclass(frozen=True, slots=True)
class Mention:
    """Hold where a text names something."""

    concept: str
    start: int
    end: int
    ambiguous: bool


def parse_name(concept: str, notation: str) -> Name:
    """Read a name as the vocabulary writes it: a trailing ``!`` is ambiguous, a leading ``=`` or capitals only count exactly so."""
    exact = notation.startswith("=")
    ambiguous = notation.endswith("!")
    written = notation.removeprefix("=").removesuffix("!").strip()
    letters = [letter for letter in written if letter.isalpha()]
    capitals = all(letter.isupper() for letter in letters) and any(letter.isalpha() for letter in written)
    return Name(concept, written, ambiguous, exact or capitals)


class NameIndex:
    """Find all names of a list in one pass over a text."""

    def __init__(self, names: Iterable[Name]) -> None:
        self._entries: dict[str, list[_Entry]] = {}
        for name in names:
            entry = _entry(name)
            self._entries.setdefault(entry.key, []).append(entry)
        self._keys = tuple(self._entries)
        self._automaton = ahocorasick_rs.AhoCorasick(self._keys)

    def find(self, text: str) -> tuple[Mention, ...]:
        """Give the mentions in their order, without overlaps and without decoys."""
        folded = fold(text)
        found = [
            mention
            for number, start, _ in self._automaton.find_matches_as_indexes(folded, overlapping=True)
            for entry in self._entries[self._keys[number]]
            if (mention := entry.match(text, folded, start))
        ]
        return tuple(mention for mention in _longest(found) if mention.concept)


@dataclass(frozen=True, slots=True)
class _Entry:
    """Hold a name ready to be checked where its `key` occurs; one that is inflected is met in all forms of its `words`."""

    name: Name
    key: str
    left: Callable[[str, int], bool]
    right: Callable[[str, int], bool]
    words: tuple[str, ...]

    def match(self, text: str, folded: str, start: int) -> Mention | None:
        if not self.left(folded, start):
            return None
        end = self._end(folded, start)
        if end is None or not self.right(folded, end):
            return None
        if self.name.exact and text[start:end] != self.name.written:
            return None
        return Mention(self.name.concept, start, end, self.name.ambiguous)

    def _end(self, folded: str, start: int) -> int | None:
        if not self.words:
            return start + len(self.key)
        match = _in_any_case(self.words).match(folded, start)
        return match.end() if match else None


def _entry(name: Name) -> _Entry:
    folded = fold(name.written)
    inflected = bool(_CYRILLIC.search(folded)) and not name.exact
    words = tuple(re.split(r"[ -]", folded)) if inflected else ()
    key = _stem(words[0]) if words else folded
    return _Entry(name, key, _left_border(folded[0], len(folded)), _right_border(name, folded), words)


@lru_cache(maxsize=2_000)  # compiled when first met: all of them would take a third of a second of every start
def _in_any_case(words: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile(r"[ -]".join(_inflected(word) for word in words))


def _inflected(word: str) -> str:
    return re.escape(_stem(word)) + (_ENDINGS if _CYRILLIC.search(word) else "")


def _stem(word: str) -> str:
    if not _CYRILLIC.search(word):
        return word
    shorter = _ADJECTIVE_ENDING.sub("", word) if len(word) > 4 else word
    return shorter if shorter != word else _NOUN_ENDING.sub("", word)


def _left_border(first: str, length: int) -> Callable[[str, int], bool]:
    if _LETTER_OR_DIGIT.match(first):
        return lambda folded, start: not (start and _LETTER_OR_DIGIT.match(folded[start - 1]))
    if _HANGUL.match(first):
        return lambda folded, start: not (start and _HANGUL.match(folded[start - 1])) or _after_prefix(folded, start)
    if _KATAKANA.match(first):
        return lambda folded, start: not (start and _KATAKANA.match(folded[start - 1]))
    return _anywhere


def _right_border(name: Name, folded: str) -> Callable[[str, int], bool]:
    last = folded[-1]
    if _LETTER_OR_DIGIT.match(last):
        return lambda text, end: not (end < len(text) and _LETTER_OR_DIGIT.match(text[end]))
    if _HANGUL.match(last) and name.ambiguous:
        return lambda text, end: not (end < len(text) and _HANGUL.match(text[end]) and text[end] not in _HANGUL_PARTICLES)
    if _KATAKANA.match(last) and len(folded) <= _SHORT:
        return lambda text, end: not (end < len(text) and _KATAKANA.match(text[end]))
    return _anywhere


def _after_prefix(folded: str, start: int) -> bool:
    """Tell whether the one syllable before a Hangul name is a prefix that starts the word."""
    return folded[start - 1] in _HANGUL_PREFIXES and not (start > 1 and _HANGUL.match(folded[start - 2]))


def _anywhere(folded: str, position: int) -> bool:
    return True


def _longest(found: list[Mention]) -> list[Mention]:
    """Keep, from left to right, the longest of the mentions that overlap."""
    kept: list[Mention] = []
    for mention in sorted(found, key=lambda mention: (mention.start, -mention.end)):
        if not kept or mention.start >= kept[-1].end:
            kept.append(mention)
    return kept

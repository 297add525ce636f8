"""Normalise text for matching, keeping the way back to the original characters.

Rules, the same for terms and for texts:

* NFKC and case folding, ``ё`` as ``е``; full-width letters and half-width kana become the usual ones.
* Hyphens, dashes and ellipses are spaces (``ship-to-ship`` = ``ship to ship``); runs of spaces are one space.
* A blank line is a paragraph break (one line feed); a single line feed is a space, since feeds wrap their lines.
* Zero-width and bidirectional marks vanish, and so do quotation marks, except an apostrophe inside a word.

`Normalised.span` gives the original offsets of any stretch; a stretch that starts or ends inside a folded cluster
(``ﬁ``, a letter with its combining accent) is widened to the whole cluster.
"""

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import chain

_BLANKS = "\t\n\x0b\x0c\r\x1c\x1d\x1e\x1f \x85\xa0\u1680\u2028\u2029\u202f\u205f\u3000" + "".join(map(chr, range(0x2000, 0x200B)))
_DASHES = "-\u2010\u2011\u2012\u2013\u2014\u2015\u2025\u2026\u2212\u22ef\u301c\uff0d"
_GAPS = frozenset(_BLANKS + _DASHES)
_QUOTES = frozenset('"\u201c\u201d\u201e\u201f«»‹›「」『』《》〈〉〝〞\uff02')
_APOSTROPHES = frozenset("'\u2018\u2019\u201a\u201b\u02bc`´\uff07\uff40")
_FULL_WIDTH = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)}


def _is_invisible(char: str) -> bool:
    """Tell format characters (zero width, bidirectional, soft hyphen), variation selectors and fillers."""
    return unicodedata.category(char) == "Cf" or "\ufe00" <= char <= "\ufe0f" or char in "\u034f\u115f\u1160\u3164\uffa0"


def _is_regular(char: str) -> bool:
    """Tell characters that NFKC keeps, whatever stands beside them, and that case folding maps one to one."""
    if char in _QUOTES or char in _APOSTROPHES or "\u1100" <= char <= "\u11ff" or _is_invisible(char):
        return False
    if char in _GAPS:
        return char == " "
    if ord(char) in _FULL_WIDTH:
        return True
    stable = unicodedata.is_normalized("NFKC", char) and not unicodedata.category(char).startswith(("M", "Cs"))
    return stable and len(char.casefold()) == 1


def _character_class(codes: Iterable[int]) -> str:
    """Write code points, given in rising order, as the inside of a character class."""
    runs: list[list[int]] = []
    for code in codes:
        if runs and code == runs[-1][1] + 1:
            runs[-1][1] = code
        else:
            runs.append([code, code])
    return "".join(f"\\U{first:08x}-\\U{last:08x}" for first, last in runs)


_BLOCKS = (range(0x3400), range(0x4E00, 0xA000), range(0xAC00, 0xD7A4), range(0xFF01, 0xFF5F))


# The patterns of whole blocks take 70 ms to make, so they are made with the first text.
@cache
def _regular() -> str:
    """Write one class of single characters, without alternatives or repeats: `re` skips ahead with it at memory speed."""
    return _character_class(code for code in chain(*_BLOCKS) if 0x4E00 <= code < 0xD7A4 or _is_regular(chr(code)))


@cache
def _irregular(*, or_double_space: bool) -> re.Pattern[str]:
    return re.compile(f"[^{_regular()}]|  " if or_double_space else f"[^{_regular()}]")


@cache
def _unusual() -> re.Pattern[str]:
    """Find what most texts do not hold: characters that are neither regular nor quotes, apostrophes and line feeds."""
    return re.compile(f"[^{_regular()}\n'{''.join(_QUOTES)}]")


@cache
def _edge() -> re.Pattern[str]:
    """Find apostrophes that are not inside a word."""
    letters = _character_class(code for code in chain(*_BLOCKS) if chr(code).isalpha())
    return re.compile(f"'(?:(?![{letters}])|(?<![{letters}]'))")


# What folds one to one wherever it stands needs no note of its place: the rarer marks among them are replaced one by one.
_ONE_TO_ONE: Mapping[str, str] = {
    **{chr(code): chr(plain) for code, plain in _FULL_WIDTH.items()},
    **dict.fromkeys("Ёё", "е"),
    **dict.fromkeys(_GAPS - set(" \n\r\u2029"), " "),
    **dict.fromkeys(_APOSTROPHES, "'"),
}
_FOLDS = re.compile(f"[{re.escape(''.join(_ONE_TO_ONE))}]")
_QUOTE = re.compile(f"[{''.join(_QUOTES)}]")
_MARKS_OF_SPEECH = "'" + "".join(_QUOTES)
_RUN = re.compile(f"[\n{_MARKS_OF_SPEECH}][ \n{_MARKS_OF_SPEECH}]*| (?=[ \n{_MARKS_OF_SPEECH}])[ \n{_MARKS_OF_SPEECH}]+")
_BLANK_LINE = re.compile(r"\n *\n[ \n]*")
_SPACES = re.compile(r"  +")
_MARKS = "\u0300-\u036f\u0483-\u0489\u1dc0-\u1dff\u20d0-\u20ff\u3099\u309a\uff9e\uff9f\ufe20-\ufe2f"
_MARK = re.compile(f"[{_MARKS}]")
_CLUSTER = re.compile(f"(?:[\u1100-\u1112][\u1161-\u1175][\u11a8-\u11c2]?|.)[{_MARKS}]*", re.DOTALL)


class Normalised:
    """Hold a text as the matcher reads it; `span` leads back to `original`. The way back is found when it is first asked for."""

    __slots__ = ("_map", "original", "text")

    def __init__(self, original: str, text: str, known: "_Map | None" = None) -> None:
        self.original, self.text, self._map = original, text, known

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Give the original offsets of the normalised stretch [start, end), which must not be empty."""
        if self._map is None:
            self._map = _usual_map(self.original, _one_to_one(self.original))
        return self._map.origin(start, last=False), self._map.origin(end - 1, last=True) + 1


@dataclass(frozen=True, slots=True)
class _Map:
    """Hold the stretches that did not map one to one, in order: where each starts and ends in the folded and in the original text."""

    starts: list[int]
    ends: list[int]
    sources: list[int]
    targets: list[int]

    def origin(self, offset: int, *, last: bool) -> int:
        """Give the first or last original character behind one normalised character."""
        index = bisect_right(self.starts, offset) - 1
        while index >= 0 and self.starts[index] == self.ends[index] > offset:
            index -= 1
        if index < 0:
            return offset
        if offset < self.ends[index]:
            return self.targets[index] - 1 if last else self.sources[index]
        return self.targets[index] + offset - self.ends[index]


@lru_cache(maxsize=4)  # the matcher and the search index read the same title and text, one after the other
def normalise(original: str) -> Normalised:
    """Fold `original` for matching; the result has at most a small multiple of its length."""
    regular = _one_to_one(original)
    if _unusual().search(regular):
        return Normalised(original, *_piece_by_piece(original, regular))
    text = (_edge().sub("", regular) if "'" in regular else regular).casefold()
    for quote in set(_QUOTE.findall(text)):
        text = text.replace(quote, "")
    if "\n" in text:
        text = _BLANK_LINE.sub("\u2029", text).replace("\n", " ")
    if "  " in text:
        text = _SPACES.sub(" ", text)
    return Normalised(original, text.replace(" \u2029", "\n").replace("\u2029", "\n"))


def _one_to_one(original: str) -> str:
    """Replace what folds to one other character wherever it stands."""
    for char in set(_FOLDS.findall(original)):
        original = original.replace(char, _ONE_TO_ONE[char])
    return original


def _usual_map(original: str, regular: str) -> _Map:
    """Find the way back for a text without unusual characters: each run of blanks and marks folds to one character or to none."""
    starts: list[int] = []
    ends: list[int] = []
    sources: list[int] = []
    targets: list[int] = []
    lost = 0  # characters that the text has lost so far
    for run in _RUN.finditer(regular):
        first, last = run.span()
        found = run.group()
        if found == "'" and _is_inside_word(original, first):
            continue
        kept = 1 if found.strip(_MARKS_OF_SPEECH) else 0
        starts.append(first - lost)
        ends.append(first - lost + kept)
        sources.append(first)
        targets.append(last)
        lost += last - first - kept
    return _Map(starts, ends, sources, targets)


def _piece_by_piece(original: str, regular: str) -> tuple[str, _Map]:
    """Fold a text with any characters, noting where each stretch came from."""
    folded = regular.casefold()
    parts: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    sources: list[int] = []
    targets: list[int] = []
    length = done = 0
    for first, last, piece in _irregular_stretches(original, regular):
        between = folded[done:first] if len(folded) == len(original) else regular[done:first].casefold()
        parts += (between, piece)
        starts.append(length + first - done)
        length += first - done + len(piece)
        ends.append(length)
        sources.append(first)
        targets.append(last)
        done = last
    parts.append(regular[done:].casefold())
    return "".join(parts), _Map(starts, ends, sources, targets)


def _irregular_stretches(original: str, regular: str) -> Iterator[tuple[int, int, str]]:
    """Give what does not fold one to one, as (start, end, folded) of the original, in order and without overlap."""
    done = 0
    for match in _irregular(or_double_space="  " in regular).finditer(regular):
        start = match.start()
        if start < done or (regular[start] == "'" and _is_inside_word(original, start)):
            continue
        char = original[start]
        if char in _QUOTES and start + 1 < len(original) and _stands(original[start + 1]):
            done = start + 1
            yield start, done, ""
            continue
        if char in _GAPS or (start > done and original[start - 1] in _GAPS and _vanishes(char)):
            start, done = _gap_around(original, start, done)
            yield start, done, _fold_gap(original[start:done])
            continue
        if start > done and _MARK.match(original, start):
            start -= 1  # an accent belongs to the letter before it
        cluster = _CLUSTER.match(original, start)
        done = cluster.end() if cluster else start + 1
        yield start, done, _fold_cluster(original, start, done)


def _is_inside_word(original: str, place: int) -> bool:
    return 0 < place < len(original) - 1 and original[place - 1].isalpha() and original[place + 1].isalpha()


def _vanishes(char: str) -> bool:
    """Tell marks that fold to nothing beside a gap."""
    return char in _QUOTES or char in _APOSTROPHES or _is_invisible(char)


def _stands(char: str) -> bool:
    """Tell characters behind which a quotation mark can vanish alone: no gap, no accent, nothing that vanishes too."""
    return char.isalnum() and not _MARK.match(char)


def _gap_around(original: str, start: int, done: int) -> tuple[int, int]:
    """Widen a gap to all the spaces and dashes around it, and to what vanishes between them, but not before `done`."""
    end = start + 1
    while end < len(original) and (original[end] in _GAPS or _vanishes(original[end])):
        end += 1
    while start > done and original[start - 1] in _GAPS:
        start -= 1
    return start, end


def _fold_gap(run: str) -> str:
    breaks = max(run.count("\n"), run.count("\r")) + 2 * run.count("\u2029")
    return "\n" if breaks > 1 else " "


def _fold_cluster(original: str, start: int, end: int) -> str:
    """Fold one character with its accents; quotation and invisible marks fold to nothing."""
    cluster = original[start:end]
    if cluster in _QUOTES:
        return ""
    if cluster in _APOSTROPHES:
        return "'" if _is_inside_word(original, start) else ""
    folded = unicodedata.normalize("NFKC", cluster).casefold().replace("ё", "е")
    # NFKC of one cluster may bring forth spaces and marks that never stand in a normalised text; and a lone surrogate
    # cannot be handed to the automaton, which reads UTF-8.
    return "".join(_tame(char) for char in folded)


def _tame(char: str) -> str:
    if _is_invisible(char):
        return ""
    if char in "\u0300\u0301":  # what is left of a stress mark, as Russian texts use it
        return ""
    return "\ufffd" if unicodedata.category(char) == "Cs" else " " if char in _GAPS else char

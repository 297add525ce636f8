"""Excerpts: cut text where a reader would, and keep the marks on it true.

A cut never falls inside what a reader sees as one character (UAX #29 in short: combining marks, jamo, joined emoji, flags),
and falls between words where one ends near by. Marks are half-open offsets; white space is told as one space.
"""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

ELLIPSIS = "…"
LIMIT = 300
LEAD_IN = 120
"""How far before the first marked word an excerpt looks for the start of its sentence, in characters."""
WORD = 25
"""How far a cut moves to reach the end of a word, in characters."""
LONGEST_CLUSTER = 32
"""Where a cut gives up on a character that never ends, such as a pile of combining marks."""

_SENTENCE_END = re.compile(r"[.!?…][\"'”’)\]]*\s|[。！？](?:[”’」』）]*)")
_SPACE = re.compile(r"\s+")


@dataclass(frozen=True, slots=True)
class Mark:
    """Point at words of a text; `weight` says how much an excerpt wants to show them."""

    start: int
    end: int
    weight: int = 1


@dataclass(frozen=True, slots=True)
class Excerpt:
    """Hold a piece of a text and the offsets in it of the marked words."""

    text: str
    marks: tuple[tuple[int, int], ...] = ()


def cut(text: str, limit: int) -> str:
    """Shorten `text` to at most `limit` characters, the ellipsis included."""
    if len(text) <= limit:
        return text
    return text[: _end_before(text, max(limit - len(ELLIPSIS), 0))].rstrip() + ELLIPSIS[:limit]


def excerpt(text: str, marks: Sequence[Mark], limit: int = LIMIT) -> Excerpt:
    """Give the piece of `text` that shows the most marked weight, at most `limit` characters; without marks its beginning."""
    valid = sorted((mark for mark in marks if 0 <= mark.start < mark.end <= len(text)), key=lambda mark: (mark.start, mark.end))
    focus = _focus(valid, limit)
    opening = max(0, focus - LEAD_IN - WORD)
    begin = _begin(text, opening, focus)
    piece, places = _flatten(text[begin : begin + 4 * limit])
    whole = begin + 4 * limit >= len(text)
    return _trimmed(piece, _moved(valid, begin, places), limit, head=ELLIPSIS if begin else "", whole=whole)


def safe_end(text: str, index: int) -> int:
    """Give the nearest place at or before `index` where a cut leaves every visible character whole."""
    for place in range(index, max(index - LONGEST_CLUSTER, 0), -1):
        if _is_boundary(text, place):
            return place
    return index if index > LONGEST_CLUSTER else 0


def _trimmed(piece: str, marks: Sequence[tuple[int, int]], limit: int, *, head: str, whole: bool) -> Excerpt:
    """Cut a flattened piece to the limit, put ellipses where text was left out, and clip the marks to what is left."""
    room, kept, tail = limit - len(head), piece.rstrip(), ""
    if not whole or len(kept) > room:
        kept, tail = piece[: _end_before(piece, room - len(ELLIPSIS))].rstrip(), ELLIPSIS
    clipped = ((start + len(head), min(end, len(kept)) + len(head)) for start, end in marks if start < len(kept))
    return Excerpt(head + kept + tail, _merged(tuple(clipped)))


def _focus(marks: Sequence[Mark], limit: int) -> int:
    """Find the mark from which most weight lies within reach; the earliest wins a tie."""
    best, best_weight, last, weight = 0, 0, 0, 0
    for index, first in enumerate(marks):
        while last < len(marks) and marks[last].end <= first.start + limit * 2 // 3:
            weight += marks[last].weight
            last += 1
        if weight > best_weight:
            best, best_weight = first.start, weight
        if last > index:
            weight -= first.weight
        else:
            last = index + 1
    return best


def _begin(text: str, opening: int, focus: int) -> int:
    """Find where to start reading before `focus`: at the text's start, a sentence, a word, or else a whole character."""
    if not opening:
        return 0
    before = text[opening:focus]
    start = _SENTENCE_END.search(before) or _SPACE.search(before)
    return opening + start.end() if start else safe_end(text, opening)


def _flatten(text: str) -> tuple[str, list[int]]:
    """Turn runs of white space into one space; also give, for each old offset, the new one."""
    kept: list[str] = []
    places: list[int] = []
    for character in text:
        places.append(len(kept))
        if not character.isspace():
            kept.append(character)
        elif kept and kept[-1] != " ":
            kept.append(" ")
    places.append(len(kept))
    return "".join(kept), places


def _moved(marks: Sequence[Mark], begin: int, places: Sequence[int]) -> list[tuple[int, int]]:
    """Translate offsets of the text into offsets of the flattened piece that starts at `begin`."""
    last = len(places) - 1
    moved = ((places[mark.start - begin], places[min(mark.end - begin, last)]) for mark in marks if begin <= mark.start < begin + last)
    return [(start, end) for start, end in moved if start < end]


def _merged(marks: Sequence[tuple[int, int]]) -> tuple[tuple[int, int], ...]:
    merged: list[tuple[int, int]] = []
    for start, end in sorted(marks):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return tuple(merged)


def _end_before(text: str, index: int) -> int:
    """Give the end of the last whole word at or before `index`; scripts without spaces end at a whole character."""
    if index >= len(text) or text[index].isspace():
        return min(index, len(text))
    space = max(text.rfind(" ", max(0, index - WORD), index), text.rfind("\n", max(0, index - WORD), index))
    return space if space > 0 else safe_end(text, index)


def _is_boundary(text: str, index: int) -> bool:
    if index <= 0 or index >= len(text):
        return True
    before, after = text[index - 1], text[index]
    if before == "\u200d" or _extends(after) or (before == "\r" and after == "\n"):
        return False
    if _is_regional(before) and _is_regional(after):
        return _flags_before(text, index) % 2 == 0
    return not _joins_hangul(before, after)


def _extends(character: str) -> bool:
    """Tell a character that belongs to the one before it: a combining mark, a joiner, a skin tone, a tag."""
    code = ord(character)
    if 0x1F3FB <= code <= 0x1F3FF or 0xE0020 <= code <= 0xE007F or character == "\u200d":
        return True
    return unicodedata.category(character).startswith("M")


def _is_regional(character: str) -> bool:
    return 0x1F1E6 <= ord(character) <= 0x1F1FF


def _flags_before(text: str, index: int) -> int:
    """Count the regional indicators that end at `index`; two make a flag."""
    start = index
    while start > 0 and _is_regional(text[start - 1]) and index - start < LONGEST_CLUSTER:
        start -= 1
    return index - start


def _joins_hangul(before: str, after: str) -> bool:
    """Apply rules GB6 to GB8: decomposed Korean writes one syllable as two or three jamo."""
    first, second = _syllable_type(before), _syllable_type(after)
    return second in {"L": "L V LV LVT", "LV": "V T", "V": "V T", "LVT": "T", "T": "T"}.get(first, "").split()


def _syllable_type(character: str) -> str:
    code = ord(character)
    if 0xAC00 <= code <= 0xD7A3:
        return "LVT" if (code - 0xAC00) % 28 else "LV"
    if 0x1100 <= code <= 0x115F or 0xA960 <= code <= 0xA97C:
        return "L"
    if 0x1160 <= code <= 0x11A7 or 0xD7B0 <= code <= 0xD7C6:
        return "V"
    return "T" if 0x11A8 <= code <= 0x11FF or 0xD7CB <= code <= 0xD7FB else ""

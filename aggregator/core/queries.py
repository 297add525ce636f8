"""Read what people type into a search box; whatever cannot be an operator is a word, so no query is an error.

Words side by side must all be there. ``"exact words"`` is a phrase, ``fund*`` a beginning, ``-word`` or ``NOT word`` must not be
there, ``OR`` (or ``|``) and brackets group, ``a NEAR/10 b`` wants at most ten terms between two words or phrases, in either order.
A query of exclusions alone finds nothing.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from aggregator.core.analyser import Token, is_cjk, stem, tokens

LONGEST = 500
"""Characters of a query that are read."""
DEEPEST = 20
WIDEST = 30
"""The greatest distance of NEAR."""
SHORTEST, MOST_BEGINNINGS = 2, 8
"""Letters that a beginning has at least, and beginnings of a query; a star beyond is not read. Each stands for every word that begins so:
twenty-six single letters would ask an archive of a million articles for most of its words, which takes it twenty seconds."""


@dataclass(frozen=True, slots=True)
class Phrase:
    """Want terms in a row; with `prefix` the last one is the beginning of a term. `typed` is what they were read from."""

    terms: tuple[str, ...]
    prefix: bool = False
    typed: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class Near:
    """Want two phrases with at most `distance` terms between them, in either order."""

    left: Phrase
    right: Phrase
    distance: int


@dataclass(frozen=True, slots=True)
class Every:
    """Want all of `parts` and none of `without`."""

    parts: tuple["Wanted", ...]
    without: tuple["Wanted", ...] = ()


@dataclass(frozen=True, slots=True)
class Either:
    """Want one of `parts`."""

    parts: tuple["Wanted", ...]


Wanted: TypeAlias = Phrase | Near | Every | Either

_LEXEME = re.compile(r'"(?P<phrase>[^"]*)(?:"(?P<star>\*?)|$)|(?P<mark>[()|])|(?P<word>[^\s"()|]+)')
_NEAR = re.compile(r"NEAR(?:/(\d{1,4}))?")


def parse_query(text: str) -> Wanted | None:
    """Read a query; None where it asks for nothing that can be found."""
    reader = _Reader(list(_lexemes(text[:LONGEST])))
    return reader.either(0)


def phrases(wanted: Wanted | None) -> Iterator[Phrase]:
    """Give the phrases that a text may show, those that must not be there left out."""
    if isinstance(wanted, Phrase):
        yield wanted
    elif isinstance(wanted, Near):
        yield from (wanted.left, wanted.right)
    elif wanted is not None:
        for part in wanted.parts:
            yield from phrases(part)


def places(text: str, wanted: Wanted | None) -> list[tuple[int, int]]:
    """Find the phrases of a query in a text, as (start, end) of the original, in order."""
    found = tokens(text)
    spots = {spot for phrase in phrases(wanted) for spot in _occurrences(found, phrase)}
    return sorted(spots)


def _occurrences(found: Sequence[Token], phrase: Phrase) -> Iterator[tuple[int, int]]:
    length = len(phrase.terms)
    for at in range(len(found) - length + 1):
        if _fits(found[at : at + length], phrase):
            start, last = found[at].start, found[at + length - 1]
            yield start, start + 1 if phrase.prefix and is_cjk(phrase.terms[-1]) and length == 1 else last.end


def _fits(stretch: Sequence[Token], phrase: Phrase) -> bool:
    *head, last = phrase.terms
    if any(token.term != term for token, term in zip(stretch, head, strict=False)):
        return False
    return stretch[-1].term.startswith(last) if phrase.prefix else stretch[-1].term == last


def _lexemes(text: str) -> Iterator[tuple[str, str]]:
    for match in _LEXEME.finditer(text):
        if match.group("phrase") is not None:
            yield "phrase", match.group("phrase") + (match.group("star") or "")
        elif mark := match.group("mark"):
            yield {"(": "open", ")": "close", "|": "OR"}[mark], mark
        else:
            word = match.group("word")
            yield (word, word) if word in ("AND", "OR", "NOT") else ("near" if _NEAR.fullmatch(word) else "word", word)


class _Reader:
    """Walk over lexemes; operators without operands are skipped."""

    def __init__(self, lexemes: list[tuple[str, str]]) -> None:
        self._lexemes = lexemes
        self._at = 0
        self._beginnings = 0

    def either(self, depth: int) -> Wanted | None:
        """Read alternatives until a bracket closes or the query ends."""
        parts = [self._every(depth)]
        while self._kind() == "OR" or (depth == 0 and self._kind() == "close"):
            self._at += 1
            parts.append(self._every(depth))
        kept = tuple(part for part in parts if part is not None)
        return kept[0] if len(kept) == 1 else Either(kept) if kept else None

    def _every(self, depth: int) -> Wanted | None:
        parts: list[Wanted] = []
        without: list[Wanted] = []
        while self._kind() not in ("OR", "close", ""):
            if self._kind() in ("AND", "near"):
                self._at += 1
                continue
            refused = self._refused()
            part = self._near(depth)
            if part is not None:
                (without if refused else parts).append(part)
        if not parts:
            return None
        return parts[0] if len(parts) == 1 and not without else Every(tuple(parts), tuple(without))

    def _refused(self) -> bool:
        """Read a NOT, or the minus before a word."""
        if self._kind() == "NOT":
            self._at += 1
            return True
        kind, text = self._lexemes[self._at]
        if kind == "word" and text.startswith("-"):
            rest = text.lstrip("-")
            followed = self._at + 1 < len(self._lexemes) and self._lexemes[self._at + 1][0] in ("phrase", "open")
            if rest or followed:
                self._lexemes[self._at : self._at + 1] = [("word", rest)] if rest else []
                return True
        return False

    def _near(self, depth: int) -> Wanted | None:
        left = self._operand(depth)
        pairs: list[Wanted] = []
        while self._kind() == "near" and isinstance(left, Phrase):
            wide = _NEAR.fullmatch(self._lexemes[self._at][1])
            self._at += 1
            right = self._operand(depth)
            if not isinstance(right, Phrase):
                return Every((left, right)) if right is not None else left
            distance = min(int(wide.group(1) or 10) if wide else 10, WIDEST)
            pairs.append(Near(left, right, distance))
            left = right
        return left if not pairs else pairs[0] if len(pairs) == 1 else Every(tuple(pairs))

    def _operand(self, depth: int) -> Wanted | None:
        kind = self._kind()
        if kind in ("", "close", "OR"):
            return None
        text = self._lexemes[self._at][1]
        self._at += 1
        if kind == "open":
            if depth >= DEEPEST:
                return None
            inside = self.either(depth + 1)
            self._at += self._kind() == "close"
            return inside
        return self._bounded(_phrase(text))

    def _bounded(self, phrase: Phrase | None) -> Phrase | None:
        if phrase is None or not phrase.prefix:
            return phrase
        last = phrase.terms[-1]
        self._beginnings += 1
        short = len(last) < SHORTEST and not is_cjk(last)
        return replace(phrase, prefix=False) if short or self._beginnings > MOST_BEGINNINGS else phrase

    def _kind(self) -> str:
        return self._lexemes[self._at][0] if self._at < len(self._lexemes) else ""


def _phrase(text: str) -> Phrase | None:
    """Make a phrase of a word or of quoted words; None where they hold no letter and no digit."""
    found = tokens(text)
    if found and not found[-1].inner:
        found.pop()  # the lone character after the bigrams would ask the run to end here
    if not found:
        return None
    chosen = [token.term for token in found]
    if is_cjk(chosen[-1]):
        return Phrase(tuple(chosen), len(chosen[-1]) == 1, text)
    if not text.rstrip().endswith("*"):
        return Phrase(tuple(chosen), typed=text)
    typed = text[found[-1].start : found[-1].end].casefold()
    beginning = typed if not typed.startswith(stem(typed)) else stem(typed)
    return Phrase((*chosen[:-1], beginning if beginning.isalnum() else chosen[-1]), prefix=True, typed=text)

"""Read the notation of terms and turn each term into a literal for the automaton and, where needed, a bounded pattern.

==================  ============================================================================================
``worker*``         any ending of a Latin or Cyrillic word; without the star such words need both their boundaries
``send * home``     up to three words between
``노동자…파견``       up to twelve characters between, within one sentence
``labo(u|)r``       alternatives
``<nk> worker*``    the alternatives of the pack's set ``nk``
``^북측``            no letter before: the start of a word where no boundary is asked otherwise (Hangul, Han, kana)
``북$``             no letter behind
``=IT worker*``     capitals must be capitals in the text
==================  ============================================================================================

Spaces of terms in Hangul are optional, hyphens are spaces (see `aggregator.matching.text`). A regular expression is
tried only where its literal `at` stands, from there on, and must be free of unbounded and of nested repeats: so no
text can make it slow.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from aggregator.matching.text import normalise

MOST_VARIANTS = 500
"""Ways in which one term may begin."""
_FEW = 24

_LETTER = "0-9a-z\u00df-\u00f6\u00f8-\u024f\u0370-\u052f"
WORD_LETTERS = frozenset(char for char in map(chr, (*range(0x1100), *range(0x1E00, 0x2E80))) if char.isalnum())
"""Letters and digits of scripts that write spaces between words."""
_ENDING = f"[{_LETTER}]{{0,15}}"
_WORDS_BETWEEN = " (?:[^ \\n.!?。]{1,30} ){0,3}"
_CHARACTERS_BETWEEN = "[^\\n.!?。]{0,12}?"
GAPS = (_WORDS_BETWEEN, _CHARACTERS_BETWEEN, " ?")
"""Pieces of patterns behind which several patterns may go on from one beginning."""
_HANGUL = re.compile("[가-힣]")
_ALTERNATIVES = re.compile(r"\(([^()]*)\)")
_SET = re.compile(r"<([a-z_]+)>")
_UNBOUNDED = re.compile(r"[*+]|\{\d*,\}")
_QUANTIFIED_GROUP = re.compile(r"\)\s*\{")
_NAMED_OR_BACK = re.compile(r"\(\?P|\(\?<(?![=!])|\\[1-9]")
_REPEAT = re.compile(r"\{\d+(?:,\d+)?\}")


class TermError(ValueError):
    """Say what is wrong with the notation of one term."""


@dataclass(frozen=True, slots=True)
class Form:
    """Hold one way to find a term: a literal, its boundaries, and a pattern to try from the literal on.

    `left` and `right` are "" (no boundary), "word" (no Latin or Cyrillic letter beside), "letter" (no letter at all);
    `right` may be "ending" (the rest of the word belongs to it). `expression` is "" or a pattern that begins with the
    literal; `capitals` are the offsets that must be capitals.
    """

    literal: str
    left: str = ""
    right: str = ""
    expression: str = ""
    capitals: tuple[int, ...] = ()


@cache
def compiled(expression: str) -> re.Pattern[str]:
    """Compile a pattern when it is first needed: most of the many patterns never meet their literal."""
    return re.compile(expression)


def read_term(notation: str, sets: Mapping[str, Sequence[str]]) -> tuple[Form, ...]:
    """Give all forms of a term; raises `TermError` with a sentence for the pack's author."""
    forms = tuple(dict.fromkeys(_form(spelling) for spelling in _expand(notation, sets)))
    if not forms:
        raise TermError("the term is empty")
    return forms


def read_expression(expression: str, at: str) -> Form:
    """Give the form of a regular expression that begins at the literal `at`; raises `TermError`."""
    bare = re.sub(r"\[(?:\\.|[^\]\\])*\]|\\.", "x", expression)
    literal = normalise(at).text.strip()
    if not literal:
        raise TermError("`at` is empty; give the literal with which each match begins")
    if _UNBOUNDED.search(bare):
        raise TermError("`*`, `+` and `{n,}` are unbounded; write {0,20} instead")
    if _QUANTIFIED_GROUP.search(bare) or len(_REPEAT.findall(bare)) > 6 or _NAMED_OR_BACK.search(expression):
        raise TermError("repeated groups, named groups, back references and more than six repeats are not allowed")
    try:
        compiled(expression)
    except re.error as error:
        raise TermError(f"not a regular expression: {error}") from error
    return Form(literal, expression=expression)


def _expand(notation: str, sets: Mapping[str, Sequence[str]]) -> list[str]:
    """Write out sets and alternatives: all where they are few, else only those with which the term begins."""
    whole = _SET.sub(lambda found: _alternatives(found.group(1), sets), notation)
    if whole.count("(") != whole.count(")"):
        raise TermError("a bracket is not closed")
    try:
        return _choices(whole, lambda spelling: True, _FEW)
    except _TooManyError:
        pass
    try:
        return _choices(whole, lambda spelling: spelling.lstrip("=^ ").startswith("("), MOST_VARIANTS)
    except _TooManyError:
        raise TermError(f"the term begins in more than {MOST_VARIANTS} ways") from None


class _TooManyError(Exception):
    """Tell that a term has more spellings than wanted."""


def _choices(whole: str, wanted: Callable[[str], bool], limit: int) -> list[str]:
    waiting = [whole]
    done: list[str] = []
    while waiting:
        spelling = waiting.pop()
        found = _ALTERNATIVES.search(spelling) if wanted(spelling) else None
        if found is None:
            done.append(spelling)
        else:
            waiting += [spelling[: found.start()] + choice + spelling[found.end() :] for choice in found.group(1).split("|")]
        if len(waiting) + len(done) > limit:
            raise _TooManyError
    return done


def _alternatives(name: str, sets: Mapping[str, Sequence[str]]) -> str:
    if name not in sets:
        raise TermError(f"there is no set <{name}>; known: {', '.join(sorted(sets)) or 'none'}")
    return "(" + "|".join(sets[name]) + ")"


def _form(spelling: str) -> Form:
    """Read one spelling without alternatives."""
    cased, spelling = spelling.startswith("="), spelling.removeprefix("=")
    left, spelling = ("letter" if spelling.startswith("^") else ""), spelling.removeprefix("^")
    right, spelling = ("letter" if spelling.endswith("$") else ""), spelling.removesuffix("$")
    folded = _fold(spelling)
    if not folded.strip("* …"):
        raise TermError("the term is empty")
    literal = folded.removesuffix("*")
    left = left or ("word" if literal[0] in WORD_LETTERS else "")
    capitals = tuple(i for i, char in enumerate(spelling) if char.isupper()) if cased else ()
    if re.search(r"[*…(]", literal) or (" " in literal and _HANGUL.search(literal)):
        return _pattern_form(folded, left, right, capitals)
    right = right or ("ending" if literal != folded else "word" if literal[-1] in WORD_LETTERS else "")
    return Form(literal, left, right, capitals=capitals)


def _fold(spelling: str) -> str:
    """Normalise the words of a term, but neither its stars nor its gaps."""
    return "…".join(normalise(part).text.strip() for part in spelling.split("…"))


def _pattern_form(folded: str, left: str, right: str, capitals: tuple[int, ...]) -> Form:
    """Compile a term with gaps, inner endings or optional spaces; it begins at its first unbroken literal."""
    literal = re.split(r"[*…(]", folded, maxsplit=1)[0]
    if _HANGUL.search(literal):
        literal = literal.split(" ", 1)[0]
    if not literal:
        raise TermError("a term may not begin with a gap")
    parts = [_words(part) for part in folded.split("…")]
    end = f"(?![{_LETTER}])" if folded.rstrip("*)")[-1] in WORD_LETTERS else "(?![^\\W_])" if right else ""
    inside = tuple(offset for offset in capitals if offset < len(literal))
    return Form(literal, left, "", _CHARACTERS_BETWEEN.join(parts) + end, inside)


def _words(part: str) -> str:
    """Write the words between two gaps as a pattern; brackets and bars keep their meaning."""
    space = " ?" if _HANGUL.search(part) else " "
    meaning = {"(": "(?:", ")": ")", "|": "|", "*": _ENDING, " ": space, " * ": _WORDS_BETWEEN}
    return "".join(meaning.get(token) or re.escape(token) for token in re.split(r"( \* |[()|* ])", part))

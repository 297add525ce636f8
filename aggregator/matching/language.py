"""The topic language: read a query, or say at which line and column it breaks off and what was expected there.

==============================  ==========================================================================================
``worker*``  ``노동자``           a term; ``*`` stands for any ending
``"ship to ship"``              a phrase; inside the quotes the whole notation of the term packs is open (`matching.terms`)
``@theme``  ``@theme/concept``  a set of the packs, its strong terms; ``@theme~`` with its weak terms too
``a AND b``, ``OR``, ``NOT``    AND binds closer than OR; round brackets group
``a NEAR/5 b``                  at most five words between, either way round
``SENTENCE(a AND b)``           all of it in one sentence; ``PARAGRAPH(...)`` likewise
``a WITH b``, ``a UNLESS b``    a where b holds (or does not) in its sentence; ``WITH/PARAGRAPH`` for the paragraph
``a EXCEPT b``                  the words that b covers do not count in a; the rest of the text stays
``AT LEAST 3 a``                three mentions
``title:a``, ``first:50 a``     in the title; in the title and the first fifty words of the text
``language:ko``, ``source:id``, ``class:agency``, ``assumed:country``   properties of the article and its feed
``SCORE >= 1 (1 @a, 0.5 @b) ABOUT @c NEEDS (@a) SHOWS (@d)``          weights and a threshold, see `matching.scoring`
==============================  ==========================================================================================

Everything after ``#`` on a line is a remark. Words of the language are written in capitals. Nothing is ever skipped.
"""

import re
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from typing import Any, cast

from lark import Lark, Token, Transformer, UnexpectedInput, v_args
from lark.exceptions import VisitError

from aggregator.matching.mistakes import LONGEST_QUERY, OPERAND_WORDS, WORDS, QueryError, check_brackets, told
from aggregator.matching.query import (
    PARAGRAPH,
    SENTENCE,
    And,
    AtLeast,
    Except,
    Guarded,
    Has,
    Named,
    Near,
    Node,
    Not,
    Or,
    Part,
    Score,
    Spot,
    Within,
    Word,
    Zone,
)

FARTHEST = 100
_RESERVED = "|".join(WORDS)

_GRAMMAR = rf"""
?start: any
?any: all ("OR" all)*              -> any
?all: one ("AND" one)*             -> all
?one: "NOT" one                    -> negation
    | guarded
?guarded: near
    | guarded GUARD near           -> guard
?near: except
    | near NEAR except             -> near
?except: atom
    | except "EXCEPT" atom         -> exclusion
?atom: "(" any ")"
    | TERM                         -> term
    | PHRASE                       -> phrase
    | SET                          -> named
    | UNIT "(" any ")"             -> within
    | ATLEAST atom                 -> at_least
    | TITLE atom                   -> title
    | FIRST atom                   -> first
    | FIELD                        -> has
    | SCORE ">=" NUMBER "(" part ("," part)* [","] ")" clause*   -> score
part: NUMBER one
clause: "ABOUT" atom               -> about
    | "NEEDS" "(" sets ")"         -> needs
    | "SHOWS" "(" sets ")"         -> shows
sets: SET ("," SET)* [","]

GUARD.2: /(?:WITH|UNLESS)(?:\/(?:SENTENCE|PARAGRAPH))?(?![\w\/*])/
NEAR.2: /NEAR\/\d+/
UNIT.2: /(?:SENTENCE|PARAGRAPH)(?![\w*])/
SCORE.2: /SCORE(?![\w*])/
ATLEAST.2: /AT[ \t\n]+LEAST[ \t\n]+\d+/
TITLE.2: /title:/
FIRST.2: /first:\d+/
FIELD.2: /(?:language|source|class|assumed):[^\s()",:@]+/
NUMBER.2: /-?\d+(?:\.\d+)?/
SET.2: /@[a-z0-9_-]+(?:\/[a-z0-9_-]+)?~?/
PHRASE.2: /"[^"\n]*"|“[^”\n]*”/
TERM: /(?!(?:{_RESERVED})(?![\w*'.-]))[^\s()"“”:,@<>=|^$~#…]++(?!:)/
%ignore /\s+/
%ignore /#[^\n]*/
"""


def parse(text: str) -> Node:
    """Read a query; names of sets stay names. Raises `QueryError`."""
    if not re.sub(r"#[^\n]*", "", text).strip():
        raise QueryError("the query is empty", Spot(), OPERAND_WORDS)
    if len(text) > LONGEST_QUERY:
        raise QueryError(f"the query is longer than {LONGEST_QUERY:,} characters", Spot(), "a shorter one, or two topics")
    check_brackets(text)
    try:
        node = cast(Node, _parser().parse(text))  # the builder makes nodes of what lark calls a tree
    except UnexpectedInput as error:
        raise told(text, error) from None
    except VisitError as error:
        raise error.orig_exc from None
    return node


@cache
def _parser() -> Lark:
    return Lark(_GRAMMAR, parser="lalr", transformer=_Builder(), maybe_placeholders=False, propagate_positions=False)


# --- building ---------------------------------------------------------------------------------------------------


def _spot(token: Token) -> Spot:
    return Spot(token.line or 1, token.column or 1)


def _number(token: Token) -> int:
    return int(re.sub(r"\D", "", token[-9:]) or 0)


@v_args(inline=True)
class _Builder(Transformer[Token, Any]):
    """Turn what the grammar finds into nodes, bottom up."""

    def any(self, *parts: Node) -> Node:
        return parts[0] if len(parts) == 1 else Or(parts)

    def all(self, *parts: Node) -> Node:
        return parts[0] if len(parts) == 1 else And(parts)

    def negation(self, part: Node) -> Node:
        return Not(part)

    def exclusion(self, part: Node, words: Node) -> Node:
        return Except(part, words)

    def term(self, token: Token) -> Node:
        return Word(str(token), _spot(token))

    def phrase(self, token: Token) -> Node:
        if not token[1:-1].strip():
            raise QueryError("nothing stands between the quotes", _spot(token), "the words to look for")
        return Word(token[1:-1], _spot(token))

    def named(self, token: Token) -> Named:
        return Named(token[1:].rstrip("~"), token.endswith("~"), _spot(token))

    def within(self, unit: Token, part: Node) -> Node:
        return Within(PARAGRAPH if unit == "PARAGRAPH" else SENTENCE, part)

    def guard(self, part: Node, word: Token, condition: Node) -> Node:
        return Guarded(part, condition, PARAGRAPH if word.endswith("PARAGRAPH") else SENTENCE, word.startswith("UNLESS"), _spot(word))

    def near(self, left: Node, word: Token, right: Node) -> Node:
        if _number(word) > FARTHEST:
            raise QueryError(f"{word} is too far: no sentence holds so many words", _spot(word), f"NEAR/0 to NEAR/{FARTHEST}")
        return Near(left, right, _number(word), _spot(word))

    def at_least(self, word: Token, part: Node) -> Node:
        if not 1 <= _number(word) <= 1000:
            raise QueryError("so many mentions mean nothing", _spot(word), "AT LEAST 1 to AT LEAST 1000")
        return AtLeast(_number(word), part, _spot(word))

    def title(self, _word: Token, part: Node) -> Node:
        return Zone(None, part)

    def first(self, word: Token, part: Node) -> Node:
        if not 1 <= _number(word) <= 10_000:
            raise QueryError("so many words mean nothing", _spot(word), "first:1 to first:10000")
        return Zone(_number(word), part)

    def has(self, token: Token) -> Node:
        key, _, value = token.partition(":")
        return Has(key, value.casefold(), _spot(token))

    def part(self, weight: Token, node: Node) -> Part:
        return Part(_weight(weight, -100), node)

    def sets(self, *names: Token) -> tuple[Named, ...]:
        return tuple(self.named(name) for name in names if name.startswith("@"))

    def about(self, node: Node) -> Callable[[Score], Score]:
        return lambda score: replace(score, anchor=node)

    def needs(self, names: tuple[Named, ...]) -> Callable[[Score], Score]:
        return lambda score: replace(score, needs=(*score.needs, *names))

    def shows(self, names: tuple[Named, ...]) -> Callable[[Score], Score]:
        return lambda score: replace(score, shows=(*score.shows, *names))

    def score(self, word: Token, threshold: Token, *rest: Part | Callable[[Score], Score]) -> Node:
        score = Score(_weight(threshold, 0), tuple(part for part in rest if isinstance(part, Part)), spot=_spot(word))
        for clause in rest:
            score = score if isinstance(clause, Part | Token) else clause(score)
        return score


def _weight(token: Token, least: float) -> float:
    if not least <= float(token) <= 1000:
        raise QueryError(f"the number {token} is out of range", _spot(token), f"{least:g} to 1000")
    return float(token)

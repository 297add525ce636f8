"""Say what is wrong with a query: at which line and column, in which words, and what was expected there."""

import re
from difflib import get_close_matches

from lark import UnexpectedInput
from lark.exceptions import UnexpectedToken

from aggregator.matching.query import Spot

LONGEST_QUERY = 20_000
DEEPEST = 40
MOST_PARTS = 2_000
FIELDS = ("title", "first", "language", "source", "class", "assumed")
WORDS = (
    "AND",
    "OR",
    "NOT",
    "NEAR",
    "WITH",
    "UNLESS",
    "EXCEPT",
    "SENTENCE",
    "PARAGRAPH",
    "SCORE",
    "ABOUT",
    "NEEDS",
    "SHOWS",
    "AT",
    "LEAST",
)

_NAMES = {
    "TERM": "a term",
    "PHRASE": 'a "phrase"',
    "SET": "a @set",
    "LPAR": "'('",
    "RPAR": "')'",
    "COMMA": "','",
    "NUMBER": "a number",
    "NEAR": "NEAR/n",
    "GUARD": "WITH or UNLESS",
    "UNIT": "SENTENCE(...) or PARAGRAPH(...)",
    "ATLEAST": "AT LEAST n",
    "TITLE": "title:",
    "FIRST": "first:n",
    "FIELD": "a field such as language:ko",
    "$END": "the end",
    "__ANON_0": "'>='",
}
OPERAND_WORDS = "a term, a \"phrase\", a @set, NOT or '('"
_OPERATOR_WORDS = "AND, OR, NEAR/n, WITH, UNLESS, EXCEPT, or the end"


class QueryError(ValueError):
    """Say what is wrong with a query, at which line and column, and what was expected there."""

    def __init__(self, message: str, spot: Spot, expected: str = "") -> None:
        self.message, self.spot, self.expected = message, spot, expected
        hint = f" (expected: {expected})" if expected else ""
        super().__init__(f"line {spot.line}, column {spot.column}: {message}{hint}")


def spot_of(text: str, offset: int) -> Spot:
    """Give line and column of an offset."""
    return Spot(text.count("\n", 0, offset) + 1, offset - text.rfind("\n", 0, offset))


def check_brackets(text: str) -> None:
    """Refuse brackets that do not pair, at the bracket itself, and what nests or goes on beyond all use."""
    opened: list[int] = []
    bare = _blanked(text)
    for found in re.finditer(r"[()]", bare):
        if found.group() == "(":
            opened.append(found.start())
        elif opened:
            opened.pop()
        else:
            raise QueryError("this bracket was never opened", spot_of(text, found.start()), "an operator, or the end")
        if len(opened) > DEEPEST:
            raise QueryError(f"brackets nest deeper than {DEEPEST}", spot_of(text, found.start()), "fewer brackets")
    if opened:
        raise QueryError("this bracket is never closed", spot_of(text, opened[-1]), "')'")
    if len(tokens := list(re.finditer(r"[^\s()]+", bare))) > MOST_PARTS:
        raise QueryError(
            f"the query has more than {MOST_PARTS} words", spot_of(text, tokens[MOST_PARTS].start()), "a term pack for long lists"
        )
    if deep := re.search(rf"(?:(?:NOT|title:|first:\d+|AT\s+LEAST\s+\d+)\s*){{{DEEPEST},}}", bare):
        raise QueryError("one thing is said of another too often", spot_of(text, deep.start()), f"fewer than {DEEPEST} in a row")


def _blanked(text: str) -> str:
    """Put spaces where quoted words and remarks stand, so that what is left can be counted."""
    return re.sub(r"\"[^\"\n]*\"|“[^”\n]*”|#[^\n]*", lambda found: " " * len(found.group()), text)


def told(text: str, error: UnexpectedInput) -> QueryError:
    """Say where a query breaks off, what stands there and what was expected."""
    offset = len(text.rstrip()) if error.pos_in_stream in (None, -1) else int(error.pos_in_stream or 0)
    if isinstance(error, UnexpectedToken) and error.token.type == "$END":
        offset = len(text.rstrip())
    allowed = _expected(error)
    message = _message(text, offset, allowed)
    return QueryError(message, spot_of(text, offset), allowed)


def _expected(error: UnexpectedInput) -> str:
    names = set(getattr(error, "accepts", None) or getattr(error, "expected", None) or getattr(error, "allowed", None) or ())
    if names >= {"TERM", "LPAR"}:
        return OPERAND_WORDS if "NOT" in names else OPERAND_WORDS.replace("NOT or '('", "or brackets: '('")
    if names >= {"AND", "OR"}:
        return _OPERATOR_WORDS
    return ", ".join(sorted(_NAMES.get(name, name) for name in names)) or OPERAND_WORDS


def _message(text: str, offset: int, allowed: str) -> str:
    rest = text[offset:]
    word = re.match(r"[^\s()\"“”,]+", rest)
    if not rest.strip():
        return "the query breaks off here"
    if rest[0] in '"“':
        closed = re.match(r'"[^"\n]*"|“[^”\n]*”', rest)
        return "an operator is missing before this phrase" if closed else "this quote is opened here and never closed in its line"
    if field := re.match(r"([A-Za-z_]+):\s*(\S?)", rest):
        return _field_message(field.group(1), bool(field.group(2)))
    found = word.group() if word else rest[0]
    return _word_message(found, allowed)


def _field_message(name: str, has_value: bool) -> str:
    if name.casefold() in FIELDS and name.casefold() != name:
        return f"fields are written small: {name.casefold()}:"
    if name in FIELDS:
        return f"{name}: needs {'a number of words' if name == 'first' else 'a value'} right behind the colon"
    near = get_close_matches(name.casefold(), FIELDS, n=1, cutoff=0.5)
    return f"there is no field {name}:{f'; did you mean {near[0]}:?' if near else ''}"


def _word_message(word: str, allowed: str) -> str:
    upper = word.upper()
    if upper in WORDS and word != upper:
        return f"{word!r} stands where an operator belongs; the words of the language are written in capitals: {upper}"
    if re.fullmatch(r"NEAR(?:/\D*)?", word):
        return "NEAR needs its number of words: NEAR/5"
    if word.startswith(("WITH/", "UNLESS/")):
        return f"{word.partition('/')[0]} takes SENTENCE or PARAGRAPH behind its stroke"
    if word == "AT":
        return "AT LEAST needs its number: AT LEAST 3"
    if word.startswith("@"):
        known = re.fullmatch(r"@[a-z0-9_-]+(?:/[a-z0-9_-]+)?~?", word)
        if not known:
            return "a set is written @theme or @theme/concept, in small letters"
    if allowed == _OPERATOR_WORDS and upper not in WORDS and re.search(r"\w", word):
        return f"an operator is missing before {word!r}, or quotes around the phrase"
    return f"{word!r} is unexpected here"

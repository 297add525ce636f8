"""Analyse text for search: the one place that decides which terms a text holds, whichever database keeps them.

Rules, the same for texts and for queries:

* Text is folded as for matching (`aggregator.matching.text.normalise`): case, width, accents of stress, quotation marks.
* Chinese, Japanese and Korean runs become overlapping bigrams, so that every word of two characters or more is found inside any
  compound; the last character of a run is a term of its own, so that each single character begins a term.
* Latin words are stemmed as English and Cyrillic ones as Russian (Snowball); other words stay as they are.
* A number loses the commas between its digits: ``2,000`` is ``2000``.

A term consists of letters and digits only, which makes it safe in the query language of either database.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain, islice, pairwise

from aggregator.matching.text import normalise

MOST_OF_TITLE, MOST_OF_TEXT = 500, 15_000
"""Terms that are kept: PostgreSQL numbers 16,383 places in a tsvector."""
LONGEST_TERM = 48
"""Characters of a word that count; nothing people search for is longer."""

_CJK = "々〆\u3041-\u3096\u309d-\u309f\u30a1-\u30fa\u30fc-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7a3\uf900-\ufaff\U00020000-\U0003ffff"
_TOKEN = re.compile(rf"(?P<cjk>[{_CJK}]+)|(?P<number>\d+(?:,\d{{3}})+(?!\d))|(?P<word>[^\W_{_CJK}]+)")
# Every ASCII character but letters, digits and the comma, which numbers hold, becomes a blank.
_DIVIDERS = bytes(code if code > 127 or chr(code).isalnum() or chr(code) == "," else 32 for code in range(256))
_OFTEN_MET = 24
"""Characters of a stretch that may come again; what is longer is a sentence of a script without blanks."""


@dataclass(frozen=True, slots=True)
class Token:
    """Hold one term and where it stands in the original text; `inner` is False for the single character that ends a CJK run."""

    term: str
    start: int
    end: int
    inner: bool = True


def terms(text: str, limit: int | None = None) -> list[str]:
    """Give the terms of a text in order, at most `limit` of them."""
    # The same as `tokens`, without its places: every stored text runs through here, and most of its words were met before.
    chunks = _divided(normalise(text).text)
    if max(map(len, chunks), default=0) <= _OFTEN_MET:
        return list(islice(chain.from_iterable(map(_terms_of, chunks)), limit))
    return list(islice(chain.from_iterable(_terms_of(one) if len(one) <= _OFTEN_MET else _found_in(one) for one in chunks), limit))


def document_terms(title: str, text: str) -> tuple[str, str]:
    """Give the terms by which an article is found, those of its title and those of its text, with blanks between them."""
    return " ".join(terms(title, MOST_OF_TITLE)), " ".join(terms(text, MOST_OF_TEXT))


def _divided(text: str) -> list[str]:
    """Cut a text where no term can reach over."""
    return text.encode("utf-8", "surrogatepass").translate(_DIVIDERS).decode("utf-8", "surrogatepass").split()


@lru_cache(maxsize=20_000)
def _terms_of(chunk: str) -> tuple[str, ...]:
    return tuple(_found_in(chunk))


def _found_in(chunk: str) -> list[str]:
    found: list[str] = []
    for cjk, number, word in _TOKEN.findall(chunk):
        if word:
            found.append(stem(word[:LONGEST_TERM]))
        elif cjk:
            found += map("".join, pairwise(cjk))
            found.append(cjk[-1])
        else:
            found.append(number.replace(",", ""))
    return found


def tokens(text: str) -> list[Token]:
    """Give the terms of a text with their places in it."""
    folded = normalise(text)
    found: list[Token] = []
    for match in _TOKEN.finditer(folded.text):
        found.extend(Token(term, *folded.span(start, end), inner) for term, start, end, inner in _pieces(match))
    return found


def is_cjk(term: str) -> bool:
    """Tell a term of Chinese, Japanese or Korean characters."""
    return re.match(f"[{_CJK}]", term) is not None


def _pieces(match: re.Match[str]) -> Iterator[tuple[str, int, int, bool]]:
    word, start, end = match.group(), match.start(), match.end()
    if match.lastgroup == "cjk":
        yield from ((word[at : at + 2], start + at, start + at + 2, True) for at in range(len(word) - 1))
        yield word[-1], end - 1, end, len(word) == 1
    elif match.lastgroup == "number":
        yield word.replace(",", ""), start, end, True
    else:
        yield stem(word[:LONGEST_TERM]), start, end, True


@lru_cache(maxsize=20_000)
def stem(word: str) -> str:
    """Give the stem of a folded word by its script."""
    if word.isascii():
        return _stemmed("english", word) if word.isalpha() else word
    return _stemmed("russian", word) if "\u0400" <= word[0] <= "\u04ff" else word


def _stemmed(language: str, word: str) -> str:
    import snowballstemmer  # not before a text is analysed: it brings the stemmers of thirty languages

    # A stemmer keeps its word inside while it works, so each call has one of its own.
    stemmed: str = snowballstemmer.stemmer(language).stemWord(word)
    return stemmed or word

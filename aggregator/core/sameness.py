"""Sameness: does what stands at an address now still tell the article that stood there?

Publishers answer for a page that is gone with their front page, a list, or a notice, and call it a success. An article that was rewritten
keeps its address or its headline, and many of its words.
"""

import re
from urllib.parse import urlsplit

from aggregator.core.urls import canonical_url

ELSEWHERE, HERE = 0.5, 0.25
"""Share of the fewer words that both have, from which a text at another address, and at the same one, is the article."""
_WORD = re.compile(r"[^\W\d_]{4,}")
_EAST = re.compile(r"[가-힣぀-ヿ一-鿿]{2,}")
_FRONT = re.compile(r"/?(?:[a-z]{2}(?:[-_][a-z]{2})?/?)?(?:(?:index|main|home|default)(?:\.\w{2,5})?)?/?", re.IGNORECASE)


def is_front_page(asked: str, found: str) -> bool:
    """Tell whether an address leads to a site's front page, where it named something else."""
    was, now = urlsplit(asked), urlsplit(found)
    return bool(_FRONT.fullmatch(now.path)) and not now.query and not (_FRONT.fullmatch(was.path) and not was.query)


def is_same_address(asked: str, found: str) -> bool:
    """Tell whether two addresses name one page, whatever scheme, parameters of senders and escapes they are written with."""
    return canonical_url(asked).partition("://")[2] == canonical_url(found).partition("://")[2]


def kinship(one: str, other: str) -> float:
    """Give the share of the fewer words that both texts have; 0 where one has none."""
    ours, theirs = _words(one), _words(other)
    return len(ours & theirs) / min(len(ours), len(theirs)) if ours and theirs else 0.0


def is_same_title(one: str, other: str) -> bool:
    """Tell whether two headlines have most words in common."""
    return bool(one) and (one == other or (kinship(one, other) >= 0.6 and len(_words(one) & _words(other)) >= 2))


def _words(text: str) -> set[str]:
    """Give the longer words of a text, and the pairs of characters of scripts that write none apart."""
    pairs = {run[place : place + 2] for run in _EAST.findall(text) for place in range(len(run) - 1)}
    return pairs | {word for word in _WORD.findall(text.lower()) if not _EAST.match(word)}

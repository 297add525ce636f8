"""Shingles: how much of one text stands in another, in every script.

A shingle is three words, or four letters where a script writes no spaces between words. Containment is measured against the
shorter text, so an agency report inside a longer article counts as whole.
"""

import re
from functools import lru_cache

_WORD = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]|[^\W_]+")
_TOO_SHORT = 8
"""Fewer shingles than this prove nothing."""


def resemblance(one: str, other: str) -> float:
    """Give the share of the shorter text's shingles that the longer one holds, 0 to 1; 0 where a text is too short to tell."""
    shingles, others = _shingles(one), _shingles(other)
    fewer = min(len(shingles), len(others))
    return len(shingles & others) / fewer if fewer >= _TOO_SHORT else 0.0


@lru_cache(maxsize=4096)
def _shingles(text: str) -> frozenset[int]:
    tokens = _WORD.findall(text.casefold())
    width = 4 if sum(len(token) == 1 for token in tokens) > len(tokens) / 2 else 3
    return frozenset(hash(tuple(tokens[start : start + width])) for start in range(len(tokens) - width + 1))

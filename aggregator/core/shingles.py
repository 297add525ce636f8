"""Shingles: how much of one text stands in another, in every script, and which sentences.

A shingle is three words, or four letters where a script writes no spaces between words. Containment is measured against the
shorter text, so an agency report inside a longer article counts as whole. Hashes are our own choice of CRC-32 over UTF-8, the same
on every machine and in every release, since fingerprints made of them are kept as rows.
"""

import re
from functools import lru_cache
from zlib import crc32

_WORD = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]|[^\W_]+")
_SENTENCE = re.compile(r"(?<=[.!?。！？])[\"”’」』)]*\s*|\n+")
_TOO_SHORT = 8
"""Fewer shingles than this prove nothing."""
_LEAST_SENTENCE = 12
"""Letters a shared sentence has at least."""
MOST_SHARED = 12
"""Shared sentences that are kept of a pair."""


def resemblance(one: str, other: str) -> float:
    """Give the share of the shorter text's shingles that the longer one holds, 0 to 1; 0 where a text is too short to tell."""
    ours, theirs = shingles(one), shingles(other)
    fewer = min(len(ours), len(theirs))
    return len(ours & theirs) / fewer if fewer >= _TOO_SHORT else 0.0


def shared_sentences(one: str, other: str) -> tuple[str, ...]:
    """Give the sentences of the first text that stand word for word in the second, in their order."""
    theirs = {_words(sentence) for sentence in _SENTENCE.split(other)}
    ours = (sentence.strip() for sentence in _SENTENCE.split(one))
    found = [sentence for sentence in ours if len(words := _words(sentence)) >= _LEAST_SENTENCE and words in theirs]
    return tuple(dict.fromkeys(found))[:MOST_SHARED]


@lru_cache(maxsize=512)
def shingles(text: str) -> frozenset[int]:
    """Give the hashes of a text's shingles, 32 bits each."""
    tokens = _WORD.findall(text.casefold())
    width = 4 if sum(len(token) == 1 for token in tokens) > len(tokens) / 2 else 3
    encoded = [token.encode("utf-8", "surrogatepass") for token in tokens]
    return frozenset(crc32(b" ".join(encoded[start : start + width])) for start in range(len(encoded) - width + 1))


def _words(sentence: str) -> str:
    return "".join(_WORD.findall(sentence.casefold()))

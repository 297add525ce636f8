"""Counters: what a process does, as it does it. Labels come from small fixed sets, and every series is there from the start.

A series that appears with its first event would hide that event from `rate()`, and leave a panel empty until something went wrong.
Counting needs nothing of Prometheus, which is loaded when somebody asks for the figures.
"""

import time
from bisect import bisect_left
from collections import Counter as Tally
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from itertools import accumulate, product
from typing import TYPE_CHECKING

from aggregator.records import Poll

if TYPE_CHECKING:
    from prometheus_client.core import Metric

OUTCOMES = ("ok", "not_modified", "unchanged", "deferred", "failed")
STEPS = ("poll", "judge", "revisit", "decide", "send", "upkeep", "reapply", "regroup")
ANSWERS = ("fetched", "not_modified", "failed")
_STEP_SECONDS = (0.01, 0.05, 0.1, 0.5, 1, 5, 10, 30, 60, 300, 900)
_FETCH_SECONDS = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 60)


class _Counted:
    """Count events by labels of fixed values."""

    def __init__(self, name: str, words: str, **labels: Sequence[str]) -> None:
        self.name, self.words, self.labels = name, words, labels
        self.counts: Tally[tuple[str, ...]] = Tally()

    def metric(self) -> "Metric":
        from prometheus_client.core import CounterMetricFamily

        family = CounterMetricFamily(self.name, self.words, labels=tuple(self.labels))
        for values in product(*self.labels.values()):
            family.add_metric(values, self.counts[values])
        return family


class _Timed:
    """Count how long events took, by one label of fixed values."""

    def __init__(self, name: str, words: str, label: str, values: Sequence[str], bounds: Sequence[float]) -> None:
        self.name, self.words, self.label, self.bounds = name, words, label, bounds
        self.counts = {value: [0] * (len(bounds) + 1) for value in values}
        self.sums = dict.fromkeys(values, 0.0)

    def add(self, value: str, seconds: float) -> None:
        self.counts[value][bisect_left(self.bounds, seconds)] += 1
        self.sums[value] += seconds

    def metric(self) -> "Metric":
        from prometheus_client.core import HistogramMetricFamily

        family = HistogramMetricFamily(self.name, self.words, labels=(self.label,))
        names = [*map(str, map(float, self.bounds)), "+Inf"]
        for value, counts in self.counts.items():
            family.add_metric((value,), list(zip(names, accumulate(counts), strict=True)), self.sums[value])
        return family


class Counters:
    """Count polls, what they brought, judgements, attempts to deliver, fetches, and the steps that made them."""

    def __init__(self, channels: Collection[str] = ()) -> None:
        self._channels = (*channels, "other")
        self._polls = _Counted("aggregator_polls", "Polls that ended, by outcome.", outcome=OUTCOMES)
        self._stored = _Counted("aggregator_stored", "Entries stored, new ones and revisions.", kind=("new", "revised"))
        self._judged = _Counted("aggregator_judged", "Revisions judged.")
        results = ("taken", "failed")
        self._sent = _Counted("aggregator_attempts", "Attempts to deliver.", channel=self._channels, result=results)
        self._jobs = _Counted("aggregator_jobs", "Steps that ended, by result.", step=STEPS, result=("done", "failed"))
        self._seconds = _Timed("aggregator_job_seconds", "Seconds that a step took.", "step", STEPS, _STEP_SECONDS)
        self._fetches = _Timed("aggregator_fetch_seconds", "Seconds until a feed answered.", "answer", ANSWERS, _FETCH_SECONDS)
        self.ended_at: float | None = None
        """When a step last came to its end, on the monotonic clock."""

    def count_poll(self, poll: Poll) -> None:
        """Count a poll and what it brought."""
        self._polls.counts[poll.outcome,] += 1
        self._stored.counts["new",] += poll.new
        self._stored.counts["revised",] += poll.revised

    def count_judged(self, revisions: int) -> None:
        """Count judged revisions."""
        self._judged.counts[()] += revisions

    def count_sent(self, *, taken: bool, channel: str = "other") -> None:
        """Count an attempt to deliver."""
        self._sent.counts[channel if channel in self._channels else "other", "taken" if taken else "failed"] += 1

    def count_fetch(self, answer: str, seconds: float) -> None:
        """Count a fetch of a feed, and how long it took."""
        self._fetches.add(answer, seconds)

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Count a step when it ends, and whether it failed; one that is broken off is not counted."""
        started = time.perf_counter()
        try:
            yield
        except Exception:
            self._end(name, "failed", started)
            raise
        self._end(name, "done", started)

    def collect(self) -> "Iterator[Metric]":
        """Give all of it in Prometheus's terms."""
        for counted in (self._polls, self._stored, self._judged, self._sent, self._jobs, self._seconds, self._fetches):
            yield counted.metric()

    def _end(self, name: str, result: str, started: float) -> None:
        self._seconds.add(name, time.perf_counter() - started)
        self._jobs.counts[name, result] += 1
        self.ended_at = time.monotonic()

"""Metrics: what the store holds and what this process did, in the form Prometheus reads.

They tell an operator much about an installation, so `/metrics` answers this machine alone, or whoever sends the configured token.
A request that came through a proxy is not from this machine. Labels come from small fixed sets; no feed's text is among them.
"""

import hmac
import ipaddress
from collections import Counter as Tally
from collections.abc import Awaitable, Callable
from functools import cached_property
from typing import TYPE_CHECKING

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from aggregator.errors import AggregatorError
from aggregator.records import Poll
from aggregator.web.checks import HEADERS
from aggregator.web.status import Status

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry, Counter, Gauge

_TROUBLES, _WORKING = "Reasons why the service is not doing its job.", "1 while the service does its job."
MEDIA_TYPE = "text/plain; version=1.0.0; charset=utf-8"
"""What Prometheus calls its text format."""
_COUNTED = {
    "polls": ("Polls that ended, by outcome.", ("outcome",)),
    "stored": ("Entries stored, new ones and revisions.", ("kind",)),
    "judged": ("Revisions judged.", ()),
    "attempts": ("Attempts to deliver, by result.", ("result",)),
}
_PROXIES = ("forwarded", "x-forwarded-for", "x-real-ip")


class Metrics:
    """Count what this process does, and show it with what the store holds."""

    def __init__(self) -> None:
        self._counted: Tally[tuple[str, ...]] = Tally()
        self._gauges: dict[str, Gauge] = {}

    def count_poll(self, poll: Poll) -> None:
        """Count a poll and what it brought."""
        self._counted["polls", poll.outcome] += 1
        self._counted["stored", "new"] += poll.new
        self._counted["stored", "revised"] += poll.revised

    def count_judged(self, revisions: int) -> None:
        """Count judged revisions."""
        self._counted["judged",] += revisions

    def count_sent(self, *, taken: bool) -> None:
        """Count an attempt to deliver."""
        self._counted["attempts", "taken" if taken else "failed"] += 1

    def shown(self, status: Status) -> bytes:
        """Write everything in Prometheus's text format."""
        overview = status.overview
        for name in ("entries", "revisions", "unjudged", "articles", "stories", "digests"):
            self._gauge(name, f"How many {name} the store holds.").set(getattr(overview, name))
        self._by_label("deliveries", "Deliveries, by status.", "status", Tally(overview.deliveries_by_status))
        self._by_label("feeds", "Configured feeds, by how they do.", "status", Tally(feed.status for feed in status.feeds))
        last = overview.last_poll_at
        self._gauge("last_poll_timestamp_seconds", "When a feed was last polled.").set(last.timestamp() if last else 0)
        self._gauge("started_timestamp_seconds", "When this process started.").set(status.started_at.timestamp())
        self._gauge("late_steps", "Steps that did not come to their end in time.").set(len(status.late))
        self._gauge("troubles", _TROUBLES).set(len(status.troubles))
        self._gauge("working", _WORKING).set(status.working)
        self._gauge("leader", "1 for the process that schedules, 0 for a standby.").set(status.leads)
        return self._written()

    def silent(self) -> bytes:
        """Write what holds while the store does not answer: nobody works, and its figures are not known."""
        for name in [name for name in self._gauges if name not in ("started_timestamp_seconds", "leader")]:
            self._registry.unregister(self._gauges.pop(name))
        self._gauge("troubles", _TROUBLES).set(1)
        self._gauge("working", _WORKING).set(0)
        return self._written()

    def _written(self) -> bytes:
        from prometheus_client import generate_latest

        counters, counted, self._counted = self._counters, self._counted, Tally()
        for (name, *labels), number in counted.items():
            counter = counters[name]
            (counter.labels(*labels) if labels else counter).inc(number)
        return generate_latest(self._registry)

    @cached_property
    def _registry(self) -> "CollectorRegistry":
        from prometheus_client import CollectorRegistry  # what was counted before somebody asked waits

        return CollectorRegistry()

    @cached_property
    def _counters(self) -> "dict[str, Counter]":
        from prometheus_client import Counter

        return {name: Counter(f"aggregator_{name}", *said, registry=self._registry) for name, said in _COUNTED.items()}

    def _gauge(self, name: str, words: str, labels: tuple[str, ...] = ()) -> "Gauge":
        from prometheus_client import Gauge

        if name not in self._gauges:
            self._gauges[name] = Gauge(f"aggregator_{name}", words, labels, registry=self._registry)
        return self._gauges[name]

    def _by_label(self, name: str, words: str, label: str, counts: Tally[str]) -> None:
        gauge = self._gauge(name, words, (label,))
        gauge.clear()
        for value, count in counts.items():
            gauge.labels(value).set(count)


def metrics_route(metrics: Metrics, status: Callable[[], Awaitable[Status]], token: str | None) -> Route:
    """Make `/metrics`; without a token only this machine is answered."""

    async def tell_metrics(request: Request) -> Response:
        if not _allowed(request, token):
            words = "Metrics are for this machine, or for who sends the token.\n"
            return Response(words, status_code=403, media_type="text/plain", headers=HEADERS)
        try:
            shown = metrics.shown(await status())
        except AggregatorError:  # an answer of its own: that nobody works must be told just then
            shown = metrics.silent()
        return Response(shown, media_type=MEDIA_TYPE, headers=HEADERS)

    return Route("/metrics", tell_metrics)


def _allowed(request: Request, token: str | None) -> bool:
    if token:
        given = request.headers.get("authorization", "")
        return hmac.compare_digest(given.encode(), f"Bearer {token}".encode())
    proxied = any(name in request.headers for name in _PROXIES)
    return not proxied and request.client is not None and _is_this_machine(request.client.host)


def _is_this_machine(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False

"""Metrics: what the store holds and what this process did, in the form Prometheus reads.

They tell an operator much about an installation, so `/metrics` answers this machine alone, or whoever sends the configured token.
A request that came through a proxy is not from this machine. Labels come from small fixed sets; no feed's text is among them.
"""

import hmac
import ipaddress
from collections import Counter as Tally
from collections.abc import Awaitable, Callable

from fastapi import FastAPI, Request, Response
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Gauge, generate_latest

from aggregator.errors import AggregatorError
from aggregator.records import Poll
from aggregator.web.site import Status

_TROUBLES, _WORKING = "Reasons why the service is not doing its job.", "1 while the service does its job."
_PROXIES = ("forwarded", "x-forwarded-for", "x-real-ip")


class Metrics:
    """Count what this process does, and show it with what the store holds."""

    def __init__(self) -> None:
        self._registry = registry = CollectorRegistry()
        self._polls = Counter("aggregator_polls", "Polls that ended, by outcome.", ["outcome"], registry=registry)
        self._stored = Counter("aggregator_stored", "Entries stored, new ones and revisions.", ["kind"], registry=registry)
        self._judged = Counter("aggregator_judged", "Revisions judged.", registry=registry)
        self._sent = Counter("aggregator_attempts", "Attempts to deliver, by result.", ["result"], registry=registry)
        self._gauges: dict[str, Gauge] = {}

    def count_poll(self, poll: Poll) -> None:
        """Count a poll and what it brought."""
        self._polls.labels(poll.outcome).inc()
        self._stored.labels("new").inc(poll.new)
        self._stored.labels("revised").inc(poll.revised)

    def count_judged(self, revisions: int) -> None:
        """Count judged revisions."""
        self._judged.inc(revisions)

    def count_sent(self, *, taken: bool) -> None:
        """Count an attempt to deliver."""
        self._sent.labels("taken" if taken else "failed").inc()

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
        return generate_latest(self._registry)

    def silent(self) -> bytes:
        """Write what holds while the store does not answer: nobody works, and its figures are not known."""
        for name in [name for name in self._gauges if name not in ("started_timestamp_seconds", "leader")]:
            self._registry.unregister(self._gauges.pop(name))
        self._gauge("troubles", _TROUBLES).set(1)
        self._gauge("working", _WORKING).set(0)
        return generate_latest(self._registry)

    def _gauge(self, name: str, words: str, labels: tuple[str, ...] = ()) -> Gauge:
        if name not in self._gauges:
            self._gauges[name] = Gauge(f"aggregator_{name}", words, labels, registry=self._registry)
        return self._gauges[name]

    def _by_label(self, name: str, words: str, label: str, counts: Tally[str]) -> None:
        gauge = self._gauge(name, words, (label,))
        gauge.clear()
        for value, count in counts.items():
            gauge.labels(value).set(count)


def add_metrics(site: FastAPI, metrics: Metrics, status: Callable[[], Awaitable[Status]], token: str | None) -> None:
    """Put `/metrics` on a site; without a token only this machine is answered."""

    @site.get("/metrics", include_in_schema=False)
    async def tell_metrics(request: Request) -> Response:
        if not _allowed(request, token):
            return Response("Metrics are for this machine, or for who sends the token.\n", status_code=403, media_type="text/plain")
        try:
            shown = metrics.shown(await status())
        except AggregatorError:  # an answer of its own: that nobody works must be told just then
            shown = metrics.silent()
        return Response(shown, media_type=CONTENT_TYPE_LATEST)


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

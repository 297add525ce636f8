"""Metrics: what the store holds and what this process did, in the form Prometheus reads.

They tell an operator much about an installation, so `/metrics` answers this machine alone, or whoever sends the configured token.
A request that came through a proxy is not from this machine. Labels come from small fixed sets; no feed's text is among them.
"""

import hmac
import ipaddress
from collections import Counter as Tally
from collections.abc import Awaitable, Callable, Collection, Mapping
from functools import cached_property
from typing import TYPE_CHECKING

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from aggregator.errors import AggregatorError
from aggregator.web.checks import HEADERS
from aggregator.web.counters import Counters
from aggregator.web.status import Health, Status

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry, Gauge

MEDIA_TYPE = "text/plain; version=1.0.0; charset=utf-8"
"""What Prometheus calls its text format."""
_PROXIES = ("forwarded", "x-forwarded-for", "x-real-ip")
_ALWAYS = ("started_timestamp_seconds",)
QUEUES = ("poll", "judge", "deliver", "upkeep")
FEED_STATUSES = ("ok", "failing", "never", "retired", "disabled")
DELIVERY_STATUSES = ("pending", "sending", "sent", "retry", "dead")
_HELP = {
    "last_poll_timestamp_seconds": "When a feed was last polled.",
    "started_timestamp_seconds": "When this process started.",
    "late_steps": "Steps that did not come to their end in time.",
    "troubles": "Reasons why this process is not doing its job.",
    "working": "1 while the service does its job.",
    "worker_working": "1 while a process that takes the steps itself does its job: a worker, or a service without workers.",
    "leader": "1 for the process that schedules, 0 for a standby.",
    "deliveries": "Deliveries, by status.",
    "feeds": "Configured feeds, by how they do.",
    "workers": "Workers that gave a sign of life lately; a service without workers counts itself.",
    "queue_jobs": "Jobs that wait or run, by queue; 0 where there are no workers.",
    "queue_wait_seconds": "For how long the oldest job of a queue has waited; 0 where none waits.",
    "database_connections": "Connections of this process to the database: open ones, and those in use.",
}


class Metrics(Counters):
    """Count what this process does, and show it with what the store holds; a `worker` shows only itself."""

    def __init__(self, channels: Collection[str] = (), *, worker: bool = False) -> None:
        super().__init__(channels)
        self._gauges: dict[str, Gauge] = {}
        self._worker = self._works = worker

    def shown(self, status: Status | Health) -> bytes:
        """Write everything in Prometheus's text format."""
        if isinstance(status, Status):
            self._show_store(status)
            self._show_crew(status)
        self._works = isinstance(status, Health) or status.crew is None
        if self._works:
            self._set("worker_working", status.working)
        self._set("started_timestamp_seconds", status.started_at.timestamp())
        self._set("late_steps", len(status.late))
        self._set("troubles", len(status.troubles))
        self._set_by("database_connections", "state", {"open": status.connections.open, "busy": status.connections.busy})
        return self._written()

    def silent(self) -> bytes:
        """Write what holds while the store does not answer: nobody works, and its figures are not known.

        Nor does it lead, as far as it can know: cut off from the database it has lost the lock, and another one may hold it.
        """
        for name in [name for name in self._gauges if name not in _ALWAYS]:
            self._registry.unregister(self._gauges.pop(name))
        self._set("troubles", 1)
        if not self._worker:
            self._set("working", 0)
            self._set("leader", 0)
        if self._works:
            self._set("worker_working", 0)
        return self._written()

    def _show_store(self, status: Status) -> None:
        overview = status.overview
        for name in ("entries", "revisions", "unjudged", "articles", "stories", "digests"):
            self._set(name, getattr(overview, name))
        self._set_by("deliveries", "status", dict.fromkeys(DELIVERY_STATUSES, 0) | dict(overview.deliveries_by_status))
        feeds = Tally(feed.status for feed in status.feeds)
        self._set_by("feeds", "status", dict.fromkeys(FEED_STATUSES, 0) | dict(feeds))
        last = overview.last_poll_at
        self._set("last_poll_timestamp_seconds", last.timestamp() if last else 0)
        self._set("working", status.working)
        self._set("leader", status.leads)

    def _show_crew(self, status: Status) -> None:
        crew = status.crew
        self._set("workers", crew.workers if crew else 1)
        self._set_by("queue_jobs", "queue", dict.fromkeys(QUEUES, 0) | dict(crew.jobs if crew else {}))
        self._set_by("queue_wait_seconds", "queue", dict.fromkeys(QUEUES, 0.0) | dict(crew.waits if crew else {}))

    def _written(self) -> bytes:
        from prometheus_client import generate_latest

        return generate_latest(self._registry)

    @cached_property
    def _registry(self) -> "CollectorRegistry":
        from prometheus_client import CollectorRegistry  # what was counted before somebody asked waits

        registry = CollectorRegistry()
        registry.register(self)
        return registry

    def _gauge(self, name: str, labels: tuple[str, ...] = ()) -> "Gauge":
        from prometheus_client import Gauge

        if name not in self._gauges:
            words = _HELP.get(name, f"How many {name} the store holds.")
            self._gauges[name] = Gauge(f"aggregator_{name}", words, labels, registry=self._registry)
        return self._gauges[name]

    def _set(self, name: str, value: float) -> None:
        self._gauge(name).set(value)

    def _set_by(self, name: str, label: str, values: Mapping[str, float]) -> None:
        gauge = self._gauge(name, (label,))
        gauge.clear()
        for value, count in values.items():
            gauge.labels(value).set(count)


def metrics_route(metrics: Metrics, status: Callable[[], Awaitable[Status | Health]], token: str | None) -> Route:
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

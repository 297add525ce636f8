"""Visits: get a publisher's page, as politely as it asks for.

robots.txt is asked first and remembered for a day (RFC 9309, section 2.4): a missing file allows everything, a server that fails allows
nothing. A host is asked one request at a time, with a pause between. What is known of a page makes the request conditional.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TypeAlias

from aggregator.core.robots import allowed, robots_url
from aggregator.core.urls import host_of
from aggregator.models import Failed, FailureKind, Fetched, FetchRequest, NotModified, Page
from aggregator.ports import Fetcher

ROBOTS_KEPT = timedelta(days=1)
_ACCEPT = "text/html, application/xhtml+xml;q=0.9, text/plain;q=0.5"
_MOST_HOSTS = 5_000
Visited: TypeAlias = Page | NotModified | Failed


@dataclass(frozen=True, slots=True)
class _Robots:
    """Hold a host's robots.txt, None where nothing may be asked for, and why not."""

    text: str | None
    read_at: datetime
    reason: str = ""


@dataclass(kw_only=True)
class Visitor:
    """Get pages; `read` turns a fetched one into text, `product` is our token in robots.txt, `spacing` the pause in seconds."""

    fetcher: Fetcher
    read: Callable[[Fetched], Page]
    clock: Callable[[], datetime]
    product: str = "aggregator"
    spacing: float = 1.0
    robots: dict[str, _Robots] = field(default_factory=dict)
    hosts: dict[str, asyncio.Lock] = field(default_factory=dict)

    async def visit(self, url: str, known: Page | None = None) -> Visited:
        """Give a page, or why there is none; where `known` tells validators, a page that stands as it was is not sent again."""
        async with self._lock(host_of(url)):
            forbidden = await self._forbidden(url)
            if forbidden:
                return forbidden
            etag, last_modified = (known.etag, known.last_modified) if known else (None, None)
            request = FetchRequest(url=url, etag=etag, last_modified=last_modified, accept=_ACCEPT)
            outcome = await self.fetcher.fetch(request)
            await asyncio.sleep(self.spacing)
        if not isinstance(outcome, Fetched):
            return outcome
        page = await asyncio.to_thread(self.read, outcome)
        return replace(page, etag=outcome.etag, last_modified=outcome.last_modified)

    async def _forbidden(self, url: str) -> Failed | None:
        robots = await self._robots(robots_url(url))
        if robots.text is None:
            message = f"its robots.txt cannot be read, so nothing may be asked for: {robots.reason}"
            return Failed(kind=FailureKind.TEMPORARY, message=message)
        if not allowed(robots.text, self.product, url):
            return Failed(kind=FailureKind.PERMANENT, message=f"its robots.txt forbids this page to {self.product}")
        return None

    async def _robots(self, address: str) -> _Robots:
        known, now = self.robots.get(address), self.clock()
        if known is None or now - known.read_at > ROBOTS_KEPT:
            if len(self.robots) >= _MOST_HOSTS:
                self.robots.clear()
            outcome = await self.fetcher.fetch(FetchRequest(url=address, accept="text/plain"))
            reason = outcome.message if isinstance(outcome, Failed) else ""
            known = self.robots[address] = _Robots(_robots_text(outcome), now, reason)
            await asyncio.sleep(self.spacing)
        return known

    def _lock(self, host: str) -> asyncio.Lock:
        if len(self.hosts) >= _MOST_HOSTS:
            self.hosts = {name: lock for name, lock in self.hosts.items() if lock.locked()}
        return self.hosts.setdefault(host, asyncio.Lock())


def _robots_text(outcome: object) -> str | None:
    """Read the answer to a question for robots.txt: "unavailable" (4xx) allows all, "unreachable" (5xx, no answer) nothing."""
    if isinstance(outcome, Fetched):
        return outcome.body.decode("utf-8", errors="replace")
    status = outcome.status if isinstance(outcome, Failed) else None
    refused = isinstance(outcome, Failed) and outcome.kind is FailureKind.PERMANENT and status is None
    return "" if status is not None and 400 <= status < 500 and status != 429 and not refused else None

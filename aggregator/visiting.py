"""Visits: get a publisher's page, as politely as it asks for.

robots.txt is asked first, of every host that a redirect leads to, and remembered for a day (RFC 9309, section 2.4): a missing file allows
everything, a server that fails allows nothing for a few minutes, and is then asked again. Requests take the turns at hosts that polling
takes, with the same pauses; a host that asks for peace gets it. No turn is held while another one is waited for. What is known of a page
makes the request conditional.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TypeAlias

from aggregator.core.robots import MAX_ROBOTS, allowed, robots_url
from aggregator.core.urls import host_of
from aggregator.doorsteps import PATIENCE, PEACE, PEACE_STATUSES, Turns
from aggregator.errors import ParseError
from aggregator.models import Failed, FailureKind, Fetched, FetchOutcome, FetchRequest, NotModified, Page
from aggregator.ports import Fetcher

ROBOTS_KEPT = timedelta(days=1)
UNREACHABLE_KEPT = timedelta(minutes=10)
"""One bad second of a server must not close it for the day that RFC 9309 allows at most."""
REDIRECTS = 5
SLOW_KEPT = timedelta(minutes=15)
_ACCEPT = "text/html, application/xhtml+xml;q=0.9, text/plain;q=0.5"
_MOST_HOSTS = 5_000
Visited: TypeAlias = Page | NotModified | Failed


@dataclass(frozen=True, slots=True)
class _Robots:
    """Hold a host's robots.txt, None where nothing may be asked for, and why not."""

    text: str | None
    read_at: datetime
    reason: str = ""

    def holds(self, now: datetime) -> bool:
        return now - self.read_at <= (UNREACHABLE_KEPT if self.text is None else ROBOTS_KEPT)


@dataclass(kw_only=True)
class Visitor:
    """Get pages; `read` turns a fetched one into text, `product` is our token in robots.txt, `turns` those at hosts.

    A host that is given up after more than `patience` seconds is slow.
    """

    fetcher: Fetcher
    read: Callable[[Fetched], Awaitable[Page]]
    clock: Callable[[], datetime]
    product: str = "aggregator"
    turns: Turns = field(default_factory=Turns)
    patience: float = PATIENCE
    robots: dict[str, _Robots] = field(default_factory=dict)
    asking: dict[str, asyncio.Lock] = field(default_factory=dict)
    slow: dict[str, datetime] = field(default_factory=dict)

    async def visit(self, url: str, known: Page | None = None) -> Visited:
        """Give a page, or why there is none; where `known` tells validators, a page that stands as it was is not sent again."""
        request = FetchRequest(url=url, accept=_ACCEPT, follow=False)
        outcome = await self._follow(request, self._forbidden, known)
        if not isinstance(outcome, Fetched):
            return outcome
        try:
            page = await self.read(outcome)
        except ParseError as error:
            return Failed(kind=FailureKind.SOFT, message=f"its page cannot be read: {error}")
        return replace(page, etag=outcome.etag, last_modified=outcome.last_modified)

    async def visit_soon(self, url: str, patience: float) -> Visited:
        """Give a page if it comes within so many seconds; a host that lately kept somebody waiting so long is not waited for."""
        host = host_of(url)
        if self.slow.get(host, self.clock()) > self.clock():
            return Failed(kind=FailureKind.TEMPORARY, message=f"{host} was too slow lately to be waited for")
        try:
            async with asyncio.timeout(patience):
                return await self.visit(url)
        except TimeoutError:
            return Failed(kind=FailureKind.TEMPORARY, message=f"its page did not come within {patience:g} s")

    async def _follow(
        self, request: FetchRequest, refusal: Callable[[str], Awaitable[Failed | None]], known: Page | None = None
    ) -> FetchOutcome:
        """Ask for an address and for those it redirects to, each of its own host and only where nothing speaks against it."""
        asked: set[str] = set()
        while True:
            asked.add(request.url)
            refused = self._in_peace(request.url) or await refusal(request.url)
            outcome = refused or await self._ask(_conditional(request, known))
            if not isinstance(outcome, Failed) or outcome.location is None:
                return outcome
            if outcome.location in asked:
                return replace(outcome, message=f"{host_of(request.url)} redirects in a circle")
            if len(asked) > REDIRECTS:
                return replace(outcome, message=f"more than {REDIRECTS} redirects, the last one from {host_of(request.url)}")
            request = replace(request, url=outcome.location)

    async def _ask(self, request: FetchRequest) -> FetchOutcome:
        host = host_of(request.url)
        async with self.turns.turn(host):
            outcome = self._in_peace(request.url) or await self._fetch(request, host)
        if isinstance(outcome, Failed) and outcome.status in PEACE_STATUSES:
            wait = PEACE if outcome.retry_after is None else outcome.retry_after
            self.turns.doorsteps.leave_alone(host, self.clock() + wait)
        return outcome

    async def _fetch(self, request: FetchRequest, host: str) -> FetchOutcome:
        loop = asyncio.get_running_loop()
        begun = loop.time()
        try:
            return await self.fetcher.fetch(request)
        except asyncio.CancelledError:
            if loop.time() - begun > self.patience:
                self.slow = {name: until for name, until in self.slow.items() if until > self.clock()} | {host: self.clock() + SLOW_KEPT}
            raise

    def _in_peace(self, url: str) -> Failed | None:
        """Refuse to ask a host that asked for peace."""
        left = self.turns.doorsteps.peace_of(host_of(url), self.clock())
        if left is None:
            return None
        message = f"{host_of(url)} asked to be left alone for another {left.total_seconds() / 60:.0f} min"
        return Failed(kind=FailureKind.TEMPORARY, message=message, retry_after=left)

    async def _forbidden(self, url: str) -> Failed | None:
        robots = await self._robots(robots_url(url))
        if robots.text is None:
            message = f"its robots.txt cannot be read, so nothing may be asked for: {robots.reason}"
            return Failed(kind=FailureKind.TEMPORARY, message=message)
        if not allowed(robots.text, self.product, url):
            return Failed(kind=FailureKind.PERMANENT, message=f"its robots.txt forbids this page to {self.product}")
        return None

    async def _robots(self, address: str) -> _Robots:
        async with self._lock(address):
            known = self.robots.get(address)
            if known is None or not known.holds(self.clock()):
                if len(self.robots) >= _MOST_HOSTS:
                    self.robots.clear()
                request = FetchRequest(url=address, accept="text/plain", follow=False, cut_at=MAX_ROBOTS)
                outcome = await self._follow(request, _nothing_against)
                reason = outcome.message if isinstance(outcome, Failed) else ""
                known = self.robots[address] = _Robots(_robots_text(outcome), self.clock(), reason)
            return known

    def _lock(self, address: str) -> asyncio.Lock:
        if len(self.asking) >= _MOST_HOSTS:
            self.asking = {name: lock for name, lock in self.asking.items() if lock.locked()}
        return self.asking.setdefault(address, asyncio.Lock())


def _conditional(request: FetchRequest, known: Page | None) -> FetchRequest:
    """Let a request tell the validators of the page that is known, if it asks for the address they came from."""
    if known is None or known.url not in (None, request.url):
        return request
    return replace(request, etag=known.etag, last_modified=known.last_modified)


async def _nothing_against(url: str) -> Failed | None:
    """Refuse no address: a robots.txt may always be asked for."""
    return None


def _robots_text(outcome: FetchOutcome) -> str | None:
    """Read the answer to a question for robots.txt: "unavailable" (4xx, too many redirects) allows all, "unreachable" nothing."""
    if isinstance(outcome, Fetched):
        return outcome.body.decode("utf-8", errors="replace")
    if isinstance(outcome, NotModified):
        return None
    status = outcome.status
    refused = outcome.kind is FailureKind.PERMANENT and status is None
    return "" if status is not None and 300 <= status < 500 and status != 429 and not refused else None

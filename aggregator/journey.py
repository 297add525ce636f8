"""Journey: a request through its redirects, at each host only in its turn.

Hops within one host are made in one go, as a browser makes them. A hop to another host ends a turn: whoever travels leaves the host, waits
for a turn at the other one, and asks on. No turn is held while another one is waited for, so two hosts that lead to each other keep nobody.
A host that asks for peace gets it under its own name, wherever the journey began.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime

from aggregator.core.urls import host_of
from aggregator.doorsteps import PEACE, PEACE_STATUSES, Doorsteps
from aggregator.models import Failed, FailureKind, FetchOutcome, FetchRequest
from aggregator.ports import Fetcher

REDIRECTS = 5
_PERMANENT = frozenset({301, 308})


@dataclass(slots=True)
class Journey:
    """Hold where a request has come to; it starts at `request`, which must not be followed by the fetcher itself.

    `ended` tells that there is an outcome, `refused_by` the host that asked for peace on the way, `unresolved` that the first host has no
    address.
    """

    request: FetchRequest
    started_at: datetime | None = None
    permanent: bool = True
    asked: set[str] = field(default_factory=set)
    ended: bool = False
    refused_by: str | None = None
    unresolved: Failed | None = None

    @property
    def host(self) -> str:
        """Name the host that is asked next."""
        return host_of(self.request.url)

    async def ask(self, fetcher: Fetcher, doorsteps: Doorsteps, clock: Callable[[], datetime]) -> FetchOutcome | None:
        """Ask the host whose turn it is; gives the outcome, or None where the journey goes on at another host."""
        host = self.host
        while self.host == host:
            outcome = (_in_peace(host, doorsteps, clock()) if self.asked else None) or await self._hop(fetcher)
            if outcome is not None:
                self.ended = True
                if isinstance(outcome, Failed) and outcome.unresolved and len(self.asked) == 1:
                    self.unresolved = outcome
                if isinstance(outcome, Failed) and outcome.status in PEACE_STATUSES:
                    self.refused_by = host
                    doorsteps.leave_alone(host, clock() + (PEACE if outcome.retry_after is None else outcome.retry_after))
                return outcome
        return None

    async def _hop(self, fetcher: Fetcher) -> FetchOutcome | None:
        url = self.request.url
        self.asked.add(url)
        outcome = await fetcher.fetch(self.request)
        if not isinstance(outcome, Failed):
            moved = len(self.asked) > 1 and self.permanent and outcome.moved_to is None
            return replace(outcome, moved_to=url) if moved else outcome
        if outcome.location is None:
            return outcome
        if outcome.location in self.asked:
            return Failed(kind=FailureKind.SOFT, message=f"{host_of(url)} redirects in a circle")
        if len(self.asked) > REDIRECTS:
            return Failed(kind=FailureKind.SOFT, message=f"more than {REDIRECTS} redirects, the last one from {host_of(url)}")
        weaker = url.startswith("https:") and outcome.location.startswith("http:")
        self.permanent &= outcome.status in _PERMANENT and not weaker
        self.request = replace(self.request, url=outcome.location)
        return None


def _in_peace(host: str, doorsteps: Doorsteps, now: datetime) -> Failed | None:
    left = doorsteps.peace_of(host, now)
    if left is None:
        return None
    message = f"{host} asked to be left alone for another {left.total_seconds() / 60:.0f} min"
    return Failed(kind=FailureKind.TEMPORARY, message=message, retry_after=left)

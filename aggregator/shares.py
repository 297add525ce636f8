"""Shares: which hosts one job polls, and how a worker polls them.

A poll that finds nothing new costs less than a job in the queue, so a job polls the feeds of many hosts. A host with a feed that failed
last time may well let its poller wait: it is a job of its own, and keeps no other from being asked again. While a worker has a share it
holds a lock on each host in it, which ends with the worker: feeds that are leased by somebody who does not hold it are free.
"""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import replace
from typing import TypeAlias

import structlog

from aggregator.app.installation import App
from aggregator.core.conclusions import address_of
from aggregator.core.urls import host_of
from aggregator.models import Failed, FailureKind, FetchOutcome, FetchRequest
from aggregator.poll import Polling, poll_due
from aggregator.ports import Fetcher, Gate
from aggregator.records import FeedState, Poll
from aggregator.store.database import batches
from aggregator.store.hosts import share_lock
from aggregator.store.sessions import SessionLocks
from aggregator.worker import Share

log = structlog.get_logger(__name__)

MOST_HOSTS = 32
"""Hosts in one share."""
MOST_FEEDS = 100
"""Feeds of one host in a share; the others are still due when it is done, and a worker that is told to stop leaves little behind."""
PARTS = 16
"""Shares that are made at least, so that all workers have something to do."""


def shares(due: Sequence[FeedState], busy: Collection[str] = ()) -> Sequence[Share]:
    """Part due feeds into shares by the host they are asked from, those that wait longest first; hosts that are `busy` are left out."""
    hosts: dict[str, list[FeedState]] = {}
    for state in due:
        hosts.setdefault(host_of(address_of(state)), []).append(state)
    fresh = {host: states for host, states in hosts.items() if host not in busy}
    well = [host for host, states in fresh.items() if not any(state.failures for state in states)]
    size = min(MOST_HOSTS, max(1, len(well) // PARTS))
    parts = [*batches(well, size), *([host] for host in fresh.keys() - set(well))]
    return [{host: [state.feed_id for state in fresh[host][:MOST_FEEDS]] for host in part} for part in parts]


Prepare: TypeAlias = Callable[[Polling, Sequence[str]], Awaitable[tuple[Polling, Sequence[str]]]]
"""Give what due feeds are polled with, and which of them are."""


async def _as_it_is(polling: Polling, due: Sequence[str]) -> tuple[Polling, Sequence[str]]:
    return polling, due


async def poll_share(
    app: App,
    locks: SessionLocks,
    share: Share,
    prepare: Prepare = _as_it_is,
    progress: Callable[[Poll], None] = lambda poll: None,
) -> None:
    """Poll those feeds of a share that are still due, but for hosts that another worker has; `progress` is told of each poll."""
    hosts = {share_lock(host): host for host in share}
    taking = asyncio.ensure_future(asyncio.to_thread(locks.take_all, hosts))
    try:
        taken = await asyncio.shield(taking)
        if len(taken) < len(hosts):
            log.info("other workers have some of these hosts", hosts=sorted(hosts[name] for name in hosts.keys() - taken))
        mine = [feed for name in taken for feed in share[hosts[name]]]
        due: Sequence[str] = [state.feed_id for state in await asyncio.to_thread(app.store.due_feeds, app.polling.clock(), len(mine), mine)]
        polling, due = await prepare(app.polling, due)
        if due:
            await asyncio.to_thread(app.store.free_feeds, due)  # whoever leased them does not have the host, so it is gone
            fenced = replace(polling, fetcher=Fenced(polling.fetcher, polling.gate))
            await poll_due(fenced, only=due, limit=len(due), progress=progress)
    finally:  # who is told to stop while the locks are taken waits for them, as they would be held as long as the worker lives
        await asyncio.to_thread(locks.free_all, await taking)


class Fenced:
    """Fetch only while the turn at the host is held: a process that was stopped for long may have lost it meanwhile."""

    def __init__(self, fetcher: Fetcher, gate: Gate) -> None:
        self._fetcher = fetcher
        self._gate = gate

    async def fetch(self, request: FetchRequest) -> FetchOutcome:
        """Fetch, or give a failure that is tried again soon."""
        if not await self._gate.holds(host_of(request.url)):
            return Failed(kind=FailureKind.TEMPORARY, message="the turn at this host was lost before it was asked")
        return await self._fetcher.fetch(request)

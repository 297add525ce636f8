"""The cluster: PostgreSQL's clock and connections; with workers, who leads, who works, what waits, and of which release each process is."""

import asyncio
import re
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from datetime import datetime, timedelta

from aggregator import __version__
from aggregator.doctor.findings import Diagnosis
from aggregator.errors import StoreError
from aggregator.service import PATIENCE
from aggregator.settings import Settings
from aggregator.store.server import Server, look_at_server
from aggregator.store.sessions import LEADER, SessionLocks, session_name
from aggregator.worker import QUEUES, SILENT, Queue, open_queue

MOST_SKEW = timedelta(seconds=30)
"""What machines of one cluster may differ by: leases last some minutes."""
_PROCESS = re.compile(r"aggregator (service|worker) (\S+) (\S+)")


async def look_at_cluster(settings: Settings, now: Callable[[], datetime]) -> AsyncIterator[Diagnosis]:
    """Look at the server, and with the runner "queue" at everybody who works with it; nothing of it for a file.

    Nothing either where the server does not answer: that is told of the database, and of the cluster nothing is known.
    """
    if not settings.database_url.startswith("postgresql"):
        return
    try:
        server = await asyncio.to_thread(look_at_server, settings.database_url, now)
    except StoreError:
        return
    try:
        yield _clock(server)
        yield _connections(server)
        if settings.runner == "queue":
            for diagnosis in (*_key(settings), _releases(server)):
                yield diagnosis
            for diagnosis in await _crew(settings):
                yield diagnosis
    except StoreError as error:
        advice = "start aggregator run and aggregator worker; the first of them makes the queue"
        yield Diagnosis(what="cluster", state="bad", found=str(error), advice=advice)


def _clock(server: Server) -> Diagnosis:
    seconds = server.ahead.total_seconds()
    if abs(server.ahead) <= MOST_SKEW:
        return Diagnosis(what="database clock", state="ok", found=f"agrees with ours within {abs(seconds):.1f} s")
    found = f"{abs(seconds):.0f} s {'ahead of' if seconds > 0 else 'behind'} ours"
    return Diagnosis(what="database clock", state="bad", found=found, advice="switch on time synchronisation on both machines")


def _connections(server: Server) -> Diagnosis:
    found, share = f"{server.connected} of {server.most} in use", server.connected / server.most
    if share < 0.8:
        return Diagnosis(what="database connections", state="ok", found=found)
    advice = "raise max_connections of PostgreSQL, or start fewer workers or with a smaller --concurrency"
    return Diagnosis(what="database connections", state="bad" if share > 0.95 else "look", found=found, advice=advice)


def _key(settings: Settings) -> Iterator[Diagnosis]:
    if settings.secret("AGGREGATOR_SECRET_KEY"):
        return
    found = "AGGREGATOR_SECRET_KEY is not set: each machine signs the addresses in mails with a key of its own"
    yield Diagnosis(what="secret key", state="look", found=found, advice="set the same AGGREGATOR_SECRET_KEY on all machines")


def _releases(server: Server) -> Diagnosis:
    """Tell of which release each process is that is connected."""
    releases: dict[str, set[str]] = {__version__: set()}
    for name in server.sessions:
        if found := _PROCESS.fullmatch(name):
            releases.setdefault(found[2], set()).add(f"{found[1]} {found[3]}")
    told = "; ".join(f"{release}: {', '.join(sorted(who)) or 'this command'}" for release, who in sorted(releases.items()))
    if len(releases) == 1:
        return Diagnosis(what="releases", state="ok", found=told)
    return Diagnosis(what="releases", state="look", found=told, advice="bring all machines to one release")


async def _crew(settings: Settings) -> list[Diagnosis]:
    locks = SessionLocks(settings.database_url, "doctor")
    try:
        silence = await asyncio.to_thread(locks.silence, LEADER)
        async with open_queue(settings.database_url, 1, name=session_name("doctor"), make=False) as queue:
            return [_leader(silence), await _workers(queue), *_waits(await queue.waits())]
    finally:
        locks.close()


def _leader(silence: float | None) -> Diagnosis:
    if silence is None:
        return Diagnosis(what="leader", state="bad", found="nobody leads", advice="start aggregator run")
    if silence > SILENT:
        found = f"the process that leads has stood still for {silence:.0f} s"
        return Diagnosis(what="leader", state="bad", found=found, advice="end it, and a standby takes over")
    return Diagnosis(what="leader", state="ok", found="a process leads")


async def _workers(queue: Queue) -> Diagnosis:
    alive = await queue.workers()
    if not alive:
        return Diagnosis(what="workers", state="bad", found="no worker is alive", advice="start aggregator worker")
    return Diagnosis(what="workers", state="ok", found=f"{alive} alive")


def _waits(waits: Mapping[str, float]) -> Iterator[Diagnosis]:
    for name in QUEUES:
        what, seconds = f"queue {name}", waits.get(name)
        if seconds is None:
            yield Diagnosis(what=what, state="ok", found="nothing waits")
        elif seconds <= PATIENCE.total_seconds():
            yield Diagnosis(what=what, state="ok", found=f"the oldest job waits for {seconds:.0f} s")
        else:
            found = f"the oldest job has waited for {seconds / 60:.0f} minutes"
            yield Diagnosis(what=what, state="bad", found=found, advice=f"start aggregator worker --queues {name}")

"""The queue of many workers: Procrastinate's tables in PostgreSQL, and the loop of a worker on it.

A job names what to look at, never what is true: whether a feed is due, a revision unjudged or a delivery unsent is read from the
store when the job runs, so a job that comes twice finds nothing to do. Feeds are polled in shares of some hosts, since a job costs
more than a poll that finds nothing new; a job that waits already is not queued again. Jobs that end are deleted; what failed is due
again by its date in the store, which is the only ledger of retries. Jobs of workers without a heartbeat are taken up again.
"""

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any, TypeAlias, TypeVar

import procrastinate
import structlog
from procrastinate import exceptions
from procrastinate.worker import Worker

from aggregator.errors import StoreError
from aggregator.records import Connections
from aggregator.setbacks import Setbacks

log = structlog.get_logger(__name__)
T = TypeVar("T")
Share: TypeAlias = Mapping[str, Sequence[str]]
"""Hosts that one job polls, with the feeds of each that are due."""

QUEUES = ("poll", "judge", "deliver", "upkeep")
PRIORITIES = {"send": 30, "decide": 25, "judge": 20, "poll": 10, "revisit": 5, "upkeep": 0, "reapply": -10, "regroup": -20}
_QUEUE_OF = {
    "send": "deliver",
    "decide": "deliver",
    "judge": "judge",
    "poll": "poll",
    "revisit": "upkeep",
    "upkeep": "upkeep",
    "reapply": "upkeep",
    "regroup": "upkeep",
}
_SCHEMA = "procrastinate"
_SESSION = f"-c search_path={_SCHEMA} -c plan_cache_mode=force_custom_plan"
"""The jobs are now none and now thousands: a plan that was kept from the one reads all rows for each row in the other."""
HEARTBEAT = 2.0
STALLED = 10.0
"""Seconds without a heartbeat after which a worker's jobs are taken up again."""
SILENT = 30.0
"""Seconds without a heartbeat after which a worker does not count as one that works."""
_RETRY_SECONDS = 1.0
_RECONNECT_SECONDS = 8.0
"""How long the pool goes on trying, with pauses that double: only who asks anew begins again, so nobody may wait much longer than that."""
_WAITS = """
SELECT jobs.queue_name, extract(epoch FROM now() - min(events.at)) AS seconds
FROM procrastinate_jobs AS jobs JOIN procrastinate_events AS events ON events.job_id = jobs.id AND events.type = 'deferred'
WHERE jobs.status = 'todo' AND jobs.task_name NOT IN ('reapply', 'regroup') AND NOT EXISTS (
    SELECT 1 FROM procrastinate_jobs AS done WHERE done.status = 'doing' AND done.lock = jobs.lock
) GROUP BY jobs.queue_name
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Steps:
    """Hold what a worker does for each kind of job."""

    poll: Callable[[Share], Awaitable[None]]
    judge: Callable[[], Awaitable[None]]
    revisit: Callable[[], Awaitable[None]]
    decide: Callable[[], Awaitable[None]]
    send: Callable[[], Awaitable[None]]
    upkeep: Callable[[], Awaitable[None]]
    reapply: Callable[[], Awaitable[None]]
    regroup: Callable[[], Awaitable[None]]


class Queue:
    """Hold an open queue; made by `open_queue`."""

    def __init__(self, app: procrastinate.App, connector: procrastinate.PsycopgConnector) -> None:
        self._app = app
        self._connector = connector
        self._worker: Worker | None = None
        self.setbacks = Setbacks()

    async def hosts(self) -> set[str]:
        """Name the hosts whose feeds wait to be polled, or are polled."""
        rows = await self._rows("SELECT jsonb_object_keys(args -> 'hosts') AS host FROM procrastinate_jobs WHERE task_name = 'poll'")
        return {row["host"] for row in rows}

    async def defer_polls(self, shares: Sequence[Share]) -> None:
        """Queue a job for each share of the hosts with due feeds, except one that waits already."""
        for share in shares:
            name = blake2b("\n".join(sorted(share)).encode(), digest_size=16).hexdigest()
            await self._defer("poll", None, {"hosts": {host: list(feeds) for host, feeds in share.items()}}, f"poll:{name}")

    async def defer(self, step: str) -> None:
        """Queue a step, unless it waits already; only one judge, decider and keeper runs at a time."""
        await self._defer(step, None if step == "send" else step, {}, step)

    async def take_up_stalled(self, seconds: float = STALLED) -> int:
        """Put jobs of workers that have fallen silent back into the queue, and give their number."""
        manager = self._app.job_manager
        stalled = list(await _asked(manager.get_stalled_jobs(seconds_since_heartbeat=seconds)))
        for job in stalled:
            try:
                await _asked(manager.retry_job(job))
            except (StoreError, exceptions.AlreadyEnqueued):  # the same job waits already: this one may go
                await self._rows("DELETE FROM procrastinate_jobs WHERE id = %(id)s AND status = 'doing' RETURNING id", id=job.id)
        return len(stalled)

    async def depths(self) -> Mapping[str, int]:
        """Count the jobs that wait or run, by queue."""
        rows = await self._rows("SELECT queue_name, count(*) AS jobs FROM procrastinate_jobs GROUP BY queue_name")
        return {row["queue_name"]: row["jobs"] for row in rows}

    async def workers(self) -> int:
        """Count the workers that gave a sign of life lately."""
        alive = "SELECT count(*) AS alive FROM procrastinate_workers WHERE last_heartbeat > now() - make_interval(secs => %(seconds)s)"
        return int((await self._rows(alive, seconds=SILENT))[0]["alive"])

    async def waits(self) -> Mapping[str, float]:
        """Give for how many seconds the oldest job of each queue waits for a worker.

        Going over the archive again may wait as long as it likes, and so may what waits for a job of its kind that is being done: it may
        have a long backlog to work off, and no further worker could help.
        """
        rows = await self._rows(_WAITS)
        return {row["queue_name"]: float(row["seconds"]) for row in rows}

    async def present(self) -> bool:
        """Tell whether this process, which works, gave the queue a sign of life lately."""
        number = self._worker.worker_id if self._worker else None
        sign = "SELECT last_heartbeat > now() - make_interval(secs => %(seconds)s) AS fresh FROM procrastinate_workers WHERE id = %(id)s"
        rows = await self._rows(sign, seconds=SILENT, id=number if number is not None else -1)
        return bool(rows and rows[0]["fresh"])

    def connections(self) -> Connections:
        """Count the connections of the queue."""
        found = self._connector.pool.get_stats()
        size = found.get("pool_size", 0)
        return Connections(open=size, busy=size - found.get("pool_available", 0))

    async def work(self, steps: Steps, queues: Sequence[str], concurrency: int) -> None:
        """Work until cancelled; a database that goes away is waited for."""
        register(self._app, steps, self.setbacks)
        while True:
            try:
                self._worker = Worker(
                    self._app,
                    queues=list(queues),
                    concurrency=concurrency,
                    install_signal_handlers=False,
                    delete_jobs="always",
                    fetch_job_polling_interval=1.0,
                    update_heartbeat_interval=HEARTBEAT,
                    stalled_worker_timeout=STALLED * 30,
                    shutdown_graceful_timeout=2.0,
                )
                run: Callable[[], Awaitable[None]] = self._worker.run
                await run()
            except asyncio.CancelledError:
                raise
            except Exception as error:  # a worker must come back when the database does
                log.warning("the queue cannot be reached; trying again", reason=f"{type(error).__name__}: {_cause(error)}")
            await asyncio.sleep(_RETRY_SECONDS)

    async def _defer(self, step: str, lock: str | None, arguments: dict[str, Any], waits_as: str) -> None:
        job = self._app.configure_task(
            step, queue=_QUEUE_OF[step], lock=lock, queueing_lock=waits_as, priority=PRIORITIES[step], allow_unknown=True
        )
        try:
            await _asked(job.defer_async(**arguments))
        except exceptions.AlreadyEnqueued:
            return

    async def _rows(self, query: str, **values: Any) -> Sequence[dict[str, Any]]:
        return list(await _asked(self._app.connector.execute_query_all_async(query, **values)))


@asynccontextmanager
async def open_queue(database_url: str, connections: int = 4, *, name: str = "aggregator", make: bool = True) -> AsyncIterator[Queue]:
    """Open the queue of a PostgreSQL database; its tables lie in a schema of their own, and its sessions are called `name`.

    Missing tables are made, unless only a look is meant: then they are a `StoreError`.
    """
    address = re.sub(r"^postgresql\+psycopg:", "postgresql:", database_url)
    connector = procrastinate.PsycopgConnector(
        conninfo=address,
        min_size=1,
        max_size=connections,
        timeout=_RECONNECT_SECONDS + 2.0,
        reconnect_timeout=_RECONNECT_SECONDS,
        kwargs={"options": _SESSION, "application_name": name},
    )
    app = procrastinate.App(connector=connector)
    try:
        async with app.open_async():
            await _make_tables(app, make=make)
            yield Queue(app, connector)
    except exceptions.ConnectorException as error:
        raise StoreError(f"the queue cannot be reached: {_cause(error)}") from error


def register(app: procrastinate.App, steps: Steps, setbacks: Setbacks) -> None:
    """Name the steps as tasks of the queue; one that fails is told here, and is due again by its date in the store."""
    for name in PRIORITIES:
        app.tasks.pop(name, None)

    @app.task(name="poll")
    async def poll(hosts: Share) -> None:
        await _taken("poll", steps.poll(hosts), setbacks)

    for name in ("judge", "revisit", "decide", "send", "upkeep", "reapply", "regroup"):
        step: Callable[[], Awaitable[None]] = getattr(steps, name)
        app.task(name=name)(_called(name, step, setbacks))


def _called(name: str, step: Callable[[], Awaitable[None]], setbacks: Setbacks) -> Callable[[], Awaitable[None]]:
    async def call() -> None:
        await _taken(name, step(), setbacks)

    return call


async def _taken(name: str, step: Awaitable[None], setbacks: Setbacks) -> None:
    try:
        await step
    except Exception as error:  # the worker goes on to the next job whatever happened in this one
        setbacks.failed(name, error)
    else:
        setbacks.succeeded(name)


async def _make_tables(app: procrastinate.App, *, make: bool) -> None:
    """Make the queue's tables under a lock, so that processes that start together take turns."""
    found = "SELECT to_regclass('procrastinate.procrastinate_jobs') IS NOT NULL AS made"
    if (await app.connector.execute_query_one_async(found))["made"]:
        return
    if not make:
        raise StoreError("there is no queue yet")
    schema = app.schema_manager.get_schema().replace("%", "%%")
    turn = "SELECT pg_advisory_xact_lock(1313558354, 5)"  # one query is one transaction, so the turn lasts to its end
    try:
        await app.connector.execute_query_async(f"{turn}; CREATE SCHEMA IF NOT EXISTS {_SCHEMA}; {schema}")
    except exceptions.ConnectorException:
        if not (await app.connector.execute_query_one_async(found))["made"]:  # else another process was quicker
            raise


async def _asked(question: Awaitable[T]) -> T:
    """Turn errors of the queue's connection into ours."""
    try:
        return await question
    except exceptions.AlreadyEnqueued:
        raise
    except exceptions.ConnectorException as error:
        raise StoreError(f"the queue refused: {_cause(error)}") from error


def _cause(error: BaseException) -> str:
    return str(error.__cause__ or error).partition("\n")[0]

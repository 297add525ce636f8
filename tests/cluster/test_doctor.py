"""The doctor says of a cluster what is missing, and what to do for it."""

import asyncio
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

from aggregator.doctor import Diagnosis
from aggregator.doctor.cluster import look_at_cluster
from aggregator.settings import load_settings
from aggregator.store.sessions import LEADER, SessionLocks, session_name
from aggregator.worker import QUEUES, open_queue
from tests.cluster.test_queue import Record


def right() -> datetime:
    return datetime.now(UTC)


async def examined(folder: Path, url: str, now: Callable[[], datetime] = right, key: str = "") -> Mapping[str, Diagnosis]:
    given = {"AGGREGATOR_DATABASE_URL": url, "AGGREGATOR_DATA_DIR": str(folder), "AGGREGATOR_RUNNER": "queue", "AGGREGATOR_SECRET_KEY": key}
    return {one.what: one async for one in look_at_cluster(load_settings(given), now)}


async def test_an_empty_cluster_is_told_without_making_anything(database: str, tmp_path: Path) -> None:
    found = await examined(tmp_path, database)
    assert found["cluster"].found == "there is no queue yet"
    assert "start aggregator run" in found["cluster"].advice
    assert found["secret key"].state == "look"
    assert (await examined(tmp_path, database))["cluster"] == found["cluster"]
    assert "database connections" in found


async def test_a_whole_cluster_is_well_and_what_is_missing_is_named(database: str, tmp_path: Path) -> None:
    leader = SessionLocks(database, "leader")
    async with open_queue(database, name=session_name("worker")) as queue:
        await queue.defer("send")
        await queue._rows("UPDATE procrastinate_events SET at = at - interval '20 minutes' RETURNING id")
        found = await examined(tmp_path, database, key="k" * 40)
        assert {what for what, one in found.items() if one.state == "bad"} == {"leader", "workers", "queue deliver"}
        assert found["queue deliver"].advice == "start aggregator worker --queues deliver"
        assert "secret key" not in found
        leader.take(LEADER)
        working = asyncio.create_task(queue.work(Record().steps(), QUEUES, 1))
        for _ in range(200):
            if await queue.workers() and not await queue.depths():
                break
            await asyncio.sleep(0.05)
        found = await examined(tmp_path, database, key="k" * 40)
        assert {one.state for one in found.values()} == {"ok"}
        assert "worker" in found["releases"].found
        working.cancel()
        with suppress(asyncio.CancelledError):
            await working
    leader.close()


async def test_another_release_and_a_wrong_clock_are_told(database: str, tmp_path: Path) -> None:
    async with open_queue(database, name="aggregator worker 0.0.7 elsewhere:17"):
        found = await examined(tmp_path, database, lambda: datetime.now(UTC) + timedelta(minutes=5))
    assert (found["releases"].state, "0.0.7: worker elsewhere:17" in found["releases"].found) == ("look", True)
    assert (found["database clock"].state, found["database clock"].found) == ("bad", "300 s behind ours")


async def test_a_file_has_no_cluster(tmp_path: Path) -> None:
    assert await examined(tmp_path, f"sqlite:///{tmp_path}/x.db") == {}


async def test_a_database_that_is_away_says_nothing_of_the_cluster(tmp_path: Path) -> None:
    assert await examined(tmp_path, "postgresql://nobody@127.0.0.1:9/nothing") == {}

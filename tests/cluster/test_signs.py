"""Who does not work is told by those who are left: no leader, one that stands still, no worker, a queue without one."""

import asyncio
from contextlib import suppress

import pytest

from aggregator import worker
from aggregator.cluster import crew
from aggregator.store.sessions import LEADER, SessionLocks
from aggregator.worker import QUEUES, open_queue
from tests.cluster.test_queue import Record

NOBODY_LEADS, NOBODY_WORKS = "nobody leads: start aggregator run", "no worker is alive: start aggregator worker"


async def test_missing_leaders_and_workers_are_told(database: str) -> None:
    ours, theirs = SessionLocks(database, "standby"), SessionLocks(database, "leader")
    async with open_queue(database) as queue:
        assert (await crew(queue, ours)).troubles == [NOBODY_LEADS, NOBODY_WORKS]
        theirs.take(LEADER)
        working = asyncio.create_task(queue.work(Record().steps(), QUEUES, 1))
        for _ in range(200):
            if await queue.workers():
                break
            await asyncio.sleep(0.05)
        assert (await crew(queue, ours)).troubles == []
        working.cancel()
        with suppress(asyncio.CancelledError):
            await working
        theirs.close()
        assert (await crew(queue, ours)).troubles == [NOBODY_LEADS, NOBODY_WORKS]
    ours.close()


async def test_a_leader_that_stands_still_is_told_by_a_standby(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    ours, theirs = SessionLocks(database, "standby"), SessionLocks(database, "leader")
    monkeypatch.setattr(worker, "SILENT", 0.2)
    theirs.take(LEADER)
    async with open_queue(database) as queue:
        await asyncio.sleep(0.3)
        assert any("has stood still" in words for words in (await crew(queue, ours)).troubles)
        assert theirs.holds(LEADER)
        assert not any("has stood still" in words for words in (await crew(queue, ours)).troubles)
    theirs.close()
    ours.close()


async def test_a_judge_that_waits_for_the_one_at_work_is_no_trouble(database: str) -> None:
    ours = SessionLocks(database, "standby")
    async with open_queue(database) as queue:
        await queue.defer("judge")
        await queue._rows("UPDATE procrastinate_jobs SET status = 'doing' RETURNING id")
        await queue.defer("judge")
        await queue._rows("UPDATE procrastinate_events SET at = at - interval '20 minutes' RETURNING id")
        assert await queue.waits() == {}
        assert not any("--queues" in words for words in (await crew(queue, ours)).troubles)
        await queue._rows("DELETE FROM procrastinate_jobs WHERE status = 'doing' RETURNING id")
        assert any("--queues judge" in words for words in (await crew(queue, ours)).troubles)
    ours.close()


async def test_a_queue_that_nobody_works_on_is_told(database: str) -> None:
    ours = SessionLocks(database, "standby")
    async with open_queue(database) as queue:
        await queue.defer("send")
        assert not any("deliver" in words for words in (await crew(queue, ours)).troubles)
        await queue._rows("UPDATE procrastinate_events SET at = at - interval '20 minutes' RETURNING id")
        assert "a job has waited for 20 minutes: start aggregator worker --queues deliver" in (await crew(queue, ours)).troubles
    ours.close()

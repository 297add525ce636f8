"""The queue, its locks, and what a worker makes of a job."""

import asyncio
import re
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import psycopg
import pytest

from aggregator.app.configured import read_configuration
from aggregator.app.installation import declare, open_app
from aggregator.cli import main
from aggregator.cli.environment import settings_from_environment
from aggregator.cluster import Crewman, worker_steps
from aggregator.cluster.leading import Deferring
from aggregator.core.stories import GROUPING
from aggregator.errors import StoreError
from aggregator.reload import Live
from aggregator.store.sessions import LEADER, SessionLocks
from aggregator.web import Metrics
from aggregator.worker import QUEUES, Queue, Share, Steps, open_queue
from tests.store.samples import FEED, NOW, intake, open_story, take_in, unmatched


class Record:
    """Note the steps that were taken."""

    def __init__(self) -> None:
        self.taken: list[str] = []
        self.inside = self.most = 0
        self.enough = asyncio.Event()
        self.wanted = 1

    async def poll(self, hosts: Share) -> None:
        self.inside += 1
        self.most = max(self.most, self.inside)
        await asyncio.sleep(0.05)
        self.inside -= 1
        self.note("poll " + ", ".join(f"{host} {'+'.join(feeds)}" for host, feeds in hosts.items()))

    def note(self, step: str) -> None:
        self.taken.append(step)
        if len(self.taken) >= self.wanted:
            self.enough.set()

    def steps(self) -> Steps:
        def step(name: str) -> Any:
            async def take() -> None:
                self.note(name)

            return take

        return Steps(
            poll=self.poll,
            judge=step("judge"),
            revisit=step("revisit"),
            decide=step("decide"),
            send=step("send"),
            upkeep=step("upkeep"),
            reapply=step("reapply"),
            regroup=step("regroup"),
        )


async def work(queue: Queue, record: Record, wanted: int, queues: Sequence[str] = QUEUES, concurrency: int = 1) -> None:
    record.wanted = wanted
    working = asyncio.create_task(queue.work(record.steps(), queues, concurrency))
    await asyncio.wait_for(record.enough.wait(), 20)
    await asyncio.sleep(0.1)
    working.cancel()
    with suppress(asyncio.CancelledError):
        await working


async def test_a_step_that_waits_is_not_queued_twice_and_urgent_ones_come_first(database: str) -> None:
    record = Record()
    async with open_queue(database) as queue:
        for _ in range(2):
            await queue.defer_polls([{"a.example": ["one", "two"], "b.example": ["three"]}])
        for step in ("upkeep", "judge", "judge", "send", "send"):
            await queue.defer(step)
        assert await queue.depths() == {"poll": 1, "upkeep": 1, "judge": 1, "deliver": 1}
        await work(queue, record, 4)
        assert record.taken == ["send", "judge", "poll a.example one+two, b.example three", "upkeep"]
        assert await queue.depths() == {}


async def test_hosts_that_wait_or_are_polled_are_known(database: str) -> None:
    async with open_queue(database) as queue:
        await queue.defer_polls([{"a.example": ["one"], "b.example": ["two"]}, {"c.example": ["three"]}])
        worker = await queue._app.job_manager.register_worker()
        assert await queue._app.job_manager.fetch_job(queues=["poll"], worker_id=worker)
        assert await queue.hosts() == {"a.example", "b.example", "c.example"}


async def test_a_worker_takes_only_its_queues(database: str) -> None:
    record = Record()
    async with open_queue(database) as queue:
        await queue.defer("judge")
        await queue.defer_polls([{"a.example": ["one"]}])
        await work(queue, record, 1, ["poll"])
        assert (record.taken, await queue.depths()) == (["poll a.example one"], {"judge": 1})


async def test_the_job_of_a_worker_that_fell_silent_is_taken_up_again(database: str) -> None:
    record = Record()
    async with open_queue(database) as queue, open_queue(database) as dead:
        await queue.defer("judge")
        worker = await dead._app.job_manager.register_worker()
        assert await dead._app.job_manager.fetch_job(queues=["judge"], worker_id=worker)
        assert await queue.take_up_stalled(60) == 0
        assert await queue.take_up_stalled(0) == 1
        await work(queue, record, 1)
        assert record.taken == ["judge"]


async def test_a_stalled_job_gives_way_to_the_same_job_that_waits(database: str) -> None:
    async with open_queue(database) as queue:
        await queue.defer("judge")
        worker = await queue._app.job_manager.register_worker()
        assert await queue._app.job_manager.fetch_job(queues=["judge"], worker_id=worker)
        await queue.defer("judge")
        await queue.take_up_stalled(0)
        assert await queue.depths() == {"judge": 1}


async def test_starters_that_collide_make_one_queue(database: str) -> None:
    async def start() -> dict[str, int]:
        async with open_queue(database) as queue:
            return dict(await queue.depths())

    assert not any(await asyncio.gather(start(), start(), start()))


def test_a_lock_is_held_by_one_session_and_free_after_it(database: str) -> None:
    first, second = SessionLocks(database, "test"), SessionLocks(database, "test")
    assert first.take(LEADER)
    assert first.holds(LEADER)
    assert not second.take(LEADER)
    assert not first.take(LEADER)
    assert second.take("host:a.example")
    first.free(LEADER)
    assert second.take(LEADER)
    second.close()
    assert first.take(LEADER)
    first.close()


def test_a_session_that_the_server_ended_holds_nothing(database: str) -> None:
    import psycopg

    locks = SessionLocks(database, "victim")
    assert locks.take("host:a.example")
    with psycopg.connect(database) as connection:
        connection.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE 'aggregator victim%'")
    assert not locks.holds("host:a.example")
    assert locks.take("host:a.example")
    locks.close()


def test_a_server_that_is_away_is_a_store_error() -> None:
    locks = SessionLocks("postgresql://nobody@127.0.0.1:9/none", "test")
    with pytest.raises(StoreError):
        locks.take(LEADER)
    assert not locks.holds(LEADER)
    locks.close()


@pytest.mark.parametrize(
    ("words", "url", "told"),
    [
        (["worker"], "sqlite:///x.db", "many workers need PostgreSQL"),
        (["run"], "sqlite:///x.db", "many workers need PostgreSQL"),
        (["worker", "--queues", "pol"], "postgresql://nobody@127.0.0.1:9/none", "choose among poll, judge"),
    ],
)
def test_wrong_use_is_a_sentence(
    words: list[str], url: str, told: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("AGGREGATOR_DATABASE_URL", url)
    monkeypatch.setenv("AGGREGATOR_RUNNER", "queue")
    monkeypatch.setattr("sys.argv", ["aggregator", *words])
    with pytest.raises(SystemExit) as end:
        main()
    assert end.value.code == 2
    assert told in capsys.readouterr().err


_FEEDS = """feeds:
  - {id: one, name: One, publisher: One, family: one, language: en, url: "http://a.example/"}
topics:
  - {id: labour, name: Labour, query: "rain*"}
subscriptions: []
"""


async def test_the_archive_is_judged_and_grouped_again_in_jobs_of_a_batch_each(
    database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "feeds.yaml").write_text(_FEEDS, encoding="utf-8")
    environment = {"DATABASE_URL": database, "RUNNER": "queue", "DATA_DIR": str(tmp_path), "FEEDS_FILE": str(tmp_path / "feeds.yaml")}
    for name, value in environment.items():
        monkeypatch.setenv(f"AGGREGATOR_{name}", value)
    settings = settings_from_environment(quiet=True)
    locks = SessionLocks(database, "test")
    async with open_app(settings, read_configuration(settings)) as app, open_queue(database) as queue:
        declare(app)
        app.store.sync_feeds([FEED], NOW)
        for name in ("one", "two", "three"):
            app.store.record_judged(unmatched(take_in(app.store, intake(name))[-1]))
            open_story(app.store, f"story {name}")
        outdate(database)
        live = Live(replace(app, judging=replace(app.judging, batch=2)), declares=False)
        for words in (("topics", "reapply"), ("stories", "regroup")):
            monkeypatch.setattr("sys.argv", ["aggregator", *words])
            await asyncio.to_thread(_succeed)
        assert await queue.depths() == {"upkeep": 2}
        working = asyncio.create_task(queue.work(worker_steps(Crewman(live, locks, Metrics()), queue), QUEUES, 2))
        async with asyncio.timeout(20):
            waiting = await queue.depths()
            while waiting:
                await asyncio.sleep(0.05)
                waiting = await queue.depths()
        working.cancel()
        with suppress(asyncio.CancelledError):
            await working
        assert app.store.count_archived(None, app.judging.topics.rule_version) == 0
        assert (app.store.count_grouped(GROUPING), app.store.regrouping()) == (0, None)
        app.store.start_regrouping(GROUPING, None, NOW, carries_out=True)  # whose job is lost
        await Deferring(live, queue).upkeep()
        assert await queue.depths() == {"upkeep": 2}
    locks.close()


def outdate(database: str) -> None:
    """Let all stories be what other rules made."""
    with psycopg.connect(re.sub(r"^postgresql\+psycopg:", "postgresql:", database)) as connection:
        connection.execute("UPDATE story_articles SET grouped_by = 'others'")


def _succeed() -> None:
    with pytest.raises(SystemExit) as end:
        main()
    assert not end.value.code


async def test_a_job_that_always_fails_is_told_by_its_worker_and_one_that_succeeds_ends_it(database: str) -> None:
    record, failures = Record(), 7

    async def judge() -> None:
        record.note("judge")
        if len(record.taken) <= failures:
            raise StoreError("the database refused: it is full")

    async with open_queue(database) as queue:
        working = asyncio.create_task(queue.work(replace(record.steps(), judge=judge), QUEUES, 1))
        async with asyncio.timeout(20):
            while len(record.taken) < failures:
                await queue.defer("judge")
                await asyncio.sleep(0.02)
            assert "the database refused: it is full" in queue.setbacks.troubles()[0]
            while queue.setbacks.troubles():
                await queue.defer("judge")
                await asyncio.sleep(0.02)
        working.cancel()
        with suppress(asyncio.CancelledError):
            await working

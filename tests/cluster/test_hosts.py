"""Processes of one installation take turns at a host: no two requests meet there, and the pause between them is kept."""

import asyncio
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from itertools import count, pairwise
from pathlib import Path
from typing import Any

import pytest

from aggregator.store.hosts import FileGate, _place, open_gate

ROOT = Path(__file__).parents[2]
_FEEDS = """feeds:
  - {{id: one, name: One, publisher: One, family: one, language: en, url: "http://127.0.0.1:{0}/one"}}
  - {{id: two, name: Two, publisher: Two, family: two, language: en, url: "http://127.0.0.1:{0}/two"}}
topics:
  - {{id: labour, name: Labour, anchor: country_anchor, themes: {{overseas_workers: 1.0}}}}
subscriptions: []
"""
_HOLD = """
import asyncio, sys
from aggregator.store.hosts import open_gate
gate = open_gate(sys.argv[1])
async def hold():
    await gate.enter("a.example")
    print("in", flush=True)
    await asyncio.to_thread(sys.stdin.readline)
    gate.leave("a.example", float(sys.argv[2]))
    await asyncio.sleep(float(sys.argv[2]) + 1)
asyncio.run(hold())
"""


class SlowHost:
    """Serve one entry slowly, and note from when to when each request was here."""

    def __init__(self) -> None:
        self.visits: list[tuple[float, float]] = []

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        loop = asyncio.get_running_loop()
        await reader.readuntil(b"\r\n\r\n")
        came_at = loop.time()
        await asyncio.sleep(0.4)
        body = b'<rss version="2.0"><channel><title>T</title><item><guid>1</guid><title>Rain</title></item></channel></rss>'
        self.visits.append((came_at, loop.time()))
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\nContent-Length: %d\r\nConnection: close\r\n\r\n" % len(body) + body)
        await writer.drain()
        writer.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/aggregator.db"
    database: str = request.getfixturevalue("database")
    return database


@pytest.fixture
async def gate(url: str) -> AsyncIterator[Any]:
    opened = open_gate(url)
    yield opened
    opened.close()


@pytest.fixture
def holder(url: str) -> Iterator[subprocess.Popen[str]]:
    """Give another process that holds the turn at a host, until it is sent a line; half a second is its pause."""
    command = [sys.executable, "-c", _HOLD, url, "0.5"]
    given = os.environ | {"PYTHONPATH": str(ROOT)}
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=given) as process:
        assert process.stdout
        assert process.stdout.readline() == "in\n"
        yield process
        process.kill()


async def test_a_turn_is_waited_for_with_its_pause(gate: Any, holder: subprocess.Popen[str]) -> None:
    loop = asyncio.get_running_loop()
    await gate.enter("b.example")
    waiting = asyncio.create_task(gate.enter("a.example"))
    await asyncio.sleep(0.3)
    assert not waiting.done()
    assert holder.stdin
    left_at = loop.time()
    holder.stdin.write("\n")
    holder.stdin.flush()
    await asyncio.wait_for(waiting, 20)
    assert loop.time() - left_at >= 0.5


async def test_the_turn_of_a_killed_process_is_free(gate: Any, holder: subprocess.Popen[str]) -> None:
    holder.kill()
    await asyncio.wait_for(gate.enter("a.example"), 20)


async def test_a_pause_written_before_the_machine_was_started_anew_holds_nobody(tmp_path: Path) -> None:
    gate = FileGate(f"sqlite:///{tmp_path}/aggregator.db")
    await gate.enter("a.example")
    gate.leave("a.example", 1e6)
    await asyncio.wait_for(gate.enter("a.example"), 20)
    gate.close()


def _two_of_one_slot() -> tuple[str, str]:
    seen: dict[int, str] = {}
    for number in count():
        host = f"host{number}.example"
        if other := seen.get(_place(host)):
            return other, host
        seen[_place(host)] = host
    raise AssertionError("there are fewer slots than hosts")


async def test_two_hosts_of_one_slot_wait_for_each_other_in_one_process_too(tmp_path: Path) -> None:
    gate = FileGate(f"sqlite:///{tmp_path}/aggregator.db")
    one, other = _two_of_one_slot()
    await gate.enter(one)
    waiting = asyncio.create_task(gate.enter(other))
    await asyncio.sleep(0.3)
    assert not waiting.done()
    gate.leave(one, 0.4)
    left_at = asyncio.get_running_loop().time()
    await asyncio.wait_for(waiting, 20)
    assert asyncio.get_running_loop().time() - left_at >= 0.4
    gate.close()


async def test_two_commands_that_poll_at_once_take_turns_at_a_host(tmp_path: Path) -> None:
    host = SlowHost()
    server = await asyncio.start_server(host.answer, "127.0.0.1", 0)
    (tmp_path / "feeds.yaml").write_text(_FEEDS.format(server.sockets[0].getsockname()[1]), encoding="utf-8")
    given = os.environ | {
        "PYTHONPATH": str(ROOT),
        "AGGREGATOR_DATABASE_URL": f"sqlite:///{tmp_path}/aggregator.db",
        "AGGREGATOR_DATA_DIR": str(tmp_path),
        "AGGREGATOR_FEEDS_FILE": str(tmp_path / "feeds.yaml"),
        "AGGREGATOR_HTTP_ALLOW": "127.0.0.0/8",
    }
    commands = [
        await asyncio.create_subprocess_exec(sys.executable, "-m", "aggregator", "poll", feed, env=given, stdout=asyncio.subprocess.DEVNULL)
        for feed in ("one", "two")
    ]
    assert [await command.wait() for command in commands] == [0, 0]
    assert len(host.visits) == 2
    assert all(after[0] - before[1] >= 0.9 for before, after in pairwise(sorted(host.visits)))
    server.close()


def test_a_loop_that_ends_before_the_pause_is_over_says_nothing(database: str, caplog: pytest.LogCaptureFixture) -> None:
    async def poll() -> None:
        gate = open_gate(database)
        await gate.enter("a.example")
        gate.leave("a.example", 0.0)
        await asyncio.get_running_loop().shutdown_default_executor()
        await asyncio.sleep(0.01)
        gate.close()

    asyncio.run(poll())
    assert caplog.messages == []

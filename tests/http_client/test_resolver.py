"""Lookups wait for nobody else's, and nobody waits for a name server that does not answer."""

import asyncio
import socket
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Sequence

import pytest

from aggregator.http_client.resolver import SystemResolver


class NameServer:
    """Answer for hosts as the test says, and count how often each was asked for."""

    def __init__(self) -> None:
        self.asked: Counter[str] = Counter()
        self.open = threading.Event()

    def look_up(self, host: str, port: int) -> Sequence[str]:
        self.asked[host] += 1
        if host.startswith("slow"):
            assert self.open.wait(20)
        if host.endswith(".invalid"):
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return ("192.0.2.1", "192.0.2.2", "192.0.2.1")


async def test_a_slow_name_server_keeps_nobody_else_waiting() -> None:
    names = NameServer()
    resolve = SystemResolver(threads=12, look_up=names.look_up)
    slow = [asyncio.create_task(resolve(f"slow{number}.example", 80)) for number in range(11)]
    assert await resolve("quick.example", 80) == ("192.0.2.1", "192.0.2.2")
    names.open.set()
    assert set(await asyncio.gather(*slow)) == {("192.0.2.1", "192.0.2.2")}
    resolve.close()


async def test_who_asks_for_a_host_that_is_looked_up_shares_the_answer_and_may_give_up() -> None:
    names = NameServer()
    resolve = SystemResolver(look_up=names.look_up)
    first, second, third = (asyncio.create_task(resolve("slow.example", 80)) for _ in range(3))
    await asyncio.sleep(0)
    first.cancel()
    names.open.set()
    assert await second == await third
    assert names.asked == {"slow.example": 1}
    assert await resolve("slow.example", 80)
    assert names.asked == {"slow.example": 2}
    resolve.close()


async def test_a_name_that_leads_nowhere_is_an_error_for_each_who_asked() -> None:
    resolve = SystemResolver(look_up=NameServer().look_up)
    for answer in await asyncio.gather(*(resolve("gone.invalid", 80) for _ in range(3)), return_exceptions=True):
        assert isinstance(answer, socket.gaierror)
    with pytest.raises(socket.gaierror):
        await resolve("gone.invalid", 80)
    resolve.close()


async def test_threads_are_used_again() -> None:
    names = NameServer()
    resolve = SystemResolver(threads=2, look_up=names.look_up)
    assert len(await asyncio.gather(*(resolve(f"host{number}.example", 80) for number in range(40)))) == 40
    assert names.asked.total() == 40
    resolve.close()


class Threadless:
    """Refuse to start threads, as a system does that has no more, while `full`."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.full = True
        start = threading.Thread.start

        def limited(thread: threading.Thread) -> None:
            if self.full and thread.name.startswith("resolve"):
                raise RuntimeError("can't start new thread")
            start(thread)

        patch.setattr(threading.Thread, "start", limited)


async def test_where_no_thread_can_be_started_the_lookup_fails_and_the_next_one_is_done(monkeypatch: pytest.MonkeyPatch) -> None:
    resolve = SystemResolver(threads=1, look_up=NameServer().look_up)
    system = Threadless(monkeypatch)
    for _ in range(3):
        with pytest.raises(socket.gaierror, match="no thread"):
            await asyncio.wait_for(resolve("host.example", 80), 5)
    system.full = False
    assert await asyncio.wait_for(resolve("host.example", 80), 5)
    resolve.close()


async def test_where_no_further_thread_can_be_started_those_that_run_do_all_lookups(monkeypatch: pytest.MonkeyPatch) -> None:
    names = NameServer()
    resolve = SystemResolver(threads=2, look_up=names.look_up)
    system = Threadless(monkeypatch)
    system.full = False
    slow = asyncio.create_task(resolve("slow.example", 80))
    await asyncio.sleep(0)
    system.full = True
    waiting = asyncio.create_task(resolve("host.example", 80))
    await asyncio.sleep(0)
    system.full = False
    assert await asyncio.wait_for(resolve("other.example", 80), 5)  # the thread that was not started is not counted
    names.open.set()
    assert await slow == await waiting
    resolve.close()


_ASKS = """
import asyncio, threading
from aggregator.http_client.resolver import SystemResolver
async def ask():
    resolve = SystemResolver(look_up=lambda host, port: threading.Event().wait(300))
    try:
        await asyncio.wait_for(resolve("slow.example", 80), 0.1)
    except TimeoutError:
        resolve.close()
        print("gave up")
asyncio.run(ask())
"""


def test_the_program_ends_while_a_lookup_is_still_under_way() -> None:
    done = subprocess.run([sys.executable, "-c", _ASKS], capture_output=True, text=True, timeout=20, check=True)
    assert (done.stdout, done.stderr) == ("gave up\n", "")

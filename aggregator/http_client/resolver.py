"""Names: ask the system for the addresses of hosts, many side by side, without waiting for a name server that does not answer.

A lookup cannot be broken off, so lookups have threads of their own that nobody waits for, not even the end of the program: without a name
server each takes as long as the system's resolver has patience, and feeds of other hosts must not wait for that. Who asks for a host that
is just being looked up shares the answer.
"""

import asyncio
import queue
import socket
import threading
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeAlias

from aggregator.http_client.guard import is_address

Resolve: TypeAlias = Callable[[str, int], Awaitable[Sequence[str]]]
"""Give the addresses of a host for a port; raises `socket.gaierror` where there are none."""

LookUp: TypeAlias = Callable[[str, int], Sequence[str]]
_Answer: TypeAlias = "asyncio.Future[Sequence[str]]"
_Task: TypeAlias = Callable[[], None]


def look_up(host: str, port: int) -> Sequence[str]:
    """Ask the system, which may take long."""
    return [str(row[4][0]) for row in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]


class SystemResolver:
    """Give the addresses of hosts; `threads` lookups at most are under way at once."""

    def __init__(self, threads: int = 64, look_up: LookUp = look_up) -> None:
        self._threads = _Threads(threads)
        self._look_up = look_up
        self._asked: dict[tuple[str, int], _Answer] = {}

    async def __call__(self, host: str, port: int) -> Sequence[str]:
        """Give the addresses of a host, the system's preferred one first, each once."""
        if is_address(host):
            return (host,)
        place = (host, port)
        asked = self._asked.get(place) or self._ask(place)
        return tuple(dict.fromkeys(await asyncio.shield(asked)))  # who gives up leaves the others their answer

    def close(self) -> None:
        """Let the threads go without waiting for slow answers."""
        self._threads.close()

    def _ask(self, place: tuple[str, int]) -> _Answer:
        """Have a host looked up; it counts as asked for only once a thread will do it, or it would never be asked for again."""
        answer: _Answer = asyncio.get_running_loop().create_future()
        self._threads.run(lambda: self._find(place, answer))
        self._asked[place] = answer
        answer.add_done_callback(lambda done: self._forget(place, done))
        return answer

    def _find(self, place: tuple[str, int], answer: _Answer) -> None:
        try:
            found, error = self._look_up(*place), None
        except (OSError, UnicodeError) as problem:
            found, error = (), problem
        try:
            answer.get_loop().call_soon_threadsafe(_tell, answer, found, error)
        except RuntimeError:  # the loop is closed: nobody waits any more
            return

    def _forget(self, place: tuple[str, int], answer: _Answer) -> None:
        self._asked.pop(place, None)
        if not answer.cancelled():
            answer.exception()  # nobody may be left who asks for it


def _tell(answer: _Answer, found: Sequence[str], error: Exception | None) -> None:
    if answer.done():
        return
    if error is None:
        answer.set_result(found)
    else:
        answer.set_exception(error)


class _Threads:
    """Run tasks on threads that are started as needed, and that do not keep the program from ending."""

    def __init__(self, most: int) -> None:
        self._most, self._started, self._idle = most, 0, 0
        self._tasks: queue.SimpleQueue[_Task | None] = queue.SimpleQueue()
        self._guard = threading.Lock()

    def run(self, task: _Task) -> None:
        """Run a task as soon as a thread is free; raises `socket.gaierror` where there is none, and none can be started."""
        with self._guard:
            waiting = self._tasks.qsize()
            if self._idle <= waiting and self._started < self._most:
                self._start()
        self._tasks.put(task)

    def _start(self) -> None:
        """Start one more; where the system gives none, those that run take the task in their turn."""
        try:
            threading.Thread(target=self._work, name=f"resolve-{self._started + 1}", daemon=True).start()
        except RuntimeError as error:  # the bound on processes and threads is reached
            if self._started == 0:
                raise socket.gaierror(socket.EAI_AGAIN, f"no thread for the lookup could be started: {error}") from error
            return
        self._started += 1

    def close(self) -> None:
        """Let every thread end after what it does."""
        for _ in range(self._started):
            self._tasks.put(None)

    def _work(self) -> None:
        while True:
            with self._guard:
                self._idle += 1
            task = self._tasks.get()
            with self._guard:
                self._idle -= 1
            if task is None:
                return
            task()

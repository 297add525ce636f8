"""Parse in processes of our own that can be killed.

A hostile document can keep a parser busy for minutes or make it take all memory, and no thread can be stopped. So each document is read
by a worker process within a deadline; one that overstays or dies is replaced, and its document comes back with an error.

* A worker is a fresh interpreter in a session of its own: signals meant for the program do not reach it, and it ignores what does.
* It ends when the program's end of the socket closes, which is also what a killed program looks like, and at the latest by an alarm.
* Its memory is bounded.
"""

import asyncio
import queue
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from multiprocessing.connection import Connection, Pipe
from typing import Any, TypeVar

from aggregator.errors import ParseError, ReaderError
from aggregator.models import FeedSpec, ParsedFeed
from aggregator.sources import read_document

DEADLINE = 20.0
"""How many seconds a document may take."""
START = 60.0
"""How many seconds a new process may take until it is ready."""

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class _Live:
    """Hold a running process and our end of the socket to it."""

    process: "subprocess.Popen[bytes]"
    connection: "Connection[Any, Any]"

    @classmethod
    def start(cls, deadline: float, prepare: str) -> "_Live":
        ours, theirs = Pipe()
        with theirs:
            command = [sys.executable, "-m", "aggregator.sources.worker_process", str(theirs.fileno()), str(deadline), prepare]
            process = subprocess.Popen(
                command, pass_fds=(theirs.fileno(),), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, start_new_session=True
            )
        return cls(process, ours)

    def end(self) -> None:
        self.connection.close()
        self.process.kill()
        self.process.wait()


class Worker:
    """Run pure functions in one other process, one at a time; the module `prepare` is loaded there before it counts as ready."""

    def __init__(self, deadline: float = DEADLINE, prepare: str = "aggregator.sources.syndication") -> None:
        self._deadline, self._prepare = deadline, prepare
        self._live: _Live | None = None
        self._greeted = False
        self._lock = threading.Lock()

    def start(self) -> None:
        """Start the process, unless it runs, without waiting until it is ready."""
        with self._lock:
            self._ready()

    def run(self, function: Callable[..., Result], *arguments: object) -> Result:
        """Call an importable function over there and give its result.

        :raises ParseError: it failed, took too long, or took the process with it.
        :raises ReaderError: no process could be started.
        """
        with self._lock:
            live = self._started()
            try:
                return self._exchange(live, (function, arguments))
            except (EOFError, OSError):
                self._end()
                raise ParseError("the document made its reader break off") from None

    def kill(self) -> None:
        """End the process at once, even while another thread waits for it, which then sees it die."""
        live = self._live
        if live is not None:
            live.process.kill()

    def stop(self) -> None:
        """End the process and let go of all it held."""
        with self._lock:
            self._end()

    def _ready(self) -> _Live:
        if self._live is not None and self._live.process.poll() is not None:
            self._end()
        if self._live is None:
            self._live = _Live.start(self._deadline, self._prepare)
        return self._live

    def _started(self) -> _Live:
        try:
            return self._ready()
        except OSError as error:
            raise ReaderError(
                f"no process to read documents could be started: {error.strerror or error}; free memory or processes"
            ) from None

    def _exchange(self, live: _Live, job: tuple[Callable[..., Result], tuple[object, ...]]) -> Result:
        self._await_greeting(live)
        live.connection.send(job)
        if not live.connection.poll(self._deadline):
            self._end()
            raise ParseError(f"reading the document took longer than {self._deadline:g} s")
        answer: tuple[Result | None, str | None] = live.connection.recv()
        result, problem = answer
        if result is None:
            raise ParseError(problem or "the document gave nothing")
        return result

    def _await_greeting(self, live: _Live) -> None:
        """Wait until a new process is ready, so that its start takes no time from a document's deadline."""
        if not self._greeted:
            if not live.connection.poll(START):
                self._end()
                raise ReaderError(f"no process to read documents was ready within {START:g} s; the machine is overloaded")
            live.connection.recv()
            self._greeted = True

    def _end(self) -> None:
        if self._live is not None:
            self._live.end()
        self._live, self._greeted = None, False


class ReaderPool:
    """Be the `FeedReader`: a few workers, whichever is free takes the next document."""

    def __init__(self, workers: int = 2, deadline: float = DEADLINE) -> None:
        self._workers = [Worker(deadline) for _ in range(workers)]
        self._free: queue.SimpleQueue[Worker] = queue.SimpleQueue()
        for worker in self._workers:
            self._free.put(worker)
        self._threads = ThreadPoolExecutor(workers, thread_name_prefix="reader")
        self._closed = False

    def start(self) -> None:
        """Start the workers now rather than with the first documents."""
        for worker in self._workers:
            worker.start()

    async def read(
        self, feed: FeedSpec, url: str, headers: Mapping[str, str], body: bytes, now: datetime, known: bytes = b""
    ) -> ParsedFeed:
        """Read a feed's bytes by its kind; whatever they hold, a `ParsedFeed` comes back."""
        document = (feed, url, dict(headers), body, now, known)
        return await asyncio.get_running_loop().run_in_executor(self._threads, self._read, document)

    def _read(self, document: tuple[FeedSpec, str, Mapping[str, str], bytes, datetime, bytes]) -> ParsedFeed:
        try:
            return self._run(read_document, document)
        except ParseError as error:
            return ParsedFeed(error=str(error))

    async def run(self, function: Callable[..., Result], *arguments: object) -> Result:
        """Call an importable function in whichever worker is free; raises `ParseError` as a worker does."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, self._run, function, arguments)

    def _run(self, function: Callable[..., Result], arguments: tuple[object, ...]) -> Result:
        worker = self._free.get()
        try:
            if self._closed:
                raise ParseError("the reader is closed")
            return worker.run(function, *arguments)
        finally:
            self._free.put(worker)

    async def aclose(self) -> None:
        """Stop every worker; documents that are still being read come back with an error."""
        self._closed = True
        for worker in self._workers:
            worker.kill()
        await asyncio.to_thread(self._threads.shutdown)
        for worker in self._workers:
            worker.stop()

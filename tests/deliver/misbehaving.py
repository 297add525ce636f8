"""Servers that misbehave on command: a mail server and a web server, each broken at one place, sound afterwards."""

import asyncio
import re
from collections import defaultdict
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.policy import default

from aggregator.models import SmtpServer

ANSWERS = {
    "EHLO": b"250-mx\r\n250 SIZE 10000000\r\n",
    "MAIL": b"250 2.1.0 ok\r\n",
    "RCPT": b"250 2.1.5 ok\r\n",
    "DATA": b"354 go\r\n",
    ".": b"250 2.0.0 queued\r\n",
    "RSET": b"250 2.0.0 ok\r\n",
    "NOOP": b"250 2.0.0 ok\r\n",
    "QUIT": b"221 2.0.0 bye\r\n",
}
"""What a sound mail server says; the greeting has the verb "CONNECT", the end of a message "."."""
PIPELINING = b"250-PIPELINING\r\n"
CONNECT = b"220 mx ready\r\n"


@dataclass
class Fault:
    """Break once at a verb: say `answer` instead, or drop the connection, or fall silent; `keep` takes the message all the same."""

    verb: str
    how: str = "drop"
    answer: bytes = b""
    keep: bool = False
    recipient: str = ""
    times: int = 1


@dataclass
class BrokenMailServer:
    """Speak SMTP line by line, and keep what it took over, by Message-ID; refuses more than `most` connections at once."""

    faults: list[Fault] = field(default_factory=list)
    taken: defaultdict[str, list[bytes]] = field(default_factory=lambda: defaultdict(list))
    recipients: list[str] = field(default_factory=list)
    connections: int = 0
    pipelining: bool = False
    most: int = 99
    _open: int = 0
    hung: asyncio.Event = field(default_factory=asyncio.Event)

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[SmtpServer]:
        tasks: set[asyncio.Task[None]] = set()

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            task = asyncio.current_task()
            assert task is not None
            tasks.add(task)
            self._open += 1
            try:
                await self._talk(reader, writer)
            except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
                pass
            finally:
                self._open -= 1
                tasks.discard(task)
                writer.close()

        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        try:
            yield SmtpServer(host="127.0.0.1", port=server.sockets[0].getsockname()[1], tls="none")
        finally:
            server.close()
            for task in tuple(tasks):
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    def mails(self) -> int:
        return sum(map(len, self.taken.values()))

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._open > self.most:
            writer.write(b"421 4.7.0 too many connections\r\n")
            return
        self.connections += 1
        if not await self._say(writer, "CONNECT", CONNECT):
            return
        recipient = ""
        while line := await reader.readline():
            verb = line[:4].decode().upper().strip()
            if verb == "RCPT":
                recipient = line.decode().partition("<")[2].partition(">")[0]
            refused = self._fault(verb, recipient, take=False) is not None
            if not await self._say(writer, verb, ANSWERS.get(verb, b"502 5.5.1 what?\r\n"), recipient):
                return
            if verb == "DATA" and not refused and not await self._message(reader, writer, recipient):
                return
            if verb == "QUIT":
                return

    async def _message(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, recipient: str) -> bool:
        message = b""
        while not message.endswith(b"\r\n.\r\n") and message != b".\r\n":
            message += await reader.readline() or b"\r\n.\r\n"
        fault = self._fault(".", recipient, take=False)
        if message != b".\r\n" and (fault is None or fault.keep):
            name = str(message_from_bytes(message, policy=default)["Message-ID"])
            self.taken[name].append(message)
            self.recipients.append(recipient)
        return await self._say(writer, ".", ANSWERS["."], recipient)

    async def _say(self, writer: asyncio.StreamWriter, verb: str, answer: bytes, recipient: str = "") -> bool:
        fault = self._fault(verb, recipient)
        if fault is None:
            writer.write(answer.replace(b"250 SIZE", PIPELINING + b"250 SIZE") if self.pipelining else answer)
        elif fault.how == "drop":
            writer.transport.abort()
            return False
        elif fault.how == "hang":
            await self.hung.wait()
            return False
        elif fault.how == "drip":
            for byte in answer:
                writer.write(bytes([byte]))
                await writer.drain()
                await asyncio.sleep(0.02)
        else:
            writer.write(fault.answer)
        await writer.drain()
        return fault is None or not fault.answer.startswith((b"421", b"554 closing"))

    def _fault(self, verb: str, recipient: str, *, take: bool = True) -> Fault | None:
        for fault in self.faults:
            if fault.verb == verb and fault.times and fault.recipient in ("", recipient):
                fault.times -= 1 if take else 0
                return fault
        return None


@dataclass
class BrokenWebServer:
    """Answer posts with what `answers` gives, then with 200 ``ok``; keep every body that came in whole, by its key."""

    answers: list[bytes | str] = field(default_factory=list)
    kept: defaultdict[str, list[bytes]] = field(default_factory=lambda: defaultdict(list))
    hung: asyncio.Event = field(default_factory=asyncio.Event)
    ok: Callable[[], bytes] = lambda: b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok"

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[str]:
        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            try:
                await self._answer(reader, writer)
            except (ConnectionError, asyncio.IncompleteReadError):
                pass
            finally:
                writer.close()

        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        try:
            yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/services/T0/B0/s3cr3t"
        finally:
            self.hung.set()
            server.close()

    def posts(self) -> int:
        return sum(map(len, self.kept.values()))

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        planned = self.answers.pop(0) if self.answers else self.ok()
        if planned == "drop before":
            writer.transport.abort()
            return
        if planned == "hang before":
            await self.hung.wait()
            return
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        length = int(re.findall(r"(?i)content-length: *(\d+)", head)[0])
        body = await reader.readexactly(length)
        (key,) = re.findall(r"(?i)idempotency-key: *(\S+)", head)
        if isinstance(planned, str) or planned.startswith(b"HTTP/1.1 200"):
            self.kept[key].append(body)
        if planned == "drop after":
            writer.transport.abort()
        elif planned == "hang after":
            await self.hung.wait()
        elif planned == "drip":
            for byte in self.ok():
                writer.write(bytes([byte]))
                await writer.drain()
                await asyncio.sleep(0.02)
        elif isinstance(planned, bytes):
            writer.write(planned)
            await writer.drain()

"""Publishers and receivers for chaos: many hosts on the loopback that fail now and then, a webhook and a mailbox that do too.

Every host tells whether two requests ever met there. What a feed served whole is remembered, and so is every message with the moments of
its arrivals.
"""

import asyncio
import random
import threading
import time
from collections import Counter, defaultdict
from email import message_from_bytes
from html import escape
from types import SimpleNamespace
from typing import Any

from aiosmtpd.smtp import SMTP

TOWNS = ("Dandong", "Hunchun", "Vladivostok", "Khabarovsk", "Yanji", "Donggang", "Shenyang", "Dalian", "Irkutsk", "Tumen")
HOOK = "/services/T0CHAOS/B0CHAOS/inventedtokeninventedtok"


class Presses:
    """Serve feeds, and take messages, in a thread of their own."""

    def __init__(self, feeds: int, seed: int = 1) -> None:
        self.feeds, self.healed = feeds, False
        self.edition = 1
        self.overlaps: Counter[str] = Counter()
        self.served: defaultdict[str, set[str]] = defaultdict(set)
        self.requests = 0
        self.alerts: defaultdict[str, list[bytes]] = defaultdict(list)
        self.mails: defaultdict[str, list[bytes]] = defaultdict(list)
        self.arrivals: defaultdict[str, list[float]] = defaultdict(list)
        self._chance = random.Random(seed)
        self._inside: Counter[str] = Counter()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self) -> "Presses":
        self._thread.start()
        assert self._ready.wait(20)
        return self

    def forget_messages(self) -> None:
        """Begin anew with what arrives."""
        for kept in (self.alerts, self.mails, self.arrivals):
            kept.clear()

    def stop(self) -> None:
        self._loop.call_soon_threadsafe(self._end.set)
        self._thread.join(20)

    def url(self, number: int) -> str:
        """Give a feed's address; two feeds share a host."""
        host = number // 2
        return f"http://127.1.{host // 200}.{host % 200 + 1}:{self.port}/feed/{number}"

    def _run(self) -> None:
        asyncio.run(self._serve())

    async def _serve(self) -> None:
        self._loop, self._end = asyncio.get_running_loop(), asyncio.Event()
        hooks = SimpleNamespace(handle_DATA=self._take_mail)
        # All of 127.0.0.0/8, so that every feed has a host of its own.
        web = await asyncio.start_server(self._answer, "0.0.0.0", 0)
        mail = await self._loop.create_server(lambda: SMTP(hooks, hostname="mail.chaos.example", loop=self._loop), "127.0.0.1", 0)
        self.port, self.mail_port = (server.sockets[0].getsockname()[1] for server in (web, mail))
        self._ready.set()
        await self._end.wait()
        web.close()
        mail.close()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            verb, path, _ = head.split(" ", 2)
            headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in head.split("\r\n")[1:])}
            if verb == "POST":
                await self._take_alert(headers, await reader.readexactly(int(headers["content-length"])), writer)
            else:
                await self._feed(headers["host"], int(path.rpartition("/")[2]), writer)
        except (asyncio.IncompleteReadError, ConnectionError, ValueError):
            pass
        finally:
            writer.close()

    async def _feed(self, host: str, number: int, writer: asyncio.StreamWriter) -> None:
        self._inside[host] += 1
        self.requests += 1
        self.overlaps[host] += self._inside[host] > 1
        try:
            await asyncio.sleep(self._chance.uniform(0, 0.05))
            trouble = 0.0 if self.healed else self._chance.random()
            if trouble > 0.95:
                await _reply(writer, "503 Service Unavailable", b"")
            elif trouble > 0.9:
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n<rss>")
            else:
                await self._whole(number, writer)
        finally:
            self._inside[host] -= 1

    async def _whole(self, number: int, writer: asyncio.StreamWriter) -> None:
        edition = self.edition
        guids = [f"{number}-{issue}" for issue in range(edition)]
        await _reply(writer, "200 OK", _document(number, guids))
        self.served[f"feed{number}"].update(guids)

    async def _take_alert(self, headers: dict[str, str], body: bytes, writer: asyncio.StreamWriter) -> None:
        if not self.healed and self._chance.random() < 0.2:
            await _reply(writer, "503 Service Unavailable", b"rollup_error")
            return
        self.alerts[headers["idempotency-key"]].append(body)
        self.arrivals[headers["idempotency-key"]].append(time.monotonic())
        await _reply(writer, "200 OK", b"ok")

    async def _take_mail(self, server: Any, session: Any, envelope: Any) -> str:
        if not self.healed and self._chance.random() < 0.2:
            return "451 4.3.0 Try again later"
        name = message_from_bytes(envelope.content)["Message-ID"]
        self.mails[name].append(envelope.content)
        self.arrivals[name].append(time.monotonic())
        return "250 2.0.0 Taken over"


async def _reply(writer: asyncio.StreamWriter, status: str, body: bytes) -> None:
    writer.write(f"HTTP/1.1 {status}\r\nContent-Type: text/xml\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n".encode() + body)
    await writer.drain()


def _document(number: int, guids: list[str]) -> bytes:
    return f'<rss version="2.0"><channel><title>Press {number}</title>{"".join(map(_item, guids))}</channel></rss>'.encode()


def _item(guid: str) -> str:
    number, issue = map(int, guid.split("-"))
    rng = random.Random(guid)
    if number % 3 == 0:
        title = f"{100 + rng.randrange(9000)} North Korean workers in {rng.choice(TOWNS)} told to leave plant {number}-{issue}"
    else:
        title = f"Rain over harbour {guid}"
    return f"<item><guid>{guid}</guid><title>{escape(title)}</title><link>http://press{number}.example/{issue}</link></item>"

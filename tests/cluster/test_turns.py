"""The service and a command beside it take turns at hosts for feeds, redirects, robots.txt and pages: no two requests meet on one."""

import asyncio
import os
import sys
from collections import Counter
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
HERE, THERE = "127.2.0.1", "127.2.0.2"
_FEEDS = """feeds:
  - {{id: moved, name: Moved, publisher: Moved, family: moved, language: en, url: "http://{here}:{port}/moved"}}
  - {{id: there, name: There, publisher: There, family: there, language: en, url: "http://{there}:{port}/feed/there"}}
topics:
  - {{id: labour, name: Labour, anchor: country_anchor, themes: {{overseas_workers: 1.0}}}}
subscriptions: []
"""


class Hosts:
    """Serve feeds, pages and a redirect from one host to the other, slowly, and note what meets."""

    def __init__(self) -> None:
        self.asked: Counter[str] = Counter()
        self.met: list[str] = []
        self._inside: Counter[str] = Counter()

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        path = head.split(" ", 2)[1]
        host = head.lower().partition("host: ")[2].partition(":")[0]
        self._inside[host] += 1
        if self._inside[host] > 1:
            self.met.append(f"{host}{path}")
        await asyncio.sleep(0.3)
        self._inside[host] -= 1
        self.asked[f"{host}{path}"] += 1
        writer.write(self._said(path))
        await writer.drain()
        writer.close()

    def _said(self, path: str) -> bytes:
        if path == "/moved":
            return self._reply("302 Found", b"", f"Location: http://{THERE}:{self.port}/feed/moved\r\n")
        if path.startswith("/feed/"):
            links = (f"http://{host}:{self.port}/page/{path[6:]}/{number}" for number, host in enumerate((HERE, THERE)))
            items = "".join(
                f"<item><title>300 North Korean workers told to leave plant</title><link>{link}</link></item>" for link in links
            )
            return self._reply("200 OK", f'<rss version="2.0"><channel><title>T</title>{items}</channel></rss>'.encode())
        if path.startswith("/page/"):
            words = "<p>The plant in Dandong let three hundred North Korean workers go after the holidays, its manager said.</p>" * 9
            return self._reply("200 OK", f"<html><body><article>{words}</article></body></html>".encode())
        return self._reply("404 Not Found", b"")

    def _reply(self, status: str, body: bytes, more: str = "") -> bytes:
        kind = "text/html" if body.startswith(b"<html") else "text/xml"
        return (
            f"HTTP/1.1 {status}\r\n{more}Content-Type: {kind}\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n".encode() + body
        )

    @property
    def pages(self) -> int:
        return sum("/page/" in place for place in self.asked)

    async def open(self) -> asyncio.Server:
        server = await asyncio.start_server(self.answer, "0.0.0.0", 0)
        self.port = server.sockets[0].getsockname()[1]
        return server


@pytest.mark.timeout(120)
@pytest.mark.parametrize("engine", ["sqlite", "postgresql"])
async def test_the_service_and_a_command_beside_it_never_meet_at_a_host(
    engine: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    hosts = Hosts()
    server = await hosts.open()
    (tmp_path / "feeds.yaml").write_text(_FEEDS.format(here=HERE, there=THERE, port=hosts.port), encoding="utf-8")
    given = os.environ | {
        "PYTHONPATH": str(ROOT),
        "AGGREGATOR_DATABASE_URL": f"sqlite:///{tmp_path}/a.db" if engine == "sqlite" else request.getfixturevalue("database"),
        "AGGREGATOR_DATA_DIR": str(tmp_path),
        "AGGREGATOR_FEEDS_FILE": str(tmp_path / "feeds.yaml"),
        "AGGREGATOR_HTTP_ALLOW": "127.0.0.0/8",
        "AGGREGATOR_FULL_TEXT": "true",
        "AGGREGATOR_LISTEN": "127.0.0.1:0",
    }
    async with AsyncExitStack() as stack:

        async def start(*words: str) -> asyncio.subprocess.Process:
            nowhere = asyncio.subprocess.DEVNULL
            program = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "aggregator", *words, env=given, stdout=nowhere, stderr=nowhere
            )
            stack.push_async_callback(program.wait)
            stack.callback(lambda: program.kill() if program.returncode is None else None)
            return program

        await start("run")
        for _ in range(300):
            if hosts.asked:
                break
            await asyncio.sleep(0.1)
        await asyncio.wait_for((await start("poll", "moved", "there")).wait(), 60)
        for _ in range(300):
            if hosts.pages >= 2:
                break
            await asyncio.sleep(0.1)
    server.close()
    assert hosts.met == []
    assert hosts.pages >= 2
    assert {f"{HERE}/moved", f"{THERE}/feed/moved", f"{THERE}/feed/there", f"{HERE}/robots.txt", f"{THERE}/robots.txt"} <= set(hosts.asked)
    assert hosts.asked.total() > len(hosts.asked)

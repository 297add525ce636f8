"""Who opens connections and sends nothing takes neither the site from others nor the descriptors from the work."""

import asyncio
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path

import httpx
import pytest
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from aggregator.web import checks_alone
from aggregator.web.connections import PATIENCE
from aggregator.web.serving import served

FILES, CALLERS = 128, 400
UNFINISHED = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nX-Slow: "
PROCESS = f"""
import asyncio, resource, socket, sys
resource.setrlimit(resource.RLIMIT_NOFILE, ({FILES}, {FILES}))
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from aggregator.web import checks_alone
from aggregator.web.serving import served

async def work():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        async with served(checks_alone([Route("/healthz", lambda _: PlainTextResponse("well"))]), listener):
            print(listener.getsockname()[1], flush=True)
            while True:
                files = [open("/dev/null") for _ in range(20)]  # what a poll needs
                await asyncio.sleep(0.001)
                for file in files:
                    file.close()

asyncio.run(work())
"""


@pytest.fixture
def port(tmp_path: Path) -> Iterator[int]:
    with (tmp_path / "log").open("wb") as log:
        started = subprocess.Popen(
            [sys.executable, "-c", PROCESS], stdout=subprocess.PIPE, stderr=log, env={**os.environ, "PYTHONPATH": ":".join(sys.path)}
        )
        try:
            assert started.stdout is not None
            yield int(started.stdout.readline())
        finally:
            alive = started.poll() is None
            started.kill()
            started.communicate()
        assert alive, (tmp_path / "log").read_text()


def test_half_open_requests_leave_descriptors_for_the_work_and_for_other_callers(port: int, tmp_path: Path) -> None:
    with ExitStack() as stack:
        callers = [stack.enter_context(socket.create_connection(("127.0.0.1", port), 10)) for _ in range(CALLERS)]
        for caller in callers[-FILES // 4 :]:
            caller.sendall(UNFINISHED)
        assert httpx.get(f"http://127.0.0.1:{port}/healthz", timeout=10).text == "well"
        assert callers[0].recv(1) == b"", "the one that waited longest made room"
        assert (tmp_path / "log").read_text() == ""


@pytest.fixture
def short_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    for awaited in PATIENCE:
        monkeypatch.setitem(PATIENCE, awaited, 0.2)


@pytest.mark.parametrize(
    "sent",
    [
        b"",
        UNFINISHED,
        b"POST /read HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nha",
        b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n" + UNFINISHED,
    ],
)
async def test_a_request_that_is_never_finished_is_given_up(short_patience: None, sent: bytes) -> None:
    async def read(request: Request) -> PlainTextResponse:
        return PlainTextResponse(str(len(await request.body())))

    routes = [Route("/read", read, methods=["POST"]), Route("/healthz", lambda _: PlainTextResponse("well"))]
    with socket.create_server(("127.0.0.1", 0)) as listener:
        async with served(checks_alone(routes), listener):
            reader, writer = await asyncio.open_connection(*listener.getsockname())
            writer.write(sent)
            async with asyncio.timeout(4):
                with suppress(ConnectionResetError):
                    await reader.read()
            writer.close()


async def test_an_answer_that_takes_its_time_is_waited_for(short_patience: None) -> None:
    async def slow(_: Request) -> PlainTextResponse:
        await asyncio.sleep(0.5)
        return PlainTextResponse("done")

    with socket.create_server(("127.0.0.1", 0)) as listener:
        async with served(checks_alone([Route("/slow", slow)]), listener), httpx.AsyncClient() as caller:
            assert (await caller.get(f"http://127.0.0.1:{listener.getsockname()[1]}/slow")).text == "done"

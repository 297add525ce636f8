"""Real servers on loopback that answer with the bytes they are told, and clients that reach nothing else."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack

import pytest
import pytest_asyncio

from aggregator.http_client import HttpClient, Limits

Answer = Callable[["Exchange"], Awaitable[None]]


class Exchange:
    """One connection as the server sees it, with the request already read."""

    def __init__(self, request: bytes, writer: asyncio.StreamWriter) -> None:
        self.request = request
        self.path = request.split(b" ")[1].decode() if b" " in request else ""
        self._writer = writer

    async def send(self, data: bytes) -> None:
        self._writer.write(data)
        await self._writer.drain()

    def header(self, name: str) -> str | None:
        lines = [line.partition(b":") for line in self.request.split(b"\r\n")[1:]]
        return next((value.strip().decode("latin-1") for key, _, value in lines if key.decode().lower() == name), None)


class Server:
    """A server that counts its requests."""

    def __init__(self, answer: Answer) -> None:
        self.requests: list[Exchange] = []
        self.address = ""
        self.port = 0
        self._answer = answer
        self._server: asyncio.Server | None = None

    async def start(self, address: str, port: int) -> None:
        self._server = await asyncio.start_server(self._serve, address, port)
        self.address, self.port = self._server.sockets[0].getsockname()[:2]

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            request = await reader.readuntil(b"\r\n\r\n")
            self.requests.append(Exchange(request, writer))
            await self._answer(self.requests[-1])
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    def url(self, path: str = "/", host: str = "") -> str:
        return f"http://{host or self.address}:{self.port}{path}"

    async def stop(self) -> None:
        assert self._server is not None
        self._server.close()


async def drop(exchange: Exchange) -> None:
    """Break the connection off without an answer."""


def response(status: int = 200, body: bytes = b"", **headers: str) -> bytes:
    lines = [f"HTTP/1.1 {status} Whatever", *(f"{name.replace('_', '-')}: {value}" for name, value in headers.items())]
    if status != 304:
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + body


def always(data: bytes) -> Answer:
    async def answer(exchange: Exchange) -> None:
        await exchange.send(data)

    return answer


def by_path(answers: Mapping[str, bytes]) -> Answer:
    async def answer(exchange: Exchange) -> None:
        await exchange.send(answers[exchange.path])

    return answer


class Network:
    """Start servers and clients, and stop all of them when the test ends."""

    def __init__(self, stack: AsyncExitStack) -> None:
        self._stack = stack

    async def server(self, answer: Answer, address: str = "127.0.0.1", port: int = 0) -> Server:
        server = Server(answer)
        await server.start(address, port)
        self._stack.push_async_callback(server.stop)
        return server

    def client(self, *allow: str, limits: Limits | None = None, names: Mapping[str, Sequence[str]] | None = None) -> HttpClient:
        async def resolve(host: str, port: int) -> Sequence[str]:
            assert names is not None
            return names[host]

        client = HttpClient(limits or Limits(), allow=allow, user_agent="test/1", resolve=None if names is None else resolve)
        self._stack.push_async_callback(client.aclose)
        return client


@pytest_asyncio.fixture
async def network() -> AsyncIterator[Network]:
    async with AsyncExitStack() as stack:
        yield Network(stack)


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)

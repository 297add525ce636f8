"""TLS keeps the name of the URL while the checked address is connected to."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Sequence

import pytest
import pytest_asyncio
import trustme

from aggregator.http_client import HttpClient
from aggregator.models import Failed, FailureKind, Fetched, FetchRequest
from tests.http_client.conftest import Network, always, response

AUTHORITY = trustme.CA()


class SecureServer:
    """A TLS server on loopback for one host name; it remembers the names it was asked for."""

    def __init__(self, host: str, answer: bytes) -> None:
        self.port = 0
        self.asked_for: list[str | None] = []
        self._answer = answer
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        AUTHORITY.issue_cert(host).configure_cert(self._context)
        self._context.sni_callback = lambda _socket, name, _context: self.asked_for.append(name)

    async def __aenter__(self) -> "SecureServer":
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, ssl=self._context)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(self._answer)
        await writer.drain()
        writer.close()

    async def __aexit__(self, *exception: object) -> None:
        self._server.close()


async def _home(host: str, port: int) -> Sequence[str]:
    return ["127.0.0.1"]


@pytest_asyncio.fixture
async def client() -> AsyncIterator[HttpClient]:
    context = ssl.create_default_context()
    AUTHORITY.configure_trust(context)
    client = HttpClient(allow=["127.0.0.1"], resolve=_home, tls=context)
    yield client
    await client.aclose()


async def test_certificate_is_checked_for_the_host_of_the_url(client: HttpClient) -> None:
    async with SecureServer("news.example", response(body=b"safe")) as server:
        outcome = await client.fetch(FetchRequest(url=f"https://news.example.:{server.port}/"))
    assert isinstance(outcome, Fetched)
    assert outcome.body == b"safe"
    assert server.asked_for == ["news.example"]


async def test_certificate_of_another_host_is_not_trusted(client: HttpClient) -> None:
    async with SecureServer("other.example", response()) as server:
        outcome = await client.fetch(FetchRequest(url=f"https://news.example:{server.port}/"))
    assert isinstance(outcome, Failed)
    assert outcome.kind is FailureKind.TEMPORARY
    assert outcome.message.startswith("the TLS certificate of news.example cannot be trusted: Hostname mismatch")


async def test_unknown_authority_is_not_trusted() -> None:
    client = HttpClient(allow=["127.0.0.1"], resolve=_home)
    async with SecureServer("news.example", response()) as server:
        outcome = await client.fetch(FetchRequest(url=f"https://news.example:{server.port}/"))
    await client.aclose()
    assert isinstance(outcome, Failed)
    assert "cannot be trusted" in outcome.message


async def test_server_without_tls_is_said_to_have_none(client: HttpClient) -> None:
    async with await asyncio.start_server(_talk_first, "127.0.0.1", 0) as server:
        outcome = await client.fetch(FetchRequest(url=f"https://news.example:{server.sockets[0].getsockname()[1]}/"))
    assert outcome == Failed(kind=FailureKind.TEMPORARY, message="no TLS connection to news.example")


async def _talk_first(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"220 mail.example ESMTP\r\n" * 10)
    await writer.drain()
    writer.close()


@pytest.mark.parametrize("down", [True, False])
async def test_step_down_from_https_is_not_remembered(client: HttpClient, network: Network, down: bool) -> None:
    target = await network.server(always(response(body=b"end")))
    async with SecureServer("end.example", response(body=b"end")) as secure_target:
        location = target.url(host="end.example") if down else f"https://end.example:{secure_target.port}/"
        async with SecureServer("news.example", response(301, Location=location)) as server:
            outcome = await client.fetch(FetchRequest(url=f"https://news.example:{server.port}/"))
    assert isinstance(outcome, Fetched)
    assert outcome.url == location
    assert outcome.moved_to == (None if down else location)

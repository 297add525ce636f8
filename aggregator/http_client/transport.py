"""HTTP/1.1 over asyncio streams, beneath httpx's interface: one guarded connection for one request.

There is no pool. A feed is asked every half hour, when no server still holds the connection, and httpcore's pool takes time quadratic
in the number of hosts. What is on the wire is read by h11; only addresses that the guard permits are connected to, while the Host
header and the TLS server name keep the URL's host.
"""

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator
from dataclasses import dataclass
from functools import cache
from typing import TypeAlias

import h11
import httpx

from aggregator.http_client.decoding import oversized
from aggregator.http_client.failures import FetchError, UnresolvedError
from aggregator.http_client.guard import Guard, port_of
from aggregator.http_client.limits import Limits
from aggregator.http_client.resolver import Resolve
from aggregator.models import FailureKind

RawHeaders: TypeAlias = list[tuple[bytes, bytes]]

_CHUNK = 65_536
_MAX_ADDRESSES = 4
_MAX_INTERIM = 10
_MAX_PIECES = 50_000


@dataclass(frozen=True, slots=True)
class GuardedTransport(httpx.AsyncBaseTransport):
    """Carry out one request on one connection to a permitted address."""

    guard: Guard
    resolve: Resolve
    limits: Limits
    tls: ssl.SSLContext | None

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request and give the answer's head; its stream reads the body and ends the connection."""
        head, exchange = await self.ask(request.method, request.url, request.headers.raw, await request.aread())
        return httpx.Response(head.status_code, headers=list(head.headers), stream=exchange)

    async def ask(self, method: str, url: httpx.URL, headers: RawHeaders, body: bytes = b"") -> tuple[h11.Response, "Exchange"]:
        """Send a request and give the answer's head, and the exchange that its body comes from, which the caller ends."""
        reader, writer = await self._connect(url)
        exchange = Exchange(reader, writer, self.limits)
        try:
            await exchange.send(h11.Request(method=method, target=url.raw_path, headers=headers), body)
            return await exchange.head(), exchange
        except BaseException:
            await exchange.aclose()
            raise

    async def _connect(self, url: httpx.URL) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        host, port = url.raw_host.decode("ascii"), port_of(url)
        addresses = self.guard.permitted(host, port, await self._addresses(host, port))
        failure: OSError = ConnectionError(host)
        for address in addresses[:_MAX_ADDRESSES]:
            try:
                return await self._open(url, address, port)
            except ssl.SSLError:
                raise
            except OSError as error:
                failure = error
        raise failure

    async def _addresses(self, host: str, port: int) -> list[str]:
        try:
            async with asyncio.timeout(self.limits.connect_timeout):
                return list(await self.resolve(host, port))
        except (socket.gaierror, UnicodeError, TimeoutError):
            raise UnresolvedError(host) from None

    async def _open(self, url: httpx.URL, address: str, port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        secure = url.scheme == "https"
        name = url.raw_host.decode("ascii").rstrip(".") if secure else None
        tls = (self.tls or _usual_tls()) if secure else None
        async with asyncio.timeout(self.limits.connect_timeout):
            return await asyncio.open_connection(address, port, ssl=tls, server_hostname=name, limit=_CHUNK)


@cache
def _usual_tls() -> ssl.SSLContext:
    # Loading the authorities takes 20 ms, so it is done for the first host that needs them; nothing in the context belongs to one client.
    return httpx.create_ssl_context(trust_env=False)


class Exchange(httpx.AsyncByteStream):
    """Hold one request and its answer; iterating gives the body as it comes off the wire, still packed."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, limits: Limits) -> None:
        self._reader = reader
        self._writer = writer
        self._limits = limits
        self._wire = 0
        self._http = h11.Connection(h11.CLIENT, max_incomplete_event_size=limits.max_headers)

    async def send(self, head: h11.Request, body: bytes) -> None:
        """Write the whole request."""
        events = (head, h11.Data(data=body), h11.EndOfMessage()) if body else (head, h11.EndOfMessage())
        self._writer.write(b"".join(self._http.send(event) or b"" for event in events))
        if body:
            async with asyncio.timeout(self._limits.read_timeout):
                await self._writer.drain()

    async def head(self) -> h11.Response:
        """Wait for the answer's status and headers, past a few interim answers; all of them within one read's time.

        :raises h11.RemoteProtocolError: the other side does not speak HTTP, or not within the header limit.
        """
        async with asyncio.timeout(self._limits.read_timeout):
            for _ in range(_MAX_INTERIM):
                event = await self._event()
                if isinstance(event, h11.Response):
                    return event
        raise h11.RemoteProtocolError("no final answer")

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for _ in range(_MAX_PIECES):
            async with asyncio.timeout(self._limits.read_timeout):
                event = await self._event()
            if not isinstance(event, h11.Data):
                return
            yield bytes(event.data)
        raise FetchError(FailureKind.SOFT, f"the body came in more than {_MAX_PIECES} pieces")

    async def _event(self) -> h11.Event | type[h11.NEED_DATA] | type[h11.PAUSED]:
        while (event := self._http.next_event()) is h11.NEED_DATA:
            self._http.receive_data(await self._read())
        return event

    async def _read(self) -> bytes:
        data = await self._reader.read(_CHUNK)
        # A read that finds data waiting does not let others run by itself.
        await asyncio.sleep(0)
        if not data and not self._wire:
            raise ConnectionResetError("closed without an answer")
        self._wire += len(data)
        if self._wire > self._limits.max_wire + self._limits.max_headers:
            raise oversized(self._limits.max_wire)
        return data

    async def aclose(self) -> None:
        """End the connection at once; whatever is still on its way is not wanted."""
        self._writer.transport.abort()

"""Serving: uvicorn on a socket that is open already, until the process is told to stop or beside what the process does."""

import asyncio
import signal
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

import uvicorn
from starlette.types import ASGIApp

from aggregator.web.connections import BoundedProtocol, Shortage, most_at_once

STOP_SECONDS = 2
"""How long open connections are waited for; messages on their way get some seconds more, and ten must be enough for all."""


class Server(uvicorn.Server):
    """Leave signals to the service: uvicorn would end the process with them before store and workers are closed.

    It also wakes ten times a second, to see whether it has to stop and for the date in its answers; here it is told, and sleeps.
    """

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self._told = asyncio.Event()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals alone."""
        yield

    def stop(self) -> None:
        """End soon; told a second time, at once."""
        self.force_exit = self.should_exit
        self.should_exit = True
        self._told.set()

    async def main_loop(self) -> None:
        """Serve until told to stop; one of uvicorn's own ticks sets up what it answers with."""
        await self.on_tick(0)
        await self._told.wait()


async def serve_until_stopped(site: ASGIApp, listener: socket.socket) -> None:
    """Serve until SIGTERM or SIGINT; a second signal does not wait for open connections."""
    server, loop = _server(site), asyncio.get_running_loop()
    loop.set_exception_handler(Shortage())
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, server.stop)
    await server.serve(sockets=[listener])


@asynccontextmanager
async def served(site: ASGIApp, listener: socket.socket) -> AsyncIterator[None]:
    """Serve while the block runs; signals are the block's."""
    server = _server(site)
    asyncio.get_running_loop().set_exception_handler(Shortage())
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        yield
    finally:
        server.stop()
        await serving


def _server(site: ASGIApp) -> Server:
    return Server(
        uvicorn.Config(
            site,
            http=BoundedProtocol,
            backlog=most_at_once(),
            log_config=None,
            access_log=False,
            server_header=False,
            date_header=False,  # the front dates its answers when there are any
            proxy_headers=False,
            timeout_graceful_shutdown=STOP_SECONDS,
        )
    )

"""Run many web applications and the mail server in one background thread, each on its own port of the loopback.

The port decides which application answers. Sockets are bound before the thread starts, so addresses are known at once.
"""

import asyncio
import socket
import threading
from collections.abc import Awaitable, Callable, Mapping, Sequence

import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send

from aggregator.errors import UsageError

HOST = "127.0.0.1"
_START_SECONDS = 15.0
_STOP_SECONDS = 15.0

StartServer = Callable[[], Awaitable[asyncio.Server]]


def bind(port: int = 0) -> socket.socket:
    """Bind a listening address on the loopback; port 0 takes any free one.

    Raises:
        UsageError: somebody else has the port.
    """
    bound = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind((HOST, port))
    except OSError as error:
        bound.close()
        raise UsageError(f"port {port} of {HOST} is taken: choose another one, or 0 for any free one ({error.strerror})") from error
    return bound


def port_of(bound: socket.socket) -> int:
    """Give the port a socket is bound to."""
    port: int = bound.getsockname()[1]
    return port


class ByPort:
    """Hand each request to the application of the port it came in by."""

    def __init__(self, applications: Mapping[int, ASGIApp]) -> None:
        self._applications = dict(applications)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        await self._applications[scope["server"][1]](scope, receive, send)


class _Server(uvicorn.Server):
    """Start other servers in the same loop, say when all are ready, and close them at the end."""

    def __init__(self, config: uvicorn.Config, others: Sequence[StartServer]) -> None:
        super().__init__(config)
        self.ready = threading.Event()
        self._others = others
        self._running: list[asyncio.Server] = []

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._running = [await start() for start in self._others]
        self.ready.set()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        for server in self._running:
            server.close()
        await super().shutdown(sockets)


class Loopback:
    """Serve applications by the socket each of them listens on; `others` are started in the same loop."""

    def __init__(self, applications: Sequence[tuple[socket.socket, ASGIApp]], others: Sequence[StartServer] = ()) -> None:
        by_port = ByPort({port_of(bound): application for bound, application in applications})
        config = uvicorn.Config(
            by_port,
            lifespan="off",
            loop="asyncio",
            ws="none",
            log_config=None,
            log_level="critical",
            access_log=False,
            server_header=False,
            date_header=False,
            timeout_graceful_shutdown=3,
        )
        self._sockets = [bound for bound, _ in applications]
        self._server = _Server(config, others)
        self._thread = threading.Thread(target=self._run, name="newsroom", daemon=True)

    def start(self) -> None:
        """Start the thread and wait until every port answers."""
        self._thread.start()
        if not self._server.ready.wait(_START_SECONDS):
            raise UsageError(f"the newsroom did not start within {_START_SECONDS:.0f} seconds; its error stands above")

    def stop(self) -> None:
        """End the thread after the answers that are under way."""
        self._server.should_exit = True
        self._thread.join(_STOP_SECONDS)

    def _run(self) -> None:
        asyncio.run(self._server.serve(self._sockets))

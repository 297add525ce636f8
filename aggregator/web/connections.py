"""Connections: how many may be open at once, and how long each may keep us waiting.

Whoever may connect may also open connections and send nothing: each costs a descriptor, and a process without descriptors neither polls nor
writes. So only a share of the descriptors is for connections; where it is used up, the one that has kept us waiting longest makes room for
the next, and where none waits the newcomer is turned away. A request that has arrived is never given up for another one.
"""

import asyncio
import errno
import resource
import time
from typing import Any, Literal, TypeAlias, cast

import structlog
from uvicorn.protocols.http.h11_impl import H11Protocol

log = structlog.get_logger(__name__)

Awaited: TypeAlias = Literal["head", "body", "reader"]
PATIENCE: dict[Awaited, float] = {"head": 10.0, "body": 60.0, "reader": 120.0}
"""Seconds for the head of a request, for the body after it, and for a reader who takes nothing of the answer."""
MOST, FEWEST = 500, 8
TELL_EVERY = 60.0
"""Seconds between two lines that say that descriptors are used up."""
_FULL = b"HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nRetry-After: 5\r\nContent-Length: 0\r\n\r\n"


def most_connections() -> int:
    """Give how many connections may be open: a quarter of the descriptors that this process may have."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return MOST if soft == resource.RLIM_INFINITY else max(FEWEST, min(MOST, soft // 4))


def most_at_once() -> int:
    """Give how many connections may be accepted in one turn of the loop: each has a descriptor before it can be counted."""
    return max(FEWEST, most_connections() // 4)


class BoundedProtocol(H11Protocol):
    """Serve a connection within the bounds; `awaited` is what the client has to do, None while the turn is ours."""

    awaited: Awaited | None = None
    since = 0.0
    _deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take a connection, if need be in the place of another one."""
        taken = cast(asyncio.Transport, transport)
        super().connection_made(taken)
        self._look()
        others = [
            one for one in self.connections if isinstance(one, BoundedProtocol) and one is not self and not one.transport.is_closing()
        ]
        if len(others) < most_connections():
            return
        idle = [one for one in others if one.awaited]
        if idle:
            min(idle, key=lambda one: one.since).transport.abort()
        else:
            taken.write(_FULL)
            taken.close()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait for nothing any more."""
        self._wait_for(None)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Read on; a deadline that runs is not put off by a few bytes more."""
        super().data_received(data)
        self._look()

    def on_response_complete(self) -> None:
        """Wait for the next request."""
        super().on_response_complete()
        self._look()

    def pause_writing(self) -> None:
        """Wait for the reader."""
        super().pause_writing()
        self._look()

    def resume_writing(self) -> None:
        """Write on."""
        super().resume_writing()
        self._look()

    def _look(self) -> None:
        awaited = self._now_awaited()
        if awaited != self.awaited:
            self._wait_for(awaited)

    def _now_awaited(self) -> Awaited | None:
        done = self.cycle is None or self.cycle.response_complete
        if self.flow.write_paused or (done and self.transport.get_write_buffer_size()):
            return "reader"
        if done:
            return "head"
        return "body" if self.cycle.more_body else None

    def _wait_for(self, awaited: Awaited | None) -> None:
        if self._deadline:
            self._deadline.cancel()
        self.awaited, self.since = awaited, self.loop.time()
        self._deadline = self.loop.call_later(PATIENCE[awaited], self.transport.abort) if awaited else None


class Shortage:
    """Handle what the loop could not: that descriptors are used up is told in a line a minute, all else as ever."""

    def __init__(self) -> None:
        self._told_at = -TELL_EVERY

    def __call__(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        """Tell of what went wrong."""
        error = context.get("exception")
        if not (isinstance(error, OSError) and error.errno in (errno.EMFILE, errno.ENFILE)):
            loop.default_exception_handler(context)
        elif time.monotonic() - self._told_at >= TELL_EVERY:
            self._told_at = time.monotonic()
            soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
            log.error("no connection can be taken: the descriptors are used up; raise the limit of open files", limit=soft)

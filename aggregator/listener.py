"""The listener: the socket of the status page or of a worker's checks, opened before all else, and the names it is reached by."""

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

from aggregator.errors import UsageError
from aggregator.settings import Settings

LOOPBACK = ("127.0.0.1", "::1", "localhost")


@contextmanager
def listening(settings: Settings) -> Iterator[socket.socket]:
    """Open the page's port before anything is polled; raises `UsageError` where that cannot be."""
    with _opened(settings.listen, "the status page", "AGGREGATOR_LISTEN") as listener:
        yield listener


@contextmanager
def worker_listening(settings: Settings) -> Iterator[socket.socket | None]:
    """Open the port of a worker's checks and metrics, if it is to have one; raises `UsageError` where that cannot be."""
    if settings.worker_listen is None:
        yield None
        return
    with _opened(settings.worker_listen, "the worker", "AGGREGATOR_WORKER_LISTEN") as listener:
        yield listener


def _opened(place: str, who: str, variable: str) -> socket.socket:
    parts = urlsplit(f"//{place}")
    host = parts.hostname or ""
    try:
        return socket.create_server((host, parts.port or 0), family=socket.AF_INET6 if ":" in host else socket.AF_INET)
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno else "unknown reason"
        raise UsageError(f"{who} cannot listen on {place} ({reason}): set {variable} to a free host:port") from error


def address_of(listener: socket.socket) -> str:
    """Give the address at which the page is found in a browser."""
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}/" if ":" in host else f"http://{host}:{port}/"


def is_local(settings: Settings) -> bool:
    """Tell whether only this machine reaches the site."""
    return settings.host in LOOPBACK


def names(settings: Settings) -> frozenset[str]:
    """Give the names under which readers may ask; none where every name may reach this machine from outside."""
    if not is_local(settings) and not settings.public_url:
        return frozenset()
    public = urlsplit(settings.public_url or "").hostname
    return frozenset({"localhost", "127.0.0.1", "::1", settings.host, public or settings.host})


def worker_names(settings: Settings) -> frozenset[str]:
    """Give the names under which a worker's metrics may be asked for: without a token only this machine is answered."""
    own = urlsplit(f"//{settings.worker_listen}").hostname or ""
    return frozenset({*LOOPBACK, own})

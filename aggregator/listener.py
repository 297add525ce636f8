"""The listener: the socket of the status page, opened before anything else is begun, and the names that it is reached by."""

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
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    try:
        listener = socket.create_server((settings.host, settings.port), family=family)
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno else "unknown reason"
        raise UsageError(
            f"the status page cannot listen on {settings.listen} ({reason}): set AGGREGATOR_LISTEN to a free host:port"
        ) from error
    with listener:
        yield listener


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

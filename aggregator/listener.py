"""The listener: the socket of the status page, opened before anything else is begun."""

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager

from aggregator.errors import UsageError
from aggregator.settings import Settings


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

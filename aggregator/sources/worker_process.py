"""Be a worker process: take a function and its arguments off a socket, send its result back, until the socket closes."""

import math
import resource
import signal
import sys
from collections.abc import Callable
from importlib import import_module
from multiprocessing.connection import Connection
from typing import Any

MEMORY = 2 * 1024**3
"""How many bytes of address space a worker may take."""
_GRACE = 5


def serve(connection: "Connection[Any, Any]", deadline: float) -> None:
    """Greet, then answer calls one by one; the alarm ends a worker whose program is gone and cannot kill it any more."""
    try:
        connection.send(None)
        while True:
            function, arguments = connection.recv()
            signal.alarm(math.ceil(deadline) + _GRACE)
            connection.send(_outcome(function, arguments))
            signal.alarm(0)
    except (EOFError, OSError):
        return


def _outcome(function: Callable[..., object], arguments: tuple[object, ...]) -> tuple[object | None, str | None]:
    try:
        return function(*arguments), None
    except Exception as error:  # one document must not end the worker; what went wrong goes back as a sentence
        return None, f"the document cannot be read ({type(error).__name__} in its reader)"


def main(descriptor: str, deadline: str, prepare: str) -> None:
    """Set the process up and serve."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    import_module(prepare)  # before the greeting, so that no document's deadline pays for it
    with Connection(int(descriptor)) as connection:
        serve(connection, float(deadline))


if __name__ == "__main__":
    main(*sys.argv[1:])

"""Be a worker process: take a function and its arguments off a socket, send its result back, until the socket closes.

A thread watches the other end: a worker whose program is gone ends in the middle of its work, and what it had not committed is undone.
"""

import math
import os
import resource
import select
import signal
import sys
import threading
from collections.abc import Callable
from importlib import import_module
from multiprocessing.connection import Connection
from typing import Any

MEMORY = 2 * 1024**3
"""How many bytes of address space a worker may take."""
_GRACE = 5


def serve(connection: "Connection[Any, Any]", deadline: float) -> None:
    """Greet, then answer calls one by one; the alarm ends a worker that keeps the interpreter busy and cannot see its program go."""
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


def end_with_program(connection: "Connection[Any, Any]") -> None:
    """Have a thread end this process as soon as the other end of the socket closes, whatever it does then."""
    watching = select.poll()
    watching.register(connection.fileno(), 0)  # nothing but that it closes, which is always told

    def watch() -> None:
        watching.poll()
        os._exit(1)  # at once: the other threads may be in the middle of a transaction

    try:
        threading.Thread(target=watch, name="watch", daemon=True).start()
    except RuntimeError:  # the system gives no thread now: the alarm is left
        return


def main(descriptor: str, deadline: str, prepare: str) -> None:
    """Set the process up and serve."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    import_module(prepare)  # before the greeting, so that no document's deadline pays for it
    with Connection(int(descriptor)) as connection:
        end_with_program(connection)
        serve(connection, float(deadline))


if __name__ == "__main__":
    main(*sys.argv[1:])

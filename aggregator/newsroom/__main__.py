"""Run the newsroom alone: ``python -m aggregator.newsroom --folder DIR``.

The first line of output is the address of the remote control. SIGTERM or SIGINT end it.
"""

import signal
import sys
import threading
from argparse import ArgumentParser
from collections.abc import Sequence
from pathlib import Path

from aggregator.errors import AggregatorError
from aggregator.newsroom.world import World


def main(arguments: Sequence[str] | None = None) -> int:
    """Run until a signal comes; give the exit code."""
    parser = ArgumentParser(prog="python -m aggregator.newsroom", description="An invented outside world on loopback.")
    parser.add_argument("--folder", type=Path, help="where everything received is written as JSON Lines")
    parser.add_argument("--control-port", type=int, default=0, help="port of the remote control (default: any free one)")
    options = parser.parse_args(arguments)
    ended = threading.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: ended.set())
    try:
        with World.open(options.folder, {"control": options.control_port}) as world:
            print(world.control_url, flush=True)
            ended.wait()
    except AggregatorError as error:
        print(error, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())

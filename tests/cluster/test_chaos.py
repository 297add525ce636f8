"""The short form of `make soak`: real processes, a real server, kills, stops, restarts, clocks that step, a disk that is full."""

from pathlib import Path
from typing import Any

import pytest

from tests.cluster.chaos import Cluster, run_chaos
from tests.cluster.lone import Lone, run_lone
from tests.cluster.presses import Presses


@pytest.mark.timeout(150)
def test_killed_stopped_and_restarted_everything_served_is_told_once(server: Any, database: str, tmp_path: Path) -> None:
    presses = Presses(12, seed=3).start()
    cluster = Cluster(folder=tmp_path, url=database, presses=presses)

    def restart() -> None:
        server.stop()
        server.start()

    try:
        faults = run_chaos(cluster, 6, 3, restart, workers=2)
    finally:
        cluster.kill_all()
        presses.stop()
    assert faults == []
    assert cluster.counts.total() > 0


@pytest.mark.timeout(150)
def test_on_a_full_disk_and_under_a_clock_that_steps_everything_served_is_told_once(tmp_path: Path) -> None:
    presses = Presses(4, seed=5).start()
    lone = Lone(folder=tmp_path, presses=presses)
    try:
        faults = run_lone(lone, 5, 5)
    finally:
        lone.kill()
        presses.stop()
    assert faults == []
    assert lone.counts["full"] + lone.counts["clock"] >= 2

"""What an operator sees of a leader and a worker, as processes: the short form of `python -m bench.signs`."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.cluster.presses import Presses
from tests.cluster.signs import all_ready, hold_a_dead_worker, hold_metrics, hold_reloads, hold_the_database_being_away, scraped, total
from tests.cluster.town import Town, wait_for


@pytest.fixture
def town(database: str, tmp_path: Path) -> Iterator[Town]:
    presses = Presses(4, seed=7).start()
    presses.healed = True
    town = Town(tmp_path, database, presses)
    yield town
    town.end()
    presses.stop()


@pytest.mark.timeout(150)
def test_metrics_reloads_and_signs_of_a_cluster_are_true(town: Town, server: Any) -> None:
    leader, worker = town.service(), town.worker()
    wait_for(lambda: total(scraped(worker), "aggregator_stored_total", kind="new") >= 4, "the worker stores what the presses serve")
    hold_metrics(leader, worker)
    assert total(scraped(worker), "aggregator_fetch_seconds_count", answer="fetched") >= 4
    assert total(scraped(leader), "aggregator_polls_total") == 0  # who leads only says what is due
    all_ready([leader, worker])
    hold_reloads(town, leader, worker)
    hold_the_database_being_away(server, leader, worker)
    hold_a_dead_worker(worker, leader)

"""Kill workers at every step of the ledger; the figures of the long run stand in docs/delivery.md."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]


def killing(*arguments: str) -> dict[str, Any]:
    """Run the killing in a process without threads, which may fork."""
    command = [sys.executable, "-m", "tests.deliver.killing", *arguments]
    result = subprocess.run(command, cwd=ROOT, check=False, capture_output=True, text=True, timeout=100)
    assert result.stdout, result.stderr
    found: dict[str, Any] = json.loads(result.stdout)
    return found


def test_a_worker_killed_at_every_step_of_the_ledger_loses_nothing_and_repeats_only_under_the_same_key() -> None:
    found = killing("everywhere", "1")
    assert found["faults"] == []
    assert found["kills"] > 50


def test_two_workers_on_one_database_killed_at_random_steps_do_the_same() -> None:
    found = killing("24", "7")
    assert found["faults"] == []
    assert found["kills"] >= 24

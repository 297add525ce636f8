"""Kill workers at every step of the ledger; the figures of the long run stand in docs/delivery.md."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

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


@pytest.mark.parametrize(("said", "code", "words"), [("--help", 0, "[kills] [seed]"), ("many", 2, "invalid int value: 'many'")])
def test_the_long_run_says_what_it_takes(said: str, code: int, words: str) -> None:
    done = subprocess.run([sys.executable, str(ROOT / "bench/kills.py"), said], capture_output=True, text=True, timeout=60)
    assert done.returncode == code
    assert words in done.stdout + done.stderr

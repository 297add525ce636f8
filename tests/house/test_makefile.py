"""The commands: each target exists, and each that needs the environment makes it first."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.house.reading import ROOT, text_of

NEEDS_ENVIRONMENT = {
    "demo": ".venv/bin/aggregator demo",
    "run": ".venv/bin/aggregator run",
    "test": "-m pytest",
    "lint": ".venv/bin/mypy",
    "bench": "bench/",
    "lock": "requirements-run.lock",
    "soak": "-m tests.cluster.soak --minutes 10",
    "sbom": "cyclonedx-py requirements requirements-run.lock",
    "audit": "pip-audit --strict --require-hashes",
}
needs_make = pytest.mark.skipif(shutil.which("make") is None, reason="there is no make on this machine")


def dry_run(folder: Path, *arguments: str) -> str:
    # the suite itself may run under make, whose own flags must not reach this one
    environment = {name: value for name, value in os.environ.items() if name not in {"MAKEFLAGS", "MFLAGS", "MAKELEVEL"}}
    command = [shutil.which("make") or "make", "--dry-run", "--no-print-directory", *arguments]
    return subprocess.run(command, cwd=folder, env=environment, check=True, capture_output=True, text=True, timeout=60).stdout


@pytest.fixture
def fresh(tmp_path: Path) -> Path:
    """A checkout where nothing is installed."""
    for name in ("Makefile", "requirements.lock", "pyproject.toml"):
        shutil.copy(ROOT / name, tmp_path / name)
    return tmp_path


@needs_make
@pytest.mark.parametrize(("target", "command"), NEEDS_ENVIRONMENT.items())
def test_target_installs_the_pins_before_it_starts(fresh: Path, target: str, command: str) -> None:
    script = dry_run(fresh, target)
    assert 0 < script.index("--require-hashes -r requirements.lock") < script.index("--editable .") < script.rindex(command)


@needs_make
def test_nothing_is_installed_twice(fresh: Path) -> None:
    (fresh / ".venv").mkdir()
    (fresh / ".venv" / ".installed").touch()
    assert "--require-hashes" not in dry_run(fresh, "lint")


@needs_make
@pytest.mark.parametrize("changed", ["requirements.lock", "pyproject.toml"])
def test_a_change_of_the_pins_installs_again(fresh: Path, changed: str) -> None:
    (fresh / ".venv").mkdir()
    stamp = fresh / ".venv" / ".installed"
    stamp.touch()
    later = stamp.stat().st_mtime + 10
    os.utime(fresh / changed, (later, later))
    assert "--require-hashes" in dry_run(fresh, "test")


@needs_make
@pytest.mark.parametrize(("builder", "expected"), [("docker", "docker build  -t"), ("/usr/bin/buildah", "build --format docker -t")])
def test_image_keeps_its_health_check_with_every_builder(fresh: Path, builder: str, expected: str) -> None:
    assert expected in dry_run(fresh, "image", f"BUILDER={builder}")


@needs_make
def test_clean_leaves_the_gathered_data_alone(fresh: Path) -> None:
    assert not re.search(r"\bdata\b", dry_run(fresh, "clean"))


def test_continuous_integration_runs_the_two_commands() -> None:
    script = ROOT / ".ci" / "run"
    assert os.access(script, os.X_OK)
    assert text_of(".ci/run").endswith("\nmake lint\nmake test\n")

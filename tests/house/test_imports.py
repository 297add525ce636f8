"""The import contracts bite: each forbidden import, put into an empty house, breaks the contract that forbids it."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.house.reading import ROOT

HOUSE = [
    "app",
    "channels/__init__",
    "channels/slack",
    "cli/__init__",
    "core/__init__",
    "core/stories",
    "deliver",
    "enrich/__init__",
    "enrich/steps",
    "errors",
    "http_client/__init__",
    "judge",
    "matching/__init__",
    "matching/evaluate",
    "models",
    "newsroom/__init__",
    "newsroom/demo",
    "newsroom/server",
    "poll",
    "ports",
    "records",
    "scheduler",
    "settings",
    "sources/__init__",
    "sources/syndication",
    "store/__init__",
    "store/queries",
    "web/__init__",
]

ALLOWED = {
    "app": ["aggregator.channels.slack", "aggregator.http_client", "aggregator.poll", "aggregator.settings", "aggregator.store"],
    "channels/slack": ["aggregator.ports", "slack_sdk"],
    "enrich/steps": ["aggregator.matching.evaluate", "nh3"],
    "http_client/__init__": ["httpx", "aggregator.models"],
    "newsroom/demo": ["aggregator.app", "aggregator.newsroom.server"],
    "poll": ["aggregator.core.stories", "aggregator.ports", "structlog"],
    "scheduler": ["apscheduler", "aggregator.deliver"],
    "sources/syndication": ["feedparser", "aggregator.ports"],
    "store/queries": ["sqlalchemy", "aggregator.records"],
    "web/__init__": ["fastapi", "aggregator.deliver", "aggregator.ports"],
}

FORBIDDEN = [
    ("core/stories", "aggregator.ports", "Rooms"),
    ("core/stories", "asyncio", "core and matching"),
    ("matching/evaluate", "structlog", "core and matching"),
    ("poll", "aggregator.store", "Only the composition root"),
    ("web/__init__", "aggregator.channels.slack", "Only the composition root"),
    ("scheduler", "aggregator.settings", "Only the composition root"),
    ("channels/slack", "aggregator.http_client", "Rooms"),
    ("sources/syndication", "aggregator.poll", "Rooms"),
    ("models", "aggregator.records", "Rooms"),
    ("channels/slack", "httpx", "httpx only"),
    ("sources/__init__", "feedparser", "feedparser only"),
    ("web/__init__", "sqlalchemy", "SQLAlchemy"),
    ("app", "apscheduler", "APScheduler only"),
    ("newsroom/server", "aggregator.app", "newsroom's server"),
]


def build(folder: Path, imports: dict[str, list[str]]) -> None:
    package = folder / "aggregator"
    for module in ["__init__", *HOUSE]:
        path = package / f"{module}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("".join(f"import {name}\n" for name in imports.get(module, [])))
    shutil.copy(ROOT / "pyproject.toml", folder)


def lint(folder: Path) -> subprocess.CompletedProcess[str]:
    """Run import-linter on the house in `folder` instead of the one that is installed."""
    command = [sys.executable, "-c", "from importlinter.cli import lint_imports_command; lint_imports_command()", "--no-cache"]
    environment = os.environ | {"PYTHONPATH": str(folder), "COLUMNS": "400"}
    return subprocess.run(command, cwd=folder, env=environment, check=False, capture_output=True, text=True, timeout=60)


def broken(report: str) -> str:
    return "\n".join(line for line in report.splitlines() if line.rstrip().endswith("BROKEN"))


def test_the_house_as_planned_keeps_every_contract(tmp_path: Path) -> None:
    build(tmp_path, ALLOWED)
    result = lint(tmp_path)
    assert (result.returncode, broken(result.stdout)) == (0, ""), result.stdout


@pytest.mark.parametrize(("module", "imported", "contract"), FORBIDDEN)
def test_forbidden_import_is_caught(tmp_path: Path, module: str, imported: str, contract: str) -> None:
    build(tmp_path, {module: [imported]})
    result = lint(tmp_path)
    assert result.returncode == 1
    assert contract in broken(result.stdout)


def test_a_room_that_nobody_placed_is_caught(tmp_path: Path) -> None:
    build(tmp_path, {})
    (tmp_path / "aggregator" / "cellar.py").touch()
    assert "aggregator.cellar" in lint(tmp_path).stdout

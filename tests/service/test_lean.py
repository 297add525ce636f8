"""What a service that waits does without: libraries that only work needs are loaded by the work."""

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.service.test_process import Service

LARGE = (
    "aggregator.enrich",
    "alembic",
    "css_inline",
    "feedparser",
    "lxml",
    "nh3",
    "numpy",
    "pygal",
    "slack_sdk",
    "snowballstemmer",
    "trafilatura",
)
"""What neither `aggregator run` nor the worker of a cluster loads to begin."""
IDLE = (
    *LARGE,
    "aggregator.app.stores",
    "aggregator.channels.letter",
    "aggregator.desk",
    "aggregator.feedfile",
    "aggregator.matching.judge",
    "aggregator.matching.language",
    "aggregator.site",
    "aggregator.vocabulary",
    "aiosmtplib",
    "argon2",
    "fastapi",
    "jinja2",
    "lark",
    "procrastinate",
    "prometheus_client",
    "psycopg",
    "pygments",
    "regex",
    "rich",
    "sqlalchemy.dialects.postgresql",
    "typer",
    "yaml",
)
"""What a service has not loaded that polled its feeds and found no news, and whose pages nobody opened."""
TELLING = """
import json, signal, sys
signal.signal(signal.SIGUSR2, lambda *_: print(json.dumps(sorted(sys.modules)), flush=True))
sys.argv[1:] = ["run"]
from aggregator.cli import main
main()
"""


class Telling(Service):
    """Be a service that names what it has loaded when it is asked by a signal."""

    def start(self) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-c", TELLING], env=self.environment, stderr=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True
        )

    def loaded(self) -> set[str]:
        self.process.send_signal(signal.SIGUSR2)
        assert self.process.stdout is not None
        return set(json.loads(self.process.stdout.readline()))


def test_the_service_is_loaded_without_what_only_work_needs() -> None:
    code = f"import sys, aggregator.service, aggregator.cluster; print(sorted(set({LARGE!r}) & sys.modules.keys()))"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert told.strip() == "[]"


def test_an_idle_service_has_loaded_neither_pages_nor_rules_nor_mail(tmp_path: Path) -> None:
    service = Telling(tmp_path)
    try:
        service.wait_for("/readyz", 200)
        assert sorted(set(IDLE) & service.loaded()) == []
        assert service.get("/")[0] == 200
        assert {"aggregator.site", "fastapi", "jinja2"} <= service.loaded()
        assert b"aggregator_working 1.0" in service.get("/metrics")[1].encode()
    finally:
        service.process.terminate()
        service.process.communicate(timeout=20)


@pytest.mark.parametrize("words", [["run", "--help"], ["run", "now"]])
def test_options_of_the_service_are_read_as_those_of_any_command(words: list[str]) -> None:
    told = subprocess.run([sys.executable, "-m", "aggregator", *words], capture_output=True, text=True, check=False)
    assert told.returncode == (0 if "--help" in words else 2)
    assert "aggregator run" in told.stdout + told.stderr

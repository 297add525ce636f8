"""Programs under chaos: started with a clock of their own, killed, stopped, and set wrong."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from tests.cluster.presses import HOOK, Presses

_FEED = '  - {{id: feed{0}, name: Press {0}, publisher: Press {0}, family: press{0}, language: en, url: "{1}"}}\n'
_REST = """topics:
  - id: labour
    name: Labour
    anchor: country_anchor
    themes: {overseas_workers: 1.0}
subscriptions:
  - {id: alerts, name: Alerts, channel: slack, recipients: ["env:CHAOS_HOOK"], topics: [labour], schedule: {every: immediate}}
  - {id: mails, name: Mails, channel: email, recipients: [desk@chaos.example], topics: [labour], schedule: {every: immediate}}
"""


def write_configuration(folder: Path, presses: Presses) -> None:
    """Write a feeds.yaml with every feed of the presses and two subscriptions."""
    feeds = "".join(_FEED.format(number, presses.url(number)) for number in range(presses.feeds))
    (folder / "feeds.yaml").write_text("feeds:\n" + feeds + _REST, encoding="utf-8")


def environment(folder: Path, url: str, presses: Presses) -> dict[str, str]:
    """Give the environment of a program: its database, the presses, and where they take messages."""
    return {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(Path(__file__).parents[2]),
        "PYTHONDONTWRITEBYTECODE": "1",
        "AGGREGATOR_DATA_DIR": str(folder / "data"),
        "AGGREGATOR_FEEDS_FILE": str(folder / "feeds.yaml"),
        "AGGREGATOR_DATABASE_URL": url,
        "AGGREGATOR_HTTP_ALLOW": f"127.0.0.0/8,127.0.0.1:{presses.port}",
        "AGGREGATOR_LISTEN": f"127.0.0.1:{_free_port()}",
        "AGGREGATOR_WORKER_LISTEN": f"127.0.0.1:{_free_port()}",
        "AGGREGATOR_LOG_FORMAT": "json",
        "AGGREGATOR_SMTP_URL": f"smtp://127.0.0.1:{presses.mail_port}?tls=none",
        "AGGREGATOR_MAIL_FROM": "watch@chaos.example",
        "CHAOS_HOOK": f"http://127.0.0.1:{presses.port}{HOOK}",
    }


@dataclass(frozen=True, slots=True)
class Program:
    """Hold a running program; its log goes through a pipe, so that no limit on its files stops it."""

    process: subprocess.Popen[bytes]
    writer: subprocess.Popen[bytes]
    clock: Path

    def set_clock(self, seconds: float) -> None:
        """Let its clock go wrong by so many seconds from now on."""
        self.clock.write_text(str(seconds))

    def stop(self) -> None:
        """Stop it as it stands."""
        os.kill(self.process.pid, signal.SIGSTOP)

    def resume(self) -> None:
        """Let it go on."""
        with suppress(ProcessLookupError):
            os.kill(self.process.pid, signal.SIGCONT)

    def kill(self) -> None:
        """Kill it at once, with what reads feeds for it."""
        self.process.kill()
        self.process.wait()
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.writer.wait()


def start(words: list[str], given: Mapping[str, str], log: Path) -> Program:
    """Start a program of ours under a clock that can be set."""
    clock = log.with_name(f"clock-{os.urandom(4).hex()}")
    clock.write_text("0")
    with log.open("ab") as file:
        writer = subprocess.Popen(["cat"], stdin=subprocess.PIPE, stdout=file, start_new_session=True)
    command = [sys.executable, "-m", "tests.cluster.stepping", *words]
    process = subprocess.Popen(
        command, env={**given, "CHAOS_CLOCK": str(clock)}, stdout=writer.stdin, stderr=writer.stdin, start_new_session=True
    )
    if writer.stdin:
        writer.stdin.close()
    return Program(process, writer, clock)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port

"""A small cluster of real processes, and what they say of themselves when they are asked."""

import json
import os
import re
import signal
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.client import HTTPConnection
from pathlib import Path

from tests.cluster.presses import Presses
from tests.cluster.programs import Program, environment, start, write_configuration

PATIENCE = 40.0
"""Seconds after which something that must happen has not happened."""


@dataclass
class Asked:
    """Hold a process, the port at which it is asked, and its log."""

    program: Program
    port: int
    log: Path

    def get(self, path: str) -> tuple[int, str]:
        """Ask for a page; a process that does not answer gives status 0."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=5)
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            return answer.status, answer.read().decode()
        except OSError:
            return 0, ""
        finally:
            connection.close()

    def health(self) -> Mapping[str, object]:
        """Give what it says of its health; empty where it does not answer."""
        status, page = self.get("/healthz")
        found: dict[str, object] = json.loads(page) if status == 200 else {}
        return found

    def said(self, words: str) -> bool:
        """Tell whether it wrote these words into its log."""
        return words in self.log.read_text(encoding="utf-8")

    def hang_up(self) -> None:
        """Ask it to read its configuration again."""
        os.kill(self.program.process.pid, signal.SIGHUP)


@dataclass
class Town:
    """Hold the folder, the database and the processes of a cluster; a process is called silent after `silent` seconds."""

    folder: Path
    url: str
    presses: Presses
    silent: float = 4.5
    living: list[Asked] = field(default_factory=list)

    def __post_init__(self) -> None:
        write_configuration(self.folder, self.presses)

    def start(self, words: list[str], **more: str) -> Asked:
        """Start a service or a worker, with some more of an environment."""
        given = environment(self.folder, self.url, self.presses) | {"CHAOS_SILENT": str(self.silent)} | more
        log = self.folder / f"{len(self.living)}.log"
        place = given["AGGREGATOR_LISTEN" if words[0] == "run" else "AGGREGATOR_WORKER_LISTEN"]
        self.living.append(Asked(start(words, given, log), int(place.rpartition(":")[2]), log))
        return self.living[-1]

    def service(self) -> Asked:
        """Start a service that leads or stands by."""
        return self.start(["run"], AGGREGATOR_RUNNER="queue")

    def worker(self) -> Asked:
        """Start a worker."""
        return self.start(["worker", "--concurrency", "8"], AGGREGATOR_RUNNER="queue")

    def end(self) -> None:
        """End every process."""
        for one in self.living:
            one.program.resume()
            one.program.kill()


def wait_for(what: Callable[[], object], words: str) -> None:
    """Wait until something is so; `words` say what it was when it never comes."""
    end = time.monotonic() + PATIENCE
    while not what():
        assert time.monotonic() < end, words
        time.sleep(0.1)


_SERIES = re.compile(r"^(\w+)(?:\{(.*)\})? (\S+)$", re.MULTILINE)
_LABEL = re.compile(r'(\w+)="([^"]*)"')
_ASKED = re.compile(r"\b(aggregator_\w+)(?:\{([^}]*)\})?")
_MATCHER = re.compile(r'(\w+)(=~|!=|=)"([^"]*)"')
_BY = re.compile(r"by \(([^)]*)\) \((.*)")
Series = tuple[str, Mapping[str, str], float]


def series(page: str) -> list[Series]:
    """Read a page of metrics."""
    return [(name, dict(_LABEL.findall(labels)), float(value)) for name, labels, value in _SERIES.findall(page)]


def unanswered(expression: str, found: list[Series]) -> list[str]:
    """Name the metrics that an expression asks for and that are not among the series with the labels it asks for."""
    wanted = [label.strip() for labels, _ in _BY.findall(expression) for label in labels.split(",")]
    return [
        f"{name}{{{matchers}}} by {wanted}"
        for name, matchers in _ASKED.findall(expression)
        if not any(name == told and _fits(_MATCHER.findall(matchers), labels) and set(wanted) <= labels.keys() for told, labels, _ in found)
    ]


def _fits(matchers: list[tuple[str, str, str]], labels: Mapping[str, str]) -> bool:
    return all(_matches(labels.get(name, ""), how, meant) for name, how, meant in matchers)


def _matches(value: str, how: str, meant: str) -> bool:
    if how == "=~":
        return re.fullmatch(meant, value) is not None
    return (value == meant) is (how == "=")

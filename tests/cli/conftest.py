"""Commands as a person calls them: arguments and environment in, two streams and an exit code out."""

import logging
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from json import loads
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
import structlog

from aggregator.cli import main

FEEDS = """
feeds:
  - {{id: paper, name: Paper, publisher: The Border Paper, family: paper, language: en, url: "{site}/paper.xml"}}
  - {{id: gone, name: Gone, publisher: Gone, family: gone, language: en, url: "http://127.0.0.1:9/gone.xml"}}
  - {{id: off, name: Off, publisher: Off, family: off, language: en, url: "{site}/off.xml",
     disabled: {{on: 2026-11-01, reason: "Answers 403."}}}}
topics:
  - id: labour
    name: North Korean workers abroad
    anchor: country_anchor
    themes: {{overseas_workers: 1.0}}
    must_match: [North Korean workers in Dandong told to pack up]
    must_not_match: [Rain over the harbour]
subscriptions:
  - {{id: morning, name: Morning, channel: email, recipients: ["env:AGGREGATOR_DIGEST_TO"], topics: [labour],
     schedule: {{every: day, at: "07:30", time_zone: Asia/Seoul}}}}
  - {{id: alerts, name: Alerts, channel: slack, recipients: ["env:TEST_WEBHOOK"], topics: [labour], schedule: {{every: immediate}}}}
"""
PAPER = """<?xml version="1.0" encoding="utf-8"?><rss version="2.0"><channel><title>Paper</title><link>https://paper.example/</link>
<item><title>North Korean workers in Dandong told to pack up</title><link>https://paper.example/1</link><guid>1</guid>
<pubDate>Sun, 01 Mar 2026 07:00:00 GMT</pubDate><description>300 workers — 북한 노동자 — are to go.</description>
</item><item><title>Rain over the harbour</title><link>https://paper.example/2</link><guid>2</guid></item></channel></rss>"""


@dataclass(frozen=True)
class Done:
    """Hold how a command ended."""

    code: int
    out: str
    err: str

    @property
    def records(self) -> list[Any]:
        """Read standard output as lines of JSON; anything else on it is an error."""
        return [loads(line) for line in self.out.splitlines()]


Command = Callable[..., Done]


@pytest.fixture
def command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Iterator[Command]:
    """Give what calls a command in a folder of its own, with no settings but those of the test."""
    monkeypatch.chdir(tmp_path)
    for name in ("AGGREGATOR_DIGEST_TO", "TEST_WEBHOOK", "AGGREGATOR_SMTP_URL", "AGGREGATOR_LOG_LEVEL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AGGREGATOR_HTTP_ALLOW", "127.0.0.1")

    def call(*arguments: str) -> Done:
        monkeypatch.setattr(sys, "argv", ["aggregator", *arguments])
        code = _code_of(main)
        out, err = capfd.readouterr()
        assert "Traceback" not in err
        return Done(code, out, err)

    yield call
    structlog.reset_defaults()
    logging.getLogger().handlers.clear()


def _code_of(call: Callable[[], None]) -> int:
    try:
        call()
    except SystemExit as end:
        return int(end.code or 0)
    return 0


class _Quiet(SimpleHTTPRequestHandler):
    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        pass


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """Serve a folder on this machine."""
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(folder))) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Serve the paper's feed on this machine."""
    folder = tmp_path_factory.mktemp("site")
    (folder / "paper.xml").write_text(PAPER, encoding="utf-8")
    with served(folder) as address:
        yield address


@pytest.fixture
def feeds_file(tmp_path: Path, site: str) -> Path:
    path = tmp_path / "feeds.yaml"
    path.write_text(FEEDS.format(site=site), encoding="utf-8")
    return path


def lines(text: str) -> Sequence[str]:
    return [line for line in text.splitlines() if line.strip()]

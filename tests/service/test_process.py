"""The service as its operator meets it: a process, a page, a signal."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path

import pytest

FEEDS = """
feeds:
  - id: gone
    name: Gone News
    publisher: Gone News
    family: gone
    language: en
    kind: syndication
    url: http://127.0.0.1:{port}/rss
topics:
  - id: labour
    name: Labour
    anchor: country_anchor
    themes: {{overseas_workers: 1.0}}
subscriptions:
  - id: morning
    name: Morning
    channel: email
    recipients: [env:AGGREGATOR_DIGEST_TO]
    topics: [labour]
    schedule: {{every: day, at: "07:30", time_zone: Asia/Seoul}}
"""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


class Service:
    """Hold a running `aggregator run` and talk to it."""

    def __init__(self, folder: Path, port: int | None = None) -> None:
        self.folder, self.port = folder, port or free_port()
        (folder / "feeds.yaml").write_text(FEEDS.format(port=free_port()), encoding="utf-8")
        self.environment = {
            "PATH": os.environ["PATH"],
            "AGGREGATOR_DATA_DIR": str(folder / "data"),
            "AGGREGATOR_FEEDS_FILE": str(folder / "feeds.yaml"),
            "AGGREGATOR_LISTEN": f"127.0.0.1:{self.port}",
            "AGGREGATOR_HTTP_ALLOW": "127.0.0.1",
            "AGGREGATOR_LOG_FORMAT": "json",
        }
        self.process = self.start()

    def start(self) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-m", "aggregator", "run"], env=self.environment, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def get(self, path: str) -> tuple[int, str]:
        connection = HTTPConnection("127.0.0.1", self.port, timeout=5)
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            return answer.status, answer.read().decode()
        finally:
            connection.close()

    def wait_for(self, path: str, status: int = 200, words: str = "") -> str:
        """Ask until the page answers as expected; the service has twenty seconds to come up."""
        end = time.monotonic() + 20
        while time.monotonic() < end:
            try:
                found, page = self.get(path)
            except OSError:
                found, page = 0, ""
            if found == status and words in page:
                return page
            if self.process.poll() is not None:
                raise AssertionError(f"the service ended with {self.process.returncode}: {self.process.communicate()[1]}")
            time.sleep(0.05)
        raise AssertionError(f"{path} did not answer {status} with {words!r}; last: {found} {page[:300]}")

    def stop(self, number: signal.Signals = signal.SIGTERM) -> tuple[int, str]:
        self.process.send_signal(number)
        _, log = self.process.communicate(timeout=10)
        return self.process.returncode, log


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    service = Service(tmp_path)
    yield service
    if service.process.poll() is None:
        service.process.kill()
    service.process.communicate()


def test_a_feed_that_cannot_be_reached_is_one_line_on_the_page_and_in_the_log(service: Service) -> None:
    page = service.wait_for("/status", words="failing")
    assert "Gone News" in page
    assert service.wait_for("/readyz") == '{"ready":true,"late":[]}'
    assert '"alive":true' in service.wait_for("/healthz")
    _, log = service.stop()
    (line,) = [line for line in log.splitlines() if "could not be polled" in line]
    assert '"feed": "gone"' in line
    assert "Traceback" not in log


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_stops_it_cleanly_within_ten_seconds(service: Service, number: signal.Signals) -> None:
    service.wait_for("/healthz")
    code, log = service.stop(number)
    assert code == 0
    assert '"stopped"' in log.splitlines()[-1]


def test_a_second_service_on_the_same_database_refuses_and_says_why(service: Service) -> None:
    service.wait_for("/healthz")
    second = service.start()
    _, error = second.communicate(timeout=20)
    assert second.returncode == 2
    assert "aggregator.db" in error
    assert str(service.process.pid) in error
    assert "Traceback" not in error


def test_a_taken_port_is_named_before_anything_is_polled(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        service = Service(tmp_path, port=taken.getsockname()[1])
        _, error = service.process.communicate(timeout=20)
    assert service.process.returncode == 2
    assert "AGGREGATOR_LISTEN" in error
    assert "Traceback" not in error
    assert "polled" not in error


def test_a_signal_while_it_starts_stops_it_too(tmp_path: Path) -> None:
    service = Service(tmp_path)
    time.sleep(0.7)
    code, log = service.stop()
    assert code in (0, -signal.SIGTERM), log  # before Python has loaded anything of ours, its own answer counts
    assert "Traceback" not in log


def test_killed_and_started_again_it_goes_on(service: Service) -> None:
    service.wait_for("/status", words="failing")
    service.process.kill()
    service.process.communicate()
    service.process = service.start()
    assert "Gone News" in service.wait_for("/status", words="failing")


def test_a_broken_configuration_is_told_line_by_line(tmp_path: Path) -> None:
    (tmp_path / "feeds.yaml").write_text("feeds:\n  - id: [\n", encoding="utf-8")
    environment = {"PATH": os.environ["PATH"], "AGGREGATOR_FEEDS_FILE": str(tmp_path / "feeds.yaml"), "AGGREGATOR_DATA_DIR": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-m", "aggregator", "run"], env=environment, capture_output=True, text=True, timeout=30, check=False
    )
    assert done.returncode == 2
    assert f"{tmp_path / 'feeds.yaml'}:3:1:" in done.stderr or f"{tmp_path / 'feeds.yaml'}:2:" in done.stderr
    assert "Traceback" not in done.stderr

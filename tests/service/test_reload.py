"""A changed feeds.yaml is taken over while the service runs; a broken one changes nothing."""

import json
import re
import signal
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from aggregator.reload import Live
from aggregator.store import SqlStore
from tests.cluster.signs import expressions, hold_bounds
from tests.cluster.town import series, unanswered
from tests.conftest import Clock
from tests.deliver.test_labelling import installed
from tests.deliver.test_store_faults import locked
from tests.service.test_process import FEEDS, Service


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    service = Service(tmp_path)
    yield service
    if service.process.poll() is None:
        service.process.kill()
    service.process.communicate()


def health(service: Service) -> dict[str, object]:
    told: dict[str, object] = json.loads(service.get("/healthz")[1])
    return told


def wait_for_trouble(service: Service, words: str) -> None:
    end = time.monotonic() + 15
    while words not in str(health(service)["troubles"]) and time.monotonic() < end:
        time.sleep(0.1)
    assert words in str(health(service)["troubles"])


def test_a_new_feed_is_polled_a_broken_file_is_told_and_the_mended_one_taken_over(service: Service) -> None:
    file = service.folder / "feeds.yaml"
    first = file.read_text(encoding="utf-8")
    service.wait_for("/status", words="Gone News")
    file.write_text(first.replace("feeds:\n", FOUND, 1), encoding="utf-8")
    service.wait_for("/status", words="Second News")
    file.write_text(first.replace("kind: syndication", "kind: nonsense"), encoding="utf-8")
    wait_for_trouble(service, "feeds.yaml is broken")
    assert "Second News" in service.get("/status")[1]
    assert service.get("/readyz")[0] == 503
    assert health(service)["alive"] is True
    file.write_text(first, encoding="utf-8")
    service.process.send_signal(signal.SIGHUP)
    service.wait_for("/readyz")
    _, log = service.stop()
    changes = [json.loads(line)["change"] for line in log.splitlines() if '"configuration changed"' in line]
    assert changes == ["+ feed second", "- feed second"]
    assert [line for line in log.splitlines() if "the new configuration is not used" in line and "kind" in line]


FOUND = """feeds:
  - {id: second, name: Second News, publisher: Second News, family: second, language: en, url: "http://127.0.0.1:9/rss"}
"""


def test_the_desk_shows_the_new_configuration_at_once(service: Service) -> None:
    file = service.folder / "feeds.yaml"
    first = file.read_text(encoding="utf-8")
    for path in ("/sources", "/api/v1/feeds"):
        assert "Gone News" in service.wait_for(path)
    assert service.get("/feeds/sea.atom")[0] == 404
    renamed = first.replace("name: Gone News", "name: Found News").replace("name: Labour", "name: Work")
    file.write_text(renamed.replace("subscriptions:", SEA + "subscriptions:", 1), encoding="utf-8")
    service.process.send_signal(signal.SIGHUP)
    assert "<title>Crews" in service.wait_for("/feeds/sea.atom")
    for path, words in {
        "/": ("Found News", "Work", "Crews"),
        "/search": ("Work", "Crews"),
        "/rules": ("Work", "Crews"),
        "/rules?topic=sea": ("crew",),
        "/sources": ("Found News",),
        "/sources.opml": ("Found News",),
        "/api/v1/feeds": ("Found News",),
    }.items():
        status, page = service.get(path)
        assert (status, [word for word in words if word not in page]) == (200, []), path
        assert not {"Labour", "Gone News"} & set(re.findall("Labour|Gone News", page)), path
    file.write_text(first, encoding="utf-8")
    service.process.send_signal(signal.SIGHUP)
    service.wait_for("/feeds/sea.atom", 404)
    assert service.get("/rules?topic=sea")[0] == 404


SEA = "  - {id: sea, name: Crews, query: crew}\n"


class _Beats(BaseHTTPRequestHandler):
    seen = threading.Event()

    def do_POST(self) -> None:
        self.seen.set()
        self.send_response(200)
        self.end_headers()

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        pass


def test_metrics_are_for_this_machine_and_the_heart_beats(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with HTTPServer(("127.0.0.1", 0), _Beats) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        service = Service(tmp_path)
        service.process.kill()
        service.process.communicate()
        service.environment["AGGREGATOR_HEARTBEAT_URL"] = f"http://127.0.0.1:{server.server_address[1]}/key"
        service.process = service.start()
        try:
            service.wait_for("/readyz")
            page = service.wait_for("/metrics", words='aggregator_feeds{status="failing"} 1.0')
            found = series(page)
            assert [lack for expression in expressions() for lack in unanswered(expression, found)] == []
            hold_bounds(found)
            assert 'aggregator_polls_total{outcome="failed"}' in page
            assert "Gone" not in page
        finally:
            service.stop()
            server.shutdown()
            thread.join()


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="this system shows no open files")
async def test_a_file_that_was_replaced_outside_its_container_is_told_once(tmp_path: Path, clock: Clock) -> None:
    async with installed(tmp_path, clock) as desk:
        mounted = tmp_path / "mounted.yaml"
        with mounted.open("w") as file:
            settings = desk.app.settings.model_copy(update={"feeds_file": Path(f"/proc/self/fd/{file.fileno()}")})
            live = Live(replace(desk.app, settings=settings))
            with capture_logs() as told:
                await live.look()
                assert told == []
                (tmp_path / "new.yaml").touch()
                (tmp_path / "new.yaml").replace(mounted)
                await live.look()
                await live.look()
            assert [line["log_level"] for line in told] == ["warning"]
            assert "restart the container" in told[0]["event"]


async def test_a_file_that_comes_while_the_database_takes_nothing_is_taken_over_when_it_does(tmp_path: Path, clock: Clock) -> None:
    async with installed(tmp_path, clock) as desk:
        live = Live(desk.app)
        (tmp_path / "feeds.yaml").write_text(FEEDS.format(port=9), encoding="utf-8")
        assert isinstance(desk.app.store, SqlStore)
        with locked(desk.app.store, desk.app.settings.database_url), capture_logs() as told:
            await live.look()
            await live.look()
        assert [line["log_level"] for line in told] == ["warning"]
        assert "waits for the database" in (live.trouble or "")
        assert "broken" not in (live.trouble or "")
        assert live.app is desk.app
        await live.look()
        assert live.trouble is None
        assert [feed.name for feed in live.app.configuration.feeds] == ["Gone News"]

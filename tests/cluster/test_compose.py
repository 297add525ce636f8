"""The cluster's compose file comes up: its services as the same commands, where there may be no engine to start them."""

import json
import re
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from http.client import HTTPConnection
from pathlib import Path

import pytest

from tests.cluster.composed import Running, make_secrets, secret_commands, services, start_all
from tests.cluster.presses import HOOK, Presses
from tests.cluster.programs import write_configuration
from tests.house.reading import text_of

needs_openssl = pytest.mark.skipif(shutil.which("openssl") is None, reason="there is no openssl on this machine")


@pytest.fixture
def presses() -> Iterator[Presses]:
    started = Presses(16, seed=7).start()
    started.healed = True
    yield started
    started.stop()


@pytest.fixture
def composed(presses: Presses, database: str, tmp_path: Path) -> Iterator[dict[str, Running]]:
    write_configuration(tmp_path, presses)
    make_secrets(tmp_path)
    (tmp_path / "secrets/database_url").write_text(database)
    given = {
        "AGGREGATOR_HTTP_ALLOW": f"127.0.0.0/8,127.0.0.1:{presses.port}",
        "AGGREGATOR_SMTP_URL": f"smtp://127.0.0.1:{presses.mail_port}?tls=none",
        "AGGREGATOR_MAIL_FROM": "watch@chaos.example",
        "CHAOS_HOOK": f"http://127.0.0.1:{presses.port}{HOOK}",
    }
    started: list[Running] = []
    try:
        started.extend(start_all(tmp_path, given))
        yield {running.name: running for running in started}
    finally:
        for running in started:
            running.end()


def until(what: Callable[[], bool], running: dict[str, Running], seconds: float = 60) -> None:
    """Wait for something; what a service that ended has written is told."""
    end = time.monotonic() + seconds
    while not what():
        ended = [each.log.read_text() for each in running.values() if each.process.poll() is not None]
        assert not ended, ended
        assert time.monotonic() < end, [each.log.read_text()[-2000:] for each in running.values()]
        time.sleep(0.5)


def leads(running: Running) -> bool:
    host, port = running.environment["AGGREGATOR_LISTEN"].split(":")
    with closing(HTTPConnection(host, int(port), timeout=5)) as connection:
        connection.request("GET", "/healthz")
        return bool(json.loads(connection.getresponse().read())["leads"])


def polled(running: Running) -> int:
    return running.log.read_text().count('"feed polled"')


@needs_openssl
def test_every_service_starts_gets_healthy_works_and_stops_in_time(composed: dict[str, Running], presses: Presses, tmp_path: Path) -> None:
    assert sorted(composed) == ["leader-1", "standby-1", "worker-1", "worker-2"]
    until(lambda: all(each.healthy() for each in composed.values()), composed)
    pair = [composed["leader-1"], composed["standby-1"]]
    until(lambda: len([each for each in pair if leads(each)]) == 1, composed)
    until(lambda: len(presses.served) == presses.feeds and bool(presses.mails) and bool(presses.alerts), composed)
    workers = [composed["worker-1"], composed["worker-2"]]
    until(lambda: sum(map(polled, workers)) == presses.feeds, composed)
    assert [each.stop() for each in composed.values()] == [0, 0, 0, 0]
    secrets = [path.read_text().strip() for path in (tmp_path / "secrets").iterdir()]
    for each in composed.values():
        log = each.log.read_text()
        assert [line for line in log.splitlines() if not isinstance(json.loads(line), dict)] == []
        assert not [secret for secret in secrets if secret in log]
    assert not [each.name for each in pair if polled(each)]


@needs_openssl
def test_the_secrets_are_made_for_the_user_of_the_container_and_for_nobody_else_on_the_host(tmp_path: Path) -> None:
    make_secrets(tmp_path)
    folder = tmp_path / "secrets"
    assert folder.stat().st_mode & 0o077 == 0
    assert {path.name: path.stat().st_mode & 0o777 for path in folder.iterdir()} == dict.fromkeys(
        ("database_password", "database_url", "secret_key"), 0o644
    )
    password = (folder / "database_password").read_text().strip()
    assert re.fullmatch(r"[0-9a-f]{48}", password)
    assert (folder / "database_url").read_text().strip() == f"postgresql://news:{password}@database/news"


def test_the_handbook_gives_the_same_commands() -> None:
    assert "\n".join(secret_commands()) in text_of("docs/operating.md")


def test_every_secret_that_a_service_reads_is_given_to_it() -> None:
    for service in services().values():
        read = {value.removeprefix("/run/secrets/") for name, value in service["environment"].items() if name.endswith("_FILE")}
        assert read == set(service["secrets"])


def test_published_ports_are_those_that_the_image_listens_on() -> None:
    (port,) = re.findall(r"AGGREGATOR_LISTEN=0\.0\.0\.0:(\d+)", text_of("Dockerfile"))
    published = [place.split(":") for service in services().values() for place in service.get("ports", [])]
    assert {inside for _, _, inside in published} == {port}
    assert len({outside for _, outside, _ in published}) == len(published)

"""What an operator must see of a cluster of real processes, and in what order things go wrong for it to be seen."""

import json
import os
import re
from collections.abc import Sequence
from typing import Any

import yaml

from tests.cluster.balance import hurry
from tests.cluster.town import Asked, Series, Town, series, unanswered, wait_for
from tests.house.reading import text_of


def expressions() -> list[str]:
    panels = json.loads(text_of("docs/operations/dashboard.json"))["panels"]
    rules = yaml.safe_load(text_of("docs/operations/alerts.yaml"))["groups"][0]["rules"]
    found = [target["expr"] for panel in panels for target in panel["targets"]] + [rule["expr"] for rule in rules]
    assert len(found) > 30
    return found


def scraped(*processes: Asked) -> list[Series]:
    return [one for process in processes for one in series(process.get("/metrics")[1])]


def total(found: list[Series], name: str, **labels: str) -> float:
    return sum(value for told, has, value in found if told == name and labels.items() <= has.items())


def hold_bounds(found: list[Series], processes: int = 1) -> None:
    """Hold that no label tells of a feed, a host, a word of a feed or a secret, and that there are few series."""
    values = {value for _, labels, _ in found for value in labels.values()}
    assert all(re.fullmatch(r"[a-z_]+|\+Inf|[0-9.]+|3\.\d+\.\d+", value) for value in values), values
    assert not [value for value in values if re.match(r"feed\d", value) or "127." in value]
    assert len(found) < 260 * processes


def hold_metrics(*processes: Asked) -> None:
    """Hold that what these processes tell together answers every panel and rule."""
    found = scraped(*processes)
    assert [lack for expression in expressions() for lack in unanswered(expression, found)] == []
    assert total(found, "aggregator_workers") == 1
    assert total(found, "aggregator_database_connections", state="open") > 0
    hold_bounds(found, len(processes))


def hold_polling(town: Town) -> None:
    """Hold that feeds are polled."""
    asked = town.presses.requests
    wait_for(lambda: hurry(town.url) and town.presses.requests > asked, "feeds are polled")


def hold_reloads(town: Town, *processes: Asked) -> None:
    """Break the configuration, mend it without a feed, and hold that each process told it and went on."""
    file = town.folder / "feeds.yaml"
    whole = file.read_text(encoding="utf-8")
    file.write_bytes(whole.encode()[:300] + b"\xff\x00: [")
    hang_up(processes)
    all_say(processes, "feeds.yaml is broken")
    assert {process.get("/readyz")[0] for process in processes} == {503}
    fresh = file.with_suffix(".new")
    fresh.write_text("".join(line for line in whole.splitlines(keepends=True) if "feed3," not in line), encoding="utf-8")
    os.replace(fresh, file)
    hang_up(processes)
    all_ready(processes)
    for process in processes:
        assert process.said('"- feed feed3"')
        assert process.said("the new configuration is not used")
        assert not process.said("Traceback")


def hold_the_database_being_away(server: Any, *processes: Asked) -> None:
    """Stop the database and start it again; every process is alive all the while, and ready before and after only."""
    server.stop()
    wait_for(lambda: {process.get("/readyz")[0] for process in processes} == {503}, "no process is ready without a database")
    for process in processes:
        told = process.health()
        assert (told["alive"], told["working"]) == (True, False)
    server.start()
    all_ready(processes)


def hold_a_dead_worker(worker: Asked, *services: Asked) -> None:
    """Kill the only worker; every service tells it, on its page too."""
    worker.program.kill()
    all_say(services, "no worker is alive")
    for service in services:
        assert "no worker is alive" in service.get("/status")[1]


def hold_a_stopped_leader(first: Asked, second: Asked) -> None:
    """Stop the service that leads; the other one tells it, and both are well when it goes on."""
    leader, standby = (first, second) if first.health().get("leads") else (second, first)
    leader.program.stop()
    all_say([standby], "has stood still")
    leader.program.resume()
    all_ready([leader, standby])


def hang_up(processes: Sequence[Asked]) -> None:
    """Send SIGHUP to each."""
    for process in processes:
        process.hang_up()


def all_ready(processes: Sequence[Asked]) -> None:
    """Wait until each does its job."""
    wait_for(lambda: {process.get("/readyz")[0] for process in processes} == {200}, "every process does its job")


def all_say(processes: Sequence[Asked], words: str) -> None:
    """Wait until each names a trouble."""
    wait_for(lambda: all(words in str(process.health().get("troubles")) for process in processes), f"each process says: {words}")

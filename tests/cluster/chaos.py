"""Chaos on a whole cluster: processes are killed, stopped and started, the database restarts, and the books must balance at the end."""

import json
import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg

from aggregator.store import open_store
from aggregator.store.evidence import verify
from aggregator.store.soundness import check_database
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


@dataclass
class Cluster:
    """Hold the processes of a cluster: services that lead or stand by, and workers."""

    folder: Path
    url: str
    presses: Presses
    stall: float = 3.0
    services: list[subprocess.Popen[bytes]] = field(default_factory=list)
    workers: list[subprocess.Popen[bytes]] = field(default_factory=list)
    stopped: list[tuple[float, subprocess.Popen[bytes]]] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)

    def prepare(self) -> None:
        feeds = "".join(_FEED.format(number, self.presses.url(number)) for number in range(self.presses.feeds))
        (self.folder / "feeds.yaml").write_text("feeds:\n" + feeds + _REST, encoding="utf-8")

    def environment(self) -> dict[str, str]:
        return {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(Path(__file__).parents[2]),
            "AGGREGATOR_DATA_DIR": str(self.folder / "data"),
            "AGGREGATOR_FEEDS_FILE": str(self.folder / "feeds.yaml"),
            "AGGREGATOR_DATABASE_URL": self.url,
            "AGGREGATOR_RUNNER": "queue",
            "AGGREGATOR_HTTP_ALLOW": f"127.0.0.0/8,127.0.0.1:{self.presses.port}",
            "AGGREGATOR_LISTEN": f"127.0.0.1:{_free_port()}",
            "AGGREGATOR_LOG_FORMAT": "json",
            "AGGREGATOR_SMTP_URL": f"smtp://127.0.0.1:{self.presses.mail_port}?tls=none",
            "AGGREGATOR_MAIL_FROM": "watch@chaos.example",
            "CHAOS_HOOK": f"http://127.0.0.1:{self.presses.port}{HOOK}",
        }

    def start(self, kind: str) -> None:
        group, words = (self.services, ["run"]) if kind == "service" else (self.workers, ["worker", "--concurrency", "8"])
        with (self.folder / f"{kind}.log").open("ab") as log:
            command = [sys.executable, "-m", "aggregator", *words]
            group.append(subprocess.Popen(command, env=self.environment(), stdout=log, stderr=log, start_new_session=True))

    def trouble(self, chance: random.Random, restart: Callable[[], None] | None) -> None:
        """Do one bad thing, and put a new process in the place of a killed one."""
        self.resume(before=time.monotonic() - self.stall)
        kind = chance.choice(["service", "worker", "worker", "stop", "restart"])
        if kind == "restart" and restart:
            restart()
        elif kind in ("service", "worker"):
            group = self.services if kind == "service" else self.workers
            victim = chance.choice(group)
            group.remove(victim)
            self.kill(victim)
            self.start(kind)
        elif running := [worker for worker in self.workers if worker not in [one for _, one in self.stopped]]:
            victim = chance.choice(running)
            os.kill(victim.pid, signal.SIGSTOP)
            self.stopped.append((time.monotonic(), victim))
            kind = "stop"
        self.counts[kind] += 1

    def resume(self, before: float) -> None:
        for at, worker in [*self.stopped]:
            if at < before:
                self.stopped.remove((at, worker))
                with suppress(ProcessLookupError):
                    os.kill(worker.pid, signal.SIGCONT)

    def kill(self, victim: subprocess.Popen[bytes]) -> None:
        self.stopped = [(at, one) for at, one in self.stopped if one is not victim]
        victim.kill()
        victim.wait()
        with suppress(ProcessLookupError, PermissionError):  # what reads feeds for it ends with its pipe; do not wait for that
            os.killpg(victim.pid, signal.SIGKILL)

    def kill_all(self) -> None:
        self.resume(before=float("inf"))
        for process in [*self.services, *self.workers]:
            self.kill(process)
        self.services, self.workers = [], []

    def hurry(self) -> bool:
        """Make feeds and failed deliveries due at once, as an hour that passes would; leases stay."""
        try:
            with psycopg.connect(self.url, connect_timeout=3) as connection:
                connection.execute("UPDATE feeds SET next_due_at = now() - interval '1 second' WHERE leased_until IS NULL AND configured")
                connection.execute("UPDATE deliveries SET due_at = now() WHERE status = 'retry'")
        except psycopg.Error:
            return False
        return True

    def settled(self) -> bool:
        """Tell whether everything served is stored, judged, decided and sent."""
        query = """SELECT (SELECT count(*) FROM revisions WHERE judged_at IS NULL),
                          (SELECT count(*) FROM deliveries WHERE status <> 'sent'),
                          (SELECT count(*) FROM subscriptions WHERE after_seq < (SELECT value FROM counters WHERE name = 'ingest'))"""
        with psycopg.connect(self.url) as connection:
            waiting = connection.execute(query).fetchone()
        return waiting == (0, 0, 0) and not self.missing()

    def missing(self) -> list[str]:
        """Name what a feed served whole and the store does not hold."""
        with psycopg.connect(self.url) as connection:
            stored = {
                str(row[0]) for row in connection.execute("SELECT entry->>'id' FROM (SELECT entry::json AS entry FROM revisions) AS r")
            }
        return sorted(guid for guids in self.presses.served.values() for guid in guids if guid not in stored)

    def finish(self, seconds: float) -> None:
        """Heal the world, free what the dead held, and let one whole cluster come to rest."""
        self.kill_all()
        self.presses.healed = True
        store = open_store(self.url)
        store.release_leases()
        store.close()
        self.start("service")
        self.start("worker")
        self.start("worker")
        end, enough = time.monotonic() + seconds, self.presses.requests + self.presses.feeds
        while time.monotonic() < end and not (self.presses.requests > enough and self.settled()):
            if self.presses.requests <= enough:
                self.hurry()
            time.sleep(1)
        self.kill_all()

    def faults(self) -> list[str]:
        """Hold the promises against what happened."""
        found = [f"{host}: {count} requests met another one" for host, count in self.presses.overlaps.items() if count]
        found += [f"served but not stored: {guid}" for guid in self.missing()[:10]]
        found += [f"{one.what}: {one.state}" for one in check_database(self.url) if not one.ok]
        found += verify(self.url).faults
        store = open_store(self.url)
        overview, deliveries, digests = store.overview(), store.deliveries(limit=100_000), dict(store.digests(limit=100_000))
        store.close()
        if not overview.stories:
            found.append("nothing happened at all")
        if overview.unjudged:
            found.append(f"{overview.unjudged} revisions are not judged")
        found += [f"delivery {row.delivery.key} is {row.status}" for row in deliveries if row.status != "sent"]
        for subscription in ("alerts", "mails"):
            told = Counter(
                (item.story_id, item.version) for one in digests.values() if one.subscription == subscription for item in one.items
            )
            found += [f"{subscription}: story {story} was told {times} times" for story, times in told.items() if times > 1]
            stories = {story for story, _ in told}
            if len(stories) != overview.stories:
                found.append(f"{subscription}: {overview.stories} stories, {len(stories)} told")
        received = {**self.presses.alerts, **self.presses.mails}
        if len(received) != len(deliveries):
            found.append(f"{len(deliveries)} deliveries, {len(received)} different messages arrived")
        found += [f"message {key} arrived with different contents" for key, bodies in received.items() if len(set(bodies)) > 1]
        return found

    def told(self) -> dict[str, Any]:
        """Give the figures of a run."""
        store = open_store(self.url)
        overview = store.overview()
        store.close()
        repeats = sum(len(bodies) - 1 for bodies in [*self.presses.alerts.values(), *self.presses.mails.values()])
        figures = {"requests": self.presses.requests, "entries": overview.entries, "stories": overview.stories}
        return {**figures, "deliveries": dict(overview.deliveries_by_status), "repeated_messages": repeats, "troubles": dict(self.counts)}


def run_chaos(cluster: Cluster, seconds: float, seed: int, restart: Callable[[], None] | None, *, workers: int = 3) -> list[str]:
    """Start a leader, a standby and workers, make trouble for a while, heal, and give the faults."""
    cluster.prepare()
    chance, end, next_trouble = random.Random(seed), time.monotonic() + seconds, float("inf")
    for kind in ["service", "service", *["worker"] * workers]:
        cluster.start(kind)
    while time.monotonic() < end:
        time.sleep(0.5)
        cluster.presses.edition = min(cluster.presses.edition + (chance.random() < 0.2), 30)
        cluster.hurry()
        if cluster.presses.requests and next_trouble == float("inf"):
            next_trouble = time.monotonic() + 1
        if time.monotonic() > next_trouble:
            cluster.trouble(chance, restart)
            next_trouble = time.monotonic() + chance.uniform(1, 4)
    cluster.finish(max(90.0, 3 * seconds))  # it ends as soon as everything has come to rest
    return cluster.faults()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def print_report(cluster: Cluster, faults: list[str]) -> None:
    """Print the figures and the faults as JSON."""
    sys.stdout.write(json.dumps({**cluster.told(), "faults": faults}, indent=1, ensure_ascii=False) + "\n")

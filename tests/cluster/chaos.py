"""Chaos on a whole cluster: processes die, stop, and get their clocks wrong, the database restarts; the books must balance."""

import random
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from aggregator.store import open_store
from tests.cluster.balance import come_to_rest, faults, hurry
from tests.cluster.presses import Presses
from tests.cluster.programs import Program, environment, start, write_configuration
from tests.cluster.repeats import Trouble

KINDS = ("service", "worker", "worker", "stop", "lapse", "clock", "restart")
STEPS = (-3600.0, -240.0, -2.0, 2.0, 240.0, 3600.0)
"""Seconds by which a clock goes wrong."""


EDITIONS = 10
"""Entries that a feed comes to have in a run."""


@dataclass
class Cluster:
    """Hold the processes of a cluster: services that lead or stand by, and workers."""

    folder: Path
    url: str
    presses: Presses
    stall: float = 3.0
    services: list[Program] = field(default_factory=list)
    workers: list[Program] = field(default_factory=list)
    stopped: list[tuple[float, Program]] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    deadly: list[Trouble] = field(default_factory=list)

    def start(self, kind: str) -> None:
        """Start a service or a worker."""
        group, words = (self.services, ["run"]) if kind == "service" else (self.workers, ["worker", "--concurrency", "8"])
        given = environment(self.folder, self.url, self.presses) | {"AGGREGATOR_RUNNER": "queue"}
        group.append(start(words, given, self.folder / f"{kind}.log"))

    def trouble(self, chance: random.Random, restart: Callable[[], None] | None) -> None:
        """Do one bad thing, and put a new process in the place of a killed one."""
        self.resume(before=time.monotonic() - self.stall)
        kind = chance.choice(KINDS)
        if kind == "restart" and restart:
            restart()
        elif kind == "clock":
            chance.choice([*self.services, *self.workers]).set_clock(chance.choice(STEPS))
        elif kind in ("service", "worker"):
            self._replace(kind, chance)
        elif kind in ("stop", "lapse"):
            self._stop(chance)
            if kind == "lapse":  # as if it had been stopped for longer than its leases last
                self._note("lapse")
                hurry(self.url, leases=True)
        self.counts[kind] += 1

    def _replace(self, kind: str, chance: random.Random) -> None:
        group = self.services if kind == "service" else self.workers
        victim = chance.choice(group)
        group.remove(victim)
        self._kill(victim)
        self.start(kind)

    def _stop(self, chance: random.Random) -> None:
        asleep = {one.process.pid for _, one in self.stopped}
        if running := [worker for worker in self.workers if worker.process.pid not in asleep]:
            victim = chance.choice(running)
            self._note("stop")
            victim.stop()
            self.stopped.append((time.monotonic(), victim))

    def resume(self, before: float) -> None:
        """Let go on what was stopped before a moment."""
        for at, worker in [*self.stopped]:
            if at < before:
                self.stopped.remove((at, worker))
                worker.resume()
                self._note("resumed")

    def _kill(self, victim: Program) -> None:
        self.stopped = [(at, one) for at, one in self.stopped if one is not victim]
        self._note("kill")
        victim.kill()

    def _note(self, kind: str) -> None:
        self.deadly.append(Trouble(kind, time.monotonic()))

    def kill_all(self) -> None:
        """End every process."""
        self.resume(before=float("inf"))
        for process in [*self.services, *self.workers]:
            self._kill(process)
        self.services, self.workers = [], []

    def finish(self) -> None:
        """Heal the world, free what the dead held, and let one whole cluster come to rest."""
        self.kill_all()
        self.presses.healed = True
        store = open_store(self.url)
        store.release_leases()
        store.close()
        for kind in ("service", "worker", "worker"):
            self.start(kind)
        come_to_rest(self.url, self.presses)
        self.kill_all()


def run_chaos(cluster: Cluster, seconds: float, seed: int, restart: Callable[[], None] | None, *, workers: int = 3) -> list[str]:
    """Start a leader, a standby and workers, make trouble for a while, heal, and give the faults."""
    write_configuration(cluster.folder, cluster.presses)
    chance = random.Random(seed)
    for kind in ["service", "service", *["worker"] * workers]:
        cluster.start(kind)
    began = time.monotonic()
    while not cluster.presses.requests and time.monotonic() < began + 60:
        time.sleep(0.2)
    end, next_trouble = time.monotonic() + seconds, time.monotonic() + 1
    while time.monotonic() < end:
        time.sleep(0.5)
        cluster.presses.edition = min(cluster.presses.edition + (chance.random() < 0.2), EDITIONS)
        hurry(cluster.url)
        if time.monotonic() > next_trouble:
            cluster.trouble(chance, restart)
            next_trouble = time.monotonic() + chance.uniform(1, 4)
    cluster.finish()
    return faults(cluster.url, cluster.presses, cluster.deadly)

"""Chaos on one machine: the service on SQLite is killed, its disk is full for a while, its clock steps; the books must balance at the end.

A limit on the size of its files stands for the full disk: set from outside and lifted again, it refuses every write of database, journal
and index, and needs no rights. A small file system that really fills up is the harder form; it needs the right to mount one.
"""

import random
import resource
import shutil
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import cycle
from pathlib import Path
from typing import Protocol

from tests.cluster.balance import come_to_rest, faults, hurry
from tests.cluster.presses import Presses
from tests.cluster.programs import Program, environment, start, write_configuration
from tests.cluster.repeats import Trouble

KINDS = ("full", "clock", "full", "kill")
STEPS = (-90_000.0, -3600.0, -2.0, 0.0, 3600.0, 90_000.0)
_SMALL = 4096
"""Bytes of a file that may still be written when files are limited: less than one page of the database after its first."""


class Disk(Protocol):
    """Fill up, and be emptied."""

    def fill(self, program: Program) -> None:
        """Leave no room."""
        ...

    def free(self, program: Program) -> None:
        """Give the room back."""
        ...


class LimitedFiles:
    """Limit the size of the files a process writes (setrlimit(2), RLIMIT_FSIZE)."""

    def fill(self, program: Program) -> None:
        """Leave no room."""
        self._limit(program, _SMALL)

    def free(self, program: Program) -> None:
        """Give the room back."""
        self._limit(program, resource.RLIM_INFINITY)

    def _limit(self, program: Program, size: int) -> None:
        with suppress(ProcessLookupError):
            resource.prlimit(program.process.pid, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))


class SmallFileSystem:
    """Hold the data on a small file system, and fill what is left of it with ballast."""

    def __init__(self, folder: Path, megabytes: int) -> None:
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "chaos", folder], check=True, capture_output=True)

    def fill(self, program: Program) -> None:
        """Leave no room."""
        with suppress(OSError), (self._folder / "ballast").open("wb", buffering=0) as ballast:
            while True:
                ballast.write(b"x" * 4096)

    def free(self, program: Program) -> None:
        """Give the room back."""
        (self._folder / "ballast").unlink(missing_ok=True)

    def close(self) -> None:
        """Take the file system away, with all on it."""
        subprocess.run(["umount", self._folder], check=False, capture_output=True)


@dataclass
class Lone:
    """Hold the one service, and what goes wrong with it."""

    folder: Path
    presses: Presses
    disk: Disk = field(default_factory=LimitedFiles)
    counts: Counter[str] = field(default_factory=Counter)
    program: Program | None = None
    kinds: Iterator[str] = field(default_factory=lambda: cycle(KINDS))
    deadly: list[Trouble] = field(default_factory=list)

    @property
    def url(self) -> str:
        """Give where its database is."""
        return f"sqlite:///{self.folder}/data/aggregator.db"

    def start(self) -> Program:
        """Start the service in the place of what runs."""
        self.kill()
        self.program = start(["run"], environment(self.folder, self.url, self.presses), self.folder / "service.log")
        return self.program

    def kill(self) -> None:
        """Kill the service, where it runs."""
        if self.program and self.program.process.poll() is None:
            self.deadly.append(Trouble("kill", time.monotonic()))
            self.program.kill()

    def trouble(self, program: Program, chance: random.Random, pause: Callable[[float], None]) -> None:
        """Do one bad thing."""
        kind = next(self.kinds)
        if kind == "kill":
            self.start()
        elif kind == "clock":
            program.set_clock(chance.choice(STEPS))
        else:
            self.disk.fill(program)
            pause(chance.uniform(1, 3))
            if chance.random() < 0.3:
                self.kill()
            self.disk.free(program)
            if program.process.poll() is not None:
                self.start()
        self.counts[kind] += 1

    def finish(self) -> None:
        """Heal the world, and let the service come to rest."""
        self.presses.healed = True
        self.start()
        come_to_rest(self.url, self.presses)


def run_lone(lone: Lone, seconds: float, seed: int) -> list[str]:
    """Start the service, make trouble for a while, heal, and give the faults."""
    write_configuration(lone.folder, lone.presses)
    chance, end = random.Random(seed), time.monotonic() + max(60.0, seconds)
    lone.start()
    while time.monotonic() < end and not lone.presses.requests:
        time.sleep(0.2)
    end = time.monotonic() + seconds

    def bear(pause: float) -> None:
        until = time.monotonic() + pause
        while time.monotonic() < until:
            time.sleep(0.3)
            lone.presses.edition = min(lone.presses.edition + (chance.random() < 0.3), 30)
            hurry(lone.url, leases=True)

    while lone.program and (time.monotonic() < end or lone.counts.total() < 2):
        bear(chance.uniform(1, 3))
        lone.trouble(lone.program, chance, bear)
    lone.finish()
    lone.kill()
    return faults(lone.url, lone.presses, lone.deadly)


def small_disk(folder: Path, megabytes: int = 64) -> SmallFileSystem | None:
    """Give a small file system where one may be mounted."""
    if shutil.which("mount") is None:
        return None
    try:
        return SmallFileSystem(folder, megabytes)
    except subprocess.CalledProcessError:
        return None

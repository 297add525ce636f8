"""Kill the program anywhere, start it again: every expected story is told, none twice.

The outside world (feeds, mail server, webhook) lives on while the program is killed with SIGKILL at random moments and started
again until it comes to its end. A message whose kill fell between the receiver's "250" or "200" and our commit may arrive again; then
it is the same message to the byte, under the same Message-ID or idempotency key.
"""

import os
import random
import signal
import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from aggregator.newsroom.demo import SUBSCRIPTIONS
from aggregator.newsroom.ledger import Alert, Mail
from aggregator.newsroom.world import World
from aggregator.records import DeliveryRow
from aggregator.store import open_store
from tests.newsroom.outcome import Happened

TOPICS = Path(__file__).parents[2] / "feeds.yaml"
KILLS = 5
"""Kills in one demo; with the four seeds, twenty moments."""
LONGEST = 3.5
"""Seconds after the first sign of work within which a kill falls; a round takes about three."""


def start(world: World, folder: Path) -> subprocess.Popen[bytes]:
    places = ["--newsroom", world.control_url, "--folder", str(folder), "--topics", str(TOPICS)]
    command = [sys.executable, "-m", "aggregator", "demo", "--json", *places]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env={"PATH": os.environ["PATH"]})


def kill_at(process: subprocess.Popen[bytes], seconds: float) -> bool:
    """Kill a process so long after its first line of progress, and tell whether that met it alive."""
    assert process.stderr
    process.stderr.readline()
    try:
        process.wait(timeout=seconds)
    except subprocess.TimeoutExpired:
        process.kill()
    process.communicate()
    return process.returncode == -signal.SIGKILL


def finish(world: World, folder: Path) -> None:
    process = start(world, folder)
    _, errors = process.communicate(timeout=100)
    assert process.returncode == 0, errors.decode()


@dataclass(frozen=True)
class Aftermath:
    """Hold what store and receivers know after the last run."""

    happened: Happened
    deliveries: Sequence[DeliveryRow]
    mails: Sequence[Mail]
    alerts: Sequence[Alert]

    @property
    def keys(self) -> Counter[str]:
        """Count the messages that arrived by the key they carried."""
        return Counter([mail.parsed["Message-ID"] for mail in self.mails] + [alert.headers["idempotency-key"] for alert in self.alerts])


def look(world: World, folder: Path) -> Aftermath:
    store = open_store(f"sqlite:///{folder}/aggregator.db")
    digests = [digest for _, digest in store.digests(limit=1000)]
    happened = Happened(world.edition, store.outcomes(), digests)
    deliveries = store.deliveries(limit=1000)
    store.close()
    return Aftermath(happened, deliveries, world.mails, world.alerts)


def told_once(after: Aftermath) -> None:
    """Hold every story to be told once, every delivery to be sent, and every message to be the one its key names."""
    for subscription in SUBSCRIPTIONS:
        assert after.happened.told(subscription) == after.happened.tellings_expected()
    assert {row.status for row in after.deliveries} == {"sent"}
    assert len(after.keys) == len(after.deliveries) == len(after.happened.digests)
    same_under_one_key(after.mails, after.alerts)


def same_under_one_key(mails: Sequence[Mail], alerts: Sequence[Alert]) -> None:
    """Hold every repeated message to be the same message, to the byte, under the key it had."""
    by_id: defaultdict[str, set[bytes]] = defaultdict(set)
    for mail in mails:
        by_id[mail.parsed["Message-ID"]].add(mail.message)
    by_key: defaultdict[str, set[str]] = defaultdict(set)
    for alert in alerts:
        by_key[alert.headers["idempotency-key"]].add(str(alert.payload))
    assert all(len(bodies) == 1 for bodies in by_id.values())
    assert all(len(payloads) == 1 for payloads in by_key.values())


@pytest.mark.timeout(240)
@pytest.mark.parametrize("seed", [1, 2, 3, 4])
def test_killed_at_random_moments_every_story_is_told_once(seed: int, tmp_path: Path) -> None:
    moments, kills = random.Random(seed), 0
    with World.open(tmp_path / "received") as world:
        while kills < KILLS:
            kills += kill_at(start(world, tmp_path / "demo"), moments.uniform(0, LONGEST))
        finish(world, tmp_path / "demo")
        after = look(world, tmp_path / "demo")
    told_once(after)


@pytest.mark.timeout(120)
def test_killed_after_the_receiver_took_a_message_it_comes_again_under_the_same_key(tmp_path: Path) -> None:
    with World.open(tmp_path / "received") as world:
        process = start(world, tmp_path / "demo")
        world.when_something_arrives(process.kill)
        process.communicate(timeout=60)
        assert process.returncode == -signal.SIGKILL
        taken = len(world.mails) + len(world.alerts)
        finish(world, tmp_path / "demo")
        after = look(world, tmp_path / "demo")
    told_once(after)
    assert taken >= 1
    assert max(after.keys.values()) == 2, "nothing came again: the kill did not fall before the commit"

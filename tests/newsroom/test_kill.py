"""Kill the program anywhere, start it again: every expected story is told, none twice.

The outside world (feeds, mail server, webhook) lives on while the program is killed with SIGKILL at random moments and started
again until it comes to its end. A message whose kill fell between the receiver's "250" or "200" and our commit may arrive again; then
it is the same message to the byte, under the same Message-ID or idempotency key.
"""

import os
import random
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

import pytest

from aggregator.newsroom.demo import SUBSCRIPTIONS
from aggregator.newsroom.ledger import Alert, Mail
from aggregator.newsroom.world import World
from aggregator.store import open_store
from tests.newsroom.outcome import Happened

TOPICS = Path(__file__).parents[2] / "feeds.yaml"
KILLS = 5
"""Kills in one demo; with the four seeds, twenty moments."""
LONGEST = 8.0
"""Seconds in which a kill may fall after a start; a whole run takes about as long."""


def start(world: World, folder: Path) -> subprocess.Popen[bytes]:
    command = [
        sys.executable,
        "-m",
        "aggregator",
        "demo",
        "--newsroom",
        world.control_url,
        "--folder",
        str(folder),
        "--topics",
        str(TOPICS),
    ]
    return subprocess.Popen([*command, "--json"], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env={"PATH": os.environ["PATH"]})


def run_killed(world: World, folder: Path, moments: random.Random) -> int:
    """Run the demo to its end through kills at random moments, and count the kills that met it alive."""
    kills = 0
    for _ in range(KILLS):
        process = start(world, folder)
        try:
            process.wait(timeout=moments.uniform(0.5, LONGEST))
        except subprocess.TimeoutExpired:
            process.kill()
            kills += 1
        process.communicate()
    process = start(world, folder)
    _, errors = process.communicate(timeout=100)
    assert process.returncode == 0, errors.decode()
    return kills


def same_under_one_key(mails: tuple[Mail, ...], alerts: tuple[Alert, ...]) -> None:
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
    with World.open(tmp_path / "received") as world:
        kills = run_killed(world, tmp_path / "demo", random.Random(seed))
        store = open_store(f"sqlite:///{tmp_path}/demo/aggregator.db")
        digests = store.digests(limit=1000)
        happened = Happened(world.edition, store.outcomes(), [digest for _, digest in digests])
        deliveries = store.deliveries(limit=1000)
        store.close()
        mails, alerts = world.mails, world.alerts
    assert kills > 0
    for subscription in SUBSCRIPTIONS:
        assert happened.told(subscription) == happened.tellings_expected()
    assert {row.status for row in deliveries} == {"sent"}
    same_under_one_key(mails, alerts)
    keys = {mail.parsed["Message-ID"] for mail in mails} | {alert.headers["idempotency-key"] for alert in alerts}
    assert len(keys) == len(deliveries) == len(digests)

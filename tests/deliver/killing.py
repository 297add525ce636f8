"""Kill workers at chosen or random steps of the ledger, start them again, and count what reached the receivers.

A step is every statement that the database executed, every commit, and the moments before and after a receiver took a message. A message
may come again only where a worker was killed at the last of these: after it was taken, before that was noted in the receipt book. The
process forks its workers before it opens any thread; a worker dies by SIGKILL, so nothing of it is tidied up. The receiver is a file
that is appended to: what stands there was taken.

``python -m tests.deliver.killing 300`` kills at 300 random steps, two workers at a time, and prints what it found.
"""

import asyncio
import json
import logging
import os
import random
import shutil
import signal
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from itertools import count
from pathlib import Path

import structlog
from sqlalchemy import event

from aggregator.deliver import LEASE, Delivering, decide_due, send_due
from aggregator.models import Delivery, Digest, Receipt
from aggregator.ports import Message
from aggregator.records import Address
from aggregator.store import SqlStore, open_store
from aggregator.store.receipt_book import receipt_book
from tests.conftest import Clock
from tests.deliver.outbox import ALERTS, DIGEST, Page, delivering, tell
from tests.store.samples import NOW

PEOPLE = tuple(Address(channel="email", recipient=f"{name}@example.org") for name in "abc")
HOOKS = (Address(channel="slack", recipient="env:HOOK"),)
ROUNDS = 3
STORIES = 2


class Steps:
    """Count steps, and die at one of them; a death in the gap, after a message was taken and before that was noted, leaves a mark."""

    def __init__(self, deadly: int | None, gaps: Path) -> None:
        self._deadly, self._gaps = deadly, gaps
        self.taken = 0

    def __call__(self, *_: object) -> None:
        self._step(in_gap=False)

    def in_gap(self) -> None:
        """Count the step between the receiver's answer and the note of it."""
        self._step(in_gap=True)

    def _step(self, *, in_gap: bool) -> None:
        self.taken += 1
        if self.taken == self._deadly:
            if in_gap:
                _append(self._gaps, b".")
            os.kill(os.getpid(), signal.SIGKILL)


def _append(path: Path, content: bytes) -> None:
    """Append in one write."""
    descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    os.write(descriptor, content)
    os.close(descriptor)


@dataclass(frozen=True)
class AppendingChannel:
    """Append each message to a file in one write, as a receiver takes a message whole or not at all."""

    path: Path
    step: Steps

    def render(self, digest: Digest, delivery: Delivery) -> Message:
        told = [f"{item.story_id}.{item.version}" for item in digest.items]
        line = {"key": delivery.key, "to": delivery.recipient, "of": digest.subscription, "told": told}
        return Page({".txt": json.dumps(line).encode() + b"\n"})

    async def send(self, delivery: Delivery, message: Message) -> Receipt:
        self.step()
        _append(self.path, message.parts[".txt"])
        self.step.in_gap()
        return Receipt(detail="taken")


@dataclass
class Ground:
    """Hold one database and one receiver, and the time that has come there."""

    folder: Path
    now: datetime = NOW

    @property
    def received(self) -> Path:
        return self.folder / "received"

    @property
    def gaps(self) -> Path:
        return self.folder / "gaps"

    @property
    def url(self) -> str:
        return f"sqlite:///{self.folder}/store.db"

    def open(self) -> SqlStore:
        return open_store(self.url)

    def use(self, store: SqlStore, step: Steps) -> Delivering:
        use = delivering(store, Clock(self.now), AppendingChannel(self.received, step), DIGEST, ALERTS)
        return replace(use, addresses=lambda subscription: PEOPLE if subscription.id == DIGEST.id else HOOKS)

    def publish(self, number: int) -> None:
        """Store a round's stories and let a day pass, so that everything is due."""
        store = self.open()
        self.use(store, Steps(None, self.gaps))
        tell(store, Clock(self.now), *(f"{number}-{story}" for story in range(STORIES)))
        store.close()
        self.now += timedelta(days=1)


def fork(work: Callable[[], None]) -> int:
    """Run `work` in a process of its own, and give its id."""
    child = os.fork()
    if child:
        return child
    code = 1
    try:
        work()
        code = 0
    finally:
        os._exit(code)


def killed(child: int) -> bool:
    """Wait for a worker's end; tell whether it was killed. A worker that fails otherwise is an error."""
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        return True
    assert os.WEXITSTATUS(status) == 0, "a worker failed by itself"
    return False


def work(ground: Ground, deadly: int | None) -> None:
    """Decide and send what is due, as a worker does; die at a step."""
    store, step = ground.open(), Steps(deadly, ground.gaps)
    for name in ("after_cursor_execute", "commit"):
        event.listen(store._database.engine, name, step)
    with receipt_book(ground.url, ground.folder, store) as book:
        use = replace(ground.use(store, step), book=book)
        decide_due(use)
        asyncio.run(send_due(use))
    store.close()


def settle(ground: Ground, deadly: Sequence[int | None]) -> int:
    """Start one worker for each of `deadly` at once, and give how many were killed."""
    children = [fork(partial(work, ground, step)) for step in deadly]
    dead = sum(map(killed, children))
    ground.now += LEASE + timedelta(seconds=1)
    return dead


def faults(ground: Ground) -> list[str]:
    """Say what was lost, and what came twice under another key or with other words."""
    lines = [json.loads(line) for line in ground.received.read_text().splitlines()]
    by_key = {line["key"]: line for line in lines}
    found = [f"another message under the key {line['key']}" for line in lines if line != by_key[line["key"]]]
    told = Counter((line["of"], line["to"], story) for line in by_key.values() for story in line["told"])
    stories = range(1, ROUNDS * STORIES + 1)
    readers = [(DIGEST.id, address.recipient) for address in PEOPLE] + [(ALERTS.id, address.recipient) for address in HOOKS]
    found += [
        f"{reader} got story {story} {told[(*reader, f'{story}.1')]} times"
        for reader in readers
        for story in stories
        if told[(*reader, f"{story}.1")] != 1
    ]
    gaps = len(ground.gaps.read_text()) if ground.gaps.exists() else 0
    if repeated(ground) > gaps:
        found.append(f"{repeated(ground)} messages came again, though {gaps} workers were killed where that cannot be helped")
    store = ground.open()
    found += [f"delivery {row.delivery.id} is {row.status}" for row in store.deliveries(limit=1000) if row.status != "sent"]
    store.close()
    return found


def repeated(ground: Ground) -> int:
    """Count the messages that came again under their own key."""
    keys = Counter(json.loads(line)["key"] for line in ground.received.read_text().splitlines())
    return sum(keys.values()) - len(keys)


def fresh(made: Path) -> Ground:
    folder = Path(tempfile.mkdtemp(prefix="killing"))
    shutil.copy(made, folder / "store.db")
    return Ground(folder)


def everywhere(made: Path, stride: int) -> tuple[int, int, list[str]]:
    """Kill one worker at each step of a round in turn, every `stride`-th; give kills, repetitions and faults."""
    kills, again, found = 0, 0, list[str]()
    for first in range(1, stride + 1):
        ground, step = fresh(made), count(first, stride)
        for number in range(ROUNDS):
            ground.publish(number)
            while settle(ground, [next(step)]):
                kills += 1
            step = count(first + number, stride)
        settle(ground, [None])
        again += repeated(ground)
        found += faults(ground)
        shutil.rmtree(ground.folder)
    return kills, again, found


def anywhere(made: Path, kills_wanted: int, seed: int) -> tuple[int, int, list[str]]:
    """Kill two workers at random steps until there were so many kills; give kills, repetitions and faults."""
    moments, kills, again, found = random.Random(seed), 0, 0, list[str]()
    while kills < kills_wanted:
        ground = fresh(made)
        for number in range(ROUNDS):
            ground.publish(number)
            for _ in range(6):
                kills += settle(ground, [moments.randint(1, 60), moments.randint(1, 60)])
        settle(ground, [None, None])
        again += repeated(ground)
        found += faults(ground)
        shutil.rmtree(ground.folder)
    return kills, again, found


def make(folder: Path) -> Path:
    """Make the tables once."""

    def upgrade() -> None:
        store = open_store(f"sqlite:///{folder}/made.db")
        store.upgrade()
        store.close()

    assert not killed(fork(upgrade))
    return folder / "made.db"


def main(arguments: Sequence[str]) -> None:
    """Print kills, repetitions under the same key, and faults, as JSON."""
    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR), logger_factory=structlog.PrintLoggerFactory(sys.stderr)
    )
    with tempfile.TemporaryDirectory() as folder:
        made = make(Path(folder))
        if arguments[0] == "everywhere":
            kills, again, found = everywhere(made, stride=int(arguments[1]))
        else:
            kills, again, found = anywhere(made, int(arguments[0]), int(arguments[1]) if len(arguments) > 1 else 1)
    print(json.dumps({"kills": kills, "repeated_under_their_key": again, "faults": found}))
    sys.exit(bool(found))


if __name__ == "__main__":
    main(sys.argv[1:])

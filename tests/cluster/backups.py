"""Backups of an installation at work: each must be a state that was, and a service that starts on it must go on from there."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from aggregator.app.configured import read_configuration
from aggregator.app.installation import Tuning, declare, free_leases, open_app
from aggregator.reload import Live
from aggregator.runners import InProcess
from aggregator.settings import Settings, load_settings
from aggregator.store import open_store
from aggregator.store.backup import Backup, back_up, restore
from aggregator.store.soundness import check_database
from aggregator.store.verifying import verify
from aggregator.web import Metrics
from tests.cluster.balance import come_to_rest, hurry, missing, told_wrongly
from tests.cluster.presses import Presses
from tests.cluster.programs import environment, write_configuration
from tests.store.samples import NOW

BREATH = 0.05
"""Seconds between two rounds of a step."""
PRINTING = 0.3
"""Seconds between two editions."""
PATIENCE = 20.0
"""Seconds that a message, and rest, are waited for."""


@dataclass(frozen=True)
class Ground:
    """Hold where an installation lives, and the presses that it watches."""

    folder: Path
    url: str
    presses: Presses
    editions: int = 8
    """Entries that a feed comes to have; many more at once would be held as a flood."""

    def settings(self) -> Settings:
        self.folder.mkdir(exist_ok=True)
        write_configuration(self.folder, self.presses)
        given = environment(self.folder, self.url, self.presses)
        return load_settings({name: value for name, value in given.items() if name.startswith(("AGGREGATOR_", "CHAOS_"))})


@asynccontextmanager
async def working(ground: Ground, *, printing: bool) -> AsyncIterator[None]:
    """Poll, judge, decide and send side by side inside the block, as the service does; the presses do not fail, and may print on."""
    ground.presses.healed = True  # a host that fails is left in peace for minutes
    settings = ground.settings()
    async with open_app(settings, read_configuration(settings), tuning=Tuning(spacing=0.02)) as app:
        free_leases(settings, app.store)
        declare(app)
        runner, stop = InProcess(Live(app), Metrics()), asyncio.Event()

        async def print_on() -> None:
            if printing:
                ground.presses.edition = min(ground.presses.edition + 1, ground.editions)
            await asyncio.to_thread(hurry, ground.url)
            await asyncio.sleep(PRINTING)

        async def again_and_again(step: Callable[[], Awaitable[None]]) -> None:
            while not stop.is_set():
                await step()
                await asyncio.sleep(BREATH)

        steps = [asyncio.create_task(again_and_again(step)) for step in (runner.poll, runner.judge, runner.decide, runner.send, print_on)]
        try:
            yield
        finally:
            stop.set()
            await asyncio.gather(*steps)


async def under_load(ground: Ground, count: int, pause: float) -> list[Backup]:
    """Take backups while everything is at work: the first when a message has arrived, each when every feed was asked again."""
    made = list[Backup]()
    async with working(ground, printing=True):
        await _until(lambda: bool(ground.presses.arrivals))
        for number in range(count):
            enough = ground.presses.requests + 2 * ground.presses.feeds
            made.append(await asyncio.to_thread(back_up, ground.url, ground.folder / f"{number}.db", NOW))
            await _until(partial(_reached, ground.presses, enough))
            await asyncio.sleep(pause)
    return made


def _reached(presses: Presses, requests: int) -> bool:
    return presses.requests >= requests


async def _until(so: Callable[[], bool]) -> None:
    """Wait for something, but not for ever: what was not reached shows in what is found."""
    for _ in range(round(PATIENCE / BREATH)):
        if so():
            return
        await asyncio.sleep(BREATH)


async def gone_on(backup: Backup, ground: Ground) -> list[str]:
    """Restore a backup, let everything work on it until nothing is left to do, and name every promise that was broken."""
    restore(backup.path, ground.url)  # refuses what differs from the manifest in counts or hashes
    found = [f"before the start: {fault}" for fault in _unsound(ground.url)]
    sent, waiting = _keys(ground.url)
    ground.presses.forget_messages()
    async with working(ground, printing=False):
        await asyncio.to_thread(come_to_rest, ground.url, ground.presses, PATIENCE)
    later, left = _keys(ground.url)
    arrived = set(ground.presses.arrivals)
    found += _unsound(ground.url) + [f"served but not stored: {guid}" for guid in missing(ground.url, ground.presses)]
    found += [f"{key} was told before the backup, and again" for key in sent & arrived]
    found += [f"{key} was lost" for key in (waiting | later) - sent - arrived] + [f"{key} is not sent" for key in left]
    found += [f"{key} arrived {len(times)} times" for key, times in ground.presses.arrivals.items() if len(times) > 1]
    return found + told_wrongly(ground.url)


def _unsound(url: str) -> list[str]:
    return [f"{one.what}: {one.state}" for one in check_database(url) if not one.ok] + list(verify(url).faults)


def _keys(url: str) -> tuple[set[str], set[str]]:
    """Give the keys of what the ledger calls sent, and of what it does not; a mail's as its Message-ID."""
    store = open_store(url)
    rows = store.deliveries(limit=100_000)
    store.close()
    names = {row.delivery.key: _name(row.delivery.channel, row.delivery.key) for row in rows}
    sent = {names[row.delivery.key] for row in rows if row.status == "sent"}
    return sent, set(names.values()) - sent


def _name(channel: str, key: str) -> str:
    return f"<{key}@chaos.example>" if channel == "email" else key

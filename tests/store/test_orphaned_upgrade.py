"""A service that is killed while another process upgrades its database takes that process with it, and the upgrade is undone."""

import os
import select
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import pytest
from alembic import command

from aggregator.store import open_store
from aggregator.store.schema import stored_version, versions
from tests.store.test_migrations import differences, move
from tests.store.test_previous import open_filled, rows

# Every interpreter below loads this by itself: the one that upgrades stops in the middle, holding a pipe open for as long as it lives.
_HALTING = """
import os, sys, time
if "aggregator.sources.worker_process" in sys.orig_argv:
    from itertools import count
    from sqlalchemy import Engine, event
    taken = count(1)
    def step(*_):
        if next(taken) == 12:
            os.write(os.open(os.environ["HALTED"], os.O_WRONLY), b"%d\\n" % os.getpid())
            time.sleep(120)
    event.listen(Engine, "after_cursor_execute", step)
"""
_STARTS = """
import sys
from aggregator.app.upgrading import upgrade_apart
from aggregator.settings import Settings
upgrade_apart(Settings(database_url=sys.argv[1]))
"""


@dataclass
class Halfway:
    """Hold a starter, and the upgrade that it waits for, stopped in the middle of its transaction."""

    starter: "subprocess.Popen[bytes]"
    pipe: IO[bytes]
    upgrade: int

    def ended(self) -> bool:
        """Wait for the upgrade's end of the pipe to close, as it does when its process ends."""
        return bool(select.select([self.pipe], [], [], 20)[0]) and self.pipe.read() == b""


@pytest.fixture
def halfway(empty_url: str, tmp_path: Path) -> Iterator[Halfway]:
    store = open_filled(empty_url)
    move(store, command.downgrade, versions()[-6])
    store.close()
    (tmp_path / "sitecustomize.py").write_text(_HALTING)
    os.mkfifo(tmp_path / "halted")
    path = os.pathsep.join([str(tmp_path), *sys.path])
    environment = {**os.environ, "PYTHONPATH": path, "HALTED": str(tmp_path / "halted")}
    pipe = os.open(tmp_path / "halted", os.O_RDONLY | os.O_NONBLOCK)
    command_line = [sys.executable, "-c", _STARTS, empty_url]
    with os.fdopen(pipe, "rb", buffering=0) as halted, subprocess.Popen(command_line, env=environment) as starter:
        assert select.select([halted], [], [], 60)[0], "the upgrade has fewer statements than this test lets through"
        halfway = Halfway(starter, halted, int(halted.readline()))
        yield halfway
        starter.kill()
        if not halfway.ended():
            os.kill(halfway.upgrade, signal.SIGKILL)


@pytest.mark.parametrize("victim", ["the service", "the upgrade"])
def test_an_upgrade_ends_with_its_service_or_when_it_is_told_to_and_is_undone(halfway: Halfway, empty_url: str, victim: str) -> None:
    if victim == "the service":
        halfway.starter.kill()
    else:
        os.kill(halfway.upgrade, signal.SIGTERM)
        assert halfway.starter.wait(20) == 0
    assert halfway.ended()
    store = open_store(empty_url)
    with store._database.read() as connection:
        assert stored_version(connection) == versions()[-6]
    before = rows(store)
    store.upgrade()
    assert (rows(store, before), differences(store)) == (before, [])
    store.close()

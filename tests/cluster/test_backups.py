"""Short form of `bench/backups.py`: a backup taken while all work is a state that was, and a start on it tells nothing again."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.cluster.backups import Ground, gone_on, under_load
from tests.cluster.presses import Presses


@pytest.fixture
def presses() -> Iterator[Presses]:
    started = Presses(4, seed=2).start()
    yield started
    started.stop()


@pytest.mark.timeout(120)
@pytest.mark.parametrize("engine", ["sqlite", "postgresql"])
async def test_backups_under_load_balance_and_go_on(request: pytest.FixtureRequest, presses: Presses, tmp_path: Path, engine: str) -> None:
    def place(name: str) -> str:
        if engine == "sqlite":
            return f"sqlite:///{tmp_path}/{name}/aggregator.db"
        server: Any = request.getfixturevalue("server")
        server.psql(f"CREATE DATABASE {name}")
        return str(server.get_uri(database=name))

    made = await under_load(Ground(tmp_path / "first", place("first"), presses), 2, 0.1)
    rows = [backup.rows for backup in made]
    assert rows == sorted(set(rows))
    assert await gone_on(made[-1], Ground(tmp_path / "restored", place("restored"), presses)) == []

"""A service in which nobody polls does not say that it works."""

from datetime import timedelta
from pathlib import Path

from aggregator.reload import Live
from aggregator.service import PATIENCE, Watchman
from tests.conftest import Clock
from tests.deliver.test_labelling import installed


async def test_feeds_that_are_due_and_not_polled_for_long_are_a_trouble(tmp_path: Path, clock: Clock) -> None:
    async with installed(tmp_path, clock) as desk:
        watchman = Watchman(Live(desk.app), clock)
        assert not any("though some are due" in words for words in (await watchman.status()).troubles)
        clock.now += PATIENCE + timedelta(minutes=1)
        assert "no feed was polled for 16 minutes, though some are due" in (await watchman.status()).troubles

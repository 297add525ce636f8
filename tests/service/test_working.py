"""A service in which nobody polls does not say that it works."""

from datetime import timedelta
from pathlib import Path

from aggregator.models import Failed, FailureKind
from aggregator.records import PollRecord
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


async def test_a_feed_that_is_gone_for_good_is_shown_and_breaks_no_check(tmp_path: Path, clock: Clock) -> None:
    async with installed(tmp_path, clock) as desk:
        gone, now = desk.app.configuration.feeds[0].id, clock()
        failure = Failed(kind=FailureKind.PERMANENT, message="answered 410 Gone", status=410)
        poll = PollRecord(feed_id=gone, started_at=now, finished_at=now, outcome="failed", next_due_at=None, failure=failure)
        desk.app.store.record_polls([poll])
        status = await Watchman(Live(desk.app), clock).status()
        assert "retired" in [feed.status for feed in status.feeds]
        answers = [await desk.client.get(path) for path in ("/healthz", "/readyz", "/metrics")]
        assert [answer.status_code for answer in answers] == [200, 200, 403]

"""Poll the benchmark's feeds with this program, once: ``python bench/_ours.py URLS DATABASE [poll|whole|resident]``.

"poll" fetches, reads and stores; "whole" judges too; "resident" polls five times in one process and prints the CPU of the median round.
"""

import asyncio
import resource
import sys
import tempfile
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median
from time import perf_counter

from aggregator.app import Tuning, open_app, read_configuration
from aggregator.http_client import Limits
from aggregator.judge import judge_pending
from aggregator.logs import configure_logs
from aggregator.models import FeedSpec
from aggregator.poll import poll_due
from aggregator.settings import load_settings

ROOT = Path(__file__).parents[1]


def cpu() -> float:
    """Give the CPU seconds of this process and of the children that ended."""
    return sum(
        used.ru_utime + used.ru_stime for used in (resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN))
    )


async def main(urls: list[str], database: str, mode: str, clock: Callable[[], datetime]) -> None:
    """Poll every feed as often as the mode says."""
    folder = tempfile.mkdtemp()
    environ = {
        "AGGREGATOR_FEEDS_FILE": str(ROOT / "feeds.yaml"),
        "AGGREGATOR_DATABASE_URL": f"sqlite:///{database}",
        "AGGREGATOR_DATA_DIR": folder,
        "AGGREGATOR_HTTP_ALLOW": "127.0.0.0/8",
    }
    settings = load_settings(environ)
    configure_logs("json", "error")
    feeds = tuple(
        FeedSpec(id=f"f{place}", name=f"Feed {place}", url=url, publisher=f"p{place}", family=f"p{place}") for place, url in enumerate(urls)
    )
    configuration = replace(read_configuration(settings), feeds=feeds, subscriptions=())
    async with open_app(settings, configuration, clock, Tuning(limits=Limits(deadline=10.0), spacing=0.0)) as app:
        app.store.sync_feeds(feeds, clock())
        polling = replace(app.polling, concurrency=256)
        names = [feed.id for feed in feeds]
        if mode != "resident":
            polls = await poll_due(polling, only=names, limit=len(names))
            failed = sum(poll.outcome == "failed" for poll in polls)
            if mode == "whole":
                await judge_pending(app.judging)
            print(f"{len(polls)} polls, {failed} failed, {sum(poll.new for poll in polls)} new")
            return
        rounds = []
        for _ in range(6):
            before, start = cpu(), perf_counter()
            await poll_due(polling, only=names, limit=len(names))
            rounds.append((cpu() - before, perf_counter() - start))
        print(f"cpu_ms_per_feed={median(spent for spent, _ in rounds[1:]) / len(names) * 1000:.3f}")


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]).read_text().split(), sys.argv[2], sys.argv[3], lambda: datetime.now(UTC) + timedelta(0)))

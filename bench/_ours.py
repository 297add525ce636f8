"""Poll the benchmark's feeds with this program, once: ``python bench/_ours.py URLS DATABASE [poll|whole|resident]``.

"poll" fetches, reads and stores; "whole" judges too; "resident" polls five times in one process and prints the CPU of the median round.
"""

import asyncio
import resource
import sys
import tempfile
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

from aggregator.core.traits import no_meaning
from aggregator.http_client import HttpClient, Limits
from aggregator.judge import judge_pending
from aggregator.logs import configure_logs
from aggregator.models import FeedSpec
from aggregator.poll import Polling, poll_due
from aggregator.settings import load_settings
from aggregator.sources.workers import ReaderPool
from aggregator.store import open_store

ROOT = Path(__file__).parents[1]


def cpu() -> float:
    """Give the CPU seconds of this process and of the children that ended."""
    return sum(
        used.ru_utime + used.ru_stime for used in (resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN))
    )


async def main(urls: list[str], database: str, mode: str) -> None:
    """Poll every feed as often as the mode says."""
    configure_logs("json", "error")
    feeds = tuple(
        FeedSpec(id=f"f{place}", name=f"Feed {place}", url=url, publisher=f"p{place}", family=f"p{place}") for place, url in enumerate(urls)
    )
    if mode == "whole":
        await whole(database, feeds)
        return
    store = open_store(f"sqlite:///{database}")
    store.upgrade()
    store.sync_feeds(feeds, utc_now())
    reader = ReaderPool()
    http = HttpClient(Limits(deadline=10.0), allow=("127.0.0.0/8",))
    known = {feed.id: feed for feed in feeds}
    polling = Polling(store=store, fetcher=http, reader=reader, feeds=known, clock=utc_now, spacing=0.0, concurrency=256)
    if mode == "resident":
        await resident(polling)
    else:
        await once(polling)
    await http.aclose()
    await reader.aclose()
    store.close()


async def once(polling: Polling) -> None:
    """Poll every feed once."""
    polls = await poll_due(polling, only=polling.feeds, limit=len(polling.feeds))
    print(f"{len(polls)} polls, {sum(poll.outcome == 'failed' for poll in polls)} failed, {sum(poll.new for poll in polls)} new")


async def resident(polling: Polling) -> None:
    """Poll six times and print the CPU of the median round after the first."""
    rounds = []
    for _ in range(6):
        before = cpu()
        await poll_due(polling, only=polling.feeds, limit=len(polling.feeds))
        rounds.append(cpu() - before)
    print(f"cpu_ms_per_feed={median(rounds[1:]) / len(polling.feeds) * 1000:.3f}")


async def whole(database: str, feeds: tuple[FeedSpec, ...]) -> None:
    """Do what ``aggregator poll`` does, with the topics of the project's own feeds.yaml: poll, then judge what is new."""
    from aggregator.app.configured import read_configuration
    from aggregator.app.gathering import Tuning, open_gathering

    environ = {"AGGREGATOR_FEEDS_FILE": str(ROOT / "feeds.yaml"), "AGGREGATOR_DATABASE_URL": f"sqlite:///{database}"}
    settings = load_settings({**environ, "AGGREGATOR_DATA_DIR": tempfile.mkdtemp(), "AGGREGATOR_HTTP_ALLOW": "127.0.0.0/8"})
    configuration = replace(read_configuration(settings), feeds=feeds, subscriptions=())
    async with open_gathering(settings, configuration, tuning=Tuning(limits=Limits(deadline=10.0), spacing=0.0)) as app:
        app.store.sync_feeds(feeds, utc_now())
        await once(replace(app.polling, concurrency=256))
        # Without the optional sentence embeddings, as it is installed by default.
        await judge_pending(replace(app.judging, embed=no_meaning))


def utc_now() -> datetime:
    """Tell the time."""
    return datetime.now(UTC)


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]).read_text().split(), sys.argv[2], sys.argv[3]))

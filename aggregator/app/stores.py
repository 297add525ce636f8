"""Open parts of an installation for commands that look things up."""

from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import (
    AsyncExitStack,
    asynccontextmanager,
    contextmanager,
)
from datetime import datetime

from aggregator.app.configured import read_configuration, user_agent, utc_now
from aggregator.app.rules import label
from aggregator.app.sending import draft
from aggregator.desk import Desk
from aggregator.explore import Exploring
from aggregator.feedfile.saved import entry_id, subscription_entry, topic_entry
from aggregator.feedfile.topics import read_topic, topic_text
from aggregator.http_client import HttpClient
from aggregator.models import Configuration
from aggregator.ports import DeskStore, ReaderStore, Store
from aggregator.saved import Entries
from aggregator.settings import Settings
from aggregator.sources.opml import ListedFeed, write_opml
from aggregator.sources.workers import ReaderPool, Worker
from aggregator.store import open_store
from aggregator.trial import Trials, try_rule

TRIAL_SECONDS = 20.0
"""When the trial of a rule is broken off; it ends by itself long before, unless a single article takes so long."""


def make_desk(
    settings: Settings, configured: Callable[[], Configuration], store: DeskStore, clock: Callable[[], datetime] = utc_now
) -> Desk:
    """Make the desk over a store that is open; `configured` gives feeds.yaml as it stands."""
    return Desk(
        store=store,
        configured=configured,
        label=label,
        draft=lambda digest: draft(settings, digest),
        clock=clock,
        rule_text=topic_text,
        trials=_trials(),
        plain=_plain,
        opml=_opml,
        entries=Entries(new_id=entry_id, topic=topic_entry, subscription=subscription_entry),
        located=_located,
    )


def _opml(title: str, feeds: Mapping[str, str]) -> str:
    return write_opml(title, [ListedFeed(url=url, title=name) for url, name in feeds.items()])


def _plain(html: str) -> str:
    from aggregator.enrich import plain_text  # what reads pages is large

    return plain_text(html)


def _located() -> Mapping[str, tuple[str, float, float]]:
    from aggregator.enrich.gazetteer import located  # the gazetteer is large, and maps are seldom looked at

    return located()


def _trials() -> Trials:
    """Make the bench where rules are tried; its process starts when somebody looks at it."""
    worker = Worker(deadline=TRIAL_SECONDS)
    return Trials(lambda rule, sample: worker.run(try_rule, read_topic, rule, sample), worker.start, worker.stop)


@contextmanager
def open_desk(settings: Settings) -> Iterator[tuple[Desk, ReaderStore]]:
    """Open the store, brought up to date, for commands that search, export, and say who may look."""
    store = open_store(settings.database_url)
    try:
        store.upgrade()
        configuration = read_configuration(settings)
        yield make_desk(settings, lambda: configuration, store), store
    finally:
        store.close()


@contextmanager
def open_installed_store(settings: Settings) -> Iterator[Store]:
    """Open only the store, brought up to date, for commands that look things up."""
    store = open_store(settings.database_url)
    try:
        store.upgrade()
        yield store
    finally:
        store.close()


@asynccontextmanager
async def open_exploring(settings: Settings) -> AsyncIterator[Exploring]:
    """Open only network and one reader process, for commands that look at an address."""
    from aggregator.sources.discovery import feed_addresses  # what reads pages is large

    async with AsyncExitStack() as stack:
        reader = ReaderPool(workers=1)
        stack.push_async_callback(reader.aclose)
        http = HttpClient(allow=settings.http_allow, user_agent=user_agent(settings))
        stack.push_async_callback(http.aclose)
        yield Exploring(fetcher=http, reader=reader, candidates=feed_addresses, clock=utc_now)

"""Open what polls and judges, and nothing else: the larger half of an installation is not loaded to ask whether anything is new."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime

from aggregator.app.assistants import SHARE, Assistants
from aggregator.app.configured import user_agent, utc_now
from aggregator.app.operator import operator_addresses, operator_spec
from aggregator.app.rules import Rules
from aggregator.core.timing import next_due_at
from aggregator.doorsteps import Turns
from aggregator.fulltext import FullText
from aggregator.http_client import HttpClient, Limits
from aggregator.judge import Judging
from aggregator.models import Article, Configuration, Entry, FeedSpec, Fetched, Page
from aggregator.poll import Polling
from aggregator.ports import Fetcher, Store
from aggregator.settings import Settings
from aggregator.sources.workers import ReaderPool
from aggregator.store import SqlStore, alone, open_store, working_lock
from aggregator.store.hosts import open_gate
from aggregator.visiting import Visitor

WINDOW = 8 * SHARE
"""Revisions that are judged at a time: four shares for each of two processes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tuning:
    """Hold what the local demo sets otherwise than a real installation."""

    limits: Limits = field(default_factory=Limits)
    spacing: float = 1.0
    parse_seconds: float = 20.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Gathering:
    """Hold what polls and judges; `visitor` is None where pages are not to be fetched."""

    store: SqlStore
    http: HttpClient
    pool: ReaderPool
    visitor: Visitor | None
    polling: Polling
    judging: Judging


@asynccontextmanager
async def open_gathering(
    settings: Settings,
    configuration: Configuration,
    clock: Callable[[], datetime] = utc_now,
    tuning: Tuning | None = None,
    *,
    at_once: bool = False,
) -> AsyncIterator[Gathering]:
    """Open store, network and reader processes, and close all of them at the end; the store's schema is brought up to date.

    Topics are compiled when the first text waits, or `at_once`.
    """
    tuning = tuning or Tuning()
    async with AsyncExitStack() as stack:
        pool = ReaderPool(deadline=tuning.parse_seconds)
        stack.push_async_callback(pool.aclose)
        http = HttpClient(limits=tuning.limits, allow=settings.http_allow, user_agent=user_agent(settings))
        stack.push_async_callback(http.aclose)
        store = open_store(settings.database_url, settings.evidence)
        stack.callback(store.close)
        store.upgrade()
        gate = open_gate(settings.database_url)
        stack.callback(gate.close)
        turns = Turns(gate=gate, spacing=tuning.spacing)
        visitor = _visitor(settings, http, pool, clock, turns)
        polling = Polling(
            store=store,
            fetcher=http,
            reader=pool,
            feeds={feed.id: feed for feed in configuration.feeds},
            clock=clock,
            spacing=tuning.spacing,
            doorsteps=turns.doorsteps,
            gate=gate,
        )
        judging = make_judging(configuration, store, visitor, clock, pool, at_once=at_once)
        yield Gathering(store=store, http=http, pool=pool, visitor=visitor, polling=polling, judging=judging)


def declare_all(settings: Settings, configuration: Configuration, store: Store, now: datetime) -> None:
    """Tell the store what is configured; new feeds are due at once, new subscriptions begin now."""
    store.sync_feeds(configuration.feeds, now)
    due = {subscription.id: next_due_at(subscription.schedule, now) for subscription in configuration.subscriptions}
    operator = (operator_spec(),) if operator_addresses(settings) else ()
    store.sync_subscriptions((*configuration.subscriptions, *operator), due, now)


def at_work(settings: Settings) -> AbstractContextManager[None]:
    """Hold the lock of those who poll or send, so that a service that starts meanwhile leaves our leases alone."""
    return working_lock(settings.database_url)


def free_leases(settings: Settings, store: Store) -> None:
    """Free the leases that killed processes left, unless a living command may hold some of them; those end by themselves."""
    with alone(settings.database_url) as nobody_else:
        if nobody_else:
            store.release_leases()


def make_judging(
    configuration: Configuration,
    store: Store,
    visitor: Visitor | None,
    clock: Callable[[], datetime],
    pool: ReaderPool,
    *,
    at_once: bool = False,
) -> Judging:
    """Make the judge of a configuration."""
    rules = Rules(configuration, at_once=at_once)
    enrich_entry: Callable[[Entry, FeedSpec], Awaitable[Article]] = rules.enrich
    if visitor:
        enrich_entry = FullText(visitor=visitor, enrich=rules.enrich, matches=rules.matches)
    return Judging(
        store=store,
        enrich=enrich_entry,
        find_facts=rules.find_facts,
        topics=rules,
        feeds={feed.id: feed for feed in configuration.feeds},
        level=rules.level,
        clock=clock,
        embed=rules.embed,
        batch=WINDOW,
        understand=Assistants(pool, configuration, pages=visitor is not None),
    )


def _visitor(settings: Settings, fetcher: Fetcher, pool: ReaderPool, clock: Callable[[], datetime], turns: Turns) -> Visitor | None:
    """Make the one visitor of pages, which takes the turns that polling takes; None where pages are not to be fetched."""

    async def read(fetched: Fetched) -> Page:
        return await pool.run(read_fetched, fetched.body, fetched.url, fetched.headers.get("content-type", ""))

    return Visitor(fetcher=fetcher, read=read, clock=clock, turns=turns) if settings.full_text else None


def read_fetched(body: bytes, url: str, content_type: str) -> Page:
    """Read a fetched page for the pipeline, in a worker process; its dateline stays, for the agency in it is cited."""
    from aggregator.enrich.pages import Served, read_page  # what reads pages is large

    return read_page(Served(body=body, url=url, content_type=content_type), keep_datelines=True)

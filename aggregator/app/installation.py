"""Open an installation: store, network, reader processes, and the use cases over them."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import (
    AbstractAsyncContextManager,
    AbstractContextManager,
    AsyncExitStack,
    asynccontextmanager,
    nullcontext,
)
from dataclasses import dataclass, field, replace
from datetime import datetime

from aggregator.app.assistants import SHARE, Assistants
from aggregator.app.configured import user_agent, utc_now
from aggregator.app.recipients import operator_addresses, operator_spec, standing_addresses, unset
from aggregator.app.rules import Rules, label
from aggregator.app.sending import make_channels
from aggregator.app.stores import make_desk
from aggregator.channels import EmailChannel
from aggregator.core.timing import next_due_at
from aggregator.deliver import Delivering
from aggregator.desk import Desk
from aggregator.fulltext import FullText
from aggregator.http_client import HttpClient, Limits
from aggregator.judge import Judging
from aggregator.models import (
    Article,
    Configuration,
    Entry,
    FeedSpec,
    Fetched,
    Page,
)
from aggregator.poll import Polling
from aggregator.ports import Channel, Fetcher, Poster, ReaderStore, Store
from aggregator.revisit import Revisiting
from aggregator.settings import Settings
from aggregator.sources.workers import ReaderPool
from aggregator.store import alone, open_store, working_lock
from aggregator.store.hosts import open_gate
from aggregator.visiting import Visitor

WINDOW = 8 * SHARE
"""Revisions that are judged at a time: four shares for each of two processes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class App:
    """Hold the use cases of one installation, ready to run."""

    settings: Settings
    configuration: Configuration
    store: Store
    polling: Polling
    judging: Judging
    revisiting: Revisiting
    delivering: Delivering
    poster: Poster
    fetcher: Fetcher
    desk: Desk
    readers: ReaderStore
    pool: ReaderPool


@dataclass(frozen=True, slots=True, kw_only=True)
class Tuning:
    """Hold what the local demo sets otherwise than a real installation."""

    limits: Limits = field(default_factory=Limits)
    spacing: float = 1.0
    parse_seconds: float = 20.0


@asynccontextmanager
async def open_app(
    settings: Settings, configuration: Configuration, clock: Callable[[], datetime] = utc_now, tuning: Tuning | None = None
) -> AsyncIterator[App]:
    """Open store, network and reader processes, and close all of them at the end; the store's schema is brought up to date."""
    tuning = tuning or Tuning()
    async with AsyncExitStack() as stack:
        reader = ReaderPool(deadline=tuning.parse_seconds)
        stack.push_async_callback(reader.aclose)
        http = HttpClient(limits=tuning.limits, allow=settings.http_allow, user_agent=user_agent(settings))
        stack.push_async_callback(http.aclose)
        store = open_store(settings.database_url, settings.evidence)
        stack.callback(store.close)
        store.upgrade()
        gate = open_gate(settings.database_url)
        stack.callback(gate.close)
        visitor = _visitor(settings, http, clock, tuning.spacing)
        yield App(
            settings=settings,
            configuration=configuration,
            store=store,
            polling=replace(_polling(configuration, store, http, reader, clock, tuning), gate=gate),
            judging=_judging(configuration, store, visitor, clock, reader),
            revisiting=_revisiting(configuration, store, visitor, clock),
            delivering=_delivering(settings, configuration, store, http, clock),
            poster=http,
            fetcher=http,
            desk=make_desk(settings, configuration, store, clock),
            readers=store,
            pool=reader,
        )


def reconfigured(app: App, configuration: Configuration) -> App:
    """Give the same parts under another configuration; store, network and reader processes are shared with the old one."""
    return replace(
        app,
        configuration=configuration,
        polling=replace(app.polling, feeds={feed.id: feed for feed in configuration.feeds}),
        judging=_judging(configuration, app.store, app.revisiting.visitor, app.judging.clock, app.pool),
        revisiting=_revisiting(configuration, app.store, app.revisiting.visitor, app.revisiting.clock),
        delivering=replace(
            app.delivering,
            subscriptions={subscription.id: subscription for subscription in configuration.subscriptions},
            topics=configuration.judged,
        ),
        desk=replace(app.desk, configured=lambda: configuration),
    )


def declare(app: App) -> None:
    """Tell the store what is configured; new feeds are due at once, new subscriptions begin now."""
    now = app.delivering.clock()
    app.store.sync_feeds(app.configuration.feeds, now)
    due = {subscription.id: next_due_at(subscription.schedule, now) for subscription in app.configuration.subscriptions}
    operator = (operator_spec(),) if app.delivering.operator else ()
    app.store.sync_subscriptions((*app.configuration.subscriptions, *operator), due, now)


def at_work(settings: Settings) -> AbstractContextManager[None]:
    """Hold the lock of those who poll or send, so that a service that starts meanwhile leaves our leases alone."""
    return working_lock(settings.database_url)


def free_leases(app: App) -> None:
    """Free the leases that killed processes left, unless a living command may hold some of them; those end by themselves."""
    with alone(app.settings.database_url) as nobody_else:
        if nobody_else:
            app.store.release_leases()


def _polling(
    configuration: Configuration, store: Store, http: HttpClient, reader: ReaderPool, clock: Callable[[], datetime], tuning: Tuning
) -> Polling:
    feeds = {feed.id: feed for feed in configuration.feeds}
    return Polling(store=store, fetcher=http, reader=reader, feeds=feeds, clock=clock, spacing=tuning.spacing)


def _visitor(settings: Settings, fetcher: Fetcher, clock: Callable[[], datetime], spacing: float) -> Visitor | None:
    """Make the one visitor of pages, so that hosts are spared whoever asks; None where pages are not to be fetched."""
    return Visitor(fetcher=fetcher, read=_read_fetched, clock=clock, spacing=spacing) if settings.full_text else None


def _revisiting(configuration: Configuration, store: Store, visitor: Visitor | None, clock: Callable[[], datetime]) -> Revisiting:
    return Revisiting(store=store, visitor=visitor, feeds={feed.id: feed for feed in configuration.feeds}, clock=clock)


def _judging(
    configuration: Configuration, store: Store, visitor: Visitor | None, clock: Callable[[], datetime], pool: ReaderPool
) -> Judging:
    rules = Rules(configuration)
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


def _read_fetched(fetched: Fetched) -> Page:
    """Read a fetched page for the pipeline; its dateline stays, for the agency in it is cited."""
    from aggregator.enrich.pages import Served, read_page  # what reads pages is large

    served = Served(body=fetched.body, url=fetched.url, content_type=fetched.headers.get("content-type", ""))
    return read_page(served, keep_datelines=True)


def _delivering(
    settings: Settings, configuration: Configuration, store: Store, http: HttpClient, clock: Callable[[], datetime]
) -> Delivering:
    channels = make_channels(settings, http)
    return Delivering(
        store=store,
        channels=channels,
        subscriptions={subscription.id: subscription for subscription in configuration.subscriptions},
        topics=configuration.judged,
        addresses=lambda subscription: standing_addresses(settings, subscription, store),
        unset=lambda subscription: unset(settings, subscription),
        operator=operator_addresses(settings),
        label=label,
        clock=clock,
        session=_session(channels),
    )


def _session(channels: Mapping[str, Channel]) -> Callable[[], AbstractAsyncContextManager[None]]:
    """Give the session in which mail keeps its connections."""
    email = channels.get("email")
    return email.session if isinstance(email, EmailChannel) else nullcontext

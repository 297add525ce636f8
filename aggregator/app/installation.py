"""Open an installation: store, network, reader processes, and the use cases over them."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime

from aggregator.app.configured import utc_now
from aggregator.app.gathering import Tuning, at_work, declare_all, free_leases, make_judging, open_gathering
from aggregator.app.operator import operator_addresses
from aggregator.app.recipients import standing_addresses, unset
from aggregator.app.rules import label
from aggregator.app.sending import mail_session, make_channels
from aggregator.deliver import Delivering
from aggregator.http_client import HttpClient
from aggregator.judge import Judging
from aggregator.models import (
    Configuration,
)
from aggregator.poll import Polling
from aggregator.ports import DeskStore, Fetcher, Poster, ReaderStore, Store
from aggregator.revisit import Revisiting
from aggregator.settings import Settings
from aggregator.sources.workers import ReaderPool
from aggregator.store.receipt_book import receipt_book
from aggregator.visiting import Visitor

__all__ = ["App", "Tuning", "at_work", "declare", "free_leases", "open_app", "reconfigured"]


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
    desk_store: DeskStore
    readers: ReaderStore
    pool: ReaderPool


@asynccontextmanager
async def open_app(
    settings: Settings,
    configuration: Configuration,
    clock: Callable[[], datetime] = utc_now,
    tuning: Tuning | None = None,
    *,
    at_once: bool = True,
) -> AsyncIterator[App]:
    """Open store, network and reader processes, and close all of them at the end; the store's schema is brought up to date.

    Topics are compiled when the first text waits, or `at_once`.
    """
    async with open_gathering(settings, configuration, clock, tuning, at_once=at_once) as open_parts:
        store, http = open_parts.store, open_parts.http
        with receipt_book(settings.database_url, settings.data_dir, store) as book:
            delivering = _delivering(settings, configuration, store, http, clock)
            yield App(
                settings=settings,
                configuration=configuration,
                store=store,
                polling=open_parts.polling,
                judging=open_parts.judging,
                revisiting=_revisiting(configuration, store, open_parts.visitor, clock),
                delivering=replace(delivering, book=book),
                poster=http,
                fetcher=http,
                desk_store=store,
                readers=store,
                pool=open_parts.pool,
            )


def reconfigured(app: App, configuration: Configuration) -> App:
    """Give the same parts under another configuration that `read_apart` gave; store, network and reader processes are shared."""
    return replace(
        app,
        configuration=configuration,
        polling=replace(app.polling, feeds={feed.id: feed for feed in configuration.feeds}),
        judging=make_judging(configuration, app.store, app.revisiting.visitor, app.judging.clock, app.pool),
        revisiting=_revisiting(configuration, app.store, app.revisiting.visitor, app.revisiting.clock),
        delivering=replace(
            app.delivering,
            subscriptions={subscription.id: subscription for subscription in configuration.subscriptions},
            topics=configuration.judged,
        ),
    )


def declare(app: App) -> None:
    """Tell the store what is configured; new feeds are due at once, new subscriptions begin now."""
    declare_all(app.settings, app.configuration, app.store, app.delivering.clock())


def _revisiting(configuration: Configuration, store: Store, visitor: Visitor | None, clock: Callable[[], datetime]) -> Revisiting:
    return Revisiting(store=store, visitor=visitor, feeds={feed.id: feed for feed in configuration.feeds}, clock=clock)


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
        session=lambda: mail_session(channels),
    )

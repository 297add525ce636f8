"""Put the parts together: the only module that picks concrete ones.

Everything above gets an `App` and knows neither database nor network library; everything below gets what it needs as an argument.
"""

from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import structlog

from aggregator import __version__
from aggregator.channels import CHANNELS, EmailChannel, FileChannel, SlackChannel
from aggregator.cluster import Clustered, Clustering, cluster
from aggregator.core.timing import next_due_at
from aggregator.deliver import Delivering
from aggregator.enrich import Enricher, outlet_concept
from aggregator.enrich.meaning import load_embedding
from aggregator.feedfile import load_configuration
from aggregator.http_client import HttpClient, Limits
from aggregator.judge import Judging
from aggregator.matching import compile_topics
from aggregator.models import Configuration, Delivery, Digest, FeedSpec, SubscriptionSpec
from aggregator.poll import Polling
from aggregator.ports import Channel, Store
from aggregator.records import Address
from aggregator.settings import Settings
from aggregator.sources import SOURCES
from aggregator.sources.report import Report, parse_report, unread_report
from aggregator.sources.rows import read_rows
from aggregator.sources.workers import ReaderPool
from aggregator.store import open_store
from aggregator.vocabulary import load_packs

log = structlog.get_logger(__name__)

OUTBOX = "outbox"


@dataclass(frozen=True, slots=True, kw_only=True)
class App:
    """Hold the use cases of one installation, ready to run."""

    settings: Settings
    configuration: Configuration
    store: Store
    polling: Polling
    judging: Judging
    delivering: Delivering


@dataclass(frozen=True, slots=True, kw_only=True)
class Tuning:
    """Hold what the local demo sets otherwise than a real installation."""

    limits: Limits = field(default_factory=Limits)
    spacing: float = 1.0
    parse_seconds: float = 20.0


def utc_now() -> datetime:
    """Tell the time; everything below is told it."""
    return datetime.now(UTC)


def read_configuration(settings: Settings) -> Configuration:
    """Read feeds.yaml against the term packs that are there; raises `ConfigurationError`."""
    packs = load_packs()
    themes = {*packs.themes, *(concept.id for pack in packs.themes.values() for concept in pack.concepts.values())}
    return load_configuration(settings.feeds_file, themes - {"guards"}, tuple(CHANNELS), tuple(SOURCES))


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
        store = open_store(settings.database_url)
        stack.callback(store.close)
        store.upgrade()
        yield App(
            settings=settings,
            configuration=configuration,
            store=store,
            polling=_polling(configuration, store, http, reader, clock, tuning),
            judging=_judging(configuration, store, clock),
            delivering=_delivering(settings, configuration, store, http, clock),
        )


def declare(app: App) -> None:
    """Tell the store what is configured; new feeds are due at once, new subscriptions begin now."""
    now = app.delivering.clock()
    app.store.sync_feeds(app.configuration.feeds, now)
    due = {subscription.id: next_due_at(subscription.schedule, now) for subscription in app.configuration.subscriptions}
    app.store.sync_subscriptions(app.configuration.subscriptions, due, now)


@contextmanager
def open_installed_store(settings: Settings) -> Iterator[Store]:
    """Open only the store, brought up to date, for commands that look things up."""
    store = open_store(settings.database_url)
    try:
        store.upgrade()
        yield store
    finally:
        store.close()


def draft(settings: Settings, digest: Digest) -> Mapping[str, bytes]:
    """Render a digest as its mail would look, by file suffix (".eml", ".html", ".txt"); nothing is sent."""
    delivery = Delivery(
        id=0,
        digest_id=0,
        subscription=digest.subscription,
        channel="file",
        recipient=OUTBOX,
        key=f"preview-{digest.through_seq}",
        attempts=0,
    )
    return _outbox(settings).render(digest, delivery).parts


def report_file(path: Path) -> Report:
    """Read a saved feed and report what is in it, or why it cannot be read; longer ones than the network may bring are refused."""
    most = Limits().max_body
    try:
        with path.open("rb") as file:
            body = file.read(most + 1)
    except OSError as error:
        return unread_report(str(path), f"the file cannot be read: {error.strerror}")
    if len(body) > most:
        return unread_report(str(path), f"the file is larger than {most:,} bytes")
    return parse_report(str(path), body, utc_now())


async def cluster_file(settings: Settings, path: Path) -> tuple[Sequence[tuple[Clustered, str]], Sequence[str]]:
    """Sort the articles of a file into stories: each row's story and role with its title, and a sentence per line that is no row."""
    rows, problems = read_rows(path)
    clustered = await cluster(clustering_of(settings), rows)
    return [(found, row.title) for found, row in zip(clustered, rows, strict=True)], problems


def clustering_of(settings: Settings) -> Clustering:
    """Put together what clustering works with; without a feeds file no topic lends its words."""
    configured = settings.feeds_file.exists()
    configuration = read_configuration(settings) if configured else Configuration(feeds=(), topics=(), subscriptions=())
    enricher = Enricher(configuration.feeds)
    return Clustering(
        enrich=enricher.enrich,
        topics=compile_topics(configuration.topics, load_packs()),
        level=enricher.level,
        newsroom=_newsrooms(configuration.feeds),
        embed=load_embedding(),
    )


def _newsrooms(feeds: Sequence[FeedSpec]) -> Callable[[str, str], FeedSpec]:
    """Find the newsroom of an outlet's name: a configured feed's, a known outlet's, else one of its own."""
    known = {name.casefold(): feed.family for feed in feeds for name in (feed.family, feed.publisher, feed.name)}

    def newsroom(source: str, language: str) -> FeedSpec:
        concept = outlet_concept(source) if source else None
        family = known.get(source.casefold()) or (concept.partition("/")[2] if concept else source.casefold().strip()) or "unnamed"
        return FeedSpec(id=family, name=source, url="", publisher=source, family=family, language=language or "en")

    return newsroom


def user_agent(settings: Settings) -> str:
    """Name ourselves to publishers, with a page where they can learn who asks."""
    contact = f" (+{settings.public_url})" if settings.public_url else ""
    return f"aggregator/{__version__}{contact}"


def _polling(
    configuration: Configuration, store: Store, http: HttpClient, reader: ReaderPool, clock: Callable[[], datetime], tuning: Tuning
) -> Polling:
    feeds = {feed.id: feed for feed in configuration.feeds}
    return Polling(store=store, fetcher=http, reader=reader, feeds=feeds, clock=clock, spacing=tuning.spacing)


def _judging(configuration: Configuration, store: Store, clock: Callable[[], datetime]) -> Judging:
    enricher = Enricher(configuration.feeds)
    return Judging(
        store=store,
        enrich=enricher.enrich,
        topics=compile_topics(configuration.topics, load_packs()),
        feeds={feed.id: feed for feed in configuration.feeds},
        level=enricher.level,
        clock=clock,
        embed=load_embedding(),
    )


def _delivering(
    settings: Settings, configuration: Configuration, store: Store, http: HttpClient, clock: Callable[[], datetime]
) -> Delivering:
    return Delivering(
        store=store,
        channels=_channels(settings, http),
        subscriptions={subscription.id: subscription for subscription in configuration.subscriptions},
        topics=configuration.topics,
        addresses=lambda subscription: addresses(settings, subscription),
        label=load_packs().label,
        clock=clock,
    )


def _channels(settings: Settings, http: HttpClient) -> Mapping[str, Channel]:
    channels: dict[str, Channel] = {
        "file": _outbox(settings),
        "slack": SlackChannel(http, settings.secret, allow_hosts=settings.http_allow, public_url=settings.public_url),
    }
    if settings.smtp and settings.mail_from:
        channels["email"] = EmailChannel(settings.smtp, settings.mail_from, settings.public_url)
    return channels


def _outbox(settings: Settings) -> FileChannel:
    return FileChannel(settings.data_dir / OUTBOX)


def addresses(settings: Settings, subscription: SubscriptionSpec) -> Sequence[Address]:
    """Resolve a subscription's recipients as far as this installation is configured.

    Mail without a server or without anybody to send it to goes into the outbox folder, so that a first run shows a result.
    A webhook stays the name of its variable: its address is a secret, and only its channel asks for it. Without it there is no
    address, and the subscription's window stays open until there is one.
    """
    if subscription.channel == "file":
        return (Address(channel="file", recipient=OUTBOX),)
    if subscription.channel == "email":
        people = tuple(person for recipient in subscription.recipients for person in _people(settings, recipient))
        if settings.smtp and people:
            return tuple(Address(channel="email", recipient=person) for person in dict.fromkeys(people))
        return (Address(channel="file", recipient=OUTBOX),)
    known = [recipient for recipient in subscription.recipients if settings.secret(recipient.removeprefix("env:"))]
    return tuple(Address(channel=subscription.channel, recipient=recipient) for recipient in dict.fromkeys(known))


def _people(settings: Settings, recipient: str) -> tuple[str, ...]:
    """Give the addresses a recipient stands for; a variable may hold several, divided by commas."""
    value = settings.secret(recipient.removeprefix("env:")) if recipient.startswith("env:") else recipient
    return tuple(person.strip() for person in (value or "").split(",") if person.strip())

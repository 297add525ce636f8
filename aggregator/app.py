"""Put the parts together: the only module that picks concrete ones.

Everything above gets an `App` and knows neither database nor network library; everything below gets what it needs as an argument.
"""

import asyncio
import json
import os
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import (
    AbstractAsyncContextManager,
    AbstractContextManager,
    AsyncExitStack,
    asynccontextmanager,
    contextmanager,
    nullcontext,
    suppress,
)
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from secrets import token_hex
from typing import Any

import structlog

from aggregator import __version__
from aggregator.channels import CHANNELS, AppriseChannel, EmailChannel, FeedChannel, FileChannel, SlackChannel, WebhookChannel
from aggregator.channels.feed import atom, json_feed
from aggregator.channels.mail import mailbox
from aggregator.channels.slack import is_destination
from aggregator.core.timing import next_due_at
from aggregator.deliver import Delivering
from aggregator.desk import Desk
from aggregator.enrich import Enricher, enrich, facts_report
from aggregator.enrich.extraction import article_of_page, article_of_row, page_report, read_saved, row_of, saved_page
from aggregator.enrich.pages import Served, read_page
from aggregator.enrich.reporting import public_unit
from aggregator.errors import ConfigurationError, UsageError
from aggregator.explore import Exploring
from aggregator.feedfile import load_configuration
from aggregator.feedfile.adding import as_yaml, feed_id, with_feeds
from aggregator.fulltext import FullText
from aggregator.http_client import HttpClient, Limits
from aggregator.judge import Judging
from aggregator.leaving import leave_token
from aggregator.matching import compile_topics
from aggregator.models import (
    Article,
    Configuration,
    Delivery,
    Digest,
    Entry,
    Fact,
    Failed,
    FeedSpec,
    Fetched,
    FetchRequest,
    Page,
    SubscriptionSpec,
)
from aggregator.poll import Polling
from aggregator.ports import Channel, DeskStore, Fetcher, Poster, ReaderStore, Store
from aggregator.records import Address
from aggregator.settings import Settings
from aggregator.sources import SOURCES
from aggregator.sources.charset import readable
from aggregator.sources.discovery import feed_addresses
from aggregator.sources.opml import ListedFeed, read_opml, write_opml
from aggregator.sources.report import Report, parse_report, unread_report
from aggregator.sources.workers import ReaderPool
from aggregator.store import alone, open_store, working_lock
from aggregator.vocabulary import load_packs

log = structlog.get_logger(__name__)

OUTBOX = "outbox"
PAGE_ACCEPT = "text/html, application/xhtml+xml, */*;q=0.5"


@dataclass(frozen=True, slots=True, kw_only=True)
class App:
    """Hold the use cases of one installation, ready to run."""

    settings: Settings
    configuration: Configuration
    store: Store
    polling: Polling
    judging: Judging
    delivering: Delivering
    poster: Poster
    fetcher: Fetcher
    desk: Desk
    readers: ReaderStore


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
        store = open_store(settings.database_url, settings.evidence)
        stack.callback(store.close)
        store.upgrade()
        yield App(
            settings=settings,
            configuration=configuration,
            store=store,
            polling=_polling(configuration, store, http, reader, clock, tuning),
            judging=_judging(settings, configuration, store, http, clock),
            delivering=_delivering(settings, configuration, store, http, clock),
            poster=http,
            fetcher=http,
            desk=make_desk(settings, configuration, store, clock),
            readers=store,
        )


def reconfigured(app: App, configuration: Configuration) -> App:
    """Give the same parts under another configuration; store, network and reader processes are shared with the old one."""
    return replace(
        app,
        configuration=configuration,
        polling=replace(app.polling, feeds={feed.id: feed for feed in configuration.feeds}),
        judging=_judging(app.settings, configuration, app.store, app.fetcher, app.judging.clock),
        delivering=replace(
            app.delivering,
            subscriptions={subscription.id: subscription for subscription in configuration.subscriptions},
            topics=configuration.topics,
        ),
    )


def declare(app: App) -> None:
    """Tell the store what is configured; new feeds are due at once, new subscriptions begin now."""
    now = app.delivering.clock()
    app.store.sync_feeds(app.configuration.feeds, now)
    due = {subscription.id: next_due_at(subscription.schedule, now) for subscription in app.configuration.subscriptions}
    app.store.sync_subscriptions(app.configuration.subscriptions, due, now)


def make_desk(settings: Settings, configuration: Configuration, store: DeskStore, clock: Callable[[], datetime] = utc_now) -> Desk:
    """Make the desk over a store that is open."""
    return Desk(
        store=store,
        topics=configuration.topics,
        feeds=configuration.feeds,
        label=load_packs().label,
        draft=lambda digest: draft(settings, digest),
        clock=clock,
    )


@contextmanager
def open_desk(settings: Settings) -> Iterator[tuple[Desk, ReaderStore]]:
    """Open the store, brought up to date, for commands that search, export, and say who may look."""
    store = open_store(settings.database_url)
    try:
        store.upgrade()
        yield make_desk(settings, read_configuration(settings), store), store
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
    async with AsyncExitStack() as stack:
        reader = ReaderPool(workers=1)
        stack.push_async_callback(reader.aclose)
        http = HttpClient(allow=settings.http_allow, user_agent=user_agent(settings))
        stack.push_async_callback(http.aclose)
        yield Exploring(fetcher=http, reader=reader, candidates=feed_addresses, clock=utc_now)


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """Hold what an import brought: new sources, their text for feeds.yaml, how many stood there, addresses that are none."""

    feeds: tuple[FeedSpec, ...]
    text: str
    known: int
    refused: tuple[str, ...]


def import_feeds(settings: Settings, file: Path, *, write: bool) -> Imported:
    """Make sources of an OPML list; with `write` they are added to feeds.yaml, which stays as it was where that would break it."""
    listed = _listed(file)
    configured = read_configuration(settings).feeds
    addresses, taken = {feed.url for feed in configured}, {feed.id for feed in configured}
    new: list[FeedSpec] = []
    refused = tuple(one.url for one in listed if not one.url.startswith(("http://", "https://")))
    for one in (one for one in listed if one.url not in addresses and one.url not in refused):
        name = feed_id(one.title, one.url, taken)
        taken.add(name)
        title = one.title or name
        new.append(FeedSpec(id=name, name=title, url=one.url, publisher=title, family=name))
    if write and new:
        _add_feeds(settings, new)
    return Imported(feeds=tuple(new), text=as_yaml(new), known=len(listed) - len(new) - len(refused), refused=refused)


def export_feeds(settings: Settings, *, every: bool) -> str:
    """Write the configured sources as OPML."""
    chosen = [feed for feed in read_configuration(settings).feeds if feed.enabled or every]
    return write_opml("aggregator", [ListedFeed(url=feed.url, title=feed.name) for feed in chosen])


def _listed(file: Path) -> Sequence[ListedFeed]:
    try:
        return read_opml(file.read_bytes())
    except OSError as error:
        raise UsageError(f"{file} cannot be read: {error.strerror}") from None


def _add_feeds(settings: Settings, new: Sequence[FeedSpec]) -> None:
    path = settings.feeds_file
    before = path.read_text(encoding="utf-8")
    after = with_feeds(before, new)
    if after is None:
        raise UsageError(f"{path} has no section 'feeds:' on a line of its own; add the printed entries by hand")
    path.write_text(after, encoding="utf-8")
    try:
        read_configuration(settings)
    except ConfigurationError:
        path.write_text(before, encoding="utf-8")
        raise


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


def at_work(settings: Settings) -> AbstractContextManager[None]:
    """Hold the lock of those who poll or send, so that a service that starts meanwhile leaves our leases alone."""
    return working_lock(settings.database_url)


def free_leases(app: App) -> None:
    """Free the leases that killed processes left, unless a living command may hold some of them; those end by themselves."""
    with alone(app.settings.database_url) as nobody_else:
        if nobody_else:
            app.store.release_leases()


def published_feed(app: App, subscription: str, form: str) -> bytes | None:
    """Give a subscription's latest digests as a feed, "atom" or "json"; None where there is no such subscription or nothing to show."""
    if subscription not in app.delivering.subscriptions:
        return None
    digests = [digest for _, digest in app.store.digests(subscription, limit=50)]
    write = {"atom": atom, "json": json_feed}.get(form)
    return write(digests, app.settings.public_url) if write and digests else None


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


async def fetch_page(settings: Settings, url: str) -> str:
    """Fetch one page as text; raises `UsageError` where nothing comes back."""
    http = HttpClient(allow=settings.http_allow, user_agent=user_agent(settings))
    try:
        outcome = await http.fetch(FetchRequest(url=url, accept="text/html, text/plain;q=0.9, */*;q=0.1"))
    finally:
        await http.aclose()
    if not isinstance(outcome, Fetched):
        raise UsageError(f"{url} cannot be read: {outcome.message if isinstance(outcome, Failed) else 'nothing came back'}")
    body, content_type = readable(outcome.body, outcome.headers.get("content-type", ""), "en")
    charset = re.search(r"charset=[\"']?([\w.-]+)", content_type)
    try:
        return body.decode(charset.group(1) if charset else "utf-8", "replace")
    except LookupError:
        return body.decode("utf-8", "replace")


def extract_file(path: Path, url: str | None) -> Mapping[str, Any]:
    """Read a saved page, packed or not, with all its facts, or say in a sentence why it cannot be read."""
    try:
        body = read_saved(path)
    except OSError as error:
        return {"file": str(path), "error": f"the file cannot be read: {error.strerror or error}"}
    return _extracted(str(path), saved_page(body, url))


async def extract_address(settings: Settings, url: str) -> Mapping[str, Any]:
    """Fetch one page through the guarded client, and read it with all its facts."""
    http = HttpClient(allow=settings.http_allow, user_agent=user_agent(settings))
    try:
        outcome = await http.fetch(FetchRequest(url=url, accept=PAGE_ACCEPT))
    finally:
        await http.aclose()
    if not isinstance(outcome, Fetched):
        return {"file": url, "url": url, "error": outcome.message if isinstance(outcome, Failed) else "the server answers: not modified"}
    return await asyncio.to_thread(_extracted, url, saved_page(outcome.body, outcome.url, outcome.headers.get("content-type", "")))


def extract_rows(path: Path) -> Iterator[Mapping[str, Any]]:
    """Read a file of rows, one JSON object a line, and give the facts of each; a row that cannot be read tells so in its place."""
    try:
        lines = read_saved(path, whole=True).decode("utf-8", errors="replace").splitlines()
    except OSError as error:
        yield {"id": "", "file": str(path), "error": f"the file cannot be read: {error.strerror or error}"}
        return
    for number, line in enumerate(lines, start=1):
        if line.strip():
            yield _row(number, line)


def _row(number: int, line: str) -> Mapping[str, Any]:
    try:
        row = row_of(json.loads(line))
    except (ValueError, RecursionError) as error:
        return {"id": "", "error": f"line {number}: {error}"}
    article = asyncio.run(enrich(article_of_row(row)))
    return {"id": row.id, "facts": facts_report(article), "title_facts": facts_report(article, "title"), "missing": list(article.missing)}


def _extracted(name: str, page: Page) -> Mapping[str, Any]:
    return page_report(name, page, asyncio.run(enrich(article_of_page(page))))


def figure_unit(fact: Fact) -> str:
    """Give a figure's unit as it is told outside."""
    return public_unit(fact.unit or "")


def user_agent(settings: Settings) -> str:
    """Name ourselves to publishers, with a page where they can learn who asks."""
    contact = f" (+{settings.public_url})" if settings.public_url else ""
    return f"aggregator/{__version__}{contact}"


def _polling(
    configuration: Configuration, store: Store, http: HttpClient, reader: ReaderPool, clock: Callable[[], datetime], tuning: Tuning
) -> Polling:
    feeds = {feed.id: feed for feed in configuration.feeds}
    return Polling(store=store, fetcher=http, reader=reader, feeds=feeds, clock=clock, spacing=tuning.spacing)


def _judging(settings: Settings, configuration: Configuration, store: Store, fetcher: Fetcher, clock: Callable[[], datetime]) -> Judging:
    enricher = Enricher(configuration.feeds)
    topics = compile_topics(configuration.topics, load_packs())
    enrich_entry: Callable[[Entry, FeedSpec], Awaitable[Article]] = enricher.enrich
    if settings.full_text:
        enrich_entry = FullText(
            fetcher=fetcher,
            enrich=enricher.enrich,
            matches=lambda article: any(judgement.matched for judgement in topics.judge(article)),
            read=_read_fetched,
            clock=clock,
        )
    return Judging(
        store=store,
        enrich=enrich_entry,
        topics=topics,
        feeds={feed.id: feed for feed in configuration.feeds},
        level=enricher.level,
        clock=clock,
    )


def _read_fetched(fetched: Fetched) -> Page:
    """Read a fetched page for the pipeline; its dateline stays, for the agency in it is cited."""
    served = Served(body=fetched.body, url=fetched.url, content_type=fetched.headers.get("content-type", ""))
    return read_page(served, keep_datelines=True)


def _delivering(
    settings: Settings, configuration: Configuration, store: Store, http: HttpClient, clock: Callable[[], datetime]
) -> Delivering:
    channels = _channels(settings, http)
    return Delivering(
        store=store,
        channels=channels,
        subscriptions={subscription.id: subscription for subscription in configuration.subscriptions},
        topics=configuration.topics,
        addresses=lambda subscription: addresses(settings, subscription),
        label=load_packs().label,
        clock=clock,
        session=_session(channels),
    )


def _session(channels: Mapping[str, Channel]) -> Callable[[], AbstractAsyncContextManager[None]]:
    """Give the session in which mail keeps its connections."""
    email = channels.get("email")
    return email.session if isinstance(email, EmailChannel) else nullcontext


def _channels(settings: Settings, http: HttpClient) -> Mapping[str, Channel]:
    channels: dict[str, Channel] = {
        "file": _outbox(settings),
        "slack": SlackChannel(http, settings.secret, allow_hosts=settings.http_allow, public_url=settings.public_url),
        "webhook": WebhookChannel(http, settings.secret, allow_hosts=settings.http_allow),
        "feed": FeedChannel(settings.public_url),
        "apprise": AppriseChannel(settings.secret, settings.public_url),
    }
    if settings.smtp and settings.mail_from:
        channels["email"] = EmailChannel(settings.smtp, settings.mail_from, settings.public_url, leave_link=_leave_link(settings))
    return channels


def _leave_link(settings: Settings) -> Callable[[Delivery], str | None]:
    """Give what makes the address for unsubscribing; None where readers cannot reach our pages."""
    if settings.public_url is None:
        return lambda delivery: None
    secret = signing_key(settings)
    return lambda delivery: f"{settings.public_url}/leave/{leave_token(secret, delivery.key)}"


def signing_key(settings: Settings) -> bytes:
    """Give the key that signs addresses for unsubscribing: AGGREGATOR_SECRET_KEY, or one made once in the data folder.

    Several machines on one database need the variable, or each would sign for itself.
    """
    given = settings.secret("AGGREGATOR_SECRET_KEY")
    if given:
        return given.encode()
    path = settings.data_dir / "secret.key"
    path.parent.mkdir(parents=True, exist_ok=True)
    with suppress(FileExistsError), os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(token_hex(32))
    return path.read_bytes()


def _outbox(settings: Settings) -> FileChannel:
    return FileChannel(settings.data_dir / OUTBOX)


def addresses(settings: Settings, subscription: SubscriptionSpec) -> Sequence[Address]:
    """Resolve a subscription's recipients as far as this installation is configured.

    Mail without a server or without anybody to send it to goes into the outbox folder, so that a first run shows a result.
    A webhook stays the name of its variable: its address is a secret, and only its channel asks for it. Without it there is no
    address, and the subscription's window stays open until there is one.
    """
    if subscription.channel in ("file", "feed"):
        return (Address(channel=subscription.channel, recipient=OUTBOX if subscription.channel == "file" else subscription.id),)
    if subscription.channel == "email":
        people = tuple(person for recipient in subscription.recipients for person in _people(settings, recipient))
        if settings.smtp and people:
            return tuple(Address(channel="email", recipient=person) for person in dict.fromkeys(people))
        return (Address(channel="file", recipient=OUTBOX),)
    known = [recipient for recipient in subscription.recipients if settings.secret(recipient.removeprefix("env:"))]
    return tuple(Address(channel=subscription.channel, recipient=recipient) for recipient in dict.fromkeys(known))


def unusable(settings: Settings, address: Address) -> str | None:
    """Say why an address can never be reached, without showing a secret; None where nothing speaks against it."""
    if address.channel == "email" and mailbox(address.recipient) is None:
        return f"{address.recipient!r} is no e-mail address"
    if address.channel == "slack":
        value = settings.secret(address.recipient) or ""
        return (
            None if is_destination(value, settings.http_allow) else f"{address.recipient} holds neither a Slack webhook nor a channel's id"
        )
    return None


def _people(settings: Settings, recipient: str) -> tuple[str, ...]:
    """Give the addresses a recipient stands for; a variable may hold several, divided by commas."""
    value = settings.secret(recipient.removeprefix("env:")) if recipient.startswith("env:") else recipient
    return tuple(person.strip() for person in (value or "").split(",") if person.strip())

"""The doctor: look at everything an installation needs, and say what to do about what is not well.

Each examination is short, bounded in time and stands alone: one that fails stops no other. Nothing is changed and nothing is sent,
unless a test message is asked for. No answer shows a secret.
"""

import asyncio
import os
import shutil
import smtplib
import socket
import ssl
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from email.utils import make_msgid, parsedate_to_datetime
from urllib.parse import urlsplit

from aggregator.app.configured import read_configuration, user_agent
from aggregator.app.recipients import addresses, is_diverted, unset
from aggregator.errors import AggregatorError, ConfigurationError
from aggregator.http_client import HttpClient
from aggregator.logs import without_secrets
from aggregator.models import Configuration, Failed, FeedSpec, Fetched, FetchRequest, SmtpServer, SubscriptionSpec
from aggregator.settings import Settings
from aggregator.store import open_store
from aggregator.store.soundness import check_database

SECONDS = 10.0
"""The longest that one examination may take."""
LEAST_FREE, NONE_FREE = 1 << 30, 32 << 20
"""Bytes free below which the disk is a finding, half a gigabyte of articles a month is much for a thousand feeds; and as good as none."""
MOST_SKEW = timedelta(seconds=90)
AT_ONCE = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnosis:
    """Tell how one thing does: `state` is "ok", "look" (works, but somebody should look) or "bad"; `advice` says what to do."""

    what: str
    state: str
    found: str
    advice: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """Say what to examine beyond the installation itself."""

    feeds: bool = True
    test_mail: bool = False
    test_slack: bool = False


async def examine(settings: Settings, request: Request, now: Callable[[], datetime]) -> AsyncIterator[Diagnosis]:
    """Examine an installation; answers come as they are found."""
    configuration = None
    try:
        configuration = read_configuration(settings)
        yield _configured(configuration)
    except ConfigurationError as error:
        for problem in error.problems:
            yield Diagnosis(what="configuration", state="bad", found=str(problem), advice="mend it, then run aggregator check")
    for look in (_disk, _database):
        for diagnosis in look(settings):
            yield diagnosis
    http = HttpClient(allow=settings.http_allow, user_agent=user_agent(settings))
    try:
        if configuration:
            async for diagnosis in _outside(settings, configuration, http, request, now):
                yield diagnosis
    finally:
        await http.aclose()


async def _outside(
    settings: Settings, configuration: Configuration, http: HttpClient, request: Request, now: Callable[[], datetime]
) -> AsyncIterator[Diagnosis]:
    for diagnosis in _recipients(settings, configuration):
        yield diagnosis
    yield await _bounded("mail", lambda: asyncio.to_thread(_mail, settings, send=request.test_mail))
    async for diagnosis in _slack(settings, configuration, http, send=request.test_slack):
        yield diagnosis
    feeds = [feed for feed in configuration.feeds if feed.enabled]
    yield await _bounded("names", lambda: _names(feeds))
    if not request.feeds:
        return
    skews: list[timedelta] = []
    room = asyncio.Semaphore(AT_ONCE)
    for answer in asyncio.as_completed([_feed(feed, http, room, skews, now) for feed in feeds]):
        yield await answer
    yield _clock(skews)


async def _bounded(what: str, look: Callable[[], Awaitable[Diagnosis]]) -> Diagnosis:
    try:
        async with asyncio.timeout(SECONDS * 2):
            return await look()
    except TimeoutError:
        return Diagnosis(what=what, state="bad", found="no answer in time", advice="look at the network and the firewall")


def _configured(configuration: Configuration) -> Diagnosis:
    enabled = sum(feed.enabled for feed in configuration.feeds)
    found = f"{enabled} feeds enabled, {len(configuration.topics)} topics, {len(configuration.subscriptions)} subscriptions"
    if not enabled:
        return Diagnosis(what="configuration", state="look", found=found, advice="add a feed to feeds.yaml")
    return Diagnosis(what="configuration", state="ok", found=found)


def _disk(settings: Settings) -> Iterator[Diagnosis]:
    folder = settings.data_dir
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    free = shutil.disk_usage(folder).free
    if not os.access(folder, os.W_OK):
        advice = f"give it to user {os.getuid()}: chown {os.getuid()} {folder.resolve()}"
        yield Diagnosis(what="disk", state="bad", found=f"{folder} cannot be written to", advice=advice)
    elif free < LEAST_FREE:
        advice = "make room, or forget more: aggregator db prune --days 90"
        yield Diagnosis(
            what="disk", state="bad" if free < NONE_FREE else "look", found=f"{free >> 20:,} MiB free in {folder}", advice=advice
        )
    else:
        yield Diagnosis(what="disk", state="ok", found=f"{free >> 30:,} GiB free in {folder}")


def _database(settings: Settings) -> Iterator[Diagnosis]:
    started = time.monotonic()
    url = urlsplit(settings.database_url)
    if url.scheme.startswith("sqlite") and not os.path.exists(url.path[1:]):
        yield Diagnosis(what="database", state="look", found=f"no file at {url.path[1:]} yet", advice="aggregator run makes it")
        return
    try:
        findings = check_database(settings.database_url)
    except AggregatorError as error:
        damaged = "not a database" in str(error) or "malformed" in str(error)
        advice = "is the server up, are name and password right? For a file: is it ours to read?"
        advice = "it is damaged: restore the last backup with aggregator db restore" if damaged else advice
        yield Diagnosis(what="database", state="bad", found=str(error), advice=advice)
        return
    wrong = [finding for finding in findings if not finding.ok]
    for finding in wrong:
        yield Diagnosis(what=f"database: {finding.what}", state="bad", found=finding.state, advice=finding.advice)
    if not wrong:
        found = f"{findings[0].state}, sound, checked in {time.monotonic() - started:.1f} s"
        yield Diagnosis(what="database", state="ok", found=found)


def _recipients(settings: Settings, configuration: Configuration) -> Iterator[Diagnosis]:
    for subscription in configuration.subscriptions:
        what = f"subscription {subscription.id}"
        found, names = addresses(settings, subscription), ", ".join(unset(settings, subscription))
        diverted = is_diverted(subscription, found)
        if (diverted or not found) and (last := _last_sent_at(settings, subscription)):
            lost = f"{names} is not set, and {subscription.channel} went out until {last:%Y-%m-%d %H:%M} UTC; news waits"
            yield Diagnosis(what=what, state="bad", found=lost, advice=f"set {names}")
        elif not found:
            yield Diagnosis(what=what, state="look", found="sleeps: nobody is configured to receive it", advice=f"set {names}")
        elif diverted:
            advice = "set AGGREGATOR_SMTP_URL, AGGREGATOR_MAIL_FROM and the recipients"
            yield Diagnosis(what=what, state="look", found="goes into files, not by mail", advice=advice)
        elif names:
            lacks = f"{names} is not set: whom it names gets nothing by {subscription.channel}"
            yield Diagnosis(what=what, state="look", found=lacks, advice=f"set {names}")
        else:
            yield Diagnosis(what=what, state="ok", found=f"{len(found)} recipients by {found[0].channel}")


def _last_sent_at(settings: Settings, subscription: SubscriptionSpec) -> datetime | None:
    """Give when a subscription's channel last worked; None too where there is no ledger to read, which is told as the database's state."""
    url = urlsplit(settings.database_url)
    if url.scheme.startswith("sqlite") and not os.path.exists(url.path[1:]):
        return None
    try:
        with closing(open_store(settings.database_url)) as store:
            return store.last_sent_at(subscription.id, subscription.channel)
    except AggregatorError:
        return None


def _mail(settings: Settings, *, send: bool) -> Diagnosis:
    server = settings.smtp
    if server is None or settings.mail_from is None:
        return Diagnosis(what="mail", state="look", found="no mail server is configured", advice="set AGGREGATOR_SMTP_URL")
    try:
        with _session(server) as session:
            if server.username and server.password:
                session.login(server.username, server.password)
            if not send:
                return Diagnosis(what="mail", state="ok", found=f"{server.host}:{server.port} answers and knows us; nothing was sent")
            people = _people(settings)
            session.send_message(_test_mail(settings.mail_from, people), to_addrs=list(people))
            return Diagnosis(what="mail", state="ok", found=f"a test message went to {', '.join(people)}")
    except smtplib.SMTPAuthenticationError:
        return Diagnosis(
            what="mail", state="bad", found="the server refuses our login", advice="check user and password of AGGREGATOR_SMTP_URL"
        )
    except (OSError, smtplib.SMTPException) as error:
        advice = "check host, port and tls of AGGREGATOR_SMTP_URL, and whether the firewall lets us out"
        return Diagnosis(what="mail", state="bad", found=without_secrets(f"{server.host}:{server.port}: {error}"), advice=advice)


def _session(server: SmtpServer) -> smtplib.SMTP:
    context = ssl.create_default_context()
    if server.tls == "implicit":
        return smtplib.SMTP_SSL(server.host, server.port, timeout=SECONDS, context=context)
    session = smtplib.SMTP(server.host, server.port, timeout=SECONDS)
    if server.tls == "starttls":
        session.starttls(context=context)
    return session


def _people(settings: Settings) -> Sequence[str]:
    subscriptions = read_configuration(settings).subscriptions
    found = [address.recipient for one in subscriptions for address in addresses(settings, one) if address.channel == "email"]
    if not found:
        raise smtplib.SMTPRecipientsRefused({})
    return tuple(dict.fromkeys(found))


def _test_mail(sender: str, people: Sequence[str]) -> EmailMessage:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = sender, ", ".join(people), "Test message of the news watch"
    message["Message-ID"], message["Auto-Submitted"] = make_msgid(domain="news-watch.invalid"), "auto-generated"
    message.set_content("This message was asked for by aggregator doctor --test-mail. Mail reaches you; nothing is to do.\n")
    return message


async def _slack(settings: Settings, configuration: Configuration, http: HttpClient, *, send: bool) -> AsyncIterator[Diagnosis]:
    names = dict.fromkeys(name for one in configuration.subscriptions if one.channel == "slack" for name in one.recipients)
    for name in names:
        what, webhook = f"slack {name.removeprefix('env:')}", settings.secret(name.removeprefix("env:"))
        if not webhook:
            continue  # told as a subscription that sleeps
        if not send:
            yield Diagnosis(what=what, state="ok", found="a webhook is set; nothing was posted")
            continue
        body = b'{"text": "Test message of the news watch. Alerts reach you; nothing is to do."}'
        answer = await http.post(webhook, body, {"Content-Type": "application/json"})
        if isinstance(answer, Failed) or answer.status != 200:
            found = answer.message if isinstance(answer, Failed) else f"the webhook answers {answer.status}"
            yield Diagnosis(what=what, state="bad", found=without_secrets(found), advice="make a new webhook in Slack and set it")
        else:
            yield Diagnosis(what=what, state="ok", found="a test message was posted")


async def _names(feeds: Sequence[FeedSpec]) -> Diagnosis:
    host = next((name for feed in feeds if (name := urlsplit(feed.url).hostname)), None)
    if host is None:
        return Diagnosis(what="names", state="ok", found="no name to resolve")
    try:
        await asyncio.get_running_loop().getaddrinfo(host, 443, type=socket.SOCK_STREAM)
    except OSError as error:
        advice = "look at /etc/resolv.conf, or at the container's dns setting"
        return Diagnosis(what="names", state="bad", found=f"{host}: {error.strerror}", advice=advice)
    return Diagnosis(what="names", state="ok", found=f"{host} resolves")


async def _feed(
    feed: FeedSpec, http: HttpClient, room: asyncio.Semaphore, skews: list[timedelta], now: Callable[[], datetime]
) -> Diagnosis:
    async with room:
        outcome = await http.fetch(FetchRequest(url=feed.url))
    what = f"feed {feed.id}"
    if isinstance(outcome, Failed):
        advice = "look at it in a browser; mend the URL, or disable the feed with a reason"
        return Diagnosis(what=what, state="look", found=outcome.message, advice=advice)
    if isinstance(outcome, Fetched) and (skew := _skew(outcome.headers.get("date", ""), now())) is not None:
        skews.append(skew)
    size = len(outcome.body) if isinstance(outcome, Fetched) else 0
    return Diagnosis(what=what, state="ok", found=f"answers with {size:,} bytes")


def _skew(date: str, now: datetime) -> timedelta | None:
    """Give how far our clock is ahead of a server's; caches may show an old date, so only many of them say something."""
    try:
        told = parsedate_to_datetime(date)
    except (ValueError, TypeError):
        return None
    return now - (told if told.tzinfo else told.replace(tzinfo=UTC))


def _clock(skews: Sequence[timedelta]) -> Diagnosis:
    """Judge our clock by the middle of what the feeds' servers say."""
    if not skews:
        advice = "compare with another clock by hand, and run the doctor again once a feed answers"
        return Diagnosis(what="clock", state="look", found="no server told its time", advice=advice)
    middle = sorted(skews)[len(skews) // 2]
    if abs(middle) > MOST_SKEW:
        way = "ahead of" if middle > timedelta() else "behind"
        found = f"{abs(middle).total_seconds():.0f} s {way} the servers of {len(skews)} feeds"
        return Diagnosis(what="clock", state="bad", found=found, advice="switch on time synchronisation: timedatectl set-ntp true")
    return Diagnosis(what="clock", state="ok", found=f"agrees with the servers of {len(skews)} feeds")

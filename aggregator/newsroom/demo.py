"""The demo: the whole way once, on a newsroom of this machine.

Three rounds: the newsroom publishes, then edits and adds, then says nothing new. In each round everything is polled over real HTTP,
judged, decided and sent to a real SMTP server and a webhook. The round is kept by the newsroom and everything else by the store, so
a demo that was killed goes on where it stood: the same steps again, with nothing told twice.
"""

import asyncio
import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from urllib.parse import urlsplit

from aggregator.app.configured import read_configuration
from aggregator.app.installation import App, Tuning, declare, free_leases, open_app
from aggregator.app.sending import draft
from aggregator.core import outcomes
from aggregator.deliver import decide_now, send_due
from aggregator.errors import UsageError
from aggregator.http_client import Limits
from aggregator.judge import judge_pending
from aggregator.models import Digest
from aggregator.newsroom.configuration import feeds_yaml
from aggregator.newsroom.edition import Edition
from aggregator.poll import poll_due
from aggregator.records import Outcome, Poll
from aggregator.settings import Settings, load_settings
from aggregator.store import installation_lock

ROUNDS = 3
SUBSCRIPTIONS = ("demo-digest", "demo-alerts")
TUNING = Tuning(
    limits=Limits(connect_timeout=1.0, read_timeout=1.5, deadline=2.0, max_body=2_000_000, max_wire=2_000_000),
    spacing=0.0,
    parse_seconds=10.0,
)
"""A slow host is given up after two seconds here, or the demo would wait for it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Newsroom:
    """Hold what the demo knows of the outside world, read from its control address."""

    control: str
    round: int
    smtp_host: str
    smtp_port: int
    slack: str
    feeds: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """Tell what one round brought."""

    number: int
    polls: Sequence[Poll]
    judged: int
    sent: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Book:
    """Account for one feed's stored revisions: seen = unmatched + folded + told."""

    feed: str
    seen: int
    unmatched: int
    folded: int
    told: int
    last_error: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoReport:
    """Hold the end of the demo: its rounds, the books, and what arrived at the receivers."""

    rounds: Sequence[Round]
    books: Sequence[Book]
    entries: Sequence[Outcome]
    stories: int
    told: Mapping[str, int]
    mails: int
    alerts: int
    digest_files: Sequence[Path]
    complaints: Sequence[str]
    """What does not add up, a sentence each; empty after a good run."""


def read_newsroom(control: str) -> Newsroom:
    """Ask a running newsroom for its addresses and its round."""
    world = json.loads(_call(f"{control}/world"))
    return Newsroom(
        control=control,
        round=world["round"],
        smtp_host=world["smtp"]["host"],
        smtp_port=world["smtp"]["port"],
        slack=world["slack"],
        feeds=world["feeds"],
    )


def run_demo(control: str, folder: Path, topics: str, tell: Callable[[str], None]) -> DemoReport:
    """Run what is left of the three rounds against a newsroom; everything made is below `folder`.

    `topics` is the text of a feeds.yaml, whose topics are used.
    """
    newsroom = read_newsroom(control)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "feeds.yaml").write_text(_feeds_file(newsroom, topics), encoding="utf-8")
    settings = _settings(newsroom, folder)
    with installation_lock(settings.database_url):
        return asyncio.run(_run(newsroom, settings, tell))


async def _run(newsroom: Newsroom, settings: Settings, tell: Callable[[str], None]) -> DemoReport:
    async with open_app(settings, read_configuration(settings), tuning=TUNING) as app:
        free_leases(app.settings, app.store)
        declare(app)
        rounds = [await _round(app, newsroom.round, tell)]
        for number in range(newsroom.round + 1, ROUNDS + 1):
            _call(f"{newsroom.control}/round/{number}", method="POST")
            rounds.append(await _round(app, number, tell))
        return _report(app, newsroom, rounds)


async def _round(app: App, number: int, tell: Callable[[str], None]) -> Round:
    feeds = [feed.id for feed in app.configuration.feeds]
    tell(f"Round {number} of {ROUNDS}: polling {len(feeds)} feeds")
    polls = await poll_due(app.polling, only=feeds)
    kinds = Counter(poll.outcome for poll in polls)
    stored = sum(poll.new for poll in polls), sum(poll.revised for poll in polls)
    tell(f"  {', '.join(f'{count} {kind}' for kind, count in kinds.most_common())}: {stored[0]} new entries, {stored[1]} revisions")
    judged = await judge_pending(app.judging)
    tell(f"  {judged} judged")
    for subscription in SUBSCRIPTIONS:
        await asyncio.to_thread(decide_now, app.delivering, subscription)
    sent = await send_due(app.delivering)
    tell(f"  {len(sent)} messages sent" if sent else "  nothing new to tell")
    return Round(number=number, polls=polls, judged=judged, sent=len(sent))


def _report(app: App, newsroom: Newsroom, rounds: Sequence[Round]) -> DemoReport:
    entries = app.store.outcomes()
    digests = [digest for _, digest in app.store.digests(limit=1000)]
    books = [_book(health.feed_id, health.error or "", entries) for health in app.store.feed_health()]
    told = {name: sum(len(digest.items) for digest in digests if digest.subscription == name) for name in SUBSCRIPTIONS}
    arrived = {kind: json.loads(_call(f"{newsroom.control}/{kind}")) for kind in ("mails", "alerts")}
    return DemoReport(
        rounds=rounds,
        books=books,
        entries=entries,
        stories=app.store.overview().stories,
        told=told,
        mails=len(arrived["mails"]),
        alerts=len(arrived["alerts"]),
        digest_files=_rendered(app, [digest for digest in digests if digest.subscription == SUBSCRIPTIONS[0]]),
        complaints=(*_unbalanced(books, entries, told), *_undelivered(app, len(arrived["mails"]) + len(arrived["alerts"]))),
    )


def _unbalanced(books: Sequence[Book], entries: Sequence[Outcome], told: Mapping[str, int]) -> Iterator[str]:
    """Hold the books against what the store holds, and what was told against what the digests say."""
    yield from (f"{book.feed}: {book.seen} stored is not {book}" for book in books if book.seen != book.unmatched + book.folded + book.told)
    if sum(book.seen for book in books) != len(entries):
        yield f"{len(entries)} entries are stored, but the feeds' books hold {sum(book.seen for book in books)}"
    news = sum(book.told for book in books)
    yield from (f"{name} told {count} times, but {news} entries are news" for name, count in told.items() if count != news)


def _undelivered(app: App, arrived: int) -> Iterator[str]:
    """Hold the outbox against the receivers; a message may arrive twice only where the program was killed."""
    rows = app.store.deliveries(limit=1000)
    for row in rows:
        if row.status != "sent":
            yield f"a message to {row.delivery.subscription} is {row.status}: {row.detail or 'no attempt yet'}"
    if arrived < len(rows):
        yield f"{len(rows)} messages were due, but only {arrived} arrived at the receivers"


def _book(feed: str, error: str, entries: Sequence[Outcome]) -> Book:
    codes = Counter(entry.code for entry in entries if entry.feed_id == feed)
    return Book(
        feed=feed,
        seen=codes.total(),
        unmatched=sum(codes[code] for code in outcomes.UNMATCHED),
        folded=sum(codes[code] for code in outcomes.FOLDED),
        told=sum(codes[code] for code in outcomes.TOLD),
        last_error=error,
    )


def _rendered(app: App, digests: Sequence[Digest]) -> Sequence[Path]:
    """Write the digests that went out, oldest first, as the pages a reader sees."""
    folder = app.settings.data_dir / "digests"
    folder.mkdir(exist_ok=True)
    written: list[Path] = []
    for number, digest in enumerate(reversed(digests), start=1):
        for suffix, content in draft(app.settings, digest).items():
            written.append(folder / f"digest-{number}{suffix}")
            written[-1].write_bytes(content)
    return written


def _feeds_file(newsroom: Newsroom, topics: str) -> str:
    edition = Edition.load()
    origins = {feed.outlet: newsroom.feeds[feed.id].removesuffix(feed.path) for feed in edition.feeds.values()}
    return feeds_yaml(edition.at(origins), topics, every="day")


def _settings(newsroom: Newsroom, folder: Path) -> Settings:
    return load_settings(
        {
            "AGGREGATOR_DATA_DIR": str(folder),
            "AGGREGATOR_FEEDS_FILE": str(folder / "feeds.yaml"),
            "AGGREGATOR_SMTP_URL": f"smtp://{newsroom.smtp_host}:{newsroom.smtp_port}?tls=none",
            "AGGREGATOR_MAIL_FROM": "News watch <watch@newsroom.example>",
            "AGGREGATOR_HTTP_ALLOW": "127.0.0.1",
            "AGGREGATOR_DEMO_SLACK": newsroom.slack,
        }
    )


def _call(url: str, method: str = "GET") -> bytes:
    """Talk to the newsroom's control address, which is always this machine."""
    parts = urlsplit(url)
    connection = HTTPConnection(parts.hostname or "", parts.port, timeout=10)
    try:
        connection.request(method, parts.path)
        with connection.getresponse() as answer:
            if answer.status >= 400:
                raise UsageError(f"the newsroom refuses {url}: it answers {answer.status}")
            return answer.read()
    except (OSError, HTTPException) as error:
        raise UsageError(f"no newsroom answers at {url}: start one with python -m aggregator.newsroom ({error})") from error
    finally:
        connection.close()

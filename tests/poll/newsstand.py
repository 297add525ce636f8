"""Feeds to poll, and a network that answers as the test says."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import format_datetime
from xml.sax.saxutils import escape

from aggregator.models import FeedSpec, Fetched, FetchOutcome, FetchRequest, ParsedFeed
from aggregator.poll import Polling
from aggregator.ports import Store
from aggregator.records import Outcome
from aggregator.sources import read_document
from tests.conftest import Clock


@dataclass(frozen=True)
class Item:
    """Hold one item of an RSS document; its guid is its name."""

    name: str
    published_at: datetime | None = None
    title: str = ""


class ScriptedFetcher:
    """Answer each request by a function, and remember what was asked."""

    def __init__(self, answer: Callable[[FetchRequest], FetchOutcome]) -> None:
        self.answer = answer
        self.requests: list[FetchRequest] = []

    async def fetch(self, request: FetchRequest) -> FetchOutcome:
        self.requests.append(request)
        return self.answer(request)

    @property
    def asked(self) -> list[str]:
        return [request.url for request in self.requests]


class PlainReader:
    """Read documents in this process, by the sources as they are."""

    async def read(
        self, feed: FeedSpec, url: str, headers: Mapping[str, str], body: bytes, now: datetime, known: bytes = b""
    ) -> ParsedFeed:
        return read_document(feed, url, headers, body, now, known)


def feed(name: str = "paper", host: str = "") -> FeedSpec:
    host = host or f"{name}.example"
    return FeedSpec(
        id=name, name=name.title(), url=f"https://{host}/{name}.xml", publisher=name, family=name, min_interval=timedelta(minutes=30)
    )


def rss(*items: Item, end: str = "</channel></rss>") -> bytes:
    return ('<?xml version="1.0"?><rss version="2.0"><channel><title>Paper</title>' + "".join(map(_item, items)) + end).encode()


def _item(item: Item) -> str:
    date = f"<pubDate>{format_datetime(item.published_at)}</pubDate>" if item.published_at else ""
    link = f"<link>https://paper.example/{item.name}</link><guid>{item.name}</guid>"
    return f"<item><title>{escape(item.title or item.name)}</title>{link}{date}</item>"


def fetched(request: FetchRequest, body: bytes, etag: str | None = None, last_modified: str | None = None) -> Fetched:
    return Fetched(url=request.url, status=200, headers={}, body=body, etag=etag, last_modified=last_modified)


def serving(*items: Item, etag: str | None = None) -> ScriptedFetcher:
    """Give a network on which every address serves these items."""
    return ScriptedFetcher(lambda request: fetched(request, rss(*items), etag))


def polling(store: Store, fetcher: ScriptedFetcher, clock: Clock, *feeds: FeedSpec) -> Polling:
    """Declare the feeds and give what polls them."""
    known = feeds or (feed(),)
    store.sync_feeds(known, clock())
    return Polling(store=store, fetcher=fetcher, reader=PlainReader(), feeds={one.id: one for one in known}, clock=clock, spacing=0.0)


def titles(outcomes: Iterable[Outcome]) -> list[str]:
    return [outcome.title for outcome in outcomes]

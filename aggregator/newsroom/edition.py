"""Load the newsroom's data, check that it agrees with itself, and know what every feed serves in every round.

The bytes of a body depend on the data, the round and the outlets' addresses, and on nothing else.
"""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cached_property
from html import escape
from importlib.resources import files
from zoneinfo import ZoneInfo

import yaml
from pydantic import TypeAdapter

from aggregator.newsroom.content import ROUNDS, EntryText, Expected, FeedSource
from aggregator.newsroom.rendering import Item, Page, error_page, render, render_article
from aggregator.newsroom.troubles import HOPELESS, broken, without_end

ENTRY_FILES = ("english", "korean", "chinese", "japanese", "russian", "later")
_FIRST_MODIFIED = datetime(2026, 5, 5, 6, 0, tzinfo=UTC)

_FEEDS = TypeAdapter(tuple[FeedSource, ...])
_ENTRIES = TypeAdapter(dict[str, tuple[EntryText, ...]])
_CONTENT_TYPES = {
    "rss": "application/rss+xml",
    "atom": "application/atom+xml",
    "rdf": "application/rdf+xml",
    "json": "application/feed+json",
}


@dataclass(frozen=True)
class Edition:
    """Hold all feeds and entries; `origins` maps an outlet to where it is served, such as ``http://127.0.0.1:8001``."""

    feeds: Mapping[str, FeedSource]
    by_feed: Mapping[str, tuple[EntryText, ...]]
    origins: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def load(cls) -> "Edition":
        """Load the data files of the package.

        Raises:
            ValueError: the files do not agree; with every disagreement found.
        """
        feeds = {feed.id: feed for feed in _FEEDS.validate_python(_read("feeds"))}
        by_feed: dict[str, tuple[EntryText, ...]] = {}
        for name in ENTRY_FILES:
            for feed_id, entries in _ENTRIES.validate_python(_read(name)).items():
                by_feed[feed_id] = by_feed.get(feed_id, ()) + entries
        if problems := [*disagreements(feeds, by_feed)]:
            raise ValueError("the newsroom's data do not agree:\n" + "\n".join(problems))
        return cls(feeds, by_feed)

    def at(self, origins: Mapping[str, str]) -> "Edition":
        """Give the same edition with its outlets at these addresses."""
        return replace(self, origins=dict(origins))

    @cached_property
    def entries(self) -> Mapping[str, EntryText]:
        """Map every entry's id to the entry."""
        return {entry.id: entry for entries in self.by_feed.values() for entry in entries}

    @cached_property
    def feed_of(self) -> Mapping[str, FeedSource]:
        """Map every entry's id to the feed that carries it."""
        return {entry.id: self.feeds[feed_id] for feed_id, entries in self.by_feed.items() for entry in entries}

    @property
    def outlets(self) -> tuple[str, ...]:
        """Name the hosts, each once, in the order of the feeds."""
        return tuple(dict.fromkeys(feed.outlet for feed in self.feeds.values()))

    def url(self, feed_id: str) -> str:
        """Give the address of a feed."""
        feed = self.feeds[feed_id]
        return self._origin(feed.outlet) + feed.path

    def content_type(self, feed_id: str) -> str:
        """Give the media type that the feed's server names, with its character encoding."""
        feed = self.feeds[feed_id]
        kind = "text/html" if feed.trouble in ("page", "missing") else _CONTENT_TYPES[feed.format]
        return f"{kind}; charset={feed.encoding}"

    def items(self, feed_id: str, number: int) -> tuple[Item, ...]:
        """Give what a feed lists in a round, in the order of the data files; nothing while its server is down."""
        down = number == 1 and self.feeds[feed_id].trouble == "recovering"
        entries = () if down else self.by_feed.get(feed_id, ())
        return tuple(self.item(entry.id, number) for entry in entries if entry.from_round <= number)

    def item(self, entry_id: str, number: int) -> Item:
        """Give one entry as it reads in a round."""
        entry, feed = self.entries[entry_id], self.feed_of[entry_id]
        told = self.entries[entry.taken_from] if entry.taken_from else entry
        page = self.entries[entry.same_page_as] if entry.same_page_as else entry
        title, body = _wording(told, number)
        url = self.page_url(page.id)
        return Item(
            id=entry.id,
            title=title,
            text=body,
            html=f"<p>{body if told.raw_html else escape(body)}</p>",
            url=f"{url}?{entry.query}" if entry.query else url,
            guid=url if page.guid is None else page.guid,
            published=_localised(entry.at, feed),
            date=entry.date,
            author=told.author,
            categories=entry.categories,
        )

    def page_url(self, entry_id: str) -> str:
        """Give the address of an entry's page."""
        return f"{self._origin(self.feed_of[entry_id].outlet)}/articles/{entry_id}"

    def body(self, feed_id: str, number: int) -> bytes:
        """Give what the feed's server answers in a round, before any compression.

        Where the answer never ends it is the beginning; where the server refuses it is the page that says so.
        """
        feed = self.feeds[feed_id]
        match feed.trouble:
            case "missing":
                return error_page(404, "Not Found")
            case "recovering" if number == 1:
                return error_page(500, "Internal Server Error")
            case "hopeless":
                return HOPELESS
            case "page":
                return render_article(self._page(feed), Item(id="front", title=feed.name, text="Welcome.", html="<p>Welcome.</p>", url=""))
        document = render(self._page(feed), self.items(feed_id, number))
        if feed.trouble == "malformed":
            return broken(document)
        return without_end(document) if feed.trouble in ("slow", "oversized") else document

    def article(self, entry_id: str, number: int) -> bytes:
        """Give the HTML page of an entry as it reads in a round."""
        return render_article(self._page(self.feed_of[entry_id]), self.item(entry_id, number))

    def etag(self, feed_id: str, number: int) -> str | None:
        """Give the entity tag of a feed's answer, quotes included (RFC 9110, section 8.8.3), or None."""
        validators = self.feeds[feed_id].validators
        if not {"etag", "weak_etag"} & set(validators):
            return None
        tag = f'"{hashlib.sha256(self.body(feed_id, number)).hexdigest()[:20]}"'
        return f"W/{tag}" if "weak_etag" in validators else tag

    def modified_at(self, feed_id: str, number: int) -> datetime | None:
        """Give when a feed changed last, one day for each round, or None where its server does not say."""
        if "modified" not in self.feeds[feed_id].validators:
            return None
        changed = [later for later in ROUNDS[1:number] if self.body(feed_id, later) != self.body(feed_id, later - 1)]
        return _FIRST_MODIFIED + timedelta(days=max(changed, default=1) - 1)

    def _origin(self, outlet: str) -> str:
        return self.origins.get(outlet, f"http://{outlet}.example")

    def _page(self, feed: FeedSource) -> Page:
        return Page(feed=feed, home=self._origin(feed.outlet) + "/", url=self.url(feed.id))


def load_expected() -> Expected:
    """Load the outcome that a good watch reaches."""
    return Expected.model_validate(_read("expected"))


def disagreements(feeds: Mapping[str, FeedSource], by_feed: Mapping[str, Sequence[EntryText]]) -> Iterator[str]:
    """Find entries of unknown feeds, repeated ids, references to nothing, and entries without words."""
    entries = [entry for listed in by_feed.values() for entry in listed]
    known = {entry.id: entry for entry in entries}
    yield from (f"{feed_id}: no such feed" for feed_id in by_feed.keys() - feeds.keys())
    if len(known) < len(entries):
        ids = [entry.id for entry in entries]
        yield f"ids stand twice: {sorted({each for each in ids if ids.count(each) > 1})}"
    for entry in entries:
        source = entry.taken_from
        if source and (source not in known or known[source].taken_from):
            yield f"{entry.id}: {source} is no entry with its own words"
        if not source and not (entry.title and entry.body):
            yield f"{entry.id}: title or body is missing"
        if not {entry.from_round, *entry.rounds} <= set(ROUNDS):
            yield f"{entry.id}: names a round that does not exist"


def _read(name: str) -> object:
    return yaml.safe_load(files(__package__).joinpath("data", f"{name}.yaml").read_text(encoding="utf-8"))


def _wording(entry: EntryText, number: int) -> tuple[str, str]:
    title, body = entry.title, entry.body
    for later, change in sorted(entry.rounds.items()):
        if later <= number:
            title, body = change.title or title, change.body or body
    return title, body


def _localised(at: datetime | None, feed: FeedSource) -> datetime | None:
    return at.replace(tzinfo=ZoneInfo(feed.time_zone)) if at else None

"""Take sources from an OPML list, and give them as one."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from aggregator.app.configured import read_configuration
from aggregator.errors import ConfigurationError, UsageError
from aggregator.feedfile.adding import as_yaml, feed_id, with_feeds
from aggregator.models import (
    FeedSpec,
)
from aggregator.settings import Settings
from aggregator.sources.opml import FeedList, ListedFeed, read_opml, write_opml


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """Hold what an import brought: new sources, their text for feeds.yaml, how many stood there, addresses that are none.

    `elsewhere` are further lists and pages that the list names: they hold no feed themselves but may lead to some.
    """

    feeds: tuple[FeedSpec, ...]
    text: str
    known: int
    refused: tuple[str, ...]
    elsewhere: tuple[str, ...] = ()


def import_feeds(settings: Settings, file: Path, *, write: bool) -> Imported:
    """Make sources of an OPML list; with `write` they are added to feeds.yaml, which stays as it was where that would break it."""
    found = _listed(file)
    listed = found.feeds
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
    known, elsewhere = len(listed) - len(new) - len(refused), tuple(one.url for one in (*found.lists, *found.pages))
    return Imported(feeds=tuple(new), text=as_yaml(new), known=known, refused=refused, elsewhere=elsewhere)


def export_feeds(settings: Settings, *, every: bool) -> str:
    """Write the configured sources as OPML."""
    chosen = [feed for feed in read_configuration(settings).feeds if feed.enabled or every]
    return write_opml("aggregator", [ListedFeed(url=feed.url, title=feed.name) for feed in chosen])


def _listed(file: Path) -> FeedList:
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

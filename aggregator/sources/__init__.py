"""Sources: bytes to entries, one module a kind.

A parse function is pure: it is given the body, the answer's headers (names in lower case), the address the body came from, the feed's
declaration and the time. It does no IO and sanitises nothing. To add a kind, write its module and add a line here.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from importlib import import_module
from typing import TypeAlias

from aggregator.core.intake import imprint
from aggregator.models import FeedSpec, ParsedFeed
from aggregator.sources.hints import read_hints
from aggregator.sources.rawitems import Cut, cut_known

Parse: TypeAlias = Callable[[bytes, Mapping[str, str], str, FeedSpec, datetime], ParsedFeed]


def _source(kind: str) -> Parse:
    """Give the parse function of a kind's module, which is loaded with the first document: most programs read none themselves."""

    def parse(body: bytes, headers: Mapping[str, str], url: str, feed: FeedSpec, now: datetime) -> ParsedFeed:
        parsed: ParsedFeed = import_module(f"{__name__}.{kind}").parse(body, headers, url, feed, now)
        return parsed

    return parse


SOURCES: Mapping[str, Parse] = {kind: _source(kind) for kind in ("syndication", "jsonfeed", "sitemap", "listing")}


def read_document(feed: FeedSpec, url: str, headers: Mapping[str, str], body: bytes, now: datetime, known: bytes = b"") -> ParsedFeed:
    """Read one document by its feed's kind; items whose hashes are in `known` are left out and counted as unchanged."""
    parsed = _read(feed, url, headers, body, now, known)
    return replace(parsed, imprints=tuple(map(imprint, parsed.entries)))


def _read(feed: FeedSpec, url: str, headers: Mapping[str, str], body: bytes, now: datetime, known: bytes) -> ParsedFeed:
    parse = SOURCES.get(feed.kind)
    if parse is None:
        return ParsedFeed(error=f"there is no source of the kind '{feed.kind}' (known: {', '.join(sorted(SOURCES))})")
    if feed.kind != "syndication":
        return parse(body, headers, url, feed, now)
    cut = cut_known(body, known)
    if 0 < cut.items == cut.known:
        return _told(ParsedFeed(), cut, body)
    parsed = parse(cut.body, headers, url, feed, now)
    if cut.known and len(parsed.entries) != cut.items - cut.known:
        # What was cut was not what it seemed to be: only the whole document counts.
        cut = Cut(body)
        parsed = parse(body, headers, url, feed, now)
    return _told(parsed, cut, body)


def _told(parsed: ParsedFeed, cut: Cut, body: bytes) -> ParsedFeed:
    whole = len(parsed.entries) == cut.items - cut.known
    return replace(parsed, unchanged=cut.known, item_hashes=cut.hashes if whole else b"", hints=read_hints(body))

"""Sources: bytes to entries, one module a kind.

A parse function is pure: it is given the body, the answer's headers (names in lower case), the address the body came from, the feed's
declaration and the time. It does no IO and sanitises nothing. To add a kind, write its module and add a line here.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import TypeAlias

from aggregator.models import FeedSpec, ParsedFeed
from aggregator.sources import jsonfeed, syndication

Parse: TypeAlias = Callable[[bytes, Mapping[str, str], str, FeedSpec, datetime], ParsedFeed]

SOURCES: Mapping[str, Parse] = {
    "syndication": syndication.parse,
    "jsonfeed": jsonfeed.parse,
}


def read_document(feed: FeedSpec, url: str, headers: Mapping[str, str], body: bytes, now: datetime) -> ParsedFeed:
    """Read one document by its feed's kind."""
    parse = SOURCES.get(feed.kind)
    if parse is None:
        return ParsedFeed(error=f"there is no source of the kind '{feed.kind}' (known: {', '.join(sorted(SOURCES))})")
    return parse(body, headers, url, feed, now)

"""What is exchanged about publishers' pages that are looked at again."""

from dataclasses import dataclass
from datetime import datetime

from aggregator.models import Entry, Page


@dataclass(frozen=True, slots=True, kw_only=True)
class PageVisit:
    """Hold a matched article whose page is due to be looked at again: what is known of the page, and the entry that led to it.

    `page` is None where the page was never read, `text_hash` that of the text it had; `text` is what the article shows.
    """

    article_id: int
    feed_id: str
    url: str
    entry: Entry
    text: str
    first_seen_at: datetime
    page: Page | None
    text_hash: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """Hold what a look at a page brought; `revised` is the entry as the page tells it now, None where nothing changed.

    `page` and `text_hash` are None where the page could not be read: what was known stays. `gone` says that the page was taken down.
    """

    article_id: int
    looked_at: datetime
    next_look_at: datetime | None
    page: Page | None = None
    text_hash: str | None = None
    revised: Entry | None = None
    gone: bool = False
    problem: str | None = None

"""Tell what was read out of a document as one JSON object, the shape that `aggregator parse --json` prints.

::

    {file, error, feed: {title, url, language, updated, notes, ...},
     entries: [{id, url, title, summary, content, published, updated, authors, categories, enclosures: [{url, type, length}],
                language, outlet, marks, notes, ...}]}

The rest, marked by dots, is what `details` tells: subtitle, rights, people with their addresses, links, source, version, encoding.
Times are ISO 8601 in UTC; what is absent is null. Values are as feedparser tells them: HTML is sanitised and its
links are resolved, titles may hold HTML, and an entry without a summary of its own repeats its content there.
"""

import atexit
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from typing import Any, TypeAlias

from aggregator.errors import ParseError
from aggregator.models import Entry, FeedSpec, ParsedFeed
from aggregator.sources.details import NOTHING, Details
from aggregator.sources.syndication import parse_polished
from aggregator.sources.workers import DEADLINE, Worker

Report: TypeAlias = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """Hold a document to report: its name and bytes and, where known, the address and the headers (lower case) that it came with."""

    name: str
    body: bytes
    url: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)


def parse_report(document: Document, now: datetime, deadline: float = DEADLINE) -> Report:
    """Read one document within `deadline` seconds and report it; any bytes give a report.

    The worker process behind it is started by the first call and kept until the program ends.
    """
    try:
        return _worker(deadline).run(report_document, document, now)
    except ParseError as error:
        return unread_report(document.name, str(error))


def unread_report(name: str, error: str) -> Report:
    """Report a document that could not even be opened, in the same shape."""
    return _report(name, ParsedFeed(error=error), NOTHING, ())


@cache
def _worker(deadline: float) -> Worker:
    worker = Worker(deadline)
    atexit.register(worker.stop)
    return worker


def report_document(document: Document, now: datetime) -> Report:
    """Report one document in this process, without a deadline."""
    feed = FeedSpec(id=document.name, name=document.name, url=document.url, publisher="", family="")
    return _report(document.name, *parse_polished(document.body, document.headers, document.url, feed, now))


def _report(name: str, parsed: ParsedFeed, about: Details, details: Sequence[Details]) -> Report:
    known = {"title": parsed.title, "url": parsed.url, "language": parsed.language, "updated": _time(parsed.updated_at)}
    return {
        "file": name,
        "error": parsed.error,
        "feed": {**known, "notes": list(parsed.notes), **about},
        "entries": [{**_entry(entry), **more} for entry, more in zip(parsed.entries, details, strict=True)],
    }


def _entry(entry: Entry) -> Report:
    return {
        "id": entry.id,
        "url": entry.url,
        "title": entry.title or None,
        "summary": entry.summary or None,
        "content": entry.content or None,
        "published": _time(entry.published_at),
        "updated": _time(entry.updated_at),
        "authors": list(entry.authors),
        "categories": list(entry.categories),
        "enclosures": [{"url": found.url, "type": found.type, "length": found.length} for found in entry.enclosures],
        "language": entry.language,
        "outlet": entry.outlet,
        "marks": list(entry.marks),
        "notes": list(entry.notes),
    }


def _time(moment: datetime | None) -> str | None:
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z") if moment else None

"""Read JSON Feed 1.0 and 1.1 (jsonfeed.org/version/1.1).

A field of the wrong type is as good as absent; an item that is no object is left out, with a note on the feed.
"""

import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, TypeAlias

from aggregator.models import FeedSpec, ParsedFeed
from aggregator.sources.cleaning import as_html, one_line
from aggregator.sources.drafts import MAX_ENTRIES, Draft, Setting, finish, link

_Object: TypeAlias = Mapping[str, Any]


def looks_like_json(body: bytes) -> bool:
    """Tell whether a document is meant as JSON."""
    return body[:200].removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"{")


def parse(body: bytes, headers: Mapping[str, str], url: str, feed: FeedSpec, now: datetime) -> ParsedFeed:
    """Read a JSON Feed; what is not one comes back with an error."""
    return parse_in(body, Setting.of(feed, url, now))


def parse_in(body: bytes, setting: Setting) -> ParsedFeed:
    """Read a JSON Feed that another kind of source turned out to be."""
    try:
        document = json.loads(body.removeprefix(b"\xef\xbb\xbf").decode("utf-8", "replace"))
    except (ValueError, RecursionError) as error:
        return ParsedFeed(error=f"the document is not readable as JSON: {_reason(error)}")
    if not isinstance(document, dict) or not isinstance(document.get("items"), list):
        return ParsedFeed(error="JSON, but not a JSON Feed: it has no list of items")
    return _feed(document, setting)


def _reason(error: Exception) -> str:
    return f"line {error.lineno}" if isinstance(error, json.JSONDecodeError) else "it is nested too deeply or holds an absurd number"


def _feed(document: _Object, setting: Setting) -> ParsedFeed:
    items = [item for item in document["items"] if isinstance(item, dict)]
    notes = ["items_skipped"] if len(items) < len(document["items"]) else []
    if len(items) > MAX_ENTRIES:
        notes.append("entries_cut")
    language = _text(document, "language") or None
    return ParsedFeed(
        title=one_line(_text(document, "title")) or None,
        url=link(_text(document, "home_page_url"), setting),
        language=language,
        entries=tuple(finish(_draft(item, language), setting) for item in items[:MAX_ENTRIES]),
        error=None if items else "the feed holds no entries",
        notes=tuple(notes),
    )


def _draft(item: _Object, language: str | None) -> Draft:
    return Draft(
        id=_identifier(item),
        link=_text(item, "url") or _text(item, "external_url"),
        title=_text(item, "title"),
        summary=as_html(_text(item, "summary")),
        content=_text(item, "content_html") or as_html(_text(item, "content_text")),
        published=(_text(item, "date_published"),),
        updated=(_text(item, "date_modified"),),
        authors=_authors(item),
        categories=[tag for tag in _list(item, "tags") if isinstance(tag, str)],
        enclosures=_attachments(item),
        language=_text(item, "language") or language,
    )


def _text(item: _Object, key: str) -> str:
    value = item.get(key)
    return value if isinstance(value, str) else ""


def _identifier(item: _Object) -> str | None:
    """Give the identifier; a number is one that lost its quotes (the specification asks readers to coerce it)."""
    value = item.get("id")
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    return str(value) or None


def _list(item: _Object, key: str) -> list[Any]:
    value = item.get(key)
    return value if isinstance(value, list) else []


def _authors(item: _Object) -> list[str]:
    """Give names, or addresses where there is no name; 1.0 has one author, 1.1 a list."""
    found = [author for author in [*_list(item, "authors"), item.get("author")] if isinstance(author, dict)]
    return [_text(author, "name") or _text(author, "url").removeprefix("mailto:") for author in found]


def _attachments(item: _Object) -> Iterator[tuple[str, str | None, int | None]]:
    for attachment in _list(item, "attachments"):
        if isinstance(attachment, dict):
            size = attachment.get("size_in_bytes")
            length = int(size) if isinstance(size, int | float) and 0 <= size < 2**63 else None
            yield _text(attachment, "url"), _text(attachment, "mime_type") or None, length

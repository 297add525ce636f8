"""Read JSON Feed 1.0 and 1.1 (jsonfeed.org/version/1.1).

A field of the wrong type is as good as absent; an item that is no object is left out, with a note on the feed.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, TypeAlias

from aggregator.models import FeedSpec, ParsedFeed
from aggregator.sources.cleaning import as_html, one_line
from aggregator.sources.details import NOTHING, Details, entry_details, feed_details
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
    document = _document(body)
    return ParsedFeed(error=document) if isinstance(document, str) else _feed(document, setting)


def parse_in_detail(body: bytes, setting: Setting) -> tuple[ParsedFeed, Details, Sequence[Details]]:
    """Read a JSON Feed, and give the details of the document and of each entry as other formats have them."""
    document = _document(body)
    if isinstance(document, str):
        return ParsedFeed(error=document), NOTHING, ()
    told = _shaped(document)
    items = [item for item in document["items"] if isinstance(item, dict)][:MAX_ENTRIES]
    return _feed(document, setting), feed_details(told), [entry_details(_shaped_item(item)) for item in items]


def _document(body: bytes) -> _Object | str:
    """Give the document, or a sentence about what is wrong with it."""
    try:
        document = json.loads(body.removeprefix(b"\xef\xbb\xbf").decode("utf-8", "replace"))
    except (ValueError, RecursionError) as error:
        return f"the document is not readable as JSON: {_reason(error)}"
    if not isinstance(document, dict) or not isinstance(document.get("items"), list):
        return "JSON, but not a JSON Feed: it has no list of items"
    return document


def _shaped(document: _Object) -> _Object:
    """Give what stands beside the items under the names of syndication formats."""
    version = _text(document, "version").rpartition("/")[2]
    return {
        "feed": {
            "subtitle": _text(document, "description"),
            "icon": _text(document, "icon") or _text(document, "favicon"),
            "links": [{"rel": "self", "href": _text(document, "feed_url")}],
            "authors": _people(document),
        },
        "version": f"json{version.replace('.', '')}" if version else None,
        "encoding": "utf-8",
    }


def _shaped_item(item: _Object) -> _Object:
    contents = (("text/html", _text(item, "content_html")), ("text/plain", _text(item, "content_text")))
    return {
        "authors": _people(item),
        "image": {"href": _text(item, "image") or _text(item, "banner_image")},
        "tags": [{"term": tag} for tag in _list(item, "tags") if isinstance(tag, str)],
        "content": [{"value": value, "type": kind, "language": _text(item, "language")} for kind, value in contents if value],
    }


def _people(item: _Object) -> list[_Object]:
    return [{"name": _text(author, "name"), "href": _text(author, "url")} for author in _author_objects(item)]


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
        entries=tuple(finish(_draft(item, language, _authors(document)), setting) for item in items[:MAX_ENTRIES]),
        error=None if items else "the feed holds no entries",
        notes=tuple(notes),
    )


def _draft(item: _Object, language: str | None, authors: Sequence[str]) -> Draft:
    return Draft(
        id=_identifier(item),
        link=_text(item, "url") or _text(item, "external_url"),
        title=_text(item, "title"),
        summary=as_html(_text(item, "summary")),
        content=_text(item, "content_html") or as_html(_text(item, "content_text")),
        published=(_text(item, "date_published"),),
        updated=(_text(item, "date_modified"),),
        # The document's authors are those of every item that names none (section "authors").
        authors=_authors(item) or authors,
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
    return [_text(author, "name") or _text(author, "url").removeprefix("mailto:") for author in _author_objects(item)]


def _author_objects(item: _Object) -> list[_Object]:
    authors = item.get("authors")
    listed = [authors] if isinstance(authors, dict) else _list(item, "authors")
    return [author for author in [*listed, item.get("author")] if isinstance(author, dict)]


def _attachments(item: _Object) -> Iterator[tuple[str, str | None, int | None]]:
    for attachment in _list(item, "attachments"):
        if isinstance(attachment, dict):
            size = attachment.get("size_in_bytes")
            length = int(size) if isinstance(size, int | float) and 0 <= size < 2**63 else None
            yield _text(attachment, "url"), _text(attachment, "mime_type") or None, length

"""Write feeds and pages: RSS 2.0, Atom (RFC 4287), RSS 1.0 (RDF), JSON Feed 1.1, and plain HTML articles.

Serialisers do the escaping, so hostile text arrives in the reader exactly as it stands in the data.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime
from html import escape
from typing import Any

from lxml import etree
from lxml.builder import ElementMaker

from aggregator.newsroom.content import FeedSource

ATOM = "http://www.w3.org/2005/Atom"
CONTENT = "http://purl.org/rss/1.0/modules/content/"
DC = "http://purl.org/dc/elements/1.1/"
RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
RSS1 = "http://purl.org/rss/1.0/"
_BUILT_AT = datetime(2026, 5, 4, 21, 0, tzinfo=UTC)
_EXCERPT = 90


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """Hold one entry ready to be written; an empty `guid` is left out, `date` is written as it is."""

    id: str
    title: str
    text: str
    html: str
    url: str
    guid: str = ""
    published: datetime | None = None
    date: str | None = None
    author: str | None = None
    categories: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Say where a feed and its outlet stand."""

    feed: FeedSource
    home: str
    url: str


def render(page: Page, items: Sequence[Item]) -> bytes:
    """Write a feed in its format and encoding."""
    return _RENDERERS[page.feed.format](page, items)


def render_article(page: Page, item: Item) -> bytes:
    """Write an entry's own page, with the furniture that such pages have."""
    title, name = escape(item.title), escape(page.feed.name)
    return (
        f'<!DOCTYPE html>\n<html lang="{page.feed.language}">\n<head><meta charset="utf-8"><title>{title} - {name}</title></head>\n'
        f'<body>\n<header><a href="/">{name}</a></header>\n<article>\n<h1>{title}</h1>\n{item.html}\n</article>\n'
        f"<footer>{name}. All persons, firms and events are invented.</footer>\n</body>\n</html>\n"
    ).encode()


def error_page(status: int, phrase: str) -> bytes:
    """Write the page that a web server shows when it fails."""
    return f"<!DOCTYPE html>\n<html lang=en><title>{status} {phrase}</title><h1>{status} {phrase}</h1></html>\n".encode()


def _rss(page: Page, items: Sequence[Item]) -> bytes:
    make = ElementMaker(nsmap={"content": CONTENT, "dc": DC})
    channel = make.channel(
        make.title(page.feed.name),
        make.link(page.home),
        make.description(f"{page.feed.name}: an invented outlet"),
        make.language(page.feed.language),
        make.lastBuildDate(format_datetime(_BUILT_AT)),
        *(_rss_item(make, page, item) for item in items),
    )
    return _document(make.rss(channel, version="2.0"), page)


def _rss_item(make: Any, page: Page, item: Item) -> Any:
    element = make.item(make.title(item.title), make.link(item.url))
    if item.guid:
        element.append(make.guid(item.guid, isPermaLink=str(item.guid.startswith("http")).lower()))
    if date := item.date or (item.published and format_datetime(item.published)):
        element.append(make.pubDate(date))
    if item.author:
        element.append(make(f"{{{DC}}}creator", item.author))
    element.extend(make.category(category) for category in item.categories)
    element.append(make.description(_excerpt(item) if page.feed.full_text else item.html))
    if page.feed.full_text:
        element.append(make(f"{{{CONTENT}}}encoded", item.html))
    return element


def _atom(page: Page, items: Sequence[Item]) -> bytes:
    make = ElementMaker(namespace=ATOM, nsmap={None: ATOM})
    feed = make.feed(
        make.title(page.feed.name),
        make.id(page.url),
        make.updated(_BUILT_AT.isoformat()),
        make.link(rel="self", href=page.url),
        make.link(rel="alternate", href=page.home),
        make.author(make.name(page.feed.publisher)),
        *(_atom_entry(make, item) for item in items),
    )
    feed.set("{http://www.w3.org/XML/1998/namespace}lang", page.feed.language)
    return _document(feed, page)


def _atom_entry(make: Any, item: Item) -> Any:
    element = make.entry(make.title(item.title), make.link(rel="alternate", type="text/html", href=item.url))
    if item.guid:
        element.append(make.id(item.guid))
    if date := item.date or (item.published and item.published.isoformat()):
        element.extend([make.published(date), make.updated(date)])
    if item.author:
        element.append(make.author(make.name(item.author)))
    element.extend(make.category(term=category) for category in item.categories)
    element.append(make.content(item.html, type="html"))
    return element


def _rdf(page: Page, items: Sequence[Item]) -> bytes:
    make = ElementMaker(namespace=RSS1, nsmap={None: RSS1, "rdf": RDF, "dc": DC, "content": CONTENT})
    about, resource = f"{{{RDF}}}about", f"{{{RDF}}}resource"
    order = make(f"{{{RDF}}}Seq", *(make(f"{{{RDF}}}li", {resource: item.url}) for item in items))
    channel = make.channel(
        make.title(page.feed.name),
        make.link(page.home),
        make.description(f"{page.feed.name}: an invented outlet"),
        make(f"{{{DC}}}language", page.feed.language),
        make.items(order),
        {about: page.url},
    )
    return _document(make(f"{{{RDF}}}RDF", channel, *(_rdf_item(make, item, about) for item in items)), page)


def _rdf_item(make: Any, item: Item, about: str) -> Any:
    element = make.item(make.title(item.title), make.link(item.url), make.description(_excerpt(item)), {about: item.url})
    if date := item.date or (item.published and item.published.isoformat()):
        element.append(make(f"{{{DC}}}date", date))
    if item.author:
        element.append(make(f"{{{DC}}}creator", item.author))
    element.append(make(f"{{{CONTENT}}}encoded", item.html))
    return element


def _json(page: Page, items: Sequence[Item]) -> bytes:
    document = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": page.feed.name,
        "home_page_url": page.home,
        "feed_url": page.url,
        "language": page.feed.language,
        "items": [_json_item(item) for item in items],
    }
    return (json.dumps(document, ensure_ascii=False, indent=1) + "\n").encode(page.feed.encoding)


def _json_item(item: Item) -> Mapping[str, object]:
    fields: dict[str, object] = {
        "id": item.guid,
        "url": item.url,
        "title": item.title,
        "content_html": item.html,
        "date_published": item.date or (item.published and item.published.isoformat()),
        "authors": [{"name": item.author}] if item.author else None,
        "tags": list(item.categories),
    }
    return {name: value for name, value in fields.items() if value}


def _document(root: Any, page: Page) -> bytes:
    body: bytes = etree.tostring(root, xml_declaration=True, encoding=page.feed.encoding)
    return body + b"\n"


def _excerpt(item: Item) -> str:
    return item.text if len(item.text) <= _EXCERPT else item.text[:_EXCERPT].rstrip() + "…"


_RENDERERS: Mapping[str, Callable[[Page, Sequence[Item]], bytes]] = {"rss": _rss, "atom": _atom, "rdf": _rdf, "json": _json}

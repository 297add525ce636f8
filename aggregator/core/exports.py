"""Write what a search found for other programs: CSV, JSON Lines, Atom (RFC 4287) and JSON Feed 1.1.

Everything comes from hostile feeds. A CSV cell that a spreadsheet could take for a formula gets an apostrophe before it; characters
that XML cannot hold are left out; only absolute http(s) addresses become links.
"""

import csv
import io
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from xml.etree import ElementTree as Xml

from aggregator.core.excerpts import cut
from aggregator.core.urls import web_url
from aggregator.desk_records import Hit

COLUMNS = ("article_id", "story_id", "first_seen_at", "published_at", "outlet", "language", "topics", "title", "url")
_ATOM = "http://www.w3.org/2005/Atom"
_FORMULA = re.compile(r"[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20|%]")
_NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_SUMMARY = 500


@dataclass(frozen=True, slots=True)
class Channel:
    """Name a feed of ours: what it holds, where it is read, and when it was made."""

    title: str
    url: str
    made_at: datetime


def to_csv(hits: Iterable[Hit], _channel: Channel) -> Iterator[str]:
    """Write hits as CSV (RFC 4180) with a line of names, safe to open in a spreadsheet."""
    yield _line(COLUMNS)
    for hit in hits:
        yield _line([safe_cell(cell) for cell in _row(hit).values()])


def to_jsonl(hits: Iterable[Hit], _channel: Channel) -> Iterator[str]:
    """Write hits as one JSON object a line, texts included."""
    for hit in hits:
        yield json.dumps({**_row(hit), "topics": list(hit.topics), "text": hit.text}, ensure_ascii=False) + "\n"


def to_atom(hits: Iterable[Hit], channel: Channel) -> Iterator[str]:
    """Write hits as an Atom feed, entry by entry."""
    yield f'<?xml version="1.0" encoding="utf-8"?>\n<feed xmlns="{_ATOM}">'
    for name, text in (("title", channel.title), ("id", channel.url), ("updated", _rfc3339(channel.made_at))):
        yield _element(name, text)
    yield _written(Xml.Element("link", rel="self", href=_xml(channel.url)))
    for hit in hits:
        yield _written(_entry(hit))
    yield "</feed>"


def to_jsonfeed(hits: Iterable[Hit], channel: Channel) -> Iterator[str]:
    """Write hits as a JSON Feed, item by item."""
    feed = {"version": "https://jsonfeed.org/version/1.1", "title": channel.title, "feed_url": channel.url}
    yield json.dumps(feed, ensure_ascii=False)[:-1] + ', "items": ['
    for number, hit in enumerate(hits):
        yield (", " if number else "") + json.dumps(_item(hit), ensure_ascii=False)
    yield "]}"


WRITERS: Mapping[str, tuple[str, Callable[[Iterable[Hit], Channel], Iterator[str]]]] = {
    "csv": ("text/csv; charset=utf-8", to_csv),
    "jsonl": ("application/x-ndjson", to_jsonl),
    "atom": ("application/atom+xml", to_atom),
    "jsonfeed": ("application/feed+json", to_jsonfeed),
}
"""The forms of an export: media type and writer."""


def safe_cell(cell: object) -> str:
    """Write a cell that no spreadsheet runs: a beginning that may be a formula gets an apostrophe before it (OWASP, CSV injection)."""
    text = "" if cell is None else str(cell)
    return f"'{text}" if _FORMULA.match(text.lstrip(" \u3000\xa0")) else text


def identifier(hit: Hit) -> str:
    """Give the name that an article keeps in every feed of ours (RFC 4151)."""
    return f"tag:aggregator,2026:article/{hit.article_id}"


def _row(hit: Hit) -> dict[str, object]:
    published = hit.published_at.astimezone(UTC).isoformat() if hit.published_at else None
    values = (hit.article_id, hit.story_id, hit.first_seen_at.astimezone(UTC).isoformat(), published, hit.outlet, hit.language)
    return dict(zip(COLUMNS, (*values, " ".join(hit.topics), hit.title, hit.url), strict=True))


def _entry(hit: Hit) -> Xml.Element:
    entry = Xml.Element("entry")
    _add(entry, "title", hit.title or "(no title)")
    _add(entry, "id", identifier(hit))
    _add(entry, "updated", _rfc3339(hit.first_seen_at))
    if hit.published_at:
        _add(entry, "published", _rfc3339(hit.published_at))
    _add(Xml.SubElement(entry, "author"), "name", hit.outlet or hit.feed_id)
    if link := web_url(hit.url):
        Xml.SubElement(entry, "link", rel="alternate", href=_xml(link))
    for topic in hit.topics:
        Xml.SubElement(entry, "category", term=_xml(topic))
    _add(entry, "summary", cut(hit.text, _SUMMARY))
    return entry


def _item(hit: Hit) -> dict[str, object]:
    item: dict[str, object] = {
        "id": identifier(hit),
        "title": hit.title,
        "content_text": cut(hit.text, _SUMMARY),
        "language": hit.language,
        "tags": list(hit.topics),
        "authors": [{"name": hit.outlet or hit.feed_id}],
        "date_published": _rfc3339(hit.published_at or hit.first_seen_at),
    }
    link = web_url(hit.url)
    return item | {"url": link} if link else item


def _line(cells: Iterable[object]) -> str:
    out = io.StringIO()
    csv.writer(out).writerow(cells)
    return out.getvalue()


def _element(name: str, text: str) -> str:
    element = Xml.Element(name)
    element.text = _xml(text)
    return _written(element)


def _written(element: Xml.Element) -> str:
    return Xml.tostring(element, encoding="unicode")


def _add(parent: Xml.Element, name: str, text: str) -> None:
    Xml.SubElement(parent, name).text = _xml(text)


def _xml(text: str) -> str:
    return _NOT_XML.sub("", text)


def _rfc3339(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")

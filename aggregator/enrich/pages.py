"""Read a publisher's page: bytes to text and metadata, by trafilatura, then the publisher's own rules.

A page is HTML or plain text already taken out of a page; both go through the same cleaning. Nothing here raises for what the bytes
hold: a page that cannot be read is a page without an article. Scripts are never run; at most `MAX_PAGE` bytes are looked at.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from lxml import etree

from aggregator.enrich.cleaning import Cleaned, clean, squeezed
from aggregator.enrich.decoding import decode
from aggregator.enrich.folding import compose
from aggregator.enrich.language import language_of, primary
from aggregator.enrich.metadata import Metadata, metadata_of
from aggregator.enrich.moments import moment, names_zone, zone_of
from aggregator.enrich.pagerules import PageRules, rules_for
from aggregator.enrich.partial import CHALLENGE, CONSENT, NO_ARTICLE, shortcoming
from aggregator.enrich.plaintext import MAX_TEXT
from aggregator.models import Page

if TYPE_CHECKING:
    from trafilatura.settings import Document

_MARKS = (
    *((b"%PDF-", "a PDF"), (b"PK\x03\x04", "a packed document (zip)"), (b"\xd0\xcf\x11\xe0", "an office document")),
    *((b"\x89PNG", "a picture"), (b"\xff\xd8\xff", "a picture"), (b"GIF8", "a picture"), (b"\x1f\x8b", "packed with gzip")),
)
_PAGE_TYPES = frozenset(("application/xhtml+xml", "application/xml", "application/octet-stream", "application/x-gzip", "application/gzip"))
_TEXT_BUT_NO_PAGE = frozenset(("text/css", "text/csv", "text/javascript", "text/calendar", "text/vcard"))
MAX_PAGE = 3_000_000
MAX_DEPTH = 400
MAX_TAGS = 60_000
"""Reading takes longer than in proportion to the elements; articles with all their chrome have a few thousand tags."""
_MARKUP = re.compile(r"<(?:!doctype|html|head|body|article|div|p|span|section|main|meta|script)\b", re.IGNORECASE)
_TAGS = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9]*)[^>]{0,2000}?(/?)>")
_CONTROL = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x9f\ufffd]")
_VOID = frozenset(
    ("area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr", "p", "li", "td", "tr", "option")
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """Hold what a server, or a file, gave: the bytes, where they came from, and what the header said of them."""

    body: bytes
    url: str | None = None
    content_type: str = ""


def read_page(served: Served, *, keep_datelines: bool = False) -> Page:
    """Read a page's article and metadata; the text has paragraphs divided by blank lines."""
    source = "" if unreadable(served) else decode(served.body[:MAX_PAGE], served.content_type)
    if _is_binary(source):
        return _plain("", served.url, keep_datelines=keep_datelines)
    if not _MARKUP.search(source[:20_000]):
        return _plain(source, served.url, keep_datelines=keep_datelines)
    metadata = metadata_of(source)
    url = served.url or metadata.url
    document = _extracted(source, url)
    text = compose(document.text or "") if document else ""
    title = squeezed(metadata.title or (document.title if document else "") or "")
    lines = text.splitlines()
    rules = rules_for(url, text)
    cleaned = clean(lines, title, rules, keep_datelines=keep_datelines)
    return _page(cleaned, _Found(title, url, metadata, document, source), rules)


def unreadable(served: Served) -> str | None:
    """Say in a few words what bytes are that are no page, by what they begin with and by what their server calls them; None for pages."""
    if not served.body.strip():
        return "it is empty"
    begin = served.body[:1_024].lstrip()
    known = next((kind for mark, kind in _MARKS if begin.startswith(mark)), None)
    if known:
        return f"it is {known}"
    kind = served.content_type.partition(";")[0].strip().lower()
    # What servers call a page without a type of its own says nothing; what they call data is data.
    if kind and "/" in kind and not kind.startswith("text/") and kind not in _PAGE_TYPES:
        return f"its type is {kind[:60]}, which is no page"
    return "its type is not one of pages" if kind in _TEXT_BUT_NO_PAGE else None


def _is_binary(source: str) -> bool:
    """Tell whether no text was meant: more than one character in fifty is a control character or none at all."""
    sample = source[:20_000]
    return 50 * len(_CONTROL.findall(sample)) > len(sample)


@dataclass(frozen=True, slots=True)
class _Found:
    """Hold what else is known of a page beside its cleaned lines."""

    title: str
    url: str | None
    metadata: Metadata
    document: Document | None
    source: str


def _plain(source: str, url: str | None, *, keep_datelines: bool) -> Page:
    lines = compose(source).splitlines()
    rules = rules_for(url, source)
    cleaned = clean(lines, "", rules, keep_datelines=keep_datelines)
    return _page(cleaned, _Found(cleaned.fields.get("title", ""), url, Metadata(), None, ""), rules)


def _page(cleaned: Cleaned, found: _Found, rules: PageRules) -> Page:
    text = _bounded(cleaned.lines)
    fields, metadata = cleaned.fields, found.metadata
    partial = shortcoming(found.source, text)
    if partial in (CHALLENGE, CONSENT, NO_ARTICLE) and found.source:
        text = ""
    language = language_of(f"{found.title}\n{text}", primary(metadata.language or "")) or None
    zone = zone_of(rules.time_zone, language)
    published_text, modified_text = metadata.published or fields.get("published"), metadata.modified or fields.get("modified")
    published_at = moment(published_text, zone)
    return Page(
        title=found.title,
        text=text,
        url=found.url,
        authors=_authors(fields.get("author"), metadata, found.document),
        reporter=fields.get("reporter"),
        translator=fields.get("translator"),
        section=metadata.section,
        published_at=published_at or _utc(rules.published_by(found.url)),
        modified_at=moment(modified_text, zone),
        published_text=published_text,
        zone_assumed=published_at is not None and not rules.time_zone and not names_zone(published_text),
        language=language,
        partial=partial,
        removed=cleaned.removed,
        canonical=metadata.url,
    )


def _utc(at: datetime | None) -> datetime | None:
    return at.astimezone(UTC) if at else None


def _authors(byline: str | None, metadata: Metadata, document: Document | None) -> tuple[str, ...]:
    told = byline or metadata.author or (document.author if document else None) or ""
    names = re.split(r"; |, | and | & |·", told)
    return tuple(dict.fromkeys(name.strip() for name in names if 1 < len(name.strip()) <= 80))


def _extracted(source: str, url: str | None) -> Document | None:
    """Run trafilatura, unless the page's nesting would break any tree, or its elements are beyond number."""
    if source.count("<") > MAX_TAGS or _depth(source) > MAX_DEPTH:
        return None
    import trafilatura  # here, since it takes a tenth of a second to load and most polls read no page

    try:
        document = trafilatura.bare_extraction(
            source, url=url, include_comments=False, include_tables=True, with_metadata=False, include_formatting=False
        )
    except (ValueError, TypeError, AttributeError, AssertionError, etree.LxmlError, RecursionError):
        return None  # trafilatura raises these for broken trees
    return document if isinstance(document, trafilatura.settings.Document) else None


def _depth(source: str) -> int:
    """Give how deep a page's elements are nested; elements that need no end tag do not count."""
    deepest = depth = 0
    for match in _TAGS.finditer(source):
        closing, name, empty = match.group(1), match.group(2).lower(), match.group(3)
        if name in _VOID or empty:
            continue
        depth = max(0, depth - 1) if closing else depth + 1
        deepest = max(deepest, depth)
    return deepest


def _bounded(lines: Sequence[str]) -> str:
    text = "\n\n".join(lines)
    return text if len(text) <= MAX_TEXT else text[:MAX_TEXT].rpartition("\n\n")[0]

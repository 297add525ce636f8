"""Read RSS, RDF and Atom with feedparser, the reference parser; a JSON Feed that poses as one of them is passed on.

* feedparser gets a stream, never text or an address, which it might open; its sanitising and link resolving are off, they cost as much
  as the rest together: what is shown is sanitised where it is shown.
* Identifiers stay as served. Only links are made absolute: against xml:base by feedparser, against the feed's own address by us.
* A damaged document gives what could be read of it, with a note; one that is no feed at all gives a sentence.
"""

import io
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, TypeAlias
from urllib.parse import urljoin
from xml.sax import SAXException

from aggregator.models import FeedSpec, ParsedFeed
from aggregator.sources import jsonfeed, quick
from aggregator.sources.charset import readable
from aggregator.sources.cleaning import as_html, legal_bytes, one_line, plain
from aggregator.sources.details import ADDRESS_AND_NAME, NOTHING, Details, entry_details, feed_details
from aggregator.sources.diagnosis import diagnose
from aggregator.sources.drafts import MAX_ENTRIES, Draft, Setting, finish, link

_Parsed: TypeAlias = Mapping[str, Any]
# What feedparser leaves of "A. Author (mailto:author@example.org)" when it takes the address out.
_UNFINISHED = re.compile(r"\s*\(mailto:$")
# What feedparser raises over damaged chapters, polygons, widths and encoding names.
_FOREIGN_FAILURES = (TypeError, ValueError, LookupError, AttributeError, ArithmeticError, RecursionError)
_HTML_TYPES = ("text/html", "application/xhtml+xml")


def parse(body: bytes, headers: Mapping[str, str], url: str, feed: FeedSpec, now: datetime) -> ParsedFeed:
    """Read a feed; summaries and contents are HTML as served."""
    return _parse(body, headers, Setting.of(feed, url, now))


def parse_polished(
    body: bytes, headers: Mapping[str, str], url: str, feed: FeedSpec, now: datetime
) -> tuple[ParsedFeed, Details, Sequence[Details]]:
    """Read a feed as feedparser tells it: HTML sanitised and its links resolved, at twice the price; titles may hold HTML too.

    Beside it come the details of the document and of each entry.
    """
    setting = Setting.of(feed, url, now)
    if jsonfeed.looks_like_json(body):
        return jsonfeed.parse_in_detail(body, setting)
    readable_body, content_type, encoding = readable(legal_bytes(body), headers.get("content-type", ""), setting.language)
    named = {**headers, "content-location": _based(setting, headers).base, "content-type": content_type or "application/xml"}
    try:
        found = _feedparser(readable_body, named, polished=True)
    except _FOREIGN_FAILURES as error:
        return ParsedFeed(error=_broken(error)), NOTHING, ()
    parsed = _feed(found, readable_body, _based(setting, headers), polished=True)
    about = feed_details({**found, "encoding": encoding or found.get("encoding")})
    return parsed, about, [entry_details(item) for item in found["entries"][:MAX_ENTRIES]]


def _parse(body: bytes, headers: Mapping[str, str], setting: Setting) -> ParsedFeed:
    if jsonfeed.looks_like_json(body):
        return jsonfeed.parse_in(body, setting)
    content_type = headers.get("content-type", "")
    body, content_type, _ = readable(legal_bytes(body), content_type, setting.language)
    found: _Parsed | None = None
    if "content-language" not in headers:
        found = quick.read(body, content_type, _looks_like_html)
    try:
        found = found or _feedparser(body, {**headers, "content-type": content_type} if content_type else headers, polished=False)
    except _FOREIGN_FAILURES as error:
        return ParsedFeed(error=_broken(error))
    return _feed(found, body, _based(setting, headers), polished=False)


def _based(setting: Setting, headers: Mapping[str, str]) -> Setting:
    """Start relative links from where the answer says that its content lies, if that is an address."""
    try:
        base = urljoin(setting.base, headers.get("content-location", ""))
    except ValueError:
        return setting
    return setting.based_on(base) if base.startswith(("http://", "https://")) else setting


def _broken(error: Exception) -> str:
    return f"the document is damaged where no parser can read on ({type(error).__name__})"


def _feedparser(body: bytes, headers: Mapping[str, str], *, polished: bool) -> _Parsed:
    # Imported on first use: it costs 0.1 s and some MB, and most documents need only the quick reader.
    import feedparser

    told = ("content-type", "content-language", "content-location") if polished else ("content-type", "content-language")
    known = {name: value for name, value in headers.items() if name in told and value}
    parsed = feedparser.parse(io.BytesIO(body), response_headers=known, sanitize_html=polished, resolve_relative_uris=polished)
    # Plain dicts, because feedparser's own answer for absent keys with related ones.
    return {**parsed, "feed": dict(parsed["feed"]), "entries": [dict(item) for item in parsed["entries"]]}


def _looks_like_html(text: str) -> bool:
    """Tell whether feedparser would take a text without a type for HTML."""
    if "<" not in text and "&" not in text:
        return False
    import feedparser.mixin

    return bool(feedparser.mixin._FeedParserMixin.looks_like_html(text))


def _feed(found: _Parsed, body: bytes, setting: Setting, *, polished: bool) -> ParsedFeed:
    head, items = found["feed"], found["entries"]
    language = head.get("language") or None
    damaged = isinstance(found.get("bozo_exception"), SAXException)
    notes = [code for code, holds in (("damaged_xml", damaged), ("entries_cut", len(items) > MAX_ENTRIES)) if holds]
    setting = setting if setting.base else setting.based_on(_own_base(head))
    stamp = finish(Draft(updated=_texts(head, "updated", "published")), setting)
    return ParsedFeed(
        title=one_line(_title(head, polished=polished)) or None,
        url=link(head.get("link"), setting),
        language=language,
        updated_at=stamp.updated_at,
        entries=tuple(finish(_draft(item, language, polished=polished), setting) for item in items[:MAX_ENTRIES]),
        error=None if items else diagnose(body, found.get("version") or "", damaged=damaged),
        notes=tuple(notes),
    )


def _own_base(head: _Parsed) -> str:
    """Give the address that a document names as its own or its site's, for one that came without an address."""
    named = [found.get("href") or "" for rel in ("self", "alternate") for found in head.get("links", ()) if found.get("rel") == rel]
    return next((address for address in named if address.startswith(("http://", "https://"))), "")


def _draft(item: _Parsed, language: str | None, *, polished: bool) -> Draft:
    summary, content = _summary(item, polished=polished), _content(item, polished=polished)
    return Draft(
        id=item.get("id"),
        link=_link(item),
        title=_title(item, polished=polished),
        # Where a feed has contents only, feedparser repeats the content as the summary.
        summary="" if summary == content and not polished else summary,
        content=content,
        published=_texts(item, "published"),
        updated=_texts(item, "updated", "created"),
        authors=_authors(item),
        categories=[tag.get("term") or tag.get("label") or "" for tag in item.get("tags", ())],
        enclosures=_enclosures(item),
        language=item.get("language") or _language(item) or language,
        outlet=one_line(item.get("source", {}).get("title") or ""),
    )


def _texts(item: _Parsed, *keys: str) -> list[str]:
    return [text for key in keys if isinstance(text := item.get(key), str)]


def _title(item: _Parsed, *, polished: bool) -> str:
    title = item.get("title") or ""
    return plain(title) if not polished and item.get("title_detail", {}).get("type") in _HTML_TYPES else title


def _html(detail: Mapping[str, Any], *, polished: bool) -> str:
    value = detail.get("value") or ""
    return as_html(value) if not polished and detail.get("type") == "text/plain" else value


def _summary(item: _Parsed, *, polished: bool) -> str:
    detail = item.get("summary_detail")
    return _html(detail, polished=polished) if detail else item.get("summary") or ""


def _content(item: _Parsed, *, polished: bool) -> str:
    """Give the first content that is HTML, else the first that is text."""
    contents = [detail for detail in item.get("content", ()) if detail.get("value")]
    best = next((detail for detail in contents if detail.get("type") in _HTML_TYPES), None)
    return _html(best or contents[0], polished=polished) if contents else ""


def _link(item: _Parsed) -> str | None:
    found = item.get("feedburner_origlink") or item.get("link")
    if item.get("guidislink") and found == item.get("id") and not str(found).startswith(("http://", "https://")):
        # An identifier that only stands in for a link by default (RSS 2.0, isPermaLink) and is no address.
        return None
    return found or next((other["href"] for other in item.get("links", ()) if other.get("rel") == "alternate" and other.get("href")), None)


def _authors(item: _Parsed) -> list[str]:
    found = [_UNFINISHED.sub("", author.get("name") or "") or author.get("email") or "" for author in item.get("authors", ())]
    told = item.get("author") or ""
    named = ADDRESS_AND_NAME.fullmatch(told.strip())
    if named:
        return [*found[:-1], (named["behind"] or named["before"]).strip()]
    return found if any(found) else [told]


def _enclosures(item: _Parsed) -> Iterable[tuple[str, str | None, int | None]]:
    attached = [found for found in item.get("links", ()) if found.get("rel") == "enclosure"]
    original = item.get("feedburner_origenclosurelink") if len(attached) == 1 else None
    for found in (*attached, *item.get("media_content", ())):
        length = found.get("length") or found.get("filesize") or ""
        yield (
            (original if found in attached else None) or found.get("href") or found.get("url") or "",
            found.get("type"),
            int(length) if length.isascii() and length[:18].isdigit() else None,
        )


def _language(item: _Parsed) -> str | None:
    details = (item.get("title_detail"), *item.get("content", ()), item.get("summary_detail"))
    return next((detail["language"] for detail in details if detail and detail.get("language")), None)

"""Read lists of feeds (OPML 1.0 to 2.0, FOAF and other RDF lists, iGoogle exports), and write OPML 2.0.

Most lists in the wild are malformed: bare ``&`` and ``<`` in attributes, missing ends, two documents in one file. The library listparser
reads what it can of any of them; then outlines are picked out one by one, each tag by itself, so that one broken line costs one line, and
what the library did not find is added.
"""

import html
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any
from xml.sax.saxutils import quoteattr

from aggregator.errors import ParseError
from aggregator.sources.cleaning import legal_bytes, one_line

MAX_FEEDS = 20_000
_OUTLINE = re.compile(r"<outline(?=\s)(?P<inside>.*?)(?=/?>\s*(?:<|\Z)|<outline\s|</)", re.DOTALL | re.IGNORECASE)
_ATTRIBUTE = re.compile(
    r"""(?P<name>[A-Za-z_:][\w:.-]*)\s*=\s*(?P<quote>["'])(?P<value>.*?)(?P=quote)(?=\s|/|\Z|[A-Za-z_:]+=)""", re.DOTALL
)
_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
# An ampersand that belongs to an address is not taken for an entity whose semicolon is missing: &copy=1 stays.
_ENTITY = re.compile(r"&#?\w{1,30};")
_ENCODING = re.compile(rb"""<\?xml[^>]*encoding\s*=\s*["']([A-Za-z0-9._-]+)""")
_DECLARATION = re.compile(r"<\?xml\s[^>]*\?>")
_KNOWN = re.compile(r"<(?:\w+:)?(?:outline|opml|RDF|GadgetTabML|ModulePrefs|Module)[\s>/]", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedFeed:
    """Hold one feed of a list; `title` may be empty, `folders` are the paths of the groups that it stands in."""

    url: str
    title: str = ""
    site: str = ""
    folders: tuple[tuple[str, ...], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedList:
    """Hold a list of feeds, each address once; `lists` are further lists that it names, `pages` sites without a feed's address."""

    feeds: tuple[ListedFeed, ...]
    lists: tuple[ListedFeed, ...] = ()
    pages: tuple[ListedFeed, ...] = ()
    title: str = ""
    version: str = ""


def read_opml(body: bytes) -> FeedList:
    """Read a list in its order.

    :raises ParseError: it is no list of feeds at all.
    """
    text = _DECLARATION.sub("", _text(legal_bytes(body)))
    if not _KNOWN.search(text):
        raise ParseError("the file is no list of feeds: it holds neither an OPML outline nor RDF")
    told = _listparser(text)
    found = {feed.url: feed for feed in _listed(told.get("feeds", ()))}
    outlines = list(_picked(text))
    for feed in filter(None, map(_feed, outlines)):
        known = found.get(feed.url, feed)
        found[feed.url] = replace(known, title=known.title or feed.title, site=feed.site)
    sites = {page.url: page for page in (*_listed(told.get("opportunities", ())), *filter(None, map(_page, outlines)))}
    return FeedList(
        feeds=tuple(found.values())[:MAX_FEEDS],
        lists=_listed(told.get("lists", ())),
        pages=tuple(page for page in sites.values() if all(page.url != feed.site for feed in found.values()))[:MAX_FEEDS],
        title=one_line(told.get("meta", {}).get("title") or ""),
        version=told.get("version") or "",
    )


def _listparser(text: str) -> Mapping[str, Any]:
    # Imported on first use: reading a list is rare. It gets bytes, since it would fetch a text that begins like an address.
    import listparser

    declared = '<?xml version="1.0" encoding="utf-8"?>' + text
    found: Mapping[str, Any] = listparser.parse(declared.encode("utf-8", "replace"))
    return found


def _listed(found: Iterable[Mapping[str, Any]]) -> tuple[ListedFeed, ...]:
    feeds = (
        ListedFeed(
            url=one_line(one.get("url") or ""),
            title=one_line(one.get("title") or ""),
            folders=tuple(tuple(map(one_line, path)) for path in one.get("categories", ())),
        )
        for one in found
    )
    return tuple(feed for feed in feeds if feed.url)


def write_opml(title: str, feeds: Iterable[ListedFeed]) -> str:
    """Write a list in OPML 2.0."""
    lines = (
        f'    <outline type="rss" text={quoteattr(feed.title)} title={quoteattr(feed.title)} xmlUrl={quoteattr(feed.url)}/>\n'
        for feed in feeds
    )
    head = f'<?xml version="1.0" encoding="UTF-8"?>\n<opml version="2.0">\n  <head><title>{html.escape(title)}</title></head>\n  <body>\n'
    return head + "".join(lines) + "  </body>\n</opml>\n"


def _picked(text: str) -> Iterator[dict[str, str]]:
    for match in _OUTLINE.finditer(_COMMENT.sub("", text)):
        yield {found["name"].lower(): _unescaped(found["value"]) for found in _ATTRIBUTE.finditer(match["inside"])}


def _unescaped(value: str) -> str:
    return _ENTITY.sub(lambda match: html.unescape(match[0]), value)


def _feed(attributes: dict[str, str]) -> ListedFeed | None:
    url = one_line(attributes.get("xmlurl") or "")
    if not url and attributes.get("type", "").lower() in ("rss", "atom", "feed"):
        url = one_line(attributes.get("url") or "")
    if not url or attributes.get("type", "").lower() == "source":
        return None
    title = one_line(attributes.get("text") or attributes.get("title") or "")
    return ListedFeed(url=url, title=title, site=one_line(attributes.get("htmlurl") or ""))


def _page(attributes: dict[str, str]) -> ListedFeed | None:
    """Give the site of an outline that names no feed."""
    url = one_line(attributes.get("htmlurl") or "")
    if not url or _feed(attributes):
        return None
    return ListedFeed(url=url, title=one_line(attributes.get("text") or attributes.get("title") or ""))


def _text(body: bytes) -> str:
    declared = _ENCODING.search(body[:400])
    wide = ("utf-16",) if body.startswith((b"\xff\xfe", b"\xfe\xff")) else ()
    for codec in (*wide, "utf-8-sig", declared[1].decode() if declared else "cp1252", "cp1252"):
        try:
            return body.decode(codec)
        except (UnicodeDecodeError, LookupError):
            continue
    return body.decode("utf-8", "replace")

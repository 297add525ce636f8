"""Read and write OPML lists of feeds, version 1.0 to 2.0.

Most lists in the wild are malformed: bare ``&`` and ``<`` in attributes, missing ends, two documents in one file. A list is read as XML
where it is XML; otherwise its outlines are picked out one by one, each tag by itself, so that one broken line costs one line.
"""

import html
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from xml.sax.saxutils import quoteattr

from lxml import etree

from aggregator.errors import ParseError
from aggregator.sources.cleaning import legal_bytes, one_line

MAX_FEEDS = 20_000
_OUTLINE = re.compile(r"<outline(?=\s)(?P<inside>.*?)(?=/?>\s*(?:<|\Z)|<outline\s|</)", re.DOTALL | re.IGNORECASE)
_ATTRIBUTE = re.compile(
    r"""(?P<name>[A-Za-z_:][\w:.-]*)\s*=\s*(?P<quote>["'])(?P<value>.*?)(?P=quote)(?=\s|/|\Z|[A-Za-z_:]+=)""", re.DOTALL
)
_ENCODING = re.compile(rb"""<\?xml[^>]*encoding\s*=\s*["']([A-Za-z0-9._-]+)""")


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedFeed:
    """Hold one feed of a list; `title` may be empty."""

    url: str
    title: str = ""
    site: str = ""


def read_opml(body: bytes) -> tuple[ListedFeed, ...]:
    """Give the feeds of a list in its order, each address once.

    :raises ParseError: it is no list of feeds at all.
    """
    body = legal_bytes(body)
    attributes: Iterable[dict[str, str]] | None = _well_formed(body)
    if attributes is None:
        text = _text(body)
        if "<outline" not in text.lower() and "<opml" not in text.lower():
            raise ParseError("the file is no OPML list: it holds no outline")
        attributes = _picked(text)
    found: dict[str, ListedFeed] = {}
    for one in attributes:
        feed = _feed(one)
        if feed and len(found) < MAX_FEEDS:
            found.setdefault(feed.url, feed)
    return tuple(found.values())


def write_opml(title: str, feeds: Iterable[ListedFeed]) -> str:
    """Write a list in OPML 2.0."""
    lines = (
        f'    <outline type="rss" text={quoteattr(feed.title)} title={quoteattr(feed.title)} xmlUrl={quoteattr(feed.url)}/>\n'
        for feed in feeds
    )
    head = f'<?xml version="1.0" encoding="UTF-8"?>\n<opml version="2.0">\n  <head><title>{html.escape(title)}</title></head>\n  <body>\n'
    return head + "".join(lines) + "  </body>\n</opml>\n"


def _well_formed(body: bytes) -> list[dict[str, str]] | None:
    """Give the attributes of all outlines, or None where the list is no XML."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        root = etree.fromstring(body, parser)
    except (etree.XMLSyntaxError, ValueError):
        return None
    return [{str(name).lower(): value for name, value in element.attrib.items()} for element in root.iter("{*}outline", "{*}OUTLINE")]


def _picked(text: str) -> Iterator[dict[str, str]]:
    for match in _OUTLINE.finditer(text):
        yield {found["name"].lower(): html.unescape(found["value"]) for found in _ATTRIBUTE.finditer(match["inside"])}


def _feed(attributes: dict[str, str]) -> ListedFeed | None:
    url = one_line(attributes.get("xmlurl") or "")
    if not url and attributes.get("type", "").lower() in ("rss", "atom", "feed"):
        url = one_line(attributes.get("url") or "")
    if not url or attributes.get("type", "").lower() == "source":
        return None
    title = one_line(attributes.get("text") or attributes.get("title") or "")
    return ListedFeed(url=url, title=title, site=one_line(attributes.get("htmlurl") or ""))


def _text(body: bytes) -> str:
    declared = _ENCODING.search(body[:400])
    for codec in ("utf-8-sig", declared[1].decode() if declared else "cp1252", "cp1252"):
        try:
            return body.decode(codec)
        except (UnicodeDecodeError, LookupError):
            continue
    return body.decode("utf-8", "replace")

"""Find the addresses at which a page's site may have feeds: what the page names, then where systems usually put them."""

import re
from collections.abc import Sequence
from urllib.parse import urljoin

from lxml import etree, html

USUAL_PLACES = ("/feed/", "/rss", "/rss.xml", "/feed.xml", "/atom.xml", "/index.xml")
_TYPES = re.compile(r"application/(?:rss|atom|rdf|feed)\+(?:xml|json)|application/json|text/xml")
_LOOKS_LIKE_FEED = re.compile(r"(?:rss|atom|feed|\.xml$|\.rdf$)", re.IGNORECASE)
MAX_FOUND = 20


def feed_addresses(body: bytes, url: str) -> tuple[str, ...]:
    """Give candidate addresses in the order of their promise: declared ones, linked ones, usual places."""
    try:
        page = html.document_fromstring(body, parser=html.HTMLParser(remove_comments=True))
    except (etree.ParserError, ValueError):
        return tuple(urljoin(url, place) for place in USUAL_PLACES)
    base = urljoin(url, next(iter(page.xpath("//base/@href")), ""))
    declared = [
        link.get("href")
        for link in page.xpath("//link[@href]")
        if "alternate" in (link.get("rel") or "").lower() and _TYPES.search((link.get("type") or "").lower())
    ]
    linked = [address for address in page.xpath("//a/@href") if _LOOKS_LIKE_FEED.search(address)]
    return _absolute([*declared, *linked[:MAX_FOUND], *USUAL_PLACES], base)


def _absolute(addresses: Sequence[str], base: str) -> tuple[str, ...]:
    found: dict[str, None] = {}
    for address in addresses:
        try:
            absolute = urljoin(base, address.strip()).partition("#")[0]
        except ValueError:
            continue
        if absolute.startswith(("http://", "https://")):
            found[absolute] = None
    return tuple(found)[:MAX_FOUND]

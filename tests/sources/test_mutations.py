"""Damaged feeds give entries or a sentence, never an exception; bench/mutations.py reads a hundred thousand."""

import random
from datetime import UTC, datetime

import pytest

from aggregator.models import FeedSpec
from aggregator.sources import read_document

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
PIECES = (b"<item>", b"</item>", b"<![CDATA[", b"]]>", b"<!--", b"-->", b"&", b"&#x0;", b"\x00", b"\xff", b"<", b">", b'"', b"\xc2")
RSS = (
    '<?xml version="1.0" encoding="utf-8"?><rss version="2.0" xmlns:georss="http://www.georss.org/georss" '
    'xmlns:psc="http://podlove.org/simple-chapters"><channel><title>북한</title><image><width>8</width></image>'
    "<item><title>노동자 &amp; x</title><link>https://a.example/1</link><guid>1</guid><pubDate>Tue, 09 Jul 2024 20:25:26 +0900</pubDate>"
    "<description><![CDATA[<p>본문</p>]]></description><georss:polygon>1 2 3 4 1 2</georss:polygon>"
    '<psc:chapters><psc:chapter start="0" title="x"/></psc:chapters></item></channel></rss>'
)
ATOM = (
    '<feed xmlns="http://www.w3.org/2005/Atom"><title>F</title><entry><title type="html">x</title><link href="https://a.example/1"/>'
    "<id>1</id><updated>2024-07-09T20:25:26Z</updated><content type='xhtml'><div xmlns='http://www.w3.org/1999/xhtml'>x</div></content>"
    "</entry></feed>"
)
SITEMAP = '<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"><url><loc>https://a.example/</loc></url></urlset>'
LISTING = "<html><body><div class='i'><a href='/1'>x</a></div></body></html>"
JSON = '{"version": "https://jsonfeed.org/version/1.1", "title": "F", "items": [{"id": "1", "content_text": "x", "tags": ["a"]}]}'


@pytest.mark.parametrize(
    ("kind", "text"), [("syndication", RSS), ("syndication", ATOM), ("sitemap", SITEMAP), ("listing", LISTING), ("jsonfeed", JSON)]
)
def test_a_damaged_document_gives_entries_or_a_sentence(kind: str, text: str) -> None:
    feed = FeedSpec(id="f", name="f", url="", publisher="", family="", kind=kind, options={"item": ".i"} if kind == "listing" else {})
    chance, known = random.Random(kind + text[:50]), b""
    for _ in range(200):
        body = bytearray(text.encode())
        for _ in range(chance.randint(1, 4)):
            start = chance.randrange(len(body) + 1)
            body[start : start + chance.choice((0, 1, 4, 40))] = chance.choice((*PIECES, b"", bytes([chance.randrange(256)])))
        parsed = read_document(feed, "https://a.example/", {}, bytes(body), NOW, known)
        assert parsed.entries or parsed.unchanged or parsed.error
        known = parsed.item_hashes

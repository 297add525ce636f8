"""The report of one document."""

import json
from datetime import UTC, datetime

import pytest

from aggregator.sources.report import parse_report

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
NOTHING = {"title": None, "url": None, "language": None, "updated": None}


def test_report_has_exactly_its_fields() -> None:
    body = b"""<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="en"><title>F</title><link href="https://f.example/"/>
    <updated>2024-07-09T20:25:26+09:00</updated><entry><id>urn:1</id><title>T</title><link href="/x"/><author><name>Kim</name></author>
    <link rel="enclosure" href="/a.mp3" type="audio/mpeg" length="12"/><category term="c"/><published>2024-07-09T11:25:26Z</published>
    <summary>S</summary><content type="html">&lt;script&gt;x&lt;/script&gt;&lt;p&gt;C&lt;/p&gt;</content></entry></feed>"""
    assert parse_report("f.atom", body, NOW) == {
        "file": "f.atom",
        "error": None,
        "feed": {"title": "F", "url": "https://f.example/", "language": "en", "updated": "2024-07-09T11:25:26Z"},
        "entries": [
            {
                "id": "urn:1",
                "url": "https://f.example/x",
                "title": "T",
                "summary": "S",
                "content": "<p>C</p>",
                "published": "2024-07-09T11:25:26Z",
                "updated": None,
                "authors": ["Kim"],
                "categories": ["c"],
                "enclosures": [{"url": "https://f.example/a.mp3", "type": "audio/mpeg", "length": 12}],
            }
        ],
    }


@pytest.mark.parametrize("body", [b"", b"\x00\xff" * 1_000, bytes(range(256)) * 100, b"<html>", b"{", b"<a>" * 20_000], ids=range(6))
def test_any_bytes_give_a_report(body: bytes) -> None:
    report = parse_report("x", body, NOW)
    assert report["error"]
    assert (report["feed"], report["entries"]) == (NOTHING, [])
    json.dumps(report)


def test_document_that_takes_too_long_gives_a_report() -> None:
    body = b"<rss><channel><item>" + b"".join(b"<category>%d</category>" % number for number in range(60_000))
    report = parse_report("slow.xml", body, NOW, deadline=1.0)
    assert report["error"] == "reading the document took longer than 1 s"
    assert parse_report("next.xml", b"", NOW, deadline=1.0)["error"] == "the document is empty"

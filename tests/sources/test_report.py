"""The report of one document."""

import json
from datetime import UTC, datetime

import pytest

from aggregator.sources.report import Document, parse_report

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
KEYS = ["title", "url", "language", "updated"]


def test_report_begins_with_what_is_kept() -> None:
    body = b"""<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="en"><title>F</title><link href="https://f.example/"/>
    <updated>2024-07-09T20:25:26+09:00</updated><entry><id>urn:1</id><title>T</title><link href="/x"/><author><name>Kim</name></author>
    <link rel="enclosure" href="/a.mp3" type="audio/mpeg" length="12"/><category term="c"/><published>2024-07-09T11:25:26Z</published>
    <summary>S</summary><content type="html">&lt;script&gt;x&lt;/script&gt;&lt;p&gt;C&lt;/p&gt;</content></entry></feed>"""
    report = parse_report(Document(name="f.atom", body=body), NOW)
    assert (list(report), report["file"], report["error"]) == (["file", "error", "feed", "entries"], "f.atom", None)
    assert list(report["feed"].items())[:5] == [
        ("title", "F"),
        ("url", "https://f.example/"),
        ("language", "en"),
        ("updated", "2024-07-09T11:25:26Z"),
        ("notes", []),
    ]
    (entry,) = report["entries"]
    assert dict(list(entry.items())[:14]) == {
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
        "language": "en",
        "outlet": None,
        "marks": [],
        "notes": [],
    }


def test_details_are_told_beside_what_is_kept() -> None:
    body = b"""<rss version="2.0"><channel><title>F</title><description>About</description><copyright>(c) F</copyright><ttl>60</ttl>
    <managingEditor>e@f.example (Ed)</managingEditor><item><title>T</title><author>k@f.example (Kim)</author><comments>c</comments>
    <source url="https://s.example/feed">Yonhap</source><category domain="d">c</category></item></channel></rss>"""
    report = parse_report(Document(name="f.rss", body=body, url="https://f.example/feed", headers={"content-type": "text/xml"}), NOW)
    feed, (entry,) = report["feed"], report["entries"]
    assert [feed[key] for key in ("subtitle", "rights", "ttl", "version", "damaged")] == ["About", "(c) F", 60, "rss20", False]
    assert feed["authors"] == [{"name": "Ed", "email": "e@f.example", "url": None}]
    assert entry["people"] == [{"name": "Kim", "email": "k@f.example", "url": None}]
    assert (entry["comments"], entry["outlet"], entry["source"]["feed_url"]) == ("https://f.example/c", "Yonhap", "https://s.example/feed")
    assert entry["tags"] == [{"term": "c", "scheme": "d", "label": None}]


def test_details_of_a_json_feed_have_the_same_names() -> None:
    body = b"""{"version": "https://jsonfeed.org/version/1.1", "title": "F", "description": "About", "feed_url": "https://f.example/feed",
    "authors": [{"name": "Kim", "url": "https://k.example/"}], "items": [{"id": 1, "content_text": "x"}]}"""
    report = parse_report(Document(name="f.json", body=body), NOW)
    assert [report["feed"][key] for key in ("subtitle", "feed_url", "version")] == ["About", "https://f.example/feed", "json11"]
    assert report["feed"]["authors"] == [{"name": "Kim", "email": None, "url": "https://k.example/"}]
    assert (report["entries"][0]["authors"], report["entries"][0]["contents"][0]["type"]) == (["Kim"], "text/plain")


@pytest.mark.parametrize("body", [b"", b"\x00\xff" * 1_000, bytes(range(256)) * 100, b"<html>", b"{", b"<a>" * 20_000], ids=range(6))
def test_any_bytes_give_a_report(body: bytes) -> None:
    report = parse_report(Document(name="x", body=body), NOW)
    assert report["error"]
    assert [report["feed"][key] for key in KEYS] == [None] * 4
    assert report["entries"] == []
    json.dumps(report)


def test_document_that_takes_too_long_gives_a_report() -> None:
    body = b"<rss><channel><item>" + b"".join(b"<category>%d</category>" % number for number in range(60_000))
    report = parse_report(Document(name="slow.xml", body=body), NOW, deadline=1.0)
    assert report["error"] == "reading the document took longer than 1 s"
    assert parse_report(Document(name="next.xml", body=b""), NOW, deadline=1.0)["error"] == "the document is empty"

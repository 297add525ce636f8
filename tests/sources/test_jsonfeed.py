"""JSON Feed to entries."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from aggregator.models import Enclosure, Entry, FeedSpec, ParsedFeed
from aggregator.sources import SOURCES

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
FEED = FeedSpec(id="f", name="F", url="https://news.example/feed.json", publisher="p", family="p", kind="jsonfeed")


def read(document: Any) -> ParsedFeed:
    body = document if isinstance(document, bytes) else json.dumps(document).encode()
    return SOURCES["jsonfeed"](body, {}, FEED.url, FEED, NOW)


def test_item_gives_every_field() -> None:
    item = {
        "id": "1",
        "url": "/x",
        "title": "(LD) T",
        "summary": "a <b c",
        "content_html": "<p>x</p>",
        "content_text": "x",
        "date_published": "2024-07-09T20:25:26+09:00",
        "date_modified": "2024-07-10T00:00:00Z",
        "authors": [{"name": "Kim"}, {"url": "mailto:lee@news.example"}],
        "tags": ["a", 1, "b"],
        "language": "ko",
        "attachments": [{"url": "/a.mp3", "mime_type": "audio/mpeg", "size_in_bytes": 12.0}, {"url": "control:x"}, "junk"],
    }
    feed = read({"title": "F", "home_page_url": "/home", "language": "en", "items": [item]})
    assert (feed.title, feed.url, feed.language, feed.error) == ("F", "https://news.example/home", "en", None)
    assert feed.entries == (
        Entry(
            id="1",
            url="https://news.example/x",
            title="(LD) T",
            summary="a &lt;b c",
            content="<p>x</p>",
            published_at=datetime(2024, 7, 9, 11, 25, 26, tzinfo=UTC),
            updated_at=datetime(2024, 7, 10, tzinfo=UTC),
            authors=("Kim", "lee@news.example"),
            categories=("a", "b"),
            enclosures=(Enclosure(url="https://news.example/a.mp3", type="audio/mpeg", length=12),),
            language="ko",
            marks=("(LD)",),
            notes=("bad_link",),
        ),
    )


def test_fields_of_the_wrong_type_count_as_absent() -> None:
    feed = read({"title": 5, "items": [{"id": 3.5, "url": 1, "title": [], "authors": {"name": "x"}, "author": "y", "attachments": {}}]})
    assert feed.title is None
    assert feed.entries == (Entry(id="3.5", url=None, title="", authors=("x",)),)


def test_author_of_version_1_0_is_read() -> None:
    assert read({"items": [{"author": {"name": "Kim"}}]}).entries[0].authors == ("Kim",)


def test_items_that_are_no_objects_are_left_out_with_a_note() -> None:
    feed = read({"items": ["junk", None, {"id": "1"}]})
    assert (len(feed.entries), feed.notes) == (1, ("items_skipped",))


def test_entries_past_the_cap_are_cut_with_a_note() -> None:
    feed = read({"items": [{"id": str(number)} for number in range(50_001)]})
    assert (len(feed.entries), feed.notes) == (50_000, ("entries_cut",))


@pytest.mark.parametrize(
    ("body", "error"),
    [
        (b"", "not readable as JSON: line 1"),
        (b"{", "not readable as JSON: line 1"),
        (b'{"items": ' + b"[" * 100_000, "nested too deeply"),
        (b'{"items": [{"id": ' + b"9" * 5_000 + b"}]}", "absurd number"),
        (b"[]", "not a JSON Feed"),
        (b'{"items": {}}', "not a JSON Feed"),
        (b'{"items": []}', "the feed holds no entries"),
        (b'{"items": [1]}', "the feed holds no entries"),
    ],
    ids=range(8),
)
def test_document_without_entries_says_why(body: bytes, error: str) -> None:
    feed = read(body)
    assert feed.error is not None
    assert error in feed.error
    assert feed.entries == ()


def test_odd_numbers_and_broken_characters_do_no_harm() -> None:
    body = b'\xef\xbb\xbf{"items": [{"id": 1e999, "title": "a\\ud800b\\u0000\xff", "attachments": [{"url": "/a", "size_in_bytes": NaN}]}]}'
    (entry,) = read(body).entries
    assert (entry.id, entry.title, entry.enclosures[0].length) == ("inf", "ab\ufffd", None)

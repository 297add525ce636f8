"""Pages of links: entries while they have the shape that the selectors describe, a failure as soon as they have not."""

from collections.abc import Mapping
from datetime import UTC, datetime

import pytest

from aggregator.models import FeedSpec, ParsedFeed
from aggregator.sources import read_document

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
ROW = (
    '<div class="row"><h3><a href="/recent-actions/2026{:04}">Action {}</a></h3>'
    '<time datetime="2026-11-{:02}">then</time><p>Words</p></div>'
)
OPTIONS = {"item": ".row", "date": "time", "summary": "p", "least": "2"}


def page(rows: str, head: str = "") -> bytes:
    head = f"<head><title>Recent actions</title>{head}</head>"
    return f"<!doctype html><html>{head}<body><a href='/about'>About</a>{rows}</body></html>".encode()


def read(body: bytes, options: Mapping[str, str] = OPTIONS) -> ParsedFeed:
    feed = FeedSpec(id="o", name="O", url="https://o.example/list", publisher="O", family="o", kind="listing", options=options)
    return read_document(feed, feed.url, {"content-type": "text/html; charset=utf-8"}, body, NOW)


ROWS = "".join(ROW.format(number, number, number) for number in (3, 2, 1))


def test_rows_are_entries() -> None:
    parsed = read(page(ROWS))
    assert (parsed.title, len(parsed.entries), parsed.error) == ("Recent actions", 3, None)
    first = parsed.entries[0]
    assert (first.title, first.url, first.summary) == ("Action 3", "https://o.example/recent-actions/20260003", "Words")
    assert first.published_at == datetime(2026, 11, 3, tzinfo=UTC)


def test_links_may_be_the_items_themselves_and_follow_the_base() -> None:
    parsed = read(page(ROWS, '<base href="https://base.example/x/">'), {"item": "a[href^='/recent-actions/2']"})
    assert parsed.entries[0].url == "https://base.example/recent-actions/20260003"


@pytest.mark.parametrize(
    ("body", "word"),
    [
        (page("<p>Maintenance</p>"), "0 items where at least 2"),
        (page("<title>Just a moment...</title>"), "bot check"),
        (page(ROWS.replace("<a href", "<b href").replace("</a>", "</b>")), "only 0 have a link"),
        (page(ROWS.replace("time", "span")), "no item has a date"),
        (b"", "empty"),
        (b"\x00\xff\x00", "changed shape"),
    ],
)
def test_a_page_that_lost_its_shape_is_a_failure(body: bytes, word: str) -> None:
    parsed = read(body)
    assert parsed.entries == ()
    assert word in (parsed.error or "")


@pytest.mark.parametrize(
    ("options", "word"),
    [
        ({}, "item is missing"),
        ({"item": "[["}, "no CSS selector"),
        ({"item": "a", "items": "b"}, "unknown options items"),
        ({"item": "a", "least": "x"}, "no number"),
    ],
)
def test_options_that_cannot_be_used_say_why(options: dict[str, str], word: str) -> None:
    assert word in (read(page(ROWS), options).error or "")


def test_links_out_of_the_web_are_no_entries() -> None:
    rows = '<div class="row"><a href="javascript:x()">bad</a></div>' + ROWS
    assert len(read(page(rows)).entries) == 3

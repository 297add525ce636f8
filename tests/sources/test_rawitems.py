"""Only what changed is parsed, and never anything else than the whole document would give."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from aggregator.core.intake import decide
from aggregator.models import FeedSpec, ParsedFeed
from aggregator.records import Intake, KnownEntry
from aggregator.sources import read_document
from aggregator.sources.rawitems import cut_known

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
FEED = FeedSpec(id="f", name="F", url="https://f.example/", publisher="F", family="f")
FEEDS = Path(__file__).parents[2].parent / "shared" / "corpora" / "real-feeds"


def rss(*items: str, end: str = "") -> bytes:
    return f"<rss version='2.0'><channel><title>T</title>{''.join(items)}{end}</channel></rss>".encode()


def item(name: str, more: str = "", guid: str = "") -> str:
    return f"<item><title>{name}</title><guid>{guid or name}</guid>{more}</item>"


def read(body: bytes, known: bytes = b"") -> ParsedFeed:
    return read_document(FEED, FEED.url, {}, body, NOW, known)


def test_known_items_are_left_out_and_counted() -> None:
    first = read(rss(item("b"), item("a")))
    second = read(rss(item("c"), item("b"), item("a")), first.item_hashes)
    assert [entry.title for entry in second.entries] == ["c"]
    assert second.unchanged == 2
    assert len(second.item_hashes) == 3 * 8


def test_an_edited_item_is_read_again() -> None:
    first = read(rss(item("b"), item("a")))
    second = read(rss(item("b"), item("a", "<description>now</description>")), first.item_hashes)
    assert [(entry.title, entry.summary) for entry in second.entries] == [("a", "now")]


def test_a_document_of_known_items_alone_is_not_parsed() -> None:
    first = read(rss(item("a")))
    again = read(rss(item("a"), end="<lastBuildDate>now</lastBuildDate>"), first.item_hashes)
    assert (again.entries, again.unchanged, again.error) == ((), 1, None)


@pytest.mark.parametrize(
    "body",
    [
        rss(item("a", "<description><![CDATA[</item>]]></description>")),
        rss(item("a", "<!-- <item> -->")),
        rss(item("a", "<item>inner</item>")),
        rss(item("a", "<description><![CDATA[<entry>]]></description>")),
        rss("<item/>", item("a")),
        rss(item("a"))[:-40],
        rss(item("a")).decode().encode("utf-16"),
        rss(item("\u20ac")).decode().encode("cp1252", "ignore") + b"\x80",
        b'{"items": "<item>x</item>"}',
        b"",
    ],
)
def test_at_the_slightest_doubt_nothing_is_cut(body: bytes) -> None:
    assert cut_known(body, b"").hashes == b""
    assert cut_known(body, b"").body == body


def test_an_item_inside_a_comment_makes_its_document_be_read_whole() -> None:
    body = rss("<!-- ", item("a"), " -->", item("b"))
    assert [entry.title for entry in read(body, cut_known(body, b"").hashes[:8]).entries] == ["b"]
    assert read(body).item_hashes == b""


def test_items_that_share_an_identifier_are_read_together() -> None:
    first = read(rss(item("a", guid="same")))
    second = read(rss(item("b", guid="same"), item("a", guid="same")), first.item_hashes)
    assert [entry.title for entry in second.entries] == ["b", "a"]


def test_more_items_than_are_kept_are_never_cut() -> None:
    body = rss(*(item(str(number)) for number in range(5_001)))
    assert cut_known(body, b"").hashes == b""
    assert read(body).item_hashes == b""


def as_stored(one: Intake) -> KnownEntry:
    return KnownEntry(entry_id=1, identity=one.identity, raw_hash=one.raw_hash, article_key=one.article_key, title=one.entry.title)


@pytest.mark.skipif(not FEEDS.is_dir(), reason=f"the collected feeds are not at {FEEDS}")
def test_of_three_versions_of_a_real_feed_only_the_new_items_are_read() -> None:
    hashes, stored = b"", dict[str, KnownEntry]()
    for number in (1, 2, 3):
        body = (FEEDS / f"rss2email-nodejs-feed{number}.xml").read_bytes()
        parsed, whole = read(body, hashes), {one.identity for one in decide("f", read(body).entries, {})}
        intakes = decide("f", parsed.entries, stored)
        assert {intake.identity for intake in intakes if intake.entry_id is None} == whole - set(stored)
        stored |= {one.identity: as_stored(one) for one in intakes}
        hashes = parsed.item_hashes

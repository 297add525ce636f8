"""Lists of feeds as they are in the wild: malformed."""

import json
from pathlib import Path

import pytest

from aggregator.errors import ParseError
from aggregator.sources.opml import ListedFeed, read_opml, write_opml

CORPUS = Path(__file__).parents[2].parent / "shared" / "corpora" / "opml"


def listed(body: str) -> list[tuple[str, str]]:
    return [(feed.url, feed.title) for feed in read_opml(body.encode())]


@pytest.mark.parametrize(
    "body",
    [
        '<opml version="2.0"><body><outline text="A &amp; B" xmlUrl="https://a.example/?x=1&amp;y=2"/></body></opml>',
        '<opml><body><outline text="A & B" xmlUrl="https://a.example/?x=1&y=2"/></body></opml>',
        '<OPML><BODY><OUTLINE TEXT="A & B" XMLURL="https://a.example/?x=1&y=2"></BODY></OPML>',
        "<opml><body><outline title='A & B' xmlurl='https://a.example/?x=1&y=2'/><outline",
        '<opml><body><outline text="folder <1>"><outline text="A & B" xmlUrl="https://a.example/?x=1&y=2" /></outline></body>',
        '<?xml version="1.0" encoding="utf-8"?>\n<outline type="rss" text="A & B" url="https://a.example/?x=1&y=2"/>',
    ],
)
def test_a_list_is_read_however_broken_it_is(body: str) -> None:
    assert listed(body) == [("https://a.example/?x=1&y=2", "A & B")]


def test_each_address_counts_once() -> None:
    one = '<outline xmlUrl="https://a.example/" text="{}"/>'
    assert listed(f"<opml><body>{one.format('first')}{one.format('again')}</body></opml>") == [("https://a.example/", "first")]


@pytest.mark.parametrize("body", [b"", b"no list", b"\xff\xfe\x00"])
def test_what_is_no_list_says_so(body: bytes) -> None:
    with pytest.raises(ParseError, match="no OPML list"):
        read_opml(body)


def test_a_page_is_a_list_of_nothing() -> None:
    assert read_opml(b"<html><body/></html>") == ()


def test_entities_are_not_followed() -> None:
    body = '<!DOCTYPE opml [<!ENTITY x SYSTEM "file:///etc/passwd">]><opml><body><outline text="&x;" xmlUrl="https://a.example/"/></body></opml>'
    assert "root" not in str(listed(body))


def test_what_is_written_is_read_again() -> None:
    feeds = (ListedFeed(url="https://a.example/?x=1&y=<2>", title='북한 "A" & B'), ListedFeed(url="https://b.example/", title=""))
    assert read_opml(write_opml("mine & yours", feeds).encode()) == feeds


@pytest.mark.skipif(not CORPUS.is_dir(), reason=f"the collected lists are not at {CORPUS}")
def test_collected_lists_give_their_feeds() -> None:
    for line in (CORPUS / "expected.jsonl").read_text(encoding="utf-8").splitlines():
        expected = json.loads(line)
        path = CORPUS / expected["file"].removeprefix("awesome-rss-feeds/")
        if not path.exists():
            (path,) = CORPUS.rglob(path.name)
        found = {feed.url for feed in read_opml(path.read_bytes())}
        if expected["well_formed"]:
            assert found == set(expected["urls"]), path
        else:
            assert len(found) >= min(expected["listparser_0.20_feeds"], len(set(expected["urls"]))), path

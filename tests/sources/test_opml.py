"""Lists of feeds as they are in the wild: malformed."""

import json
from pathlib import Path

import pytest

from aggregator.errors import ParseError
from aggregator.sources.opml import ListedFeed, read_opml, write_opml

CORPUS = Path(__file__).parents[2].parent / "shared" / "corpora" / "opml"


def listed(body: str) -> list[tuple[str, str]]:
    return [(feed.url, feed.title) for feed in read_opml(body.encode()).feeds]


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


@pytest.mark.parametrize("body", [b"", b"no list", b"\xff\xfe\x00", b"<html><body/></html>"])
def test_what_is_no_list_says_so(body: bytes) -> None:
    with pytest.raises(ParseError, match="no list of feeds"):
        read_opml(body)


def test_folders_further_lists_and_pages_are_told() -> None:
    body = b"""<opml version="2.0"><head><title>Mine</title></head><body><outline text="Korea"><outline text="North">
    <outline text="A" xmlUrl="https://a.example/"/></outline></outline><outline type="include" text="More" url="https://m.example/opml"/>
    <outline text="Site" htmlUrl="https://s.example/"/><!-- <outline text="old" xmlUrl="https://old.example/"/> --></body></opml>"""
    read = read_opml(body)
    assert (read.title, read.version) == ("Mine", "opml2")
    assert read.feeds == (ListedFeed(url="https://a.example/", title="A", folders=(("Korea", "North"),)),)
    assert [one.url for one in read.lists] == ["https://m.example/opml"]
    assert [one.url for one in read.pages] == ["https://s.example/"]


def test_a_list_in_rdf_is_read() -> None:
    body = """<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:foaf="http://xmlns.com/foaf/0.1/"
    xmlns:rss="http://purl.org/rss/1.0/"><foaf:Group><foaf:name>행성</foaf:name><foaf:member><foaf:Agent><foaf:name>김</foaf:name><foaf:weblog>
    <foaf:Document rdf:about="https://a.example/"><rdfs:seeAlso xmlns:rdfs="http://www.w3.org/2000/01/rdf-schema#">
    <rss:channel rdf:about="https://a.example/feed"/></rdfs:seeAlso></foaf:Document></foaf:weblog></foaf:Agent></foaf:member></foaf:Group></rdf:RDF>"""
    assert [(feed.url, feed.title, feed.folders) for feed in read_opml(body.encode()).feeds] == [
        ("https://a.example/feed", "김", (("행성",),))
    ]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "euc-kr"])
def test_titles_are_read_in_the_encoding_of_their_list(encoding: str) -> None:
    body = f'<?xml version="1.0" encoding="{encoding}"?><opml><body><outline text="북한" xmlUrl="https://a.example/"/></body></opml>'
    assert [feed.title for feed in read_opml(body.encode(encoding)).feeds] == ["북한"]


def test_an_ampersand_of_an_address_is_no_entity() -> None:
    assert listed('<opml><body><outline text="a" xmlUrl="https://a.example/?x=1&copy=2&lt=3"/></body></opml>')[0][0].endswith(
        "&copy=2&lt=3"
    )


def test_entities_are_not_followed() -> None:
    body = '<!DOCTYPE opml [<!ENTITY x SYSTEM "file:///etc/passwd">]><opml><body><outline text="&x;" xmlUrl="https://a.example/"/></body></opml>'
    assert "root" not in str(listed(body))


def test_what_is_written_is_read_again() -> None:
    feeds = (ListedFeed(url="https://a.example/?x=1&y=<2>", title='북한 "A" & B'), ListedFeed(url="https://b.example/", title=""))
    assert read_opml(write_opml("mine & yours", feeds).encode()).feeds == feeds


@pytest.mark.skipif(not CORPUS.is_dir(), reason=f"the collected lists are not at {CORPUS}")
def test_collected_lists_give_their_feeds() -> None:
    for line in (CORPUS / "expected.jsonl").read_text(encoding="utf-8").splitlines():
        expected = json.loads(line)
        path = CORPUS / expected["file"].removeprefix("awesome-rss-feeds/")
        if not path.exists():
            (path,) = CORPUS.rglob(path.name)
        found = {feed.url for feed in read_opml(path.read_bytes()).feeds}
        if expected["well_formed"]:
            assert found == set(expected["urls"]), path
        else:
            assert len(found) >= min(expected["listparser_0.20_feeds"], len(set(expected["urls"]))), path

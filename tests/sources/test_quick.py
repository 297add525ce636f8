"""The quick reader says what feedparser says, or nothing."""

from datetime import UTC, datetime
from pathlib import Path
from xml.sax.saxutils import escape

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from aggregator.models import FeedSpec, ParsedFeed
from aggregator.sources import quick, syndication

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
FEED = FeedSpec(id="f", name="F", url="https://f.example/feed", publisher="F", family="f")
CORPORA = Path(__file__).parents[2].parent / "shared" / "corpora"
SPACES = (
    'xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:content="http://purl.org/rss/1.0/modules/content/" '
    'xmlns:atom="http://www.w3.org/2005/Atom" xmlns:media="http://search.yahoo.com/mrss/"'
)


def both(body: bytes, monkeypatch: pytest.MonkeyPatch) -> tuple[bool, ParsedFeed, ParsedFeed]:
    """Read a document quickly and by feedparser; tell whether the quick reader took it."""
    took = quick.read(body, "", syndication._looks_like_html) is not None
    mine = syndication.parse(body, {}, FEED.url, FEED, NOW)
    with monkeypatch.context() as patch:
        patch.setattr(quick, "read", lambda *_: None)
        return took, mine, syndication.parse(body, {}, FEED.url, FEED, NOW)


def test_it_agrees_with_feedparser_on_every_collected_document(monkeypatch: pytest.MonkeyPatch) -> None:
    if not CORPORA.is_dir():
        pytest.skip(f"the collected documents are not at {CORPORA}")
    took = 0
    for path in sorted((CORPORA / "real-feeds").iterdir()) + sorted((CORPORA / "parser-suites" / "miniflux").rglob("*.xml")):
        taken, mine, oracle = both(path.read_bytes(), monkeypatch)
        assert mine == oracle, path
        took += taken
    assert took > 80


words = st.text(st.sampled_from("ab 북한&<>;#’é\u3000x\"'"), max_size=12)
markup = st.sampled_from(["", "<b>x</b> &amp; y", "plain", "a &lt; b", "&quot;x&quot;", "<p>북한", "x &copy; y", "it&#39;s"])
texts = st.one_of(words, markup).map(escape)
dates = st.sampled_from(["Tue, 09 Jul 2024 20:25:26 +0900", "2024-07-09T20:25:26Z", "2024-07-09 20:25:26", "yesterday", ""])
links = st.sampled_from(["https://a.example/1?x=1&amp;y=2", "/relative", "", "javascript:alert(1)", "http:///x", "https://a.example/[x]"])
parts = st.one_of(
    texts.map("<title>{}</title>".format),
    texts.map("<description>{}</description>".format),
    texts.map("<content:encoded>{}</content:encoded>".format),
    links.map("<link>{}</link>".format),
    links.map("<guid>{}</guid>".format),
    texts.map('<guid isPermaLink="false">{}</guid>'.format),
    dates.map("<pubDate>{}</pubDate>".format),
    dates.map("<dc:date>{}</dc:date>".format),
    texts.map("<dc:creator>{}</dc:creator>".format),
    texts.map("<author>{}</author>".format),
    texts.map("<category>{}</category>".format),
    texts.map('<category domain="d">{}</category>'.format),
    links.map('<enclosure url="{}" type="Audio/MPEG" length="5"/>'.format),
    links.map('<media:content url="{}"/>'.format),
    texts.map('<source url="https://s.example/">{}</source>'.format),
    st.sampled_from(
        ["<comments>x</comments>", "<unknown/>", '<atom:link rel="self" href="https://a.example/"/>', "<dc:title>t</dc:title>"]
    ),
)
atom_parts = st.one_of(
    st.tuples(st.sampled_from(["", ' type="html"', ' type="text"', ' type="xhtml"']), texts).map(
        lambda of: "<title{}>{}</title>".format(*of)
    ),
    st.tuples(st.sampled_from(["", ' type="html"']), texts).map(lambda of: "<summary{}>{}</summary>".format(*of)),
    st.tuples(st.sampled_from(["", ' type="html"', ' type="TEXT"']), texts).map(lambda of: "<content{}>{}</content>".format(*of)),
    links.map('<link href="{}"/>'.format),
    links.map('<link rel="enclosure" href="{}" type="audio/mpeg"/>'.format),
    texts.map("<id>{}</id>".format),
    dates.map("<published>{}</published>".format),
    dates.map("<updated>{}</updated>".format),
    texts.map("<author><name>{}</name><email>a@b.example</email></author>".format),
    texts.map('<category term="{}"/>'.format),
)
checked = settings(max_examples=250, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@checked
@given(
    items=st.lists(st.lists(parts, max_size=8), min_size=1, max_size=3),
    head=st.sampled_from(["", "<language>ko</language>", "<title>F</title>"]),
)
def test_it_agrees_with_feedparser_on_generated_rss(items: list[list[str]], head: str, monkeypatch: pytest.MonkeyPatch) -> None:
    entries = "".join("<item>" + "".join(one) + "</item>" for one in items)
    body = f'<rss version="2.0" {SPACES}><channel>{head}{entries}</channel></rss>'
    _, mine, oracle = both(body.encode(), monkeypatch)
    assert mine == oracle


@checked
@given(
    items=st.lists(st.lists(atom_parts, max_size=8), min_size=1, max_size=3), root=st.sampled_from(["", ' xml:lang="ko"', ' xml:base="/x"'])
)
def test_it_agrees_with_feedparser_on_generated_atom(items: list[list[str]], root: str, monkeypatch: pytest.MonkeyPatch) -> None:
    entries = "".join("<entry>" + "".join(one) + "</entry>" for one in items)
    _, mine, oracle = both(f'<feed xmlns="http://www.w3.org/2005/Atom"{root}>{entries}</feed>'.encode(), monkeypatch)
    assert mine == oracle


@pytest.mark.parametrize(
    "body",
    [
        b"<!DOCTYPE rss><rss version='2.0'><channel><item><title>x</title></item></channel></rss>",
        b"<rss version='2.0'><channel><item><title>x</title></item>",
        b"<rss version='2.0'><channel></channel></rss>",
        b"<rss version='2.0'><channel><item><title>a<b/>c</title></item></channel></rss>",
        b"<html><body/></html>",
        b'<?xml version="1.0" encoding="euc-kr"?><rss version="2.0"><channel><item/></channel></rss>',
        b"\xff\xfe<\x00r\x00s\x00s\x00",
        b"",
    ],
)
def test_what_it_is_not_sure_of_it_leaves_to_feedparser(body: bytes) -> None:
    assert quick.read(body, "", syndication._looks_like_html) is None

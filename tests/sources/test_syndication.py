"""RSS, RDF and Atom to entries."""

from collections.abc import Mapping
from datetime import UTC, datetime

import pytest

from aggregator.models import Enclosure, Entry, FeedSpec, ParsedFeed
from aggregator.sources import SOURCES

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
KOREAN = FeedSpec(id="f", name="F", url="https://news.example/rss", publisher="p", family="p", language="ko", time_zone="Asia/Seoul")


def read(body: bytes, headers: Mapping[str, str] | None = None, url: str = KOREAN.url) -> ParsedFeed:
    return SOURCES["syndication"](body, headers or {}, url, KOREAN, NOW)


def rss(*items: str, head: str = "", encoding: str = "utf-8", declared: str | None = None) -> bytes:
    body = "".join(f"<item>{item}</item>" for item in items)
    text = f'<?xml version="1.0" encoding="{declared or encoding}"?><rss version="2.0"><channel>{head}{body}</channel></rss>'
    return text.encode(encoding)


def atom(entry: str, attributes: str = "") -> bytes:
    return f'<feed xmlns="http://www.w3.org/2005/Atom" {attributes}><entry>{entry}</entry></feed>'.encode()


def only(body: bytes, headers: Mapping[str, str] | None = None) -> Entry:
    (entry,) = read(body, headers).entries
    return entry


def test_rss_item_gives_every_field() -> None:
    feed = read(
        rss(
            "<title>[단독] 북한 노동자</title><link>/a?idxno=1&amp;b=2</link><guid isPermaLink='false'>?p=7</guid>"
            "<description>&lt;b&gt;요약&lt;/b&gt;</description><pubDate>Tue, 09 Jul 2024 20:25:26</pubDate>"
            "<category>a</category><category>b</category><category>a</category><author>kim@news.example (Kim)</author>"
            "<enclosure url='http://cdn.example/a.mp3' type='audio/mpeg' length='12'/>"
            "<source url='https://other.example/'>Other Times</source>",
            head="<title>뉴스</title><link>https://news.example/</link><language>ko-KR</language>",
        )
    )
    assert (feed.title, feed.url, feed.language, feed.error, feed.notes) == ("뉴스", "https://news.example/", "ko-KR", None, ())
    assert feed.entries == (
        Entry(
            id="?p=7",
            url="https://news.example/a?idxno=1&b=2",
            title="[단독] 북한 노동자",
            summary="<b>요약</b>",
            published_at=datetime(2024, 7, 9, 11, 25, 26, tzinfo=UTC),
            authors=("Kim",),
            categories=("a", "b"),
            enclosures=(Enclosure(url="http://cdn.example/a.mp3", type="audio/mpeg", length=12),),
            language="ko-KR",
            outlet="Other Times",
            marks=("[단독]",),
        ),
    )


def test_lower_case_tags_and_crowded_dates_of_a_korean_daily() -> None:
    entry = only(rss("<title>t</title><pubdate>Thu,28 Jul 2022 4:35:5 GMT+9</pubdate>"))
    assert entry.published_at == datetime(2022, 7, 27, 19, 35, 5, tzinfo=UTC)


def test_date_falls_back_from_published_to_updated() -> None:
    namespace = "xmlns:dc='http://purl.org/dc/elements/1.1/'"
    entry = only(rss(f"<title>t</title><dc:date {namespace}>2024-07-09T20:25:26+09:00</dc:date>"))
    assert entry.published_at == entry.updated_at == datetime(2024, 7, 9, 11, 25, 26, tzinfo=UTC)


@pytest.mark.parametrize(
    ("date", "note"), [("in a while", "date_unreadable"), ("2030-01-01", "date_in_future"), ("1970-01-01", "date_too_old"), ("", None)]
)
def test_trap_a_strict_date_loses_entries_without_one(date: str, note: str | None) -> None:
    entry = only(rss(f"<title>t</title><pubDate>{date}</pubDate>"))
    assert entry.published_at is None
    assert entry.notes == ((note,) if note else ())


@pytest.mark.parametrize(
    ("title", "plain"),
    [
        ("AT&amp;T &lt;b&gt;buys&lt;/b&gt; it", "AT&T buys it"),
        ("Q&amp;amp;A", "Q&A"),
        ("<![CDATA[a <i>b</i> c]]>", "a b c"),
        ("1 &lt; 2 &gt; 0", "1 < 2 > 0"),
        (" a\n\t b ", "a b"),
        ("a\x00b\x0bc&#0;d&#x1f;e&#xD800;f&#99999999999;g&#xFFFFFFFFFFFF;h", "abcdefgh"),
        ("&#xAC00;&#44032;", "가가"),
    ],
)
def test_title_is_plain_text_on_one_line(title: str, plain: str) -> None:
    assert only(rss(f"<title>{title}</title>")).title == plain


@pytest.mark.parametrize(
    ("link", "url"),
    [
        ("https://a.example/x", "https://a.example/x"),
        ("HTTPS://a.example/x", "https://a.example/x"),
        ("x/y", "https://news.example/x/y"),
        ("//a.example/x", "https://a.example/x"),
        ("https://a.example/\nx", "https://a.example/x"),
        ("javascript:alert(1)", None),
        ("&#1;javascript:alert(1)", None),
        ("data:text/html,x", None),
        ("vbscript:x", None),
        ("file:///etc/passwd", None),
        ("http://[", None),
        ("https://a.example/" + "x" * 10_000, None),
    ],
)
def test_link_is_absolute_and_of_the_web(link: str, url: str | None) -> None:
    entry = only(rss(f"<title>t</title><link>{link}</link>"))
    assert entry.url == url
    assert entry.notes == (() if url else ("bad_link",))


def test_links_follow_xml_base_and_content_location() -> None:
    linked = "<title>t</title><link href='x'/>"
    assert only(atom(linked, "xml:base='https://b.example/d/'")).url == "https://b.example/d/x"
    assert only(atom(linked), {"content-location": "/d/"}).url == "https://news.example/d/x"
    assert only(atom(linked, "xml:base='/e/'")).url == "https://news.example/e/x"


def test_identifier_is_kept_as_served_and_is_no_link_unless_it_is_one() -> None:
    short, permalink = read(rss("<guid>12345</guid>", "<guid>https://a.example/1</guid>")).entries
    assert (short.id, short.url, short.notes) == ("12345", None, ())
    assert (permalink.id, permalink.url) == ("https://a.example/1", "https://a.example/1")


def test_link_of_another_type_stands_in_for_a_missing_one() -> None:
    assert only(atom("<link rel='alternate' type='text/plain' href='/x.txt'/>")).url == "https://news.example/x.txt"


def test_content_is_html_as_served_and_not_repeated_as_summary() -> None:
    namespace = "xmlns:content='http://purl.org/rss/1.0/modules/content/'"
    html = '<script>x</script><a href="/rel">y</a>'
    entry = only(rss(f"<content:encoded {namespace}><![CDATA[{html}]]></content:encoded>"))
    assert (entry.summary, entry.content) == ("", html)


def test_html_content_is_preferred_and_plain_text_is_escaped() -> None:
    entry = only(atom("<summary>if a &lt;b then</summary><content type='html'>&lt;p&gt;x&lt;/p&gt;</content>"))
    assert (entry.summary, entry.content) == ("if a &lt;b then", "<p>x</p>")


@pytest.mark.parametrize(
    ("author", "name"),
    [
        ("kim@news.example (Kim Un)", "Kim Un"),
        ("kim@news.co.kr (Kim Un)", "Kim Un"),
        ("Kim Un &lt;kim@news.example&gt;", "Kim Un"),
        ("Kim Un", "Kim Un"),
        ("kim@news.kr", "kim@news.kr"),
        ("김철수 기자", "김철수 기자"),
    ],
)
def test_author_is_the_name_or_else_the_address(author: str, name: str) -> None:
    assert only(rss(f"<title>t</title><author>{author}</author>")).authors == (name,)


def test_several_authors_are_kept() -> None:
    entry = only(atom("<author><name>A</name><email>a@b.example</email></author><author><name>B</name></author>"))
    assert entry.authors == ("A", "B")


def test_languages_of_entry_and_feed() -> None:
    entry = only(atom("<title xml:lang='ko'>t</title>", "xml:lang='en'"))
    assert entry.language == "ko"
    assert only(atom("<title>t</title>", "xml:lang='en'")).language == "en"


def test_json_feed_that_poses_as_syndication_is_read() -> None:
    feed = read(b' \n{"version": "https://jsonfeed.org/version/1.1", "items": [{"id": "1", "url": "/x"}]}')
    assert feed.entries[0].url == "https://news.example/x"


HANGUL = "<title>똠방각하 북한 노동자 러시아 파견</title>"


@pytest.mark.parametrize(
    ("encoding", "declared", "content_type"),
    [
        ("utf-8", "utf-8", ""),
        ("utf-8", "euc-kr", ""),
        ("utf-8", "utf-8", "text/xml; charset=euc-kr"),
        ("cp949", "euc-kr", ""),
        ("cp949", "ks_c_5601-1987", ""),
        ("cp949", "utf-8", ""),
        ("cp949", "utf-8", "text/xml; charset=utf-8"),
        ("utf-16", "utf-16", ""),
        ("utf-32", "utf-32", ""),
        ("utf-8-sig", "utf-8", ""),
    ],
)
def test_korean_is_read_whatever_encoding_is_claimed(encoding: str, declared: str, content_type: str) -> None:
    body = rss(HANGUL, encoding=encoding, declared=declared)
    assert only(body, {"content-type": content_type} if content_type else None).title == HANGUL[7:-8]


def test_one_broken_byte_does_not_spoil_a_document() -> None:
    body = rss(HANGUL, "<title>깨진 X 글자 그리고 노동자</title>").replace(b"X", b"\xff")
    assert [entry.title for entry in read(body).entries] == [HANGUL[7:-8], "깨진 \ufffd 글자 그리고 노동자"]


def test_damaged_xml_gives_what_could_be_read_and_a_note() -> None:
    body = rss("<title>one</title>", "<title>two &nope; <b></title>", "<title>three</title>")
    feed = read(body)
    assert [entry.title[:3] for entry in feed.entries] == ["one", "two", "thr"]
    assert (feed.error, feed.notes) == (None, ("damaged_xml",))


@pytest.mark.parametrize(
    ("body", "error"),
    [
        (b"", "the document is empty"),
        (b" \n", "the document is empty"),
        (b"hello", "the document is neither XML nor JSON"),
        (b"<!DOCTYPE html><html><body>x</body></html>", "HTML page instead of a feed"),
        (b"<html><title>Just a moment...</title></html>", "a bot check instead of a feed"),
        (b"<opml/>", "the document is neither RSS nor Atom"),
        (rss(), "the feed holds no entries"),
        (b"<rss version='2.0'><channel><title>t</title>", "the feed holds no entries, and its XML is damaged"),
        (b"{}", "JSON, but not a JSON Feed: it has no list of items"),
        (b"{", "the document is not readable as JSON: line 1"),
    ],
)
def test_document_without_entries_says_why(body: bytes, error: str) -> None:
    feed = read(body)
    assert (feed.entries, feed.error) == ((), error)


def test_what_is_too_much_is_cut_and_noted() -> None:
    entry = only(
        rss(
            f"<title>{'t' * 2_000}</title><guid>{'g' * 5_000}</guid><description>{'d' * 1_100_000}</description>"
            + "".join(f"<category>{number}</category>" for number in range(150))
        )
    )
    assert (len(entry.title), len(entry.summary), len(entry.categories)) == (1_000, 1_000_000, 100)
    assert entry.id is not None
    assert entry.id.startswith("sha256:")
    assert set(entry.notes) == {"title_truncated", "summary_truncated", "id_hashed", "categories_cut"}


def test_ten_thousand_entries_are_all_kept() -> None:
    feed = read(rss(*(f"<guid>{number}</guid>" for number in range(10_000))))
    assert (len(feed.entries), feed.entries[-1].id, feed.notes) == (10_000, "9999", ())


ENTITIES = "".join(f'<!ENTITY e{level} "{f"&e{level - 1};" * 10}">' for level in range(1, 10))


@pytest.mark.parametrize(
    "doctype",
    [
        f'<!DOCTYPE x [<!ENTITY e0 "ha">{ENTITIES}]>',
        f'<!DOCTYPE x [<!ENTITY e9 "{"A" * 50_000}">]>',
        '<!DOCTYPE x [<!ENTITY e9 SYSTEM "file:///etc/passwd">]>',
        '<!DOCTYPE x [<!ENTITY % p SYSTEM "http://127.0.0.1:1/x"> %p;]>',
        '<!DOCTYPE x SYSTEM "http://127.0.0.1:1/x">',
    ],
    ids=["billion laughs", "quadratic", "file", "parameter", "external"],
)
def test_entities_bring_neither_files_nor_floods(doctype: str) -> None:
    item = f"<item><title>T{'&e9;' * 1_000}</title></item>"
    entry = only(f'<?xml version="1.0"?>{doctype}<rss version="2.0"><channel>{item}</channel></rss>'.encode())
    assert entry.title.startswith("T")
    assert "root:" not in entry.title
    assert len(entry.title) <= 1_000

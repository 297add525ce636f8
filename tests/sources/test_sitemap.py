from datetime import UTC, datetime

import pytest

from aggregator.models import FeedSpec, ParsedFeed
from aggregator.sources import read_document

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
FEED = FeedSpec(id="y", name="Y", url="https://y.example/map.xml", publisher="Y", family="y", kind="sitemap", language="ja")
SPACES = 'xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" xmlns:news="http://www.google.com/schemas/sitemap-news/0.9"'


def page(address: str, title: str = "見出し", date: str = "2026-11-21T10:00:00+09:00") -> str:
    news = f"<news:publication><news:language>ja</news:language></news:publication><news:publication_date>{date}</news:publication_date>"
    return f"<url><loc>{address}</loc><news:news>{news}<news:title>{title}</news:title></news:news></url>"


def read(inside: str, root: str = "urlset") -> ParsedFeed:
    return read_document(FEED, FEED.url, {}, f"<{root} {SPACES}>{inside}</{root}>".encode(), NOW)


def test_news_has_title_address_date_and_language() -> None:
    (entry,) = read(page("https://y.example/1")).entries
    assert (entry.title, entry.url, entry.id, entry.language) == ("見出し", "https://y.example/1", "https://y.example/1", "ja")
    assert entry.published_at == datetime(2026, 11, 21, 1, tzinfo=UTC)


def test_pages_without_news_are_left_out_with_a_note() -> None:
    parsed = read(page("https://y.example/1") + "<url><loc>https://y.example/about</loc></url>")
    assert (len(parsed.entries), parsed.notes, parsed.error) == (1, ("items_skipped",), None)


@pytest.mark.parametrize(
    ("inside", "root", "sentence"),
    [
        ("<sitemap><loc>https://y.example/a.xml</loc></sitemap>", "sitemapindex", "such as https://y.example/a.xml"),
        ("<url><loc>https://y.example/about</loc></url>", "urlset", "names no news"),
        ("", "urlset", "names no news"),
        ("<body/>", "html", "HTML page"),
        ("<x/>", "other", "no sitemap"),
    ],
)
def test_what_is_no_news_sitemap_says_so(inside: str, root: str, sentence: str) -> None:
    parsed = read(inside, root)
    assert parsed.entries == ()
    assert sentence in (parsed.error or "")


def test_a_damaged_sitemap_gives_what_stands_before_the_damage() -> None:
    body = f"<urlset {SPACES}>{page('https://y.example/1')}<url><loc>https://y".encode()
    assert len(read_document(FEED, FEED.url, {}, body, NOW).entries) == 1
    assert read_document(FEED, FEED.url, {}, b"", NOW).error == "the document is empty"

"""Read news sitemaps (sitemaps.org 0.9 with Google's news extension).

An entry is what its ``news:news`` says: a title, a date, a language. An address without one has no headline and is left out, with a note.
An index of sitemaps names other documents, and following them is not a reader's business: it comes back with a sentence.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from lxml import etree

from aggregator.models import FeedSpec, ParsedFeed
from aggregator.sources.charset import readable
from aggregator.sources.cleaning import legal_bytes, one_line
from aggregator.sources.diagnosis import diagnose
from aggregator.sources.drafts import MAX_ENTRIES, Draft, Setting, finish

_SITE = "{http://www.sitemaps.org/schemas/sitemap/0.9}"
_NEWS = "{http://www.google.com/schemas/sitemap-news/0.9}"


def parse(body: bytes, headers: Mapping[str, str], url: str, feed: FeedSpec, now: datetime) -> ParsedFeed:
    """Read a news sitemap; one that is damaged gives what stands before the damage."""
    setting = Setting.of(feed, url, now)
    body, _, _ = readable(legal_bytes(body), headers.get("content-type", ""), feed.language)
    root = _root(body)
    if root is None or root.tag not in (f"{_SITE}urlset", "urlset"):
        return ParsedFeed(error=_problem(body, root))
    pages = [page for page in root if page.tag in (f"{_SITE}url", "url")]
    drafts = list(_drafts(pages[:MAX_ENTRIES]))
    notes = [
        code
        for code, holds in (("items_skipped", len(drafts) < len(pages[:MAX_ENTRIES])), ("entries_cut", len(pages) > MAX_ENTRIES))
        if holds
    ]
    return ParsedFeed(
        entries=tuple(finish(draft, setting) for draft in drafts),
        error=None if drafts else "the sitemap names no news, only pages",
        notes=tuple(notes),
    )


def _root(body: bytes) -> Any:
    """Give the root of what can be read, None where that is nothing."""
    try:
        return etree.fromstring(body, _parser()) if body.strip() else None
    except (etree.XMLSyntaxError, ValueError):
        return None


def _parser() -> etree.XMLParser:
    return etree.XMLParser(recover=True, resolve_entities=False, no_network=True, load_dtd=False, remove_comments=True, remove_pis=True)


def _problem(body: bytes, root: Any) -> str:
    if root is not None and root.tag in (f"{_SITE}sitemapindex", "sitemapindex"):
        first = next((text for element in root.iter(f"{_SITE}loc") if (text := _text(element))), "one of them")
        return f"an index of sitemaps: put the address of one of its sitemaps into feeds.yaml, such as {first}"
    if root is not None and root.tag in (f"{_SITE}urlset", "urlset"):
        return "the sitemap holds no news"
    found = diagnose(body, "", damaged=root is None)
    return "the document is no sitemap" if found == "the document is neither RSS nor Atom" else found


def _drafts(pages: list[Any]) -> Iterator[Draft]:
    for page in pages:
        news = page.find(f"{_NEWS}news")
        address = _text(page.find(f"{_SITE}loc")) or _text(page.find("loc"))
        if news is None or not address:
            continue
        title = one_line(_text(news.find(f"{_NEWS}title")))
        if title:
            yield Draft(
                id=address,
                link=address,
                title=title,
                published=[_text(news.find(f"{_NEWS}publication_date"))],
                updated=[_text(page.find(f"{_SITE}lastmod"))],
                categories=[word.strip() for word in _text(news.find(f"{_NEWS}keywords")).split(",")],
                language=_text(news.find(f"{_NEWS}publication/{_NEWS}language")) or None,
            )


def _text(element: Any) -> str:
    return "".join(element.itertext()).strip() if element is not None else ""

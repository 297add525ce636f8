"""Read what a page's head says of the article: JSON-LD, Open Graph, article tags, canonical link, language.

A date keeps the words it was told in; `aggregator.enrich.moments` reads it.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from html import unescape
from itertools import islice
from typing import Any

_HEAD = 400_000
_META = re.compile(r"<meta\s([^>]{1,3000})>", re.IGNORECASE)
_ATTRIBUTE = re.compile(r"""([a-zA-Z:-]{1,40})\s*=\s*(?:"([^"]{0,2500})"|'([^']{0,2500})'|([^\s"'>]{1,500}))""")
_CANONICAL = re.compile(r"""<link\s[^>]{0,500}?rel\s*=\s*["']?canonical["']?[^>]{0,800}>""", re.IGNORECASE)
_HREF = re.compile(r"""href\s*=\s*["']?([^\s"'>]{4,2000})""", re.IGNORECASE)
_LANGUAGE = re.compile(r"""<html\b[^>]{0,600}?\slang\s*=\s*["']?([A-Za-z-]{2,20})""", re.IGNORECASE)
_LINKED_DATA = re.compile(r"<script[^>]{0,200}?application/ld\+json[^>]{0,200}>", re.IGNORECASE)
_MOST_BLOCKS, _LONGEST_BLOCK = 30, 100_000
_TITLE = re.compile(r"<title[^>]{0,200}>(.{1,600}?)</title>", re.IGNORECASE | re.DOTALL)
_TIME = re.compile(r"""<time\b[^>]{0,400}?datetime\s*=\s*["']([^"']{8,40})["']""", re.IGNORECASE)
_KINDS = frozenset(("Article", "NewsArticle", "BlogPosting", "ReportageNewsArticle", "AnalysisNewsArticle", "WebPage", "Report"))
_NAMES: Mapping[str, tuple[str, ...]] = {
    "title": ("og:title", "twitter:title", "headline", "dc.title"),
    "author": ("author", "article:author", "dc.creator", "byl", "parsely-author", "sailthru.author"),
    "section": ("article:section", "section", "parsely-section"),
    "published": (
        "article:published_time",
        "og:article:published_time",
        "datepublished",
        "date",
        "pubdate",
        "dc.date",
        "dcterms.date",
        "parsely-pub-date",
        "sailthru.date",
    ),
    "modified": ("article:modified_time", "og:updated_time", "datemodified", "dcterms.modified", "lastmod"),
    "url": ("og:url",),
}


@dataclass(frozen=True, slots=True)
class Metadata:
    """Hold what a page says of itself, as it says it."""

    title: str | None = None
    author: str | None = None
    section: str | None = None
    published: str | None = None
    modified: str | None = None
    url: str | None = None
    language: str | None = None


def metadata_of(source: str) -> Metadata:
    """Read the metadata of a page's source; what is told by JSON-LD wins over tags."""
    head = source[:_HEAD]
    tags, linked = _tags(head), _linked(head)
    found = {name: linked.get(name) or next((tags[key] for key in keys if tags.get(key)), None) for name, keys in _NAMES.items()}
    canonical = _CANONICAL.search(head)
    href = _HREF.search(canonical.group()) if canonical else None
    language, time, title = _LANGUAGE.search(head), _TIME.search(head), _TITLE.search(head)
    author = found["author"]
    return Metadata(
        title=found["title"] or (_one_line(title.group(1)) if title else None),
        author=None if author and author.startswith(("http:", "https:")) else author,
        section=found["section"],
        published=found["published"] or (time.group(1) if time else None),
        modified=found["modified"],
        url=_address(unescape(href.group(1)) if href else None) or _address(found["url"]),
        language=language.group(1) if language else None,
    )


def _address(told: str | None) -> str | None:
    return told if told and told.startswith(("https://", "http://")) else None


def _tags(head: str) -> dict[str, str]:
    tags: dict[str, str] = {}
    for match in _META.finditer(head):
        attributes = {name.lower(): first or second or third for name, first, second, third in _ATTRIBUTE.findall(match.group(1))}
        name = attributes.get("property") or attributes.get("name") or attributes.get("itemprop") or ""
        content = _one_line(attributes.get("content", ""))
        if name and content:
            tags.setdefault(name.lower(), content)
    return tags


def _linked(head: str) -> dict[str, str]:
    for block in _blocks(head):
        try:
            loaded = json.loads(block)
        except (ValueError, RecursionError):
            continue
        for thing in _things(loaded):
            kinds = thing.get("@type")
            named = kinds if isinstance(kinds, list) else [kinds]
            if any(kind in _KINDS for kind in named if isinstance(kind, str)) and thing.get("headline"):
                return _article(thing)
    return {}


def _blocks(head: str) -> Iterator[str]:
    """Give the first blocks of linked data; a block without an end ends the search, since none behind it has one."""
    lowered = head.lower()
    for match in islice(_LINKED_DATA.finditer(head), _MOST_BLOCKS):
        end = lowered.find("</script", match.end())
        if end < 0:
            return
        if end - match.end() <= _LONGEST_BLOCK:
            yield head[match.end() : end]


def _things(loaded: Any) -> Iterator[Mapping[str, Any]]:
    if isinstance(loaded, list):
        for one in loaded[:50]:
            yield from _things(one)
    elif isinstance(loaded, dict):
        yield loaded
        graph = loaded.get("@graph")
        yield from (one for one in graph[:50] if isinstance(one, dict)) if isinstance(graph, list) else ()


def _article(thing: Mapping[str, Any]) -> dict[str, str]:
    authors = thing.get("author")
    listed = authors if isinstance(authors, list) else [authors]
    names = [one.get("name") if isinstance(one, dict) else one for one in listed[:10]]
    told = {
        "title": thing.get("headline"),
        "author": "; ".join(name for name in names if isinstance(name, str)),
        "section": thing.get("articleSection"),
        "published": thing.get("datePublished"),
        "modified": thing.get("dateModified"),
    }
    return {name: _one_line(value) for name, value in told.items() if isinstance(value, str) and value.strip()}


def _one_line(text: str) -> str:
    return " ".join(unescape(text).split())[:1000]

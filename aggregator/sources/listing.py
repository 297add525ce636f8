"""Read a page that lists links, for publishers without a feed, by the CSS selectors of feeds.yaml.

``options`` of the feed: `item` finds the entries; inside an item `link` finds the link (``a[href]``), `title` the headline (the
link), `date` and `summary` what they say. `date_attribute` names the attribute that holds the date (``datetime``). `least` is how
many items a sound page has (1).

A page that no longer has the shape that the selectors describe is a failure and never a quiet day: fewer items than `least`, items of
which most have no link or no title, or a `date` selector that finds nothing that is a date.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urljoin

from cssselect import HTMLTranslator, SelectorError
from lxml import etree, html

from aggregator.models import Entry, FeedSpec, ParsedFeed
from aggregator.sources.charset import readable
from aggregator.sources.cleaning import legal_bytes, one_line
from aggregator.sources.diagnosis import diagnose
from aggregator.sources.drafts import MAX_ENTRIES, Draft, Setting, finish

OPTIONS = frozenset({"item", "link", "title", "date", "date_attribute", "summary", "least"})


@dataclass(frozen=True, slots=True)
class _Shape:
    """Hold the compiled selectors; an absent one is None."""

    item: etree.XPath
    link: etree.XPath
    title: etree.XPath | None
    date: etree.XPath | None
    summary: etree.XPath | None
    date_attribute: str
    least: int

    @classmethod
    def of(cls, options: Mapping[str, str]) -> "_Shape":
        """Compile a feed's options; raises `ValueError` with a sentence."""
        unknown = set(options) - OPTIONS
        if unknown or "item" not in options:
            wrong = f"unknown options {', '.join(sorted(unknown))}" if unknown else "the option item is missing"
            raise ValueError(f"{wrong} (known: {', '.join(sorted(OPTIONS))})")
        if not options.get("least", "1").isdecimal():
            raise ValueError(f"the option least is no number: {options['least']}")
        link = _selector(options.get("link", "a[href]"))
        title, date, summary = (_selector(options[name]) if name in options else None for name in ("title", "date", "summary"))
        attribute = options.get("date_attribute", "datetime")
        return cls(_selector(options["item"]), link, title, date, summary, attribute, int(options.get("least", "1")))


def parse(body: bytes, headers: Mapping[str, str], url: str, feed: FeedSpec, now: datetime) -> ParsedFeed:
    """Read a page by its feed's selectors."""
    try:
        shape = _Shape.of(feed.options)
    except ValueError as error:
        return ParsedFeed(error=f"the options of {feed.id} cannot be used: {error}")
    page = _page(body, headers.get("content-type", ""), feed.language)
    if page is None:
        return ParsedFeed(error="the page is empty")
    setting = Setting.of(feed, url, now)
    base = next(iter(page.xpath("//base/@href")), None)
    setting = setting.based_on(urljoin(url, base)) if base else setting
    items = shape.item(page)
    drafts = [_draft(item, shape) for item in items[:MAX_ENTRIES]]
    entries = tuple(entry for draft in drafts if (entry := finish(draft, setting)).url and entry.title)
    problem = _changed_shape(shape, items, entries, body)
    title = one_line(next(iter(page.xpath("string(//title)").splitlines()), ""))
    return ParsedFeed(title=title or None, url=url or None, entries=() if problem else entries, error=problem)


def _page(body: bytes, content_type: str, language: str) -> Any:
    text, kind, _ = readable(legal_bytes(body), content_type, language)
    encoding = "utf-8" if "utf-8" in kind.lower() else None
    try:
        return html.document_fromstring(text, parser=html.HTMLParser(encoding=encoding, remove_comments=True))
    except (etree.ParserError, ValueError):
        return None


def _changed_shape(shape: _Shape, items: Sequence[Any], entries: Sequence[Entry], body: bytes) -> str | None:
    """Say what the page no longer has, or give None."""
    if len(items) < shape.least:
        check = diagnose(body, "", damaged=False)
        hint = "a bot check instead of the list" if check.startswith("a bot check") else "look at it, and mend the selector"
        return f"the list changed shape: {len(items)} items where at least {shape.least} are expected; {hint}"
    if 2 * len(entries) < len(items):
        return f"the list changed shape: of {len(items)} items only {len(entries)} have a link and a title; mend the selectors"
    if shape.date and not any(entry.published_at for entry in entries):
        return "the list changed shape: no item has a date any more; mend the selector"
    return None


def _draft(item: Any, shape: _Shape) -> Draft:
    anchor = _first(shape.link, item) if item.tag != "a" else item
    address = anchor.get("href") if anchor is not None else None
    heading = _first(shape.title, item) if shape.title else anchor
    dated = _first(shape.date, item) if shape.date else None
    return Draft(
        link=address,
        title=_words(heading),
        summary=_words(_first(shape.summary, item)) if shape.summary else "",
        published=[dated.get(shape.date_attribute) or _words(dated)] if dated is not None else (),
    )


def _selector(text: str) -> etree.XPath:
    try:
        return etree.XPath(HTMLTranslator().css_to_xpath(text, prefix="descendant-or-self::"))
    except (SelectorError, etree.XPathSyntaxError, RecursionError) as error:
        raise ValueError(f"{text!r} is no CSS selector: {error}") from None


def _first(selector: etree.XPath, item: Any) -> Any:
    return next(iter(selector(item)), None)


def _words(element: Any) -> str:
    return " ".join("".join(element.itertext()).split()) if element is not None else ""

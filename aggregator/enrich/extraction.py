"""Extract saved pages and rows of text for people and machines: the form of ``aggregator extract --json``."""

import gzip
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any

from aggregator.enrich.folding import composed_offsets
from aggregator.enrich.pages import MAX_PAGE, Served, read_page
from aggregator.enrich.reporting import facts_cut, facts_report
from aggregator.models import Article, Fact, FeedSpec, Page

_SAVED = FeedSpec(id="saved", name="Saved page", url="", publisher="", family="saved", language="", assume_country=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """Hold one text of a list, as somebody else took it down."""

    id: str
    text: str
    title: str = ""
    language: str | None = None
    published_at: datetime | None = None


def read_saved(path: Path, *, whole: bool = False) -> bytes:
    """Give a saved page's bytes, of a .gz what is packed in it, up to the size that pages are read, or `whole`; raises `OSError`."""
    most = -1 if whole else MAX_PAGE
    with path.open("rb") as file:
        packed = file.read(2) == b"\x1f\x8b"
        file.seek(0)
        if not packed and path.suffix == ".gz":
            raise OSError(None, "its name ends in .gz, but it is not packed with gzip")
        if not packed:
            return file.read(most)
        try:
            with gzip.open(file) as unpacked:
                return unpacked.read(most)
        except (EOFError, zlib.error) as error:
            raise OSError(None, f"the packed file is broken: {error}") from error


def saved_page(body: bytes, url: str | None, content_type: str = "") -> Page:
    """Read a saved page as it would be read when fetched."""
    return read_page(Served(body=body, url=url, content_type=content_type))


def article_of_page(page: Page) -> Article:
    """Make the article whose facts are those of a page."""
    return Article(title=page.title, text=page.text, feed=_SAVED, language=page.language, published_at=page.published_at, page=page)


def article_of_row(row: Row) -> Article:
    """Make the article of a row, in composed characters, as all vocabularies are; `as_given` turns its facts back."""
    title, text = composed_offsets(row.title)[0], composed_offsets(row.text)[0]
    return Article(title=title, text=text, feed=_SAVED, language=row.language, published_at=row.published_at)


def as_given(article: Article, row: Row) -> Article:
    """Let the facts of a row's article point into the row's own text and quote its own characters."""
    if (article.title, article.text) == (row.title, row.text):
        return article
    given = {"title": row.title, "text": row.text}
    offsets = {field: composed_offsets(text)[1] for field, text in given.items()}
    facts = tuple(_moved(fact, given[fact.field], offsets[fact.field]) for fact in article.facts)
    return replace(article, title=row.title, text=row.text, facts=facts)


def _moved(fact: Fact, given: str, offsets: Sequence[int]) -> Fact:
    start, end = offsets[fact.start], offsets[fact.end]
    return replace(fact, start=start, end=end, quote=given[start:end])


def row_of(record: Mapping[str, Any]) -> Row:
    """Read a row of JSON ``{id, title?, text, lang?, published?}``; raises `ValueError` with what is wrong."""
    if not isinstance(record, Mapping) or not isinstance(record.get("text"), str):
        raise ValueError('a row needs a "text" that is a string')
    lang = record.get("lang") or record.get("language")
    return Row(
        id=str(record.get("id", "")),
        text=record["text"],
        title=record.get("title") or "" if isinstance(record.get("title") or "", str) else "",
        language=lang.lower().partition("-")[0] if isinstance(lang, str) else None,
        published_at=_moment(record.get("published")),
    )


def page_report(name: str, page: Page, article: Article) -> Mapping[str, Any]:
    """Give everything that was read from a page as one plain record."""
    return {
        "file": name,
        "url": page.url,
        "canonical": page.canonical,
        "title": page.title,
        "text": page.text,
        "authors": list(page.authors),
        "reporter": page.reporter,
        "translator": page.translator,
        "section": page.section,
        "published": _written(page.published_at),
        "published_text": page.published_text,
        "zone_assumed": page.zone_assumed,
        "modified": _written(page.modified_at),
        "language": article.language or page.language,
        "partial": page.partial,
        "removed": [{"text": line.text, "reason": line.reason} for line in page.removed],
        "facts": facts_report(article),
        "title_facts": facts_report(article, "title"),
        "cut": facts_cut(article),
        "missing": list(article.missing),
    }


def _moment(told: object) -> datetime | None:
    """Read an ISO date; a day alone is that day, whatever the zone."""
    if not isinstance(told, str) or not told.strip():
        return None
    try:
        if len(told.strip()) == 10:
            return datetime.combine(date.fromisoformat(told.strip()), time(3), UTC)
        at = datetime.fromisoformat(told.strip())
    except ValueError:
        return None
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def _written(at: datetime | None) -> str | None:
    return at.isoformat() if at else None

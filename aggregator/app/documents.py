"""Read one document for a person: a saved feed, a page of the net or of a file, rows of articles."""

import asyncio
import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from aggregator.app.configured import user_agent, utc_now
from aggregator.doorsteps import Turns
from aggregator.enrich import enrich, facts_cut, facts_report
from aggregator.enrich.extraction import article_of_page, article_of_row, as_given, page_report, read_saved, row_of, saved_page
from aggregator.enrich.gazetteer import load_gazetteer
from aggregator.enrich.pages import Served, unreadable
from aggregator.enrich.reporting import public_unit
from aggregator.errors import UsageError
from aggregator.http_client import HttpClient, Limits
from aggregator.models import (
    Fact,
    Failed,
    Fetched,
    FetchRequest,
    Page,
)
from aggregator.settings import Settings
from aggregator.sources.charset import readable
from aggregator.sources.report import Document, Report, parse_report, unread_report
from aggregator.visiting import Visitor


def report_file(path: Path, url: str = "", headers: Mapping[str, str] | None = None) -> Report:
    """Read a saved feed, as if served from an address with headers, and report what is in it, or why it cannot be read.

    Longer ones than the network may bring are refused.
    """
    most = Limits().max_body
    try:
        with path.open("rb") as file:
            body = file.read(most + 1)
    except OSError as error:
        return unread_report(str(path), f"the file cannot be read: {error.strerror}")
    if len(body) > most:
        return unread_report(str(path), f"the file is larger than {most:,} bytes")
    return parse_report(Document(name=str(path), body=body, url=url, headers=headers or {}), utc_now())


async def fetch_page(settings: Settings, url: str) -> str:
    """Fetch one page as text; raises `UsageError` where nothing comes back."""
    http = HttpClient(allow=settings.http_allow, user_agent=user_agent(settings))
    try:
        outcome = await http.fetch(FetchRequest(url=url, accept="text/html, text/plain;q=0.9, */*;q=0.1"))
    finally:
        await http.aclose()
    if not isinstance(outcome, Fetched):
        raise UsageError(f"{url} cannot be read: {outcome.message if isinstance(outcome, Failed) else 'nothing came back'}")
    body, content_type, _ = readable(outcome.body, outcome.headers.get("content-type", ""), "en")
    charset = re.search(r"charset=[\"']?([\w.-]+)", content_type)
    try:
        return body.decode(charset.group(1) if charset else "utf-8", "replace")
    except LookupError:
        return body.decode("utf-8", "replace")


def extract_file(path: Path, url: str | None) -> Mapping[str, Any]:
    """Read a saved page, packed or not, with all its facts, or say in a sentence why it cannot be read."""
    try:
        body = read_saved(path)
    except OSError as error:
        return {"file": str(path), "error": f"the file cannot be read: {error.strerror or error}"}
    page = saved_page(body, url)
    reason = page.partial == "no_article" and unreadable(Served(body=body))
    return {**_extracted(str(path), page), **({"error": f"there is no page in the file: {reason}"} if reason else {})}


async def extract_address(settings: Settings, url: str) -> Mapping[str, Any]:
    """Visit one page as politely as the service does, and read it with all its facts, or say in a sentence why it cannot be had."""
    scheme = url.partition("://")[0].lower()
    if scheme not in ("http", "https"):
        return {"file": url, "url": url, "error": f"only http and https addresses can be asked for, and this one is {scheme}"}
    http = HttpClient(allow=settings.http_allow, user_agent=user_agent(settings))
    try:
        visited = await Visitor(fetcher=http, read=_read_alone, clock=utc_now, turns=Turns(spacing=0)).visit(url)
    finally:
        await http.aclose()
    if not isinstance(visited, Page):
        return {"file": url, "url": url, "error": visited.message if isinstance(visited, Failed) else "the server answers: not modified"}
    return await asyncio.to_thread(_extracted, url, visited)


async def _read_alone(fetched: Fetched) -> Page:
    """Read a fetched page as a saved one is read."""
    return await asyncio.to_thread(saved_page, fetched.body, fetched.url, fetched.headers.get("content-type", ""))


def extract_rows(path: Path) -> Iterator[Mapping[str, Any]]:
    """Read a file of rows, one JSON object a line, and give the facts of each; a row that cannot be read tells so in its place."""
    try:
        lines = read_saved(path, whole=True).decode("utf-8", errors="replace").splitlines()
    except OSError as error:
        yield {"id": "", "file": str(path), "error": f"the file cannot be read: {error.strerror or error}"}
        return
    for number, line in enumerate(lines, start=1):
        if line.strip():
            yield _row(number, line)


def _row(number: int, line: str) -> Mapping[str, Any]:
    try:
        row = row_of(json.loads(line))
    except (ValueError, RecursionError) as error:
        return {"id": "", "error": f"line {number}: {error}"}
    article = as_given(asyncio.run(enrich(article_of_row(row))), row)
    facts = {"facts": facts_report(article), "title_facts": facts_report(article, "title")}
    return {"id": row.id, **facts, "cut": facts_cut(article), "missing": list(article.missing)}


def _extracted(name: str, page: Page) -> Mapping[str, Any]:
    return page_report(name, page, asyncio.run(enrich(article_of_page(page))))


def figure_unit(fact: Fact) -> str:
    """Give a figure's unit as it is told outside."""
    return public_unit(fact.unit or "")


def place_name(place: str) -> str:
    """Give a place's English name by its id; an id that is unknown stays as it is."""
    known = load_gazetteer().places.get(f"place/{place}")
    return known.name if known else place

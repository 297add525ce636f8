"""`aggregator extract`: read pages or rows of text, and print text, metadata and facts; the store is not touched."""

import asyncio
import json as notation
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from aggregator.cli import screen
from aggregator.cli.environment import settings_from_environment
from aggregator.errors import UsageError

_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*://", re.IGNORECASE)
_SHOWN = ("figures", "places", "organisations", "people", "provisions", "attributions", "unverified", "responses", "dates")


def extract(
    pages: Annotated[list[str] | None, typer.Argument(help="Saved pages (.html, .txt, .gz), folders of them, or addresses.")] = None,
    jsonl: Annotated[Path | None, typer.Option("--jsonl", help="Read rows of text from this file instead.")] = None,
    url: Annotated[str | None, typer.Option("--url", help="Tell where a saved page came from.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object per page or row.")] = False,
) -> None:
    """Extract the article of each page without its chrome, its metadata, and its facts, each with the words that prove it.

    Exit code 1 where a page could not be read; its error is a sentence, and the other pages are read all the same.

    Example: aggregator extract saved/page.html.gz --url https://example.org/story --json
    """
    from aggregator.app.documents import extract_address, extract_file, extract_rows

    settings = settings_from_environment(quiet=True)
    if bool(pages) == bool(jsonl):
        raise UsageError("name pages to extract, or a file of rows with --jsonl, and not both")
    if jsonl:
        reports: Iterator[screen.Report] = extract_rows(jsonl)
    else:
        named = list(_named(pages or []))
        reports = (asyncio.run(extract_address(settings, name)) if _is_address(name) else extract_file(Path(name), url) for name in named)
    failed = False
    for report in reports:
        failed = failed or bool(report.get("error"))
        if json:
            screen.print_json(report)
        else:
            _show(report)
    if failed:
        raise typer.Exit(1)


def _named(pages: list[str]) -> Iterator[str]:
    for page in pages:
        if not _is_address(page) and Path(page).is_dir():
            files = sorted(str(file) for file in Path(page).iterdir() if file.is_file())
            if not files:
                raise UsageError(f"the folder {page} holds no files")
            yield from files
        else:
            yield page


def _is_address(name: str) -> bool:
    return bool(_SCHEME.match(name))


def _show(report: screen.Report) -> None:
    name = str(report.get("file") or report.get("id") or "")
    if report.get("error"):
        screen.err.print(screen.plain(f"{name}: {report['error']}"), style="red")
        return
    about = [
        report.get("title"),
        report.get("published"),
        report.get("language"),
        report.get("partial") and f"partial: {report['partial']}",
    ]
    screen.out.print(screen.plain(" · ".join(str(part) for part in (name, *about) if part)))
    if report.get("text"):
        screen.out.print(screen.plain(f"{len(report['text']):,} characters, {len(report['removed'])} lines removed"))
    if report.get("cut"):
        screen.out.print(screen.plain(f"cut: there may be more {', '.join(report['cut'])} than are told here"))
    rows = [(kind, fact["text"], _worth(fact)) for kind in _SHOWN for fact in report["facts"].get(kind, ())]
    screen.print_table("facts", ("kind", "words", "value"), rows)


def _worth(fact: screen.Report) -> str:
    told = {key: value for key, value in fact.items() if key not in ("text", "start", "end", "sentence") and value not in (None, False)}
    return notation.dumps(told, ensure_ascii=False)

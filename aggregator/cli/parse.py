"""`aggregator parse`: read documents as feeds, without network and without store."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated

import typer

from aggregator.cli import screen
from aggregator.cli.environment import settings_from_environment
from aggregator.errors import UsageError


def parse(
    files: Annotated[list[Path], typer.Argument(help="Feeds saved as files; of a folder, every file directly in it.")],
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object per file.")] = False,
    url: Annotated[str, typer.Option("--url", help="Where the files came from: relative links start there.")] = "",
    header: Annotated[list[str] | None, typer.Option("--header", help="A header they came with, 'Content-Type: text/xml'.")] = None,
) -> None:
    """Read files as RSS, Atom, RDF or JSON Feed, and print what is in them.

    Exit code 1 where a file could not be read as a feed; its error is a sentence, and the other files are read all the same.

    Example: aggregator parse saved/*.xml --json
    """
    from aggregator.app.documents import report_file

    settings_from_environment(quiet=True)
    headers = dict(_header(line) for line in header or ())
    failed = False
    for file in _files(files):
        report = report_file(file, url, headers)
        failed = failed or report["error"] is not None
        if json:
            screen.print_json(report)
        else:
            _show(report)
    if failed:
        raise typer.Exit(1)


def _header(line: str) -> tuple[str, str]:
    name, colon, value = line.partition(":")
    if not colon:
        raise UsageError(f"a header is written as 'Name: value', not as '{line}'")
    return name.strip().lower(), value.strip()


def _files(paths: Sequence[Path]) -> Iterator[Path]:
    for path in paths:
        if path.is_dir():
            yield from sorted(file for file in path.iterdir() if file.is_file())
        else:
            yield path


def _show(report: screen.Report) -> None:
    feed, entries = report["feed"], report["entries"]
    name = f"{report['file']}: {feed['title'] or 'untitled'}, {len(entries)} entries"
    if report["error"]:
        screen.err.print(screen.plain(f"{report['file']}: {report['error']}"), style="red")
    if report["error"] and not entries:
        return
    screen.print_table(
        name, ("published (UTC)", "title", "link"), [(entry["published"], entry["title"], entry["url"]) for entry in entries]
    )

"""`aggregator parse`: read documents as feeds, without network and without store."""

from pathlib import Path
from typing import Annotated

import typer

from aggregator.cli import screen
from aggregator.cli.environment import settings_from_environment
from aggregator.errors import UsageError


def parse(
    files: Annotated[list[Path], typer.Argument(help="Feeds saved as files.")],
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object per file.")] = False,
) -> None:
    """Read files as RSS, Atom, RDF or JSON Feed, and print what is in them.

    Exit code 1 where a file could not be read as a feed; its error is a sentence.

    Example: aggregator parse saved/*.xml --json
    """
    from aggregator.app import report_file

    settings_from_environment(quiet=True)
    failed = False
    for file in files:
        try:
            report = report_file(file)
        except OSError as error:
            raise UsageError(f"{file} cannot be read: {error.strerror}") from error
        failed = failed or report["error"] is not None
        if json:
            screen.print_json(report)
        else:
            _show(report)
    if failed:
        raise typer.Exit(1)


def _show(report: "screen.Report") -> None:
    feed, entries = report["feed"], report["entries"]
    name = f"{report['file']}: {feed['title'] or 'untitled'}, {len(entries)} entries"
    if report["error"]:
        screen.err.print(screen.plain(f"{report['file']}: {report['error']}"), style="red")
    screen.print_table(
        name, ("published (UTC)", "title", "link"), [(entry["published"], entry["title"], entry["url"]) for entry in entries]
    )

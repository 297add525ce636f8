"""`aggregator demo`: the whole way once, on a newsroom of this machine."""

import shutil
from collections import Counter
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from aggregator.cli import screen
from aggregator.errors import UsageError

if TYPE_CHECKING:
    from aggregator.newsroom.demo import DemoReport

FOLDER = Path("data/demo")
_MARK = ".demo"
"""A folder is emptied only where an earlier demo left this file."""


def demo(
    folder: Annotated[Path, typer.Option(help="Where the demo keeps its database and what it made; emptied first.")] = FOLDER,
    newsroom: Annotated[str | None, typer.Option(help="Control address of a running newsroom; goes on where a demo stood.")] = None,
    topics: Annotated[Path, typer.Option(help="The file whose topics are used.")] = Path("feeds.yaml"),
    json: Annotated[bool, typer.Option("--json", help="Print the report as one JSON object.")] = False,
) -> None:
    """Show the main job end to end: feeds polled, articles found, copies folded, a digest mailed, alerts sent, the books balanced.

    An invented newsroom runs on this machine: 27 feeds in five languages over real HTTP, some of them broken, with a mail server and
    a chat webhook of its own. Nothing leaves this machine.

    Example: aggregator demo --folder /tmp/demo
    """
    from aggregator.logs import configure_logs
    from aggregator.newsroom.demo import run_demo
    from aggregator.newsroom.world import World

    configure_logs("auto", "error")
    wanted = _read(topics)
    if newsroom is None:
        _empty(folder)
    with nullcontext() if newsroom else World.open(folder / "received") as world:
        control = newsroom or (world.control_url if world else "")
        report = run_demo(control, folder, wanted, lambda line: screen.err.print(line))
    if json:
        screen.print_json(report)
    else:
        _show(report)
    if report.complaints:
        raise typer.Exit(1)


def _empty(folder: Path) -> None:
    """Begin with an empty folder, but never throw away what no demo made."""
    try:
        if folder.exists() and any(folder.iterdir()):
            if not (folder / _MARK).exists():
                raise UsageError(f"{folder} holds files that no demo made: name an empty folder with --folder")
            shutil.rmtree(folder)
        folder.mkdir(parents=True, exist_ok=True)
        (folder / _MARK).touch()
    except OSError as error:
        raise UsageError(f"{folder} cannot be emptied ({error.strerror or error}): name another folder with --folder") from error


def _read(topics: Path) -> str:
    try:
        return topics.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not UTF-8"
        raise UsageError(f"{topics} cannot be read ({reason}): name a feeds.yaml whose topics to use with --topics") from error


def _show(report: "DemoReport") -> None:
    rows = [(book.feed, book.seen, book.unmatched, book.folded, book.told, book.last_error) for book in report.books]
    totals = [sum(column) for column in zip(*(row[1:5] for row in rows), strict=True)]
    columns = ("feed", "stored", "not matched", "folded", "told", "last error")
    screen.print_table("What became of every entry", columns, [*rows, ("all feeds", *totals, "")], numbers=columns[1:5])
    _show_reasons(report)
    told = ", ".join(f"{name} {count}" for name, count in report.told.items())
    screen.out.print(f"{report.stories} stories; tellings: {told}")
    screen.out.print(f"arrived: {report.mails} mails at the SMTP server, {report.alerts} alerts at the webhook")
    sums = f"{totals[0]} stored = {totals[1]} not matched + {totals[2]} folded + {totals[3]} told"
    screen.out.print(f"the books {'DO NOT BALANCE' if report.complaints else 'balance'}: {sums}")
    for complaint in report.complaints:
        screen.err.print(screen.plain(complaint), style="red")
    for path in report.digest_files:
        screen.out.print(f"digest: {path}", soft_wrap=True)


def _show_reasons(report: "DemoReport") -> None:
    from aggregator.core.outcomes import EXPLAINED

    counts = Counter(entry.code for entry in report.entries)
    rows = [(count, code, EXPLAINED.get(code, "")) for code, count in counts.most_common()]
    screen.print_table("Why", ("entries", "reason", "in words"), rows, numbers=("entries",))

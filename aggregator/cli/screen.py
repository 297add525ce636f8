"""What commands print: tables for people, JSON for machines, progress only at a terminal.

Text of feeds cannot move the cursor or colour the screen: control characters are shown as spaces, and nothing in it is read as
markup. In a pipe or a file every row of a table is one line, however long.
"""

import json
import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING, Any, TextIO, TypeAlias

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress

    out: Console
    err: Console

Report: TypeAlias = Mapping[str, Any]

_ENDLESS = 100_000


def _console(stream: TextIO, *, stderr: bool) -> "Console":
    from rich.console import Console

    return Console(stderr=stderr, width=None if stream.isatty() else _ENDLESS, highlight=False, markup=False, emoji=False)


@cache
def __getattr__(name: str) -> "Console":
    """Make `out` and `err` when they are first used: what they need takes long to load, and help needs neither."""
    if name not in ("out", "err"):
        raise AttributeError(name)
    return _console(sys.stdout if name == "out" else sys.stderr, stderr=name == "err")


_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]+")


def print_json(record: Any) -> None:
    """Print one record, plain data with dataclasses in it, as one line of JSON."""
    sys.stdout.write(json.dumps(record, ensure_ascii=False, default=_dumped) + "\n")


def _dumped(part: Any) -> Any:
    from pydantic import TypeAdapter

    return TypeAdapter(type(part)).dump_python(part, mode="json")


def print_table(title: str, columns: Sequence[str], rows: Iterable[Sequence[object]], *, numbers: Sequence[str] = ()) -> None:
    """Print a table; columns in `numbers` are set flush right."""
    from rich.table import Table
    from rich.text import Text

    table = Table(title=Text(plain(title)), title_justify="left", header_style="dim", box=None, pad_edge=False)
    for column in columns:
        table.add_column(column, justify="right" if column in numbers else "left", overflow="fold")
    for row in rows:
        table.add_row(*(cell if isinstance(cell, Text) else Text(plain(cell)) for cell in row))
    __getattr__("out").print(table)


def plain(cell: object) -> str:
    """Write a cell: nothing for None, a moment in UTC, everything else without control characters."""
    if cell is None:
        return ""
    if isinstance(cell, datetime):
        return cell.strftime("%Y-%m-%d %H:%M:%S")
    return _CONTROLS.sub(" ", str(cell))


def progress() -> "Progress":
    """Give a progress display for long work; it shows only at a terminal."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    err = __getattr__("err")
    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    return Progress(*columns, console=err, transient=True, disable=not err.is_terminal)

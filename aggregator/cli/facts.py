"""`aggregator facts`: the figures ledger of what was told, for people, spreadsheets and machines."""

import csv as spreadsheet
import sys
from datetime import UTC, datetime
from typing import Annotated

import typer

from aggregator.cli import screen
from aggregator.cli.environment import settings_from_environment
from aggregator.errors import UsageError
from aggregator.records import LedgerLine

COLUMNS = (
    "value",
    "unit",
    "qualifier",
    "period",
    "what",
    "place",
    "date",
    "article",
    "quote",
    "outlet",
    "published",
    "url",
    "story",
    "conflict",
)
# A cell that begins so is a formula to a spreadsheet, and the words are a publisher's.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def facts(
    since: Annotated[str, typer.Option("--since", help="The first day or moment, ISO: 2024-07-01.")],
    csv: Annotated[bool, typer.Option("--csv", help="Print comma-separated values.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object per figure.")] = False,
) -> None:
    """List the figures of all matched articles since a day: value, unit, period, place, date, article, quote.

    Where the articles of one story disagree, the line says so and shows the figures side by side.

    Example: aggregator facts --since 2024-07-01 --csv > figures.csv
    """
    from aggregator.app.stores import open_installed_store
    from aggregator.core.ledger import conflicts

    settings = settings_from_environment(quiet=True)
    with open_installed_store(settings) as store:
        lines = store.ledger(_moment(since))
    sides = {(line.article_id, conflict.unit): conflict.sides for conflict in conflicts(lines) for line in conflict.lines}
    rows = [_row(line, sides.get((line.article_id, line.fact.unit or ""), "")) for line in lines]
    if json:
        for row, line in zip(rows, lines, strict=True):
            screen.print_json({**row, **_numbers(line)})
    elif csv:
        writer = spreadsheet.writer(sys.stdout, lineterminator="\n")
        writer.writerow(COLUMNS)
        writer.writerows([_safe(row[column]) for column in COLUMNS] for row in rows)
    else:
        shown = ("value", "unit", "period", "place", "date", "article", "quote", "conflict")
        screen.print_table(f"figures since {since}", shown, ([row[column] for column in shown] for row in rows), numbers=("value",))


def _moment(since: str) -> datetime:
    try:
        at = datetime.fromisoformat(since)
    except ValueError as error:
        raise UsageError(f"--since {since}: not a date; write it like 2024-07-01") from error
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def _row(line: LedgerLine, conflict: str) -> dict[str, str]:
    from aggregator.app.documents import figure_unit, place_name

    fact = line.fact
    low, high = fact.low or 0, fact.high or 0
    told: dict[str, object] = {
        "value": f"{low:g}" if low == high and low < 1e6 else f"{low:.10g}" if low == high else f"{low:.10g}-{high:.10g}",
        "unit": figure_unit(fact),
        "qualifier": fact.qualifier,
        "period": fact.period,
        "what": fact.what,
        "place": place_name(line.place) if line.place else None,
        "date": line.date,
        "article": line.title,
        "quote": fact.quote,
        "outlet": line.outlet,
        "published": line.published_at.isoformat() if line.published_at else None,
        "url": line.url,
        "story": line.story_id,
        "conflict": conflict,
    }
    return {name: "" if value is None else screen.plain(value) for name, value in told.items()}


def _numbers(line: LedgerLine) -> dict[str, float | None]:
    """Give a figure's bounds as numbers for machines; `value` is None where they differ."""
    low, high = line.fact.low, line.fact.high
    return {"value": low if low == high else None, "low": low, "high": high}


def _safe(cell: str) -> str:
    """Write a cell that no spreadsheet takes for a formula; a plain negative number is none."""
    return f"'{cell}" if cell.startswith(_FORMULA) else cell

"""Rows: read articles to cluster from a file of JSON lines, one bad line never losing the good ones beside it."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from aggregator.errors import UsageError
from aggregator.records import Row

UNDATED = datetime(1970, 1, 1, tzinfo=UTC)
"""The moment of rows without a date, where no row of the file has one."""


def read_rows(path: Path) -> tuple[list[Row], list[str]]:
    """Give the rows of a file and a sentence for each line that is none; raises `UsageError` where the file cannot be read."""
    try:
        lines = path.read_text(encoding="utf-8-sig", errors="replace").splitlines()
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}") from error
    rows: list[Row] = []
    problems: list[str] = []
    seen: dict[tuple[type, object], int] = {}
    for number, line in enumerate(lines, 1):
        for row in _rows(line, f"{path}:{number}", problems):
            first = seen.setdefault((type(row.id), row.id), number)
            if first == number:
                rows.append(row)
            else:
                problems.append(f"{path}:{number}: the id {row.id!r} stands in line {first} already; the row is left out")
    return _dated(rows), problems


def _dated(rows: Sequence[Row]) -> list[Row]:
    """Take an undated row to be of the time of the one before it, the first ones of the one after: a list is in the order of a stream."""
    moment = next((row.published_at for row in rows if row.published_at is not UNDATED), UNDATED)
    dated: list[Row] = []
    for row in rows:
        moment = moment if row.published_at is UNDATED else row.published_at
        dated.append(replace(row, published_at=moment))
    return dated


def _rows(line: str, where: str, problems: list[str]) -> Iterator[Row]:
    if not line.strip():
        return
    try:
        said = json.loads(line)
    except (ValueError, RecursionError) as error:
        problems.append(f"{where}: no JSON: {error}")
        return
    if not isinstance(said, dict) or said.get("id") is None or not (_text(said, "title") or _text(said, "text") or _text(said, "summary")):
        problems.append(f"{where}: needs an object with an id, and a title or a text")
        return
    named = said["id"]
    yield Row(
        id=named if isinstance(named, int) and not isinstance(named, bool) else str(named),
        title=_text(said, "title"),
        text=_text(said, "text") or _text(said, "summary"),
        url=_text(said, "url"),
        source=_text(said, "source") or _text(said, "outlet"),
        language=_text(said, "lang") or _text(said, "language"),
        published_at=_moment(said.get("published"), where, problems),
    )


def _text(said: Mapping[str, Any], name: str) -> str:
    value = said.get(name)
    return value if isinstance(value, str) else ""


def _moment(value: object, where: str, problems: list[str]) -> datetime:
    if value is None or value == "":
        return UNDATED
    try:
        moment = datetime.fromisoformat(str(value))
    except ValueError:
        problems.append(f"{where}: {value!r} is no ISO 8601 date; the row is taken as undated")
        return UNDATED
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)

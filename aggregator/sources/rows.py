"""Rows: read articles to cluster from a file of JSON lines, one bad line never losing the good ones beside it."""

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from aggregator.errors import UsageError
from aggregator.records import Row

UNDATED = datetime(1970, 1, 1, tzinfo=UTC)
"""All rows without a date are taken to be of one moment."""


def read_rows(path: Path) -> tuple[list[Row], list[str]]:
    """Give the rows of a file and a sentence for each line that is none; raises `UsageError` where the file cannot be read."""
    try:
        lines = path.read_text(encoding="utf-8-sig", errors="replace").splitlines()
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}") from error
    rows: list[Row] = []
    problems: list[str] = []
    for number, line in enumerate(lines, 1):
        rows.extend(_rows(line, f"{path}:{number}", problems))
    return rows, problems


def _rows(line: str, where: str, problems: list[str]) -> Iterator[Row]:
    if not line.strip():
        return
    try:
        said = json.loads(line)
    except (ValueError, RecursionError) as error:
        problems.append(f"{where}: no JSON: {error}")
        return
    if not isinstance(said, dict) or said.get("id") is None or not isinstance(said.get("title"), str):
        problems.append(f"{where}: needs an object with an id and a title")
        return
    yield Row(
        id=str(said["id"]),
        title=said["title"],
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

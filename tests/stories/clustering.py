"""Run the command's own clustering over rows, for tests and measurements."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from aggregator.app.grouped import clustering_of
from aggregator.grouping import Desk, place_all, read_all
from aggregator.records import Row, Telling
from aggregator.settings import load_settings

PROJECT = Path(__file__).parents[2]


def read(rows: Sequence[Mapping[str, Any]]) -> tuple[Telling, ...]:
    """Enrich and weigh rows as `aggregator cluster` does."""
    settings = load_settings({"AGGREGATOR_FEEDS_FILE": str(PROJECT / "feeds.yaml")})
    return asyncio.run(read_all(clustering_of(settings), [row_of(said) for said in rows]))


def grouped(rows: Sequence[Mapping[str, Any]]) -> tuple[dict[str, int], Desk]:
    """Give the story of each row, placed in their order, and the desk."""
    desk = place_all(read(rows))
    return {str(said["id"]): desk.stands[number] for number, said in enumerate(rows)}, desk


def row_of(said: Mapping[str, Any]) -> Row:
    """Make a row of what a corpus says; undated ones are of one moment."""
    published = datetime.fromisoformat(said["published"]) if said.get("published") else datetime(2026, 1, 1, tzinfo=UTC)
    return Row(
        id=str(said["id"]),
        title=said["title"],
        text=said.get("text") or said.get("summary") or "",
        url=said.get("url") or "",
        source=said.get("source") or "",
        language=said.get("lang") or "en",
        published_at=published if published.tzinfo else published.replace(tzinfo=UTC),
    )

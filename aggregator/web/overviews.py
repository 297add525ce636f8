"""Overviews: coverage by day, and figures with their charts and maps."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, HTTPException, Query, Request, Response

from aggregator.desk import Desk, named, topic_name
from aggregator.desk_records import Figure, Volumes
from aggregator.web import maps
from aggregator.web.rendering import Pages

DAYS = 14
Cursor = Annotated[str, Query(max_length=100)]


def add_overviews(router: APIRouter, desk: Desk, pages: Pages) -> None:
    """Add the routes of coverage, figures and their pictures."""

    def volumes(now: datetime) -> Any:
        return desk.recall("volumes", lambda: desk.store.volumes(now - timedelta(days=30)))

    @router.get("/coverage")
    def coverage(request: Request) -> Response:
        now = desk.clock()
        days = desk.recall("days", lambda: desk.store.days(now - timedelta(days=DAYS)))
        return pages.page(request, "coverage.html", days=days)

    @router.get("/figures")
    def figures(request: Request, cursor: Cursor = "") -> Response:
        drawn = volumes(desk.clock())
        listed = desk.store.figures(cursor)
        shown = {"rows": _once(listed.items), "next": listed.next, "precision": desk.store.verdict_counts()}
        return pages.page(request, "figures.html", status=200, volumes=drawn, sums=_sums(desk, drawn), **shown)

    @router.get("/charts/{name}.svg")
    def chart(name: str) -> Response:
        from aggregator.web import charts  # what draws is large, and few look

        now = desk.clock()
        days = charts.last_days(now.date(), 30)
        drawn = {
            "topics": lambda: charts.stacked("Matched articles a day, by topic", _by_topic(desk, volumes(now).topics), days),
            "languages": lambda: charts.stacked("Matched articles a day, by language", volumes(now).languages, days),
            "places": lambda: charts.stacked("Matched articles a day, by place", _labelled(desk, volumes(now).by_place), days),
            "sectors": lambda: charts.stacked("Matched articles a day, by sector", _labelled(desk, volumes(now).by_sector), days),
            "ranked": lambda: charts.ranked("Stories by place", _most(desk, volumes(now).places)),
            "map-world": lambda: _map(desk, "world", volumes(now).places),
            "map-korea": lambda: _map(desk, "korea", volumes(now).places),
        }.get(name)
        if drawn is None:
            raise HTTPException(404, "There is no such chart.")
        return Response(desk.recall(f"chart {name}", drawn), media_type="image/svg+xml", headers=charts.HEADERS)


def _once(figures: Sequence[Figure]) -> Sequence[Figure]:
    """Give each figure of an article once: a title and the text below it mostly state the same."""
    return list({(row.seq, row.fact.unit, row.fact.low, row.fact.high): row for row in reversed(figures)}.values())[::-1]


def _sums(desk: Desk, drawn: Volumes) -> Mapping[str, Sequence[tuple[str, int]]]:
    """Sum what the charts show, most first, for their table."""
    kinds = {"topic": _by_topic(desk, drawn.topics), "language": drawn.languages}
    kinds |= {"place": _labelled(desk, drawn.by_place), "sector": _labelled(desk, drawn.by_sector)}
    sums: dict[str, Counter[str]] = {kind: Counter() for kind in kinds}
    for kind, counts in kinds.items():
        for (_, name), count in counts.items():
            sums[kind][name] += count
    return {kind: counted.most_common(12) for kind, counted in sums.items()}


def _map(desk: Desk, frame: str, counts: Mapping[str, int]) -> bytes:
    return maps.drawn(maps.FRAMES[frame], "Stories by place", maps.spots_of(counts, desk.located()))


def _by_topic(desk: Desk, counts: Mapping[tuple[date, str], int]) -> Mapping[tuple[date, str], int]:
    return {(day, topic_name(desk, topic)): count for (day, topic), count in counts.items()}


def _labelled(desk: Desk, counts: Mapping[tuple[date, str], int]) -> Mapping[tuple[date, str], int]:
    return {(day, named(desk, concept)): count for (day, concept), count in counts.items()}


def _most(desk: Desk, counts: Mapping[str, int]) -> Mapping[str, int]:
    return {named(desk, place): count for place, count in list(counts.items())[:20]}

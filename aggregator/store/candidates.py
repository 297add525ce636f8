"""Candidates: the stored articles that share marks, or the very text, with each of a batch; one statement finds those of all.

Lists go over as one value: a statement with a place for each number is put together anew every time. On PostgreSQL each mark is looked
up by itself (`OFFSET 0` keeps the lookup apart), so that no plan reads the whole table for a batch.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import Connection, text

from aggregator.store.neighbours import list_of

_SHARING = {
    "sqlite": """
        WITH asked AS MATERIALIZED (
            SELECT key AS n, json_extract(value, '$[0]') AS since, json_extract(value, '$[1]') AS until,
                json_extract(value, '$[2]') AS marks
            FROM json_each(:asked)),
        shared AS (
            SELECT a.n, m.article_id, count(*) AS marks FROM asked AS a CROSS JOIN json_each(a.marks) AS j
            CROSS JOIN article_marks AS m ON m.mark = j.value AND m.told_on BETWEEN a.since AND a.until GROUP BY a.n, m.article_id)
        SELECT n, article_id, marks FROM (
            SELECT n, article_id, marks, row_number() OVER (PARTITION BY n ORDER BY marks DESC, article_id) AS place FROM shared)
        WHERE place <= :most ORDER BY n, place""",
    "postgresql": """
        SELECT n, article_id, marks FROM (
            SELECT a.n, m.article_id, count(*) AS marks,
                row_number() OVER (PARTITION BY a.n ORDER BY count(*) DESC, m.article_id) AS place
            FROM unnest(CAST(:n AS bigint[]), CAST(:marks AS bigint[]), CAST(:since AS bigint[]), CAST(:until AS bigint[]))
                AS a(n, mark, since, until)
            CROSS JOIN LATERAL (
                SELECT article_id FROM article_marks WHERE mark = a.mark AND told_on BETWEEN a.since AND a.until OFFSET 0) AS m
            GROUP BY a.n, m.article_id) AS ranked
        WHERE place <= :most ORDER BY n, place""",
}
_EQUAL = {
    "sqlite": """
        SELECT n, id FROM (
            SELECT j.key AS n, a.id, row_number() OVER (PARTITION BY j.key ORDER BY a.id) AS place
            FROM json_each(:asked) AS j CROSS JOIN articles AS a ON a.text_hash = json_extract(j.value, '$[0]')
                AND a.told_at BETWEEN json_extract(j.value, '$[1]') AND json_extract(j.value, '$[2]'))
        WHERE place <= :most ORDER BY n, id""",
    "postgresql": """
        SELECT a.n - 1 AS n, found.id
        FROM unnest(CAST(:hashes AS text[]), CAST(:since AS timestamptz[]), CAST(:until AS timestamptz[]))
            WITH ORDINALITY AS a(hash, since, until, n)
        CROSS JOIN LATERAL (
            SELECT id FROM articles WHERE text_hash = a.hash AND told_at BETWEEN a.since AND a.until ORDER BY id LIMIT :most) AS found
        ORDER BY 1, 2""",
}
_SHARED = {dialect: text(statement) for dialect, statement in _SHARING.items()}
_SAME = {dialect: text(statement) for dialect, statement in _EQUAL.items()}


@dataclass(frozen=True, slots=True)
class Marked:
    """Ask for articles with some of these marks, told in [`since`, `until`], in seconds since 1970."""

    marks: Sequence[int]
    since: int
    until: int


@dataclass(frozen=True, slots=True)
class Worded:
    """Ask for articles with this very text, told in [`since`, `until`]."""

    text_hash: str
    since: datetime
    until: datetime


def sharing(connection: Connection, asked: Sequence[Marked], most: int) -> list[list[tuple[int, int]]]:
    """Give for each question the articles that share most marks, with the number of those they share."""
    found: list[list[tuple[int, int]]] = [[] for _ in asked]
    if any(each.marks for each in asked):
        dialect = connection.dialect.name
        for row in connection.execute(_SHARED[dialect], {"most": most, **_marked(dialect, asked)}):
            found[row.n].append((row.article_id, row.marks))
    return found


def saying_the_same(connection: Connection, asked: Sequence[Worded], most: int) -> list[list[int]]:
    """Give for each question the first articles with that text."""
    found: list[list[int]] = [[] for _ in asked]
    dialect = connection.dialect.name
    for row in connection.execute(_SAME[dialect], {"most": most, **_worded(dialect, asked)}):
        found[row.n].append(row.id)
    return found


def _marked(dialect: str, asked: Sequence[Marked]) -> dict[str, str]:
    if dialect == "sqlite":
        return {"asked": json.dumps([(each.since, each.until, list(each.marks)) for each in asked])}
    rows = [(n, mark, each.since, each.until) for n, each in enumerate(asked) for mark in each.marks]
    return {name: list_of(dialect, column) for name, column in zip(("n", "marks", "since", "until"), zip(*rows, strict=True), strict=True)}


def _worded(dialect: str, asked: Sequence[Worded]) -> dict[str, object]:
    if dialect == "sqlite":
        return {"asked": json.dumps([(each.text_hash, _spelled(each.since), _spelled(each.until)) for each in asked])}
    return {
        "hashes": [each.text_hash for each in asked],
        "since": [each.since.isoformat() for each in asked],
        "until": [each.until.isoformat() for each in asked],
    }


def _spelled(moment: datetime) -> str:
    """Spell a moment as SQLite keeps it."""
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(" ", "microseconds")

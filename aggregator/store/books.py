"""Books: what became of every stored revision, and how much the store holds.

Every revision has exactly one code: that of its judgement, or that it still waits.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import RowMapping, Select, func, select

from aggregator.models import Fact
from aggregator.records import LedgerLine, Outcome, Overview
from aggregator.store.database import Section
from aggregator.store.tables import (
    articles,
    deliveries,
    digests,
    entries,
    facts,
    feeds,
    matches,
    revisions,
    stories,
    story_articles,
    story_events,
)
from aggregator.store.windows import NOT_JUDGED

_NEAR = 400
"""How far, in characters, a place or a date may stand from the figure it belongs to."""


class Books(Section):
    """Read the accounts."""

    def outcomes(self, after_seq: int = 0) -> Sequence[Outcome]:
        """Tell what became of every revision after a sequence number, in order."""
        with self._database.read() as connection:
            topics: dict[int, tuple[str, ...]] = {}
            for row in connection.execute(_matched_topics(after_seq)):
                topics[row.seq] = (*topics.get(row.seq, ()), row.topic)
            rows = connection.execute(_fates(after_seq)).mappings()
            return [_outcome(row, topics.get(row["seq"], ())) for row in rows]

    def ledger(self, since: datetime) -> Sequence[LedgerLine]:
        """Give the figures of matched articles told since then, oldest first, with the place and date nearest to each."""
        with self._database.read() as connection:
            rows = connection.execute(_ledger(since)).mappings()
            by_article: dict[int, list[RowMapping]] = {}
            for row in rows:
                by_article.setdefault(row["article_id"], []).append(row)
        return [line for rows_ in by_article.values() for line in _lines(rows_)]

    def overview(self) -> Overview:
        """Count what the store holds."""
        waiting = select(func.count()).select_from(revisions).where(revisions.c.judged_at.is_(None))
        by_status = select(deliveries.c.status, func.count()).group_by(deliveries.c.status)
        with self._database.read() as connection:
            counts = {table.name: self._database.tallies.rows(connection, table) for table in _COUNTED}
            return Overview(
                unjudged=int(connection.execute(waiting).scalar_one()),
                deliveries_by_status={str(status): int(count) for status, count in connection.execute(by_status)},
                last_poll_at=connection.execute(select(func.max(feeds.c.last_attempt_at))).scalar(),
                **counts,
            )


_COUNTED = (entries, revisions, articles, stories, digests)


def _matched_topics(after_seq: int) -> Select[Any]:
    return select(matches.c.seq, matches.c.topic).where(matches.c.seq > after_seq).order_by(matches.c.seq, matches.c.topic)


def _fates(after_seq: int) -> Select[Any]:
    columns = (revisions.c.seq, revisions.c.title, revisions.c.url, revisions.c.outcome, revisions.c.detail)
    return (
        select(*columns, entries.c.feed_id, story_events.c.story_id)
        .join(entries, entries.c.id == revisions.c.entry_id)
        .outerjoin(story_events, story_events.c.seq == revisions.c.seq)
        .where(revisions.c.seq > after_seq)
        .order_by(revisions.c.seq)
    )


def _outcome(row: RowMapping, topics: tuple[str, ...]) -> Outcome:
    return Outcome(
        seq=row["seq"],
        feed_id=row["feed_id"],
        title=row["title"],
        url=row["url"] or "",
        code=row["outcome"] or NOT_JUDGED,
        detail=row["detail"] or "",
        story_id=row["story_id"],
        topics=topics,
    )


_FACT = tuple(name for name in Fact.__slots__ if name not in ("start", "end"))


def _ledger(since: datetime) -> Select[Any]:
    """Ask for the figures, places and dates of the texts that articles show, where those matched a topic."""
    matched = select(matches.c.seq).distinct().scalar_subquery()
    shown = (articles.c.outlet, articles.c.title.label("headline"), articles.c.published_at, revisions.c.url, story_articles.c.story_id)
    return (
        select(facts, articles.c.id.label("article_id"), *shown)
        .join(articles, articles.c.current_seq == facts.c.seq)
        .join(revisions, revisions.c.seq == facts.c.seq)
        .outerjoin(story_articles, story_articles.c.article_id == articles.c.id)
        .where(facts.c.kind.in_(("figure", "duration", "place", "date")), facts.c.seq.in_(matched), articles.c.told_at >= since)
        .order_by(articles.c.told_at, articles.c.id, facts.c.position)
    )


def _lines(rows: Sequence[RowMapping]) -> Iterator[LedgerLine]:
    for row in rows:
        if row["kind"] in ("figure", "duration"):
            fact = Fact(start=row["start_offset"], end=row["end_offset"], **{name: row[name] for name in _FACT})
            place, date = _nearest(row, rows, "place"), _nearest(row, rows, "date")
            yield LedgerLine(
                fact=fact,
                place=place["concept"].partition("/")[2] if place else None,
                date=date["value"] if date else None,
                article_id=row["article_id"],
                story_id=row["story_id"],
                outlet=row["outlet"],
                title=row["headline"],
                url=row["url"] or "",
                published_at=row["published_at"],
            )


def _nearest(figure: RowMapping, rows: Sequence[RowMapping], kind: str) -> RowMapping | None:
    """Give the place or date that stands nearest to a figure in its field, up to a few sentences away."""
    near = [row for row in rows if row["kind"] == kind and row["field"] == figure["field"]]
    chosen = min(near, key=lambda row: abs(row["start_offset"] - figure["start_offset"]), default=None)
    return chosen if chosen and abs(chosen["start_offset"] - figure["start_offset"]) <= _NEAR else None

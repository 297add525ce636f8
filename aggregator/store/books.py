"""Books: what became of every stored revision, and how much the store holds.

Every revision has exactly one code: that of its judgement, or that it still waits.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import RowMapping, Select, Table, func, select

from aggregator.records import Outcome, Overview
from aggregator.store.database import Section
from aggregator.store.tables import articles, deliveries, digests, entries, feeds, matches, revisions, stories, story_events
from aggregator.store.windows import NOT_JUDGED


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

    def overview(self) -> Overview:
        """Count what the store holds."""
        waiting = select(func.count()).select_from(revisions).where(revisions.c.judged_at.is_(None))
        by_status = select(deliveries.c.status, func.count()).group_by(deliveries.c.status)
        with self._database.read() as connection:
            counts = {table.name: int(connection.execute(_count(table)).scalar_one()) for table in _COUNTED}
            return Overview(
                unjudged=int(connection.execute(waiting).scalar_one()),
                deliveries_by_status={str(status): int(count) for status, count in connection.execute(by_status)},
                last_poll_at=connection.execute(select(func.max(feeds.c.last_attempt_at))).scalar(),
                **counts,
            )


_COUNTED = (entries, revisions, articles, stories, digests)


def _count(table: Table) -> Select[Any]:
    return select(func.count()).select_from(table)


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

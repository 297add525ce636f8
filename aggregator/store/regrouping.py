"""Regrouping: articles that move from one story to another, so that nothing is told twice by it, and nothing left untold.

When a story loses its last article it is merged: it stays as a row that names the one it went into. When a story is opened by articles
of another it was split. What readers know of the two then is kept by `store.knowledge`; the lines of `story_events` follow their
articles, so that windows and versions stay true. Every merge and split is a line of `story_operations`.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, bindparam, func, insert, or_, select, update

from aggregator.errors import UsageError
from aggregator.records import Move, Standing
from aggregator.store.desk import label_story
from aggregator.store.knowledge import join, part
from aggregator.store.story_tables import story_operations
from aggregator.store.tables import articles, entries, revisions, stories, story_articles, story_events

_STAND = update(story_articles).where(story_articles.c.article_id == bindparam("article"))
_LEAD = (
    update(stories)
    .where(
        stories.c.id == select(story_articles.c.story_id).where(story_articles.c.article_id == bindparam("article")).scalar_subquery(),
        or_(stories.c.lead_by_hand.is_(None), stories.c.lead_by_hand.is_(False)),
        stories.c.lead_article_id != bindparam("article"),
    )
    .values(lead_article_id=bindparam("article"))
)


@dataclass(frozen=True, slots=True)
class Deciding:
    """Say when and by whom something was decided; `seq` is the revision that caused it, where no window can have passed it yet."""

    decided_at: datetime
    by_hand: bool = False
    seq: int | None = None
    by: str = ""


def regroup(connection: Connection, moves: Iterable[Move], own_story: int, deciding: Deciding) -> None:
    """Carry out the moves that an arriving article caused; those that open the article's own story join it there."""
    opened: dict[int, int] = {0: own_story}
    grouped: dict[tuple[int, int], list[int]] = {}
    for wanted in moves:
        if _stands(connection, wanted.article_id) != wanted.source:
            continue  # another judge moved it since; what stands is kept
        if wanted.target is None and wanted.opens not in opened:
            opened[wanted.opens] = open_story(connection, wanted.article_id, deciding.decided_at)
        target = opened[wanted.opens] if wanted.target is None else wanted.target
        grouped.setdefault((wanted.source, target), []).append(wanted.article_id)
    for (source, target), ids in grouped.items():
        move(connection, source, target, ids, deciding)


def move(connection: Connection, source: int, target: int, ids: Sequence[int], deciding: Deciding) -> int:
    """Move articles from one story to another, keep what readers know true, and give the number of the audit line."""
    connection.execute(update(story_articles).where(story_articles.c.article_id.in_(ids)).values(story_id=target))
    merged = connection.execute(select(story_articles.c.article_id).where(story_articles.c.story_id == source).limit(1)).first() is None
    changes = _move_events(connection, source, target, ids)
    if merged:
        join(connection, source, target, deciding.decided_at)
    else:
        part(connection, source, target, (deciding.decided_at, deciding.seq), changes)
        _lead_again(connection, source, ids)
    for story in (source, target):
        label_story(connection, story)
    kind = "merge" if merged else "split"
    row = {"kind": kind, "story_id": source, "other_id": target, "articles": tuple(sorted(ids))}
    return note(connection, row, deciding)


def note(connection: Connection, row: dict[str, object], deciding: Deciding) -> int:
    """Write a line of the audit trail, and give its number."""
    line = insert(story_operations).values(**row, by_hand=deciding.by_hand, decided_by=deciding.by or None, decided_at=deciding.decided_at)
    return int(connection.execute(line.returning(story_operations.c.id)).scalar_one())


def open_story(connection: Connection, article_id: int, now: datetime) -> int:
    """Open a story for an article that leaves another one."""
    seqs = select(func.min(revisions.c.seq), func.max(revisions.c.seq)).join(entries, entries.c.id == revisions.c.entry_id)
    first, last = connection.execute(seqs.where(entries.c.article_id == article_id)).one()
    opening = insert(stories).values(version=1, lead_article_id=article_id, opened_at=now, changed_at=now, first_seq=first, last_seq=last)
    return int(connection.execute(opening.returning(stories.c.id)).scalar_one())


def set_standings(connection: Connection, standings: Iterable[Standing]) -> None:
    """Change what articles are to their stories."""
    rows = [{"article": each.article_id, "role": each.role.value, "echo_of": each.echo_of, "cites": each.cites} for each in standings]
    if rows:
        connection.execute(_STAND, rows)


def set_leads(connection: Connection, leads: Iterable[int]) -> None:
    """Let these articles speak for their stories, unless a person chose another one."""
    rows = [{"article": article_id} for article_id in leads]
    if rows:
        connection.execute(_LEAD, rows)


def standing_story(connection: Connection, story_id: int) -> int:
    """Follow a merged story to the one that stands for it; raises `UsageError` where there is no such story."""
    for _ in range(100):
        row = connection.execute(select(stories.c.merged_into).where(stories.c.id == story_id)).first()
        if row is None:
            raise UsageError(f"there is no story {story_id}; `aggregator stories list` shows those that are")
        if row.merged_into is None:
            return story_id
        story_id = int(row.merged_into)
    raise UsageError(f"story {story_id} was merged in a circle")


def _move_events(connection: Connection, source: int, target: int, ids: Sequence[int]) -> int:
    """Let the lines of articles follow them, and give how many of these are changes."""
    seqs = select(revisions.c.seq).join(entries, entries.c.id == revisions.c.entry_id).where(entries.c.article_id.in_(ids))
    moved = update(story_events).where(story_events.c.story_id == source, story_events.c.seq.in_(seqs))
    changes = connection.execute(moved.where(story_events.c.kind == "updated").values(story_id=target)).rowcount
    connection.execute(moved.values(story_id=target))
    return int(changes)


def _stands(connection: Connection, article_id: int) -> int | None:
    return connection.execute(select(story_articles.c.story_id).where(story_articles.c.article_id == article_id)).scalar()


def _lead_again(connection: Connection, story_id: int, gone: Sequence[int]) -> None:
    """Choose the first of those that stayed where the lead left."""
    lead = connection.execute(select(stories.c.lead_article_id).where(stories.c.id == story_id)).scalar_one()
    if lead in gone:
        left = select(articles.c.id).join(story_articles, story_articles.c.article_id == articles.c.id)
        first = left.where(story_articles.c.story_id == story_id).order_by(articles.c.told_at, articles.c.id).limit(1)
        chosen = connection.execute(first).scalar_one()
        connection.execute(update(stories).where(stories.c.id == story_id).values(lead_article_id=chosen, lead_by_hand=False))

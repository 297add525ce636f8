"""Retention: what is forgotten after a while, and what never is.

Of what matched no topic the words go and the bones stay: identity, hash, title, address, outcome. So an entry that a feed still serves
after half a year is not taken for a new one, and the books of an old window still balance. An article that ever matched, or stands
in a story, keeps everything for ever. What waits for judgement is never touched.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Connection, Text, bindparam, delete, exists, or_, select, type_coerce, update

from aggregator.models import Entry
from aggregator.store.database import Database
from aggregator.store.engine import database_url
from aggregator.store.evidence import forget_responses
from aggregator.store.pages import forget_pages
from aggregator.store.search_index import document_of, reindex
from aggregator.store.tables import articles, decisions, entries, evidence, facts, fetches, matches, revisions, story_articles
from aggregator.store.unfinished import refuse_unfinished

BATCH = 500
MARK = "pruned"


@dataclass(frozen=True, slots=True, kw_only=True)
class Pruned:
    """Count what was forgotten."""

    entries: int
    polls: int
    responses: int = 0


def prune(url: str, unmatched_before: datetime, polls_before: datetime) -> Pruned:
    """Forget words of unmatched entries and lines of poll history that are older; many short transactions, so nobody waits."""
    refuse_unfinished(url)
    database = Database(database_url(url))
    try:
        return prune_database(database, unmatched_before, polls_before)
    finally:
        database.close()


def prune_database(database: Database, unmatched_before: datetime, polls_before: datetime) -> Pruned:
    """Do the same on an open database."""
    forgotten = after = 0
    while True:
        with database.write() as connection:
            batch = _old(connection, unmatched_before, after)
            if not batch:
                break
            forgotten += _forget(connection, batch)
            after = batch[-1][0]
    with database.write() as connection:
        polls = connection.execute(delete(fetches).where(fetches.c.started_at < polls_before)).rowcount
        responses = forget_responses(connection)
    return Pruned(entries=forgotten, polls=polls, responses=responses)


def _old(connection: Connection, before: datetime, after: int) -> Sequence[tuple[int, int, Entry]]:
    """Give the next revisions that may be forgotten: sequence number, article, and the entry as it is stored."""
    shown = revisions.alias("shown")
    ever_matched = (
        select(matches.c.seq).join(shown, shown.c.seq == matches.c.seq).where(shown.c.entry_id == revisions.c.entry_id).correlate(revisions)
    )
    # What matched by rules of before is sealed, and its proof must hold, whatever the rules of today say of it.
    ever_sealed = (
        select(evidence.c.seq)
        .join(shown, shown.c.seq == evidence.c.seq)
        .where(shown.c.entry_id == revisions.c.entry_id)
        .correlate(revisions)
    )
    query = (
        select(revisions.c.seq, entries.c.article_id, revisions.c.entry)
        .join(entries, entries.c.id == revisions.c.entry_id)
        .where(
            revisions.c.seq > after,
            revisions.c.observed_at < before,
            revisions.c.judged_at.is_not(None),
            type_coerce(revisions.c.entry, Text).not_like(f'%"{MARK}"]%'),
            ~ever_matched.exists(),
            ~ever_sealed.exists(),
            ~exists().where(story_articles.c.article_id == entries.c.article_id),
        )
        .order_by(revisions.c.seq)
        .limit(BATCH)
    )
    return [(row.seq, row.article_id, row.entry) for row in connection.execute(query)]


def _forget(connection: Connection, batch: Sequence[tuple[int, int, Entry]]) -> int:
    rows = [{"old_seq": seq, "entry": _bones(entry)} for seq, _, entry in batch]
    connection.execute(update(revisions).where(revisions.c.seq == bindparam("old_seq")), rows)
    numbers = [seq for seq, _, _ in batch]
    for table in (facts, decisions):
        connection.execute(delete(table).where(table.c.seq.in_(numbers)))
    forget_pages(connection, [article for _, article, _ in batch])
    _empty(connection, [article for _, article, _ in batch], numbers)
    return len(batch)


def _empty(connection: Connection, article_ids: Sequence[int], numbers: Sequence[int]) -> None:
    """Take the texts out of articles that show a forgotten revision, and their words out of the search index; titles are still found."""
    old = or_(articles.c.current_seq.in_(numbers), articles.c.current_seq.is_(None))
    showing = select(articles.c.id).where(articles.c.id.in_(article_ids), old, articles.c.text.is_not(None), articles.c.text != "")
    indexed = {article_id: document_of(connection, article_id) for (article_id,) in connection.execute(showing).all()}
    connection.execute(update(articles).where(articles.c.id.in_(list(indexed))).values(text=""))
    for article_id, document in indexed.items():
        reindex(connection, article_id, document)


def _bones(entry: Entry) -> Entry:
    return replace(entry, summary="", content="", authors=(), categories=(), enclosures=(), notes=(*entry.notes, MARK))

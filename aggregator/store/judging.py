"""Judging: what waits, and what was decided about each revision, kept in one transaction per judgement.

A revision is judged once; a second judgement of it changes nothing. The article shows the last judged text, but a text that
matched is replaced only by one that matches too, and only where the judge says that it replaces.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, bindparam, func, select, update

from aggregator.errors import StoreError
from aggregator.models import Fact, Judgement
from aggregator.records import Judged, StoredRevision
from aggregator.store.columns import clean
from aggregator.store.database import Section, insert_rows, run_many
from aggregator.store.desk import label_story
from aggregator.store.evidence import seal
from aggregator.store.finding import keep_traits
from aggregator.store.locks import JUDGING, hold_until_commit
from aggregator.store.pages import keep_pages
from aggregator.store.placing import place, story_of, touched
from aggregator.store.search_index import Document, document_of, insert, reindex
from aggregator.store.sequence import last_taken
from aggregator.store.tables import articles, decisions, entries, facts, matches, revisions


class Judging(Section):
    """Hand out revisions that wait, and keep what was decided."""

    def unjudged(self, limit: int, after: int = 0) -> Sequence[StoredRevision]:
        """Give the oldest revisions that wait for judgement, in sequence order, of those numbered above `after`."""
        columns = (revisions, entries.c.feed_id, entries.c.article_id, articles.c.article_key)
        query = (
            select(*columns)
            .join(entries, entries.c.id == revisions.c.entry_id)
            .join(articles, articles.c.id == entries.c.article_id)
            .where(revisions.c.judged_at.is_(None), revisions.c.seq > after)
            .order_by(revisions.c.seq)
            .limit(limit)
        )
        with self._database.read() as connection:
            return [revision_of(row) for row in connection.execute(query).mappings()]

    def judged_through(self) -> int:
        """Give the highest sequence number below which everything is judged; 0 for an empty store."""
        with self._database.read() as connection:
            return judged_through(connection)

    def record_judged(self, judged: Judged) -> int | None:
        """Keep a judgement with matches, facts, decisions and placement; give the story's id where there is one."""
        with self._database.write() as connection:
            hold_until_commit(connection, JUDGING)
            if not _claim(connection, judged):
                return story_of(connection, judged.revision.article_id)
            keep_judgements(connection, judged)
            keep_facts(connection, judged)
            told_at = _keep_article(connection, judged)
            if told_at and judged.placement:
                keep_traits(connection, judged, told_at)
            keep_pages(connection, [judged])
            story_id = place(connection, judged, judged.placement) if judged.placement else None
            if _matches(judged):
                seal(connection, [judged], self._database.evidence)
            if story_id is not None and judged.placement:
                label_story(connection, *touched(connection, story_id, judged.placement))
            return story_id

    def record_unmatched(self, judged: Sequence[Judged]) -> Sequence[Judged]:
        """Keep at once those that matched nothing and are the first text of their article; give back the rest that wait, in their order."""
        with self._database.write() as connection:
            hold_until_commit(connection, JUDGING)
            seqs = [one.revision.seq for one in judged]
            unjudged = select(revisions.c.seq).where(revisions.c.seq.in_(seqs), revisions.c.judged_at.is_(None))
            waiting = set(connection.execute(unjudged).scalars())
            plain = _plain(connection, [one for one in judged if one.revision.seq in waiting])
            keep_first_texts(connection, plain)
            waiting -= {one.revision.seq for one, _ in plain}
            return [one for one in judged if one.revision.seq in waiting]


def judged_through(connection: Connection) -> int:
    """Give the highest number below which everything is judged.

    The counter is read first: on PostgreSQL outside a snapshot, a revision that arrives between the two statements is then
    merely left for the next window.
    """
    last = last_taken(connection)
    waiting = connection.execute(select(func.min(revisions.c.seq)).where(revisions.c.judged_at.is_(None))).scalar()
    return last if waiting is None else min(last, int(waiting) - 1)


# Every revision runs through these; built once, they cost half.
_CLAIM = update(revisions).where(revisions.c.seq == bindparam("claimed_seq"), revisions.c.judged_at.is_(None))
_STANDING = select(articles.c.current_seq, articles.c.published_at, articles.c.first_seen_at).where(articles.c.id == bindparam("shown_id"))
_SHOW = update(articles).where(articles.c.id == bindparam("shown_id"))
_SAY, _MATCH, _PROVE = decisions.insert(), matches.insert(), facts.insert()
_FACT = tuple(name for name in Fact.__slots__ if name not in ("start", "end"))


def _plain(connection: Connection, judged: Sequence[Judged]) -> list[tuple[Judged, RowMapping]]:
    """Choose what nothing else depends on: unmatched, the only text of an article that shows none; with its row."""
    texts = Counter(one.revision.article_id for one in judged)
    plain = [one for one in judged if not _matches(one) and one.article.page is None and texts[one.revision.article_id] == 1]
    ids = [one.revision.article_id for one in plain]
    empty = select(articles.c.id, *_STANDING.selected_columns).where(articles.c.id.in_(ids), articles.c.current_seq.is_(None))
    standing = {row["id"]: row for row in connection.execute(empty).mappings()}
    return [(one, standing[one.revision.article_id]) for one in plain if one.revision.article_id in standing]


def keep_first_texts(connection: Connection, first: Sequence[tuple[Judged, RowMapping]]) -> None:
    """Keep many judgements with one statement a table, each of the first text of an article, which is given as it stands."""
    many = [one for one, _ in first]
    run_many(connection, _CLAIM, [_claimed(one) for one in many])
    said = [_decision(one, judgement) for one in many for judgement in one.judgements]
    matched = [_match(one, judgement) for one in many for judgement in one.judgements if judgement.matched]
    proofs = [_fact(one.revision.seq, position, fact) for one in many for position, fact in enumerate(one.article.facts)]
    for table, rows in ((decisions, said), (matches, matched), (facts, proofs)):
        insert_rows(connection, table, rows)
    shown = [_shown(one, row) for one, row in first]
    run_many(connection, _SHOW, shown)
    insert(connection, [(row["shown_id"], _document(one, row, _topics(one))) for one, row in zip(many, shown, strict=True)])


def _document(judged: Judged, shown: Mapping[str, Any], topics: tuple[str, ...]) -> Document:
    title, text = clean(shown["title"]), clean(shown["text"])
    return Document(title, text, shown["language"] or "", shown["feed_id"], topics, judged.terms)


def _topics(judged: Judged) -> tuple[str, ...]:
    return tuple(sorted({judgement.topic for judgement in judged.judgements if judgement.matched}))


def _matches(judged: Judged) -> bool:
    return any(judgement.matched for judgement in judged.judgements)


def _claimed(judged: Judged) -> dict[str, Any]:
    outcome = {"outcome": judged.outcome.code, "detail": judged.outcome.detail}
    return {"claimed_seq": judged.revision.seq, "judged_at": judged.decided_at, "rule_version": judged.rule_version, **outcome}


def _claim(connection: Connection, judged: Judged) -> bool:
    """Mark a revision as judged, unless it is already."""
    seq = judged.revision.seq
    if connection.execute(_CLAIM, _claimed(judged)).rowcount:
        return True
    if connection.execute(select(revisions.c.seq).where(revisions.c.seq == seq)).first() is None:
        raise StoreError(f"revision {seq} cannot be judged: it is not stored")
    return False


def keep_judgements(connection: Connection, judged: Judged) -> None:
    """Keep what each topic said, and the matches with their evidence."""
    said = [_decision(judged, judgement) for judgement in judged.judgements]
    matched = [_match(judged, judgement) for judgement in judged.judgements if judgement.matched]
    if said:
        connection.execute(_SAY, said)
    if matched:
        connection.execute(_MATCH, matched)


def keep_facts(connection: Connection, judged: Judged) -> None:
    """Keep the facts of a text that has none yet."""
    rows = [_fact(judged.revision.seq, position, fact) for position, fact in enumerate(judged.article.facts)]
    if rows:
        connection.execute(_PROVE, rows)


def _keep_article(connection: Connection, judged: Judged) -> datetime | None:
    """Show this revision's text as the article's, where it may replace what stands there; give when it is told, None where it may not."""
    article_id = judged.revision.article_id
    standing = connection.execute(_STANDING, {"shown_id": article_id}).mappings().one()
    if standing["current_seq"] is not None and not _replaces(connection, judged, standing["current_seq"]):
        return None
    indexed = document_of(connection, article_id) if standing["current_seq"] is not None else None
    shown = _shown(judged, standing)
    connection.execute(_SHOW, shown)
    reindex(connection, article_id, indexed, _document(judged, shown, _topics(judged)))
    told_at: datetime = shown["told_at"]
    return told_at


def _shown(judged: Judged, standing: RowMapping) -> dict[str, Any]:
    """Give what an article shows of a judged text."""
    article, revision = judged.article, judged.revision
    published_at = article.published_at or standing["published_at"]
    return {
        "shown_id": revision.article_id,
        "feed_id": revision.feed_id,
        "outlet": article.outlet or article.feed.publisher,
        "family": article.feed.family,
        "language": article.language or article.feed.language,
        "title": article.title,
        "text": article.text,
        "text_hash": judged.text_hash,
        "published_at": published_at,
        "told_at": published_at or standing["first_seen_at"],
        "current_seq": revision.seq,
        "concepts": tuple(sorted(judged.concepts)),
    }


def _replaces(connection: Connection, judged: Judged, current_seq: int) -> bool:
    matched = _matches(judged)
    shown_matches = connection.execute(select(matches.c.topic).where(matches.c.seq == current_seq)).first() is not None
    return (judged.replaces and matched) if shown_matches else (judged.replaces or matched)


def _decision(judged: Judged, judgement: Judgement) -> dict[str, Any]:
    return {
        "seq": judged.revision.seq,
        "stage": "match",
        "subject": judgement.topic,
        "code": judgement.reason.code,
        "detail": judgement.reason.detail,
        "decided_at": judged.decided_at,
    }


def _match(judged: Judged, judgement: Judgement) -> dict[str, Any]:
    return {
        "seq": judged.revision.seq,
        "topic": judgement.topic,
        "score": judgement.score,
        "rule_version": judged.rule_version,
        "evidence": judgement.evidence,
    }


def _fact(seq: int, position: int, fact: Fact) -> dict[str, Any]:
    offsets = {"start_offset": fact.start, "end_offset": fact.end}
    return {"seq": seq, "position": position, **offsets, **{name: getattr(fact, name) for name in _FACT}}


def revision_of(row: RowMapping) -> StoredRevision:
    """Give the revision that a row of revisions, entries and articles tells of."""
    names = ("seq", "entry_id", "article_id", "article_key", "feed_id", "entry", "observed_at")
    # An entry is numbered by its first revision.
    return StoredRevision(first=row["seq"] == row["entry_id"], **{name: row[name] for name in names})

"""The archive: articles as they stand, to be judged again under other rules, and the weekly sample of near misses.

Judging again changes what topics say of an article: its matches, decisions and concepts. It never moves an article out of its story and
never grows a story's version, so nothing that was told is told again. The rule version of each revision is the bookmark: what carries
another one than wanted still waits, also after the process was killed.
"""

import hashlib
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, RowMapping, Select, delete, exists, func, select, update

from aggregator.models import Fact
from aggregator.records import Archived, Judged, NearMiss
from aggregator.store.database import Section
from aggregator.store.desk import label_story
from aggregator.store.evidence import seal_once
from aggregator.store.finding import keep_traits
from aggregator.store.judging import keep_facts, keep_judgements, revision_of
from aggregator.store.locks import JUDGING, hold_until_commit
from aggregator.store.placing import place, story_of, touched
from aggregator.store.tables import articles, decisions, entries, facts, matches, near_misses, revisions, story_articles


class Archive(Section):
    """Read the archive in order, and keep what was decided anew."""

    def archived(self, after_seq: int, limit: int, since: datetime | None = None, other_than: str | None = None) -> Sequence[Archived]:
        """Give articles as they stand, in the order of the ingest sequence; with `other_than`, those judged by other rules."""
        asked = _asked(since, other_than).where(revisions.c.seq > after_seq)
        with self._database.read() as connection:
            return _read(connection, asked.order_by(revisions.c.seq).limit(limit))

    def count_archived(self, since: datetime | None = None, other_than: str | None = None) -> int:
        """Count what `archived` would give in all."""
        with self._database.read() as connection:
            return int(connection.execute(_standing(select(func.count()), since, other_than)).scalar_one())

    def record_rejudged(self, judged: Judged) -> None:
        """Put a new judgement in the place of an article's last one; a placement counts only where it stands in no story yet."""
        seq = judged.revision.seq
        with self._database.write() as connection:
            hold_until_commit(connection, JUDGING)
            connection.execute(delete(matches).where(matches.c.seq == seq))
            connection.execute(delete(decisions).where(decisions.c.seq == seq, decisions.c.stage == "match"))
            outcome = {"outcome": judged.outcome.code, "detail": judged.outcome.detail}
            connection.execute(update(revisions).where(revisions.c.seq == seq).values(rule_version=judged.rule_version, **outcome))
            connection.execute(
                update(articles).where(articles.c.id == judged.revision.article_id).values(concepts=tuple(sorted(judged.concepts)))
            )
            keep_judgements(connection, judged)
            if any(judgement.matched for judgement in judged.judgements):
                seal_once(connection, judged, self._database.evidence)
            if connection.execute(select(facts.c.seq).where(facts.c.seq == seq).limit(1)).first() is None:
                keep_facts(connection, judged)
            if judged.placement and story_of(connection, judged.revision.article_id) is None:
                connection.execute(delete(decisions).where(decisions.c.seq == seq, decisions.c.stage != "match"))
                told_at = connection.execute(select(articles.c.told_at).where(articles.c.id == judged.revision.article_id)).scalar()
                if told_at:
                    keep_traits(connection, judged, told_at)
                story_id = place(connection, judged, judged.placement, again=True)
                label_story(connection, *touched(connection, story_id, judged.placement))

    # near misses

    def sample_near_misses(self, week: str, start: datetime, end: datetime, size: int) -> int:
        """Keep a sample of the near misses decided in [`start`, `end`), once a week; give how many were chosen.

        The choice is fixed by the sequence numbers, so that two processes choose the same ones.
        """
        with self._database.write() as connection:
            if connection.execute(select(exists().where(near_misses.c.week == week))).scalar():
                return 0
            chosen = sorted(_missed(connection, start, end), key=_lot)[:size]
            if chosen:
                connection.execute(near_misses.insert(), [{"week": week, **row} for row in chosen])
            return len(chosen)

    def near_misses(self, week: str) -> Sequence[NearMiss]:
        """Give a week's sample, in order."""
        query = (
            select(near_misses, revisions.c.title, revisions.c.url)
            .join(revisions, revisions.c.seq == near_misses.c.seq)
            .where(near_misses.c.week == week)
            .order_by(near_misses.c.seq, near_misses.c.topic)
        )
        with self._database.read() as connection:
            return [
                NearMiss(week=row.week, seq=row.seq, topic=row.topic, detail=row.detail, title=row.title, url=row.url or "")
                for row in connection.execute(query)
            ]


def archived_articles(connection: Connection, ids: Sequence[int]) -> list[Archived]:
    """Give these articles as they stand, in the order of the ingest sequence."""
    return _read(connection, _asked(None, None).where(articles.c.id.in_(ids)).order_by(revisions.c.seq))


def _asked(since: datetime | None, other_than: str | None) -> Select[Any]:
    columns = (revisions, entries.c.feed_id, entries.c.article_id, articles.c.article_key, articles.c.text, articles.c.outlet)
    shown = (articles.c.title.label("shown_title"), articles.c.language, articles.c.published_at, story_articles.c.story_id)
    query = _standing(select(*columns, *shown), since, other_than)
    return query.outerjoin(story_articles, story_articles.c.article_id == articles.c.id)


def _read(connection: Connection, query: Select[Any]) -> list[Archived]:
    rows = connection.execute(query).mappings().all()
    seqs = [row["seq"] for row in rows]
    scores: dict[int, dict[str, float]] = {}
    for seq, topic, score in connection.execute(select(matches.c.seq, matches.c.topic, matches.c.score).where(matches.c.seq.in_(seqs))):
        scores.setdefault(seq, {})[topic] = score
    proofs: dict[int, list[RowMapping]] = {}
    for fact in connection.execute(select(facts).where(facts.c.seq.in_(seqs)).order_by(facts.c.position)).mappings():
        proofs.setdefault(fact["seq"], []).append(fact)
    return [archived_of(row, scores.get(row["seq"], {}), proofs.get(row["seq"], ())) for row in rows]


def _standing(query: Select[Any], since: datetime | None, other_than: str | None) -> Select[Any]:
    """Narrow a query to the revisions that their articles show."""
    wanted: list[ColumnElement[bool]] = [revisions.c.judged_at.is_not(None)]
    if since is not None:
        wanted.append(revisions.c.observed_at >= since)
    if other_than is not None:
        wanted.append(revisions.c.rule_version != other_than)
    shown = revisions.join(entries, entries.c.id == revisions.c.entry_id).join(articles, articles.c.current_seq == revisions.c.seq)
    return query.select_from(shown).where(*wanted)


def _missed(connection: Connection, start: datetime, end: datetime) -> list[dict[str, Any]]:
    matched = exists().where(matches.c.seq == decisions.c.seq)
    query = select(decisions.c.seq, decisions.c.subject, decisions.c.detail).where(
        decisions.c.stage == "match",
        decisions.c.code == "below_threshold",
        decisions.c.decided_at >= start,
        decisions.c.decided_at < end,
        ~matched,
    )
    return [{"seq": row.seq, "topic": row.subject, "detail": row.detail} for row in connection.execute(query)]


def _lot(row: dict[str, Any]) -> str:
    return hashlib.sha256(f"{row['seq']}:{row['topic']}".encode()).hexdigest()


def archived_of(row: RowMapping, scores: dict[str, float], proofs: Sequence[RowMapping]) -> Archived:
    """Give the article that a row of revisions, entries and articles tells of, with the scores and facts found beside it."""
    return Archived(
        revision=revision_of(row),
        title=row["shown_title"] or row["title"],
        text=row["text"] or "",
        language=row["language"] or "",
        outlet=row["outlet"],
        published_at=row["published_at"],
        scores=scores,
        rule_version=row["rule_version"] or "",
        outcome=row["outcome"] or "",
        detail=row["detail"] or "",
        facts=tuple(_fact(fact) for fact in proofs),
        in_story=row["story_id"] is not None,
    )


def _fact(row: RowMapping) -> Fact:
    names = ("kind", "concept", "field", "quote", "low", "high", "unit")
    return Fact(start=row["start_offset"], end=row["end_offset"], **{name: row[name] for name in names})

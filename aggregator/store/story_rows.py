"""Rows of stories for people: every article with its place in the story, but no text; what was matched in it for the best witnesses only.

A story may have hundreds of articles, most of them copies: a list of stories must not read what nobody looks at.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, RowMapping, and_, exists, select

from aggregator.desk_records import StoryRow
from aggregator.models import Fact, Judgement, Reason, Role
from aggregator.records import Telling, ToldArticle
from aggregator.store.database import batches
from aggregator.store.facts import facts_of
from aggregator.store.tables import articles, decisions, matches, revisions, story_articles
from aggregator.store.windows import material_of

WITNESSES = (Role.ORIGIN, Role.INDEPENDENT, Role.UNKNOWN, Role.ECHO, Role.COPY)
_PLAIN = ("feed_id", "outlet", "family", "language", "title", "told_at", "story_id", "echo_of")


def story_rows(connection: Connection, rows: Sequence[RowMapping], detailed: int) -> list[StoryRow]:
    """Give stories with all their articles, of which the `detailed` best witnesses have judgements, figures and address."""
    ids = [row["id"] for row in rows]
    told: dict[int, list[RowMapping]] = {}
    for member in _members(connection, ids):
        told.setdefault(member["story_id"], []).append(member)
    chosen = [member["current_seq"] for members in told.values() for member in sorted(members, key=_rank)[:detailed]]
    details = Details(connection, chosen)
    return [_story_row(row, [details.article(member) for member in told.get(row["id"], ())]) for row in rows]


class Details:
    """Hold what is shown of some revisions beside their place in a story."""

    def __init__(self, connection: Connection, seqs: Iterable[int]) -> None:
        self._topics: dict[int, tuple[str, ...]] = {}
        self._judgements: dict[int, tuple[Judgement, ...]] = {}
        self._figures: dict[int, tuple[Fact, ...]] = {}
        self._urls: dict[int, str] = {}
        for batch in batches(sorted(set(seqs))):
            self._read(connection, batch)

    def article(self, row: RowMapping) -> ToldArticle:
        """Give the article of a member's row."""
        seq = row["current_seq"]
        judgements = self._judgements.get(seq, ())
        plain: dict[str, Any] = {name: row[name] for name in _PLAIN}
        topics = tuple(judgement.topic for judgement in judgements)
        telling = Telling(
            article_id=row["id"], seq=seq, text="", text_hash="", concepts=frozenset(), topics=topics, role=Role(row["role"]), **plain
        )
        dates = {name: row[name] for name in ("published_at", "first_seen_at")}
        return ToldArticle(telling=telling, url=self._urls.get(seq, ""), judgements=judgements, figures=self._figures.get(seq, ()), **dates)

    def _read(self, connection: Connection, seqs: Sequence[int]) -> None:
        for row in connection.execute(select(revisions.c.seq, revisions.c.url).where(revisions.c.seq.in_(seqs))):
            self._urls[row.seq] = row.url or ""
        for row in connection.execute(_judged(seqs)):
            reason = Reason(code=row.code, detail=row.detail)
            judgement = Judgement(topic=row.topic, matched=True, score=row.score, evidence=row.evidence, reason=reason)
            self._judgements[row.seq] = (*self._judgements.get(row.seq, ()), judgement)
        self._figures |= facts_of(connection, seqs, "figure")


def _members(connection: Connection, story_ids: Sequence[int]) -> Sequence[RowMapping]:
    """Give the articles of stories that still match, oldest first."""
    shown = (articles.c.id, articles.c.current_seq, articles.c.published_at, articles.c.first_seen_at, articles.c.feed_id)
    more = (articles.c.outlet, articles.c.family, articles.c.language, articles.c.title, articles.c.told_at)
    query = (
        select(*shown, *more, story_articles.c.story_id, story_articles.c.role, story_articles.c.echo_of)
        .join(articles, articles.c.id == story_articles.c.article_id)
        .where(story_articles.c.story_id.in_(story_ids), exists().where(matches.c.seq == articles.c.current_seq))
        .order_by(articles.c.told_at, articles.c.id)
    )
    return connection.execute(query).mappings().all()


def _judged(seqs: Sequence[int]) -> Any:
    reason = and_(decisions.c.seq == matches.c.seq, decisions.c.stage == "match", decisions.c.subject == matches.c.topic)
    query = select(matches, decisions.c.code, decisions.c.detail).join(decisions, reason)
    return query.where(matches.c.seq.in_(seqs)).order_by(matches.c.seq, matches.c.score.desc(), matches.c.topic)


def _rank(row: RowMapping) -> tuple[int, Any, int]:
    return WITNESSES.index(Role(row["role"])), row["told_at"], row["id"]


def _story_row(row: Mapping[Any, Any], told: Sequence[ToldArticle]) -> StoryRow:
    material = material_of({**row, "told_version": None}, (), told)
    names = ("opened_at", "changed_at", "last_seq")
    return StoryRow(material=material, last_at=row["observed_at"], **{name: row[name] for name in names})

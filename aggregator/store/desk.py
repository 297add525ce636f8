"""The desk's stories and articles: lists by key, never by offset, and one story or article whole.

Stories are listed by the last revision that joined or changed them. Labels (topic, language, feed, place, role) are kept beside each
story, under the same order, so that a filtered list is read straight from an index.
"""

from typing import Any

from sqlalchemy import BindParameter, Connection, RowMapping, Select, and_, bindparam, delete, exists, insert, literal, or_, select, union

from aggregator.desk_records import (
    ArticleDetail,
    Page,
    RevisionDetail,
    StoryDetail,
    StoryEvent,
    StoryFilter,
    StoryRow,
    read_cursor,
    write_cursor,
)
from aggregator.models import Judgement, Reason
from aggregator.store.database import Section
from aggregator.store.desk_tables import story_labels, verdicts
from aggregator.store.facts import facts_of
from aggregator.store.pages import page_of
from aggregator.store.story_rows import story_rows
from aggregator.store.tables import (
    articles,
    decisions,
    entries,
    facts,
    matches,
    revisions,
    sightings,
    stories,
    story_articles,
    story_events,
)

MOST_REVISIONS = 50
LISTED, WHOLE = 8, 300
"""Articles of a story whose matches are read: in a list, and on the story's own page."""

_STORIES: BindParameter[Any] = bindparam("stories", expanding=True)


def _labels() -> Any:
    """Write the labels of stories with one statement, out of what their articles say."""
    story, standing = story_articles.c.story_id, story_articles.c.story_id.in_(_STORIES)
    shown = story_articles.join(articles, articles.c.id == story_articles.c.article_id)
    topic, place = shown.join(matches, matches.c.seq == articles.c.current_seq), shown.join(facts, facts.c.seq == articles.c.current_seq)
    kinds = (
        select(story, literal("role").label("kind"), story_articles.c.role.label("value")).where(standing),
        select(story, literal("topic"), matches.c.topic).select_from(topic).where(standing),
        select(story, literal("place"), facts.c.concept).select_from(place).where(standing, facts.c.kind == "place"),
        select(story, literal("language"), articles.c.language).select_from(shown).where(standing),
        select(story, literal("feed"), articles.c.feed_id).select_from(shown).where(standing),
    )
    said = union(*kinds).subquery()
    rows = select(said, stories.c.last_seq).join(stories, stories.c.id == said.c.story_id).where(said.c.value != "")
    return insert(story_labels).from_select(["story_id", "kind", "value", "last_seq"], rows)


_LABEL = _labels()
_UNLABEL = delete(story_labels).where(story_labels.c.story_id.in_(_STORIES))


class Desk(Section):
    """Read stories and articles for people."""

    def stories(self, chosen: StoryFilter, cursor: str | None = None, limit: int = 20) -> Page[StoryRow]:
        """Give stories, last moved first; raises `UsageError` for a cursor of another list."""
        with self._database.read() as connection:
            rows = connection.execute(_listed(chosen, read_cursor(cursor, 2), limit + 1)).mappings().all()
            shown = story_rows(connection, rows[:limit], LISTED)
        last = rows[limit - 1] if len(rows) > limit else None
        return Page(shown, write_cursor(last["last_seq"], last["id"]) if last else None)

    def story(self, story_id: int) -> StoryDetail | None:
        """Give one story whole, or the one it was merged into, or None."""
        query = select(stories, revisions.c.observed_at).join(revisions, revisions.c.seq == stories.c.last_seq)
        with self._database.read() as connection:
            row = connection.execute(query.where(stories.c.id == story_id)).mappings().first()
            while row is not None and row["merged_into"] is not None:
                row = connection.execute(query.where(stories.c.id == row["merged_into"])).mappings().first()
            if row is None:
                return None
            story_id = row["id"]
            (shown,) = story_rows(connection, [row], WHOLE)
            seqs = {article.telling.seq: article.telling.article_id for article in shown.material.articles}
            said = facts_of(connection, list(seqs))
            return StoryDetail(
                row=shown,
                events=_events(connection, story_id),
                why=_why(connection, story_id),
                facts={seqs[seq]: found for seq, found in said.items()},
            )

    def article(self, article_id: int) -> ArticleDetail | None:
        """Give one article whole, or None where there is none or it was not judged yet."""
        query = (
            select(articles, revisions.c.url, story_articles.c.story_id)
            .join(revisions, revisions.c.seq == articles.c.current_seq)
            .outerjoin(story_articles, story_articles.c.article_id == articles.c.id)
            .where(articles.c.id == article_id)
        )
        said = select(verdicts.c.topic, verdicts.c.verdict).where(verdicts.c.article_id == article_id)
        with self._database.read() as connection:
            row = connection.execute(query).mappings().first()
            if row is None:
                return None
            seq = row["current_seq"]
            return _article(
                row,
                judgements=_judgements(connection, seq),
                facts=facts_of(connection, [seq]).get(seq, ()),
                revisions=_revisions(connection, article_id),
                verdicts={line.topic: line.verdict for line in connection.execute(said)},
                page=page_of(connection, article_id),
            )


def label_story(connection: Connection, *story_ids: int) -> None:
    """Write the labels of stories anew from what their articles say now."""
    connection.execute(_UNLABEL, {"stories": story_ids})
    connection.execute(_LABEL, {"stories": story_ids})


def _listed(chosen: StoryFilter, place: tuple[int, ...] | None, limit: int) -> Select[Any]:
    """Ask for a page of stories with the moment each last moved, which is looked up for those of the page only."""
    page = _chosen(chosen, place, limit).subquery()
    query = select(page, revisions.c.observed_at).join(revisions, revisions.c.seq == page.c.last_seq)
    return query.order_by(page.c.last_seq.desc(), page.c.id.desc())


def _chosen(chosen: StoryFilter, place: tuple[int, ...] | None, limit: int) -> Select[Any]:
    """Choose the stories of a page: by the labels of the first kind asked for, held against the others one by one."""
    query = select(stories).where(stories.c.merged_into.is_(None))
    order = stories.c.last_seq
    for number, (kind, value) in enumerate(chosen.chosen().items()):
        if number == 0:
            query = query.join(story_labels, story_labels.c.story_id == stories.c.id)
            query = query.where(story_labels.c.kind == kind, story_labels.c.value == value)
            order = story_labels.c.last_seq
        else:
            other = story_labels.alias()
            query = query.where(exists().where(other.c.story_id == stories.c.id, other.c.kind == kind, other.c.value == value))
    if place:
        query = query.where(or_(order < place[0], and_(order == place[0], stories.c.id < place[1])), order <= place[0])
    return query.order_by(order.desc(), stories.c.id.desc()).limit(limit)


def _events(connection: Connection, story_id: int) -> list[StoryEvent]:
    query = (
        select(story_events, entries.c.article_id, revisions.c.title)
        .join(revisions, revisions.c.seq == story_events.c.seq)
        .join(entries, entries.c.id == revisions.c.entry_id)
        .where(story_events.c.story_id == story_id)
        .order_by(story_events.c.seq)
    )
    names = ("seq", "article_id", "kind", "version", "changes", "decided_at", "title")
    return [StoryEvent(**{name: row[name] for name in names}) for row in connection.execute(query).mappings()]


def _why(connection: Connection, story_id: int) -> dict[int, Reason]:
    query = select(story_articles).where(story_articles.c.story_id == story_id)
    return {row.article_id: Reason(code=row.why_code, detail=row.why_detail) for row in connection.execute(query)}


def _judgements(connection: Connection, seq: int) -> list[Judgement]:
    """Give what every topic said of a revision, matches first."""
    said = select(decisions).where(decisions.c.seq == seq, decisions.c.stage == "match")
    found = {row.topic: row for row in connection.execute(select(matches).where(matches.c.seq == seq))}
    judged = [
        Judgement(
            topic=row.subject,
            matched=row.subject in found,
            score=found[row.subject].score if row.subject in found else 0.0,
            evidence=found[row.subject].evidence if row.subject in found else (),
            reason=Reason(code=row.code, detail=row.detail),
        )
        for row in connection.execute(said)
    ]
    return sorted(judged, key=lambda judgement: (not judgement.matched, -judgement.score, judgement.topic))


def _revisions(connection: Connection, article_id: int) -> list[RevisionDetail]:
    """Give what every feed served of an article, newest first."""
    seen = select(sightings.c.entry_id).where(sightings.c.article_id == article_id)
    mine = seen.union(select(entries.c.id).where(entries.c.article_id == article_id))  # an OR of the two would read every entry
    query = (
        select(revisions, entries.c.feed_id)
        .join(entries, entries.c.id == revisions.c.entry_id)
        .where(entries.c.id.in_(mine))
        .order_by(revisions.c.seq.desc())
        .limit(MOST_REVISIONS)
    )
    rows = connection.execute(query).mappings().all()
    said: dict[int, list[tuple[str, str, Reason]]] = {}
    for row in connection.execute(select(decisions).where(decisions.c.seq.in_([row["seq"] for row in rows])).order_by(decisions.c.stage)):
        said.setdefault(row.seq, []).append((row.stage, row.subject, Reason(code=row.code, detail=row.detail)))
    return [
        RevisionDetail(
            outcome=Reason(code=row["outcome"] or "not_judged", detail=row["detail"] or ""),
            decisions=said.get(row["seq"], ()),
            **{name: row[name] for name in ("seq", "feed_id", "observed_at", "entry")},
        )
        for row in rows
    ]


def _article(row: RowMapping, **whole: Any) -> ArticleDetail:
    copied: dict[str, Any] = {name: row[name] for name in ("published_at", "first_seen_at", "story_id")}
    copied |= {name: row[name] or "" for name in ("outlet", "language", "title", "text", "url")}
    return ArticleDetail(article_id=row["id"], seq=row["current_seq"], **copied, **whole)

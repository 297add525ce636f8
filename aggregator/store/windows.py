"""Windows: what a stretch (after, through] of the ingest sequence holds for a subscription.

A story is in the window when one of its revisions there matched a topic, and it is news when its current version was never told
to the subscription. Publication dates play no part. The counts take every revision of the window exactly once.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, RowMapping, Select, Subquery, and_, case, exists, func, literal, or_, select, union_all

from aggregator.models import Evidence, Judgement, Reason
from aggregator.records import StoryMaterial, Telling, ToldArticle, WindowCounts
from aggregator.store.database import Section
from aggregator.store.facts import facts_of
from aggregator.store.story_tables import story_told
from aggregator.store.tables import articles, decisions, digest_items, entries, matches, revisions, stories, story_articles, story_events
from aggregator.store.tellings import by_story, load

NOT_JUDGED = "not_judged"
"""The code of a revision that still waits."""
OTHER_TOPIC = "other_topic"
"""The code of a revision that matched, but none of the topics asked for."""


class Windows(Section):
    """Read what a digest tells and counts."""

    def window_stories(self, subscription: str, topics: Collection[str], after_seq: int, through_seq: int) -> Sequence[StoryMaterial]:
        """Give stories with a revision matched for these topics inside the window whose current version was not told yet."""
        news = _news(subscription, topics, (after_seq, through_seq))
        with self._database.read() as connection:
            rows = connection.execute(news).mappings().all()
            if not rows:
                return []
            chosen = select(news.subquery().c.id)
            told = by_story(load(connection, articles.c.id.in_(_members(chosen))))
            shown = Shown(connection, _members(chosen))
            changes = _changes(connection, chosen)
        return [
            material_of(row, changes.get(row["id"], ()), [shown.article(telling) for telling in told.get(row["id"], ())]) for row in rows
        ]

    def window_continuing(self, subscription: str, topics: Collection[str], after_seq: int, through_seq: int) -> Sequence[StoryMaterial]:
        """Give stories told before in their current version that further articles of the window report; with these articles only."""
        window = (after_seq, through_seq)
        with self._database.read() as connection:
            rows = connection.execute(_continuing(subscription, topics, window)).mappings().all()
            if not rows:
                return []
            came = _came([row["id"] for row in rows], topics, window)
            told = by_story(load(connection, articles.c.id.in_(came)))
            shown = Shown(connection, came)
        return [material_of(row, (), [shown.article(telling) for telling in told[row["id"]]]) for row in rows if row["id"] in told]

    def stories_opened(self, topics: Collection[str], since: datetime) -> Sequence[datetime]:
        """Give when each story was opened since a moment whose first article matches one of these topics."""
        matched = exists().where(matches.c.seq == stories.c.first_seq, matches.c.topic.in_(topics))
        query = select(stories.c.opened_at).where(stories.c.opened_at >= since, matched).order_by(stories.c.opened_at)
        with self._database.read() as connection:
            return list(connection.execute(query).scalars())

    def observed_through(self, moment: datetime) -> int:
        """Give the highest sequence number observed at a moment or before; 0 where there is none."""
        with self._database.read() as connection:
            seq = connection.execute(select(func.max(revisions.c.seq)).where(revisions.c.observed_at <= moment)).scalar()
            return int(seq or 0)

    def window_counts(self, topics: Collection[str], after_seq: int, through_seq: int) -> WindowCounts:
        """Count the window's revisions by whether one of these topics matched, and by the reason where none did."""
        asked = exists().where(matches.c.seq == revisions.c.seq, matches.c.topic.in_(topics))
        other = exists().where(matches.c.seq == revisions.c.seq)
        fate = case(
            (asked, literal("")),
            (revisions.c.judged_at.is_(None), literal(NOT_JUDGED)),
            (other, literal(OTHER_TOPIC)),
            else_=revisions.c.outcome,
        ).label("fate")
        inside = select(fate).where(revisions.c.seq > after_seq, revisions.c.seq <= through_seq).subquery()
        with self._database.read() as connection:
            counted = connection.execute(select(inside.c.fate, func.count()).group_by(inside.c.fate)).all()
        reasons = {str(code): int(count) for code, count in counted}
        seen, matched = sum(reasons.values()), reasons.pop("", 0)
        return WindowCounts(seen=seen, matched=matched, unmatched_by_reason=reasons)


def _news(subscription: str, topics: Collection[str], window: tuple[int, int]) -> Select[Any]:
    """Ask for stories with news, the version last told of each, and whether nothing of the window is theirs."""
    after_seq, through_seq = window
    inside = (
        select(story_events.c.story_id)
        .join(matches, matches.c.seq == story_events.c.seq)
        .where(matches.c.topic.in_(topics), matches.c.seq > after_seq, matches.c.seq <= through_seq)
    )
    told, parted = _told(subscription), stories.c.id.not_in(inside).label("parted")
    return (
        select(stories, told.c.told_version, parted)
        .outerjoin(told, told.c.story_id == stories.c.id)
        .where(
            or_(stories.c.id.in_(inside), stories.c.id.in_(_owed(subscription, topics, window))),
            or_(told.c.told_version.is_(None), told.c.told_version < stories.c.version),
        )
        .order_by(stories.c.id)
    )


def _owed(subscription: str, topics: Collection[str], window: tuple[int, int]) -> Select[Any]:
    """Ask for stories that parted from a told one inside the window and hold nothing that was told."""
    after_seq, through_seq = window
    return (
        select(story_told.c.story_id)
        .join(story_articles, story_articles.c.story_id == story_told.c.story_id)
        .join(articles, articles.c.id == story_articles.c.article_id)
        .join(matches, matches.c.seq == articles.c.current_seq)
        .where(story_told.c.subscription_id == subscription, matches.c.topic.in_(topics))
        .where(story_told.c.owed_seq > after_seq, story_told.c.owed_seq <= through_seq)
    )


def _continuing(subscription: str, topics: Collection[str], window: tuple[int, int]) -> Select[Any]:
    """Ask for stories whose current version was told, with an article that came to them inside the window."""
    told = _told(subscription)
    query = select(stories, told.c.told_version).join(told, and_(told.c.story_id == stories.c.id, told.c.told_version == stories.c.version))
    return query.where(stories.c.id.in_(_arrivals(story_events.c.story_id, topics, window))).order_by(stories.c.id)


def _came(chosen: Sequence[int], topics: Collection[str], window: tuple[int, int]) -> Select[Any]:
    """Ask for the articles that came to these stories inside the window; by when they matched, an edit may have made them match."""
    arrivals = _arrivals(entries.c.article_id, topics, window).join(revisions, revisions.c.seq == story_events.c.seq)
    return arrivals.join(entries, entries.c.id == revisions.c.entry_id).where(story_events.c.story_id.in_(chosen))


def _arrivals(asked: ColumnElement[int], topics: Collection[str], window: tuple[int, int]) -> Select[Any]:
    """Ask for arrivals inside the window: articles that joined a story, or opened one that was merged into it since."""
    inside = (matches.c.topic.in_(topics), matches.c.seq > window[0], matches.c.seq <= window[1])
    lines = select(asked).select_from(story_events).join(matches, matches.c.seq == story_events.c.seq)
    return lines.where(story_events.c.kind.in_(("opened", "joined")), *inside)


def _told(subscription: str) -> Subquery:
    """Ask for the version that a subscription knows of each story, told by a digest or known through a merge or split."""
    owed = story_told.c.owed_seq.is_not(None)
    known = union_all(
        select(digest_items.c.story_id, digest_items.c.story_version.label("known"), literal(0).label("gone")).where(
            digest_items.c.subscription_id == subscription
        ),
        select(story_told.c.story_id, case((owed, 0), else_=story_told.c.version), case((owed, story_told.c.version), else_=0)).where(
            story_told.c.subscription_id == subscription
        ),
    ).subquery()
    told_version = func.max(known.c.known)
    told = select(known.c.story_id, told_version.label("told_version")).group_by(known.c.story_id)
    return told.having(told_version > func.max(known.c.gone)).subquery()


def _members(chosen: Select[Any]) -> Select[Any]:
    return select(story_articles.c.article_id).where(story_articles.c.story_id.in_(chosen))


def _changes(connection: Connection, chosen: Select[Any]) -> Mapping[int, Sequence[tuple[int, str]]]:
    """Give the sentences of every change of these stories with the version that brought them, oldest first."""
    query = select(story_events).where(story_events.c.story_id.in_(chosen)).order_by(story_events.c.seq)
    found: dict[int, list[tuple[int, str]]] = {}
    for row in connection.execute(query):
        found.setdefault(row.story_id, []).extend((row.version, change) for change in row.changes)
    return found


def material_of(row: Mapping[str, Any] | RowMapping, changes: Sequence[tuple[int, str]], told: Sequence[ToldArticle]) -> StoryMaterial:
    """Put a story together from its row, its changes by version, and its articles."""
    told_version = row["told_version"]
    fresh = [sentence for version, sentence in changes if told_version is not None and version > told_version]
    return StoryMaterial(
        story_id=row["id"],
        version=row["version"],
        told_version=told_version,
        lead_article_id=row["lead_article_id"],
        changes=tuple(fresh),
        articles=tuple(told),
        changed_at=row["changed_at"],
        parted=bool(row.get("parted")),
    )


class Shown:
    """Hold what a digest shows of articles beside their telling: judgements, figures, address and dates."""

    def __init__(self, connection: Connection, members: Select[Any]) -> None:
        within = articles.c.id.in_(members)
        self._judgements = _judgements(connection, within)
        dates = select(articles.c.id, articles.c.current_seq, articles.c.published_at, articles.c.first_seen_at, revisions.c.url)
        shown = dates.join(revisions, revisions.c.seq == articles.c.current_seq).where(within)
        self._rows = {row["id"]: row for row in connection.execute(shown).mappings()}
        # By number: SQLite would otherwise read every figure of the archive.
        self._figures = facts_of(connection, [row["current_seq"] for row in self._rows.values()], "figure")

    def article(self, telling: Telling) -> ToldArticle:
        """Give the article of a telling with all that is shown of it."""
        row = self._rows[telling.article_id]
        return ToldArticle(
            telling=telling,
            url=row["url"] or "",
            judgements=self._judgements[telling.seq],
            figures=self._figures.get(telling.seq, ()),
            published_at=row["published_at"],
            first_seen_at=row["first_seen_at"],
        )


def _judgements(connection: Connection, within: Any) -> Mapping[int, tuple[Judgement, ...]]:
    reason = and_(decisions.c.seq == matches.c.seq, decisions.c.stage == "match", decisions.c.subject == matches.c.topic)
    query = (
        select(matches, decisions.c.code, decisions.c.detail)
        .join(decisions, reason)
        .join(articles, articles.c.current_seq == matches.c.seq)
        .where(within)
        .order_by(matches.c.seq, matches.c.score.desc(), matches.c.topic)
    )
    found: dict[int, tuple[Judgement, ...]] = {}
    for row in connection.execute(query):
        evidence: tuple[Evidence, ...] = row.evidence
        reasoned = Reason(code=row.code, detail=row.detail)
        judgement = Judgement(topic=row.topic, matched=True, score=row.score, evidence=evidence, reason=reasoned)
        found[row.seq] = (*found.get(row.seq, ()), judgement)
    return found

"""Overviews: what feeds brought day by day, what became of it, figures, volumes, and lists of polls and deliveries.

Days are UTC. Sums over the archive are bounded by days, which an index holds; lists go by key.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, Date, String, cast, exists, func, or_, select, update

from aggregator.desk_records import Day, FeedDay, Figure, Page, Volumes, read_cursor, write_cursor
from aggregator.records import DeliveryRow, Poll
from aggregator.store.database import Section
from aggregator.store.deliveries import row_of, with_digest
from aggregator.store.desk_tables import story_labels, verdicts
from aggregator.store.facts import fact_of
from aggregator.store.tables import articles, deliveries, facts, feeds, fetches, matches, revisions, story_articles

PLACES = 60


class Overviews(Section):
    """Read sums and long lists for people."""

    def feed_days(self, since: datetime) -> Sequence[FeedDay]:
        """Count for each feed and day since a moment what its polls brought."""
        with self._database.read() as connection:
            day = _day(connection, fetches.c.started_at)
            failed = func.sum((fetches.c.outcome == "failed").cast(_whole()))
            query = select(fetches.c.feed_id, day, func.sum(fetches.c.new), func.count(), failed)
            rows = connection.execute(
                query.where(fetches.c.started_at >= since).group_by(fetches.c.feed_id, day).order_by(fetches.c.feed_id, day)
            )
            return [
                FeedDay(feed_id=feed, day=date.fromisoformat(str(at)), new=int(new), polls=int(polls), failed=int(bad or 0))
                for feed, at, new, polls, bad in rows
            ]

    def poll_history(self, feed_id: str, cursor: str | None = None, limit: int = 50) -> Page[Poll]:
        """Give one feed's polls, newest first."""
        place = read_cursor(cursor, 1)
        query = select(fetches).where(fetches.c.feed_id == feed_id).order_by(fetches.c.id.desc()).limit(limit + 1)
        with self._database.read() as connection:
            rows = connection.execute(query.where(fetches.c.id < place[0]) if place else query).mappings().all()
        names = ("feed_id", "started_at", "outcome", "status", "entries", "new", "revised", "message")
        polls = [Poll(**{name: row[name] for name in names}) for row in rows[:limit]]
        return Page(polls, write_cursor(rows[limit - 1]["id"]) if len(rows) > limit else None)

    def delivery_list(self, cursor: str | None = None, limit: int = 50, status: str = "") -> Page[DeliveryRow]:
        """Give deliveries, newest first, or those of one status."""
        place = read_cursor(cursor, 1)
        conditions = [deliveries.c.id < place[0]] if place else []
        conditions += [deliveries.c.status == status] if status else []
        query = with_digest(*conditions).order_by(deliveries.c.id.desc()).limit(limit + 1)
        with self._database.read() as connection:
            rows = [row_of(row) for row in connection.execute(query).mappings()]
        return Page(rows[:limit], write_cursor(rows[limit - 1].delivery.id) if len(rows) > limit else None)

    def delivery(self, delivery_id: int) -> DeliveryRow | None:
        """Give one delivery, or None."""
        with self._database.read() as connection:
            row = connection.execute(with_digest(deliveries.c.id == delivery_id)).mappings().first()
            return row_of(row) if row else None

    def requeue(self, delivery_id: int, now: datetime) -> bool:
        """Make a sent or dead delivery due again, under its old key; False where it is neither."""
        settled = (deliveries.c.id == delivery_id, deliveries.c.status.in_(("sent", "dead")))
        values = {"status": "retry", "due_at": now, "attempts": 0, "last_error": None}
        with self._database.write() as connection:
            return connection.execute(update(deliveries).where(*settled).values(values)).rowcount == 1

    def days(self, since: datetime) -> Sequence[Day]:
        """Count what was seen on each day since a moment, by outcome, and how polling went; newest day first."""
        with self._database.read() as connection:
            outcomes = _outcomes(connection, since)
            polls = _polls(connection, since)
            polling = int(connection.execute(select(func.count()).where(feeds.c.configured, feeds.c.enabled)).scalar_one())
        return [
            Day(
                day=day,
                outcomes=outcomes.get(day, {}),
                polls=polls.get(day, (0, 0, 0))[0],
                failed=polls.get(day, (0, 0, 0))[1],
                silent_feeds=max(polling - polls.get(day, (0, 0, 0))[2], 0),
            )
            for day in sorted(outcomes.keys() | polls.keys(), reverse=True)
        ]

    def figures(self, cursor: str | None = None, limit: int = 50) -> Page[Figure]:
        """Give the figures that matched articles state, newest first."""
        place = read_cursor(cursor, 2)
        query = (
            select(
                facts, articles.c.id.label("article_id"), articles.c.outlet, articles.c.title, articles.c.told_at, story_articles.c.story_id
            )
            .join(articles, articles.c.current_seq == facts.c.seq)
            .join(story_articles, story_articles.c.article_id == articles.c.id)
            .where(facts.c.kind == "figure")
        )
        if place:
            # Said of both sides: PostgreSQL would otherwise walk down to this place through every newer article.
            query = query.where(facts.c.seq <= place[0], articles.c.current_seq <= place[0])
            query = query.where(or_(facts.c.seq < place[0], facts.c.position > place[1]))
        with self._database.read() as connection:
            rows = connection.execute(query.order_by(facts.c.seq.desc(), facts.c.position).limit(limit + 1)).mappings().all()
        last = rows[limit - 1] if len(rows) > limit else None
        return Page([_figure(row) for row in rows[:limit]], write_cursor(last["seq"], last["position"]) if last else None)

    def volumes(self, since: datetime) -> Volumes:
        """Count matched revisions since a moment by day and topic and by day and language, and the stories of the commonest places."""
        with self._database.read() as connection:
            day = _day(connection, revisions.c.observed_at)
            matched = select(day, matches.c.topic, func.count()).join(revisions, revisions.c.seq == matches.c.seq)
            topics = connection.execute(matched.where(revisions.c.observed_at >= since).group_by(day, matches.c.topic)).all()
            spoken = (
                select(day, articles.c.language, articles.c.concepts)
                .join(articles, articles.c.current_seq == revisions.c.seq)
                .where(revisions.c.observed_at >= since, exists().where(matches.c.seq == revisions.c.seq))
            )
            told = [(date.fromisoformat(str(at)), language or "", concepts or ()) for at, language, concepts in connection.execute(spoken)]
            named = select(story_labels.c.value, func.count()).where(story_labels.c.kind == "place").group_by(story_labels.c.value)
            places = connection.execute(named.order_by(func.count().desc(), story_labels.c.value).limit(PLACES)).all()
        return Volumes(
            topics=_by_day(topics),
            languages=Counter((at, language) for at, language, _ in told),
            places={str(value): int(count) for value, count in places},
            by_place=_concepts(told, "place/"),
            by_sector=_concepts(told, "sectors/"),
        )

    def record_verdict(self, article_id: int, topic: str, verdict: str, said_by: str, now: datetime) -> bool:
        """Keep what a reader says of a match, in place of what was said before; False where there is no such article."""
        mine = (verdicts.c.article_id == article_id, verdicts.c.topic == topic)
        values = {"verdict": verdict, "said_by": said_by, "said_at": now}
        with self._database.write() as connection:
            if connection.execute(select(articles.c.id).where(articles.c.id == article_id)).first() is None:
                return False
            if not connection.execute(update(verdicts).where(*mine).values(values)).rowcount:
                connection.execute(verdicts.insert().values(article_id=article_id, topic=topic, **values))
            return True

    def verdict_counts(self) -> Mapping[str, tuple[int, int]]:
        """Count for each topic the articles that readers called relevant, and those they did not."""
        query = select(verdicts.c.topic, verdicts.c.verdict, func.count()).group_by(verdicts.c.topic, verdicts.c.verdict)
        found: dict[str, tuple[int, int]] = {}
        with self._database.read() as connection:
            for topic, verdict, count in connection.execute(query):
                good, bad = found.get(topic, (0, 0))
                found[topic] = (good + count, bad) if verdict == "relevant" else (good, bad + count)
        return found


def _outcomes(connection: Connection, since: datetime) -> Mapping[date, Mapping[str, int]]:
    day = _day(connection, revisions.c.observed_at)
    query = select(day, func.coalesce(revisions.c.outcome, "not_judged"), func.count()).where(revisions.c.observed_at >= since)
    found: dict[date, dict[str, int]] = {}
    for at, code, count in connection.execute(query.group_by(day, revisions.c.outcome)):
        found.setdefault(date.fromisoformat(str(at)), {})[code] = int(count)
    return found


def _polls(connection: Connection, since: datetime) -> Mapping[date, tuple[int, int, int]]:
    """Count polls, failed polls, and feeds that answered at least once, by day."""
    day = _day(connection, fetches.c.started_at)
    failed = (fetches.c.outcome == "failed").cast(_whole())
    by_feed = select(day.label("day"), fetches.c.feed_id, func.count().label("polls"), func.sum(failed).label("failed"))
    inner = by_feed.where(fetches.c.started_at >= since).group_by(day, fetches.c.feed_id).subquery()
    answered = func.sum((inner.c.polls > inner.c.failed).cast(_whole()))
    query = select(inner.c.day, func.sum(inner.c.polls), func.sum(inner.c.failed), answered).group_by(inner.c.day)
    return {date.fromisoformat(str(at)): (int(polls), int(bad), int(good)) for at, polls, bad, good in connection.execute(query)}


def _concepts(told: Sequence[tuple[date, str, Sequence[str]]], kind: str) -> Mapping[tuple[date, str], int]:
    return Counter((at, concept) for at, _, concepts in told for concept in concepts if concept.startswith(kind))


def _by_day(rows: Sequence[Any]) -> dict[tuple[date, str], int]:
    return {(date.fromisoformat(str(day)), str(value or "")): int(count) for day, value, count in rows}


def _day(connection: Connection, moment: Any) -> Any:
    """Give the day of a moment as text, YYYY-MM-DD."""
    if connection.dialect.name == "sqlite":
        return func.substr(moment, 1, 10, type_=String)
    return cast(cast(moment, Date), String)


def _whole() -> Any:
    return fetches.c.new.type


def _figure(row: Any) -> Figure:
    names = ("seq", "article_id", "story_id", "told_at")
    return Figure(fact=fact_of(row), outlet=row["outlet"] or "", title=row["title"] or "", **{name: row[name] for name in names})

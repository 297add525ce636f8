"""Tellings: matched articles as the story step compares them, with their place in a story.

An article is matched when the revision it shows now (`current_seq`) has a match. Its text, concepts and topics are of that revision.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, RowMapping, exists, select

from aggregator.models import Role
from aggregator.records import StorySketch, Telling, Traits
from aggregator.store.database import Section
from aggregator.store.story_tables import article_traits
from aggregator.store.tables import articles, matches, stories, story_articles

_COPIED = ("feed_id", "outlet", "family", "language", "title", "text", "text_hash", "told_at", "story_id", "echo_of")
_PLACES = (story_articles.c.story_id, story_articles.c.role, story_articles.c.echo_of)


class Tellings(Section):
    """Read what new articles are compared with."""

    def telling(self, article_id: int) -> Telling | None:
        """Give an article as it was last judged and matched, or None."""
        with self._database.read() as connection:
            found = load(connection, articles.c.id == article_id)
        return found[0] if found else None

    def tellings_with_text(self, text_hash: str, since: datetime) -> Sequence[Telling]:
        """Give matched articles with exactly this normalised text, told at `since` or later, oldest first."""
        with self._database.read() as connection:
            return load(connection, articles.c.text_hash == text_hash, articles.c.told_at >= since)

    def story_sketches(self, since: datetime, until: datetime) -> Sequence[StorySketch]:
        """Give stories with a member told inside the period, its ends included, oldest first."""
        near = (
            select(story_articles.c.story_id)
            .join(articles, articles.c.id == story_articles.c.article_id)
            .where(articles.c.told_at.between(since, until))
        )
        members = select(story_articles.c.article_id).where(story_articles.c.story_id.in_(near))
        query = select(stories).where(stories.c.id.in_(near)).order_by(stories.c.opened_at, stories.c.id)
        with self._database.read() as connection:
            rows = connection.execute(query).mappings().all()
            told = by_story(load(connection, articles.c.id.in_(members)))
        return [
            StorySketch(
                story_id=row["id"], version=row["version"], lead_article_id=row["lead_article_id"], members=tuple(told.get(row["id"], ()))
            )
            for row in rows
        ]


def load(connection: Connection, *conditions: ColumnElement[bool]) -> list[Telling]:
    """Give the matched articles under conditions on `articles`, oldest first."""
    matched = exists().where(matches.c.seq == articles.c.current_seq)
    query = (
        select(articles, *_PLACES, article_traits.c.traits)
        .outerjoin(story_articles, story_articles.c.article_id == articles.c.id)
        .outerjoin(article_traits, article_traits.c.article_id == articles.c.id)
        .where(matched, *conditions)
        .order_by(articles.c.told_at, articles.c.id)
    )
    topics = _topics(connection, *conditions)
    return [_telling(row, topics[row["current_seq"]]) for row in connection.execute(query).mappings()]


def by_story(tellings: Sequence[Telling]) -> dict[int, list[Telling]]:
    """Group tellings by their story; those without one are left out."""
    grouped: dict[int, list[Telling]] = {}
    for telling in tellings:
        if telling.story_id is not None:
            grouped.setdefault(telling.story_id, []).append(telling)
    return grouped


def _topics(connection: Connection, *conditions: ColumnElement[bool]) -> dict[int, tuple[str, ...]]:
    query = (
        select(matches.c.seq, matches.c.topic)
        .join(articles, articles.c.current_seq == matches.c.seq)
        .where(*conditions)
        .order_by(matches.c.seq, matches.c.topic)
    )
    found: dict[int, tuple[str, ...]] = {}
    for row in connection.execute(query):
        found[row.seq] = (*found.get(row.seq, ()), row.topic)
    return found


def _telling(row: RowMapping, topics: tuple[str, ...]) -> Telling:
    copied: dict[str, Any] = {name: row[name] for name in _COPIED}
    return Telling(
        article_id=row["id"],
        seq=row["current_seq"],
        concepts=frozenset(row["concepts"] or ()),
        topics=topics,
        traits=row["traits"] or Traits(),
        role=Role(row["role"]) if row["role"] else Role.UNKNOWN,
        **copied,
    )

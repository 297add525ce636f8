"""Drafts: another grouping of the archive, made article by article beside the stories that stand, which it does not touch.

Articles come in the order they were told and find only those before them, as if the archive began anew; the counts of words and facts
are those of the whole archive. Each has a place in the draft or has none, so a run that was killed goes on with the next one.
"""

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Connection,
    RowMapping,
    Select,
    Text,
    bindparam,
    func,
    insert,
    literal,
    or_,
    select,
    type_coerce,
    update,
)

from aggregator.core.minhash import bands_of
from aggregator.core.rarity import Rarity
from aggregator.core.traits import keys_of
from aggregator.records import Neighbourhood, Placement, Regrouping, Telling, Traits, Undrafted
from aggregator.store.archive import archived_articles
from aggregator.store.database import Section
from aggregator.store.draft_runs import hold_run
from aggregator.store.draft_tables import draft_marks, draft_places, regroupings
from aggregator.store.neighbours import (
    MOST_COPIES,
    MOST_MEMBERS,
    SHOWN,
    TOTAL,
    Searched,
    counts_of,
    keep_overlaps,
    mark_rows,
    neighbours_in,
)
from aggregator.store.story_tables import article_traits, bonds
from aggregator.store.tables import articles, story_articles

_IDS: BindParameter[Any] = bindparam("ids", expanding=True)
DRAFTED_AS = (
    type_coerce(draft_places.c.concepts, Text).label("concepts"),
    type_coerce(draft_places.c.traits, Text).label("traits"),
    draft_places.c.group_id.label("story_id"),
    draft_places.c.role,
    draft_places.c.echo_of,
)
"""What a draft says of an article, for comparing; its group stands for a story."""
_GROUPS = select(draft_places.c.group_id).where(draft_places.c.article_id.in_(_IDS))
_DRAFTED = Searched(
    marks="draft_marks",
    equal=(
        select(articles.c.id)
        .join(draft_places, draft_places.c.article_id == articles.c.id)
        .where(articles.c.text_hash == bindparam("hash"), articles.c.told_at.between(bindparam("since"), bindparam("until")))
        .limit(MOST_COPIES)
    ),
    members=(
        select(*SHOWN, *DRAFTED_AS, literal(1).label("version"), literal(0).label("lead_article_id"))
        .join(draft_places, draft_places.c.article_id == articles.c.id)
        .where(draft_places.c.group_id.in_(_GROUPS))
        .order_by(articles.c.told_at.desc(), articles.c.id)
        .limit(MOST_MEMBERS)
    ),
)
_TOLD = ("feed_id", "outlet", "family", "language", "title", "text", "text_hash", "told_at")


class Drafts(Section):
    """Keep a draft of another grouping."""

    def count_grouped(self, other_than: str | None = None) -> int:
        """Count the articles that stand in stories; with `other_than`, those that other rules grouped."""
        query = select(func.count()).select_from(story_articles)
        if other_than is not None:
            query = query.where(or_(story_articles.c.grouped_by.is_(None), story_articles.c.grouped_by != other_than))
        with self._database.read() as connection:
            return int(connection.execute(query).scalar_one())

    def share_grouped(self, other_than: str) -> tuple[int, int]:
        """Count the articles in stories that other rules grouped, and all of them, in one look at the table."""
        others = or_(story_articles.c.grouped_by.is_(None), story_articles.c.grouped_by != other_than)
        with self._database.read() as connection:
            outdated, total = connection.execute(select(func.count().filter(others), func.count()).select_from(story_articles)).one()
            return int(outdated), int(total)

    def count_drafted(self, run: Regrouping) -> tuple[int, int, int]:
        """Count the articles that have a place in the draft, those of them that were visited, and all that the run is about."""
        counted = select(func.count(), func.count().filter(draft_places.c.visited.is_(True))).select_from(draft_places)
        about = _in_stories(run.since).with_only_columns(func.count())
        with self._database.read() as connection:
            drafted, visited = connection.execute(counted).one()
            return int(drafted), int(visited), max(int(drafted), int(connection.execute(about).scalar_one()))

    def undrafted(self, run: Regrouping, limit: int) -> Sequence[Undrafted]:
        """Give the next articles, in the order they were told, that the draft has no place for."""
        query = _in_stories(run.since).where(draft_places.c.article_id.is_(None))
        with self._database.read() as connection:
            reached = connection.execute(select(regroupings.c.drafted_to).where(regroupings.c.id == run.id)).scalar()
            if reached is not None:
                query = query.where(articles.c.told_at >= reached)
            return _read(connection, list(connection.execute(query.order_by(*_ORDER).limit(limit)).scalars()))

    def undrafted_articles(self, ids: Sequence[int]) -> Sequence[Undrafted]:
        """Give these articles, in the order they were told."""
        with self._database.read() as connection:
            ordered = select(articles.c.id).where(articles.c.id.in_(ids)).order_by(*_ORDER)
            return _read(connection, list(connection.execute(ordered).scalars()))

    def known_rarity(self, terms: Collection[str]) -> Rarity:
        """Give the archive's counts of the terms of an article that is in it."""
        with self._database.read() as connection:
            counted = counts_of(connection, terms)
        return Rarity(max(1, counted.get(TOTAL, 0)), {term: max(1, counted.get(term, 0)) for term in terms})

    @contextmanager
    def drafting(self, run: Regrouping) -> Iterator[None]:
        """Join the calls made inside into one transaction, in which nobody else drafts.

        Raises `UsageError` where the draft is that of another run by now.
        """
        with self._database.transaction():
            with self._database.write() as connection:
                hold_run(connection, run)
            yield

    def draft_neighbourhood(self, telling: Telling) -> Neighbourhood:
        """Give the groups of the draft that an article may belong to, as if they were stories."""
        with self._database.read() as connection:
            return neighbours_in(connection, telling, _DRAFTED, _put_together(connection, telling.article_id))

    def keep_draft(self, run: Regrouping, telling: Telling, placement: Placement) -> None:
        """Give an article a place in the draft, and move others by it; one that has a place keeps it."""
        with self._database.write() as connection:
            known = select(draft_places.c.article_id).where(draft_places.c.article_id == telling.article_id)
            if connection.execute(known).first() is None:
                _keep(connection, telling, placement)
            reached = or_(regroupings.c.drafted_to.is_(None), regroupings.c.drafted_to < telling.told_at)
            connection.execute(update(regroupings).where(regroupings.c.id == run.id, reached).values(drafted_to=telling.told_at))


_ORDER = (articles.c.told_at, articles.c.text_hash, articles.c.outlet, articles.c.title, articles.c.id)
"""By what articles say and not by when they came, so that the draft does not hang on that."""


def concerned(since: datetime) -> ColumnElement[bool]:
    """Ask whether an article stands in a story with an article told since a moment."""
    late = select(story_articles.c.story_id).join(articles, articles.c.id == story_articles.c.article_id)
    return story_articles.c.story_id.in_(late.where(articles.c.told_at >= since))


def _in_stories(since: datetime | None) -> Select[Any]:
    standing = select(articles.c.id).join(story_articles, story_articles.c.article_id == articles.c.id)
    standing = standing.outerjoin(draft_places, draft_places.c.article_id == articles.c.id)
    return standing if since is None else standing.where(concerned(since))


def _read(connection: Connection, ids: Sequence[int]) -> list[Undrafted]:
    """Read articles with their facts and text, and with what they were compared by so far."""
    columns = (articles.c.id, articles.c.current_seq, articles.c.concepts, *(articles.c[name] for name in _TOLD))
    query = select(*columns, article_traits.c.traits).outerjoin(article_traits, article_traits.c.article_id == articles.c.id)
    told = {row["id"]: row for row in connection.execute(query.where(articles.c.id.in_(ids))).mappings()}
    archived = {each.revision.article_id: each for each in archived_articles(connection, ids)}
    return [Undrafted(archived=archived[article], telling=_telling(told[article])) for article in ids]


def _telling(row: RowMapping) -> Telling:
    said: dict[str, Any] = {name: row[name] for name in _TOLD}
    concepts, traits = frozenset(row["concepts"] or ()), row["traits"] or Traits()
    return Telling(article_id=row["id"], seq=row["current_seq"], concepts=concepts, traits=traits, **said)


def _put_together(connection: Connection, article_id: int) -> frozenset[int]:
    """Give the articles that a person put together with one: they are candidates, however little the two share."""
    here = or_(bonds.c.one == article_id, bonds.c.other == article_id)
    pairs = connection.execute(select(bonds.c.one, bonds.c.other).where(here, bonds.c.together.is_(True)))
    return frozenset(article for pair in pairs for article in pair) - {article_id}


def _keep(connection: Connection, telling: Telling, placement: Placement) -> None:
    groups = {0: placement.story_id or _next_group(connection)}
    row = {
        "article_id": telling.article_id,
        "group_id": groups[0],
        "seq": telling.seq,
        "role": placement.role.value,
        "echo_of": placement.echo_of,
        "cites": placement.cites,
        "why_code": placement.why.code,
        "why_detail": placement.why.detail,
        "concepts": tuple(sorted(telling.concepts)),
        "traits": telling.traits,
        "visited": False,
    }
    connection.execute(_PLACE, row)
    marks = mark_rows(telling.article_id, telling.told_at, keys_of(telling.traits, telling.language), bands_of(telling.text))
    if marks:
        connection.execute(_MARK, marks)
    for move in placement.moves:
        if move.target is None and move.opens not in groups:
            groups[move.opens] = _next_group(connection)
        target = groups[move.opens] if move.target is None else move.target
        connection.execute(_MOVE, {"article": move.article_id, "target": target})
    for each in placement.standings:
        said = {"article": each.article_id, "now": each.role.value, "of": each.echo_of, "citing": each.cites}
        connection.execute(_STAND, said)
    keep_overlaps(connection, placement.overlaps)


def _next_group(connection: Connection) -> int:
    return int(connection.execute(_LAST_GROUP).scalar() or 0) + 1


# Every article of the archive runs through these.
_HERE = draft_places.c.article_id == bindparam("article")
_PLACE, _MARK = insert(draft_places), insert(draft_marks)
_MOVE = update(draft_places).where(_HERE).values(group_id=bindparam("target"))
_STAND = update(draft_places).where(_HERE).values(role=bindparam("now"), echo_of=bindparam("of"), cites=bindparam("citing"))
_LAST_GROUP = select(func.max(draft_places.c.group_id))

"""Handwork: what a person decides of stories: merge, split, choose the lead, keep apart; remembered, respected later, undoable.

A decision is a line of `story_operations` and, where it is about pairs, rows of `bonds`, which grouping obeys ever after. Undoing takes
the bonds away and moves the articles back, the last decision about a story first; who was told something stays told.
"""

from collections.abc import Sequence
from datetime import datetime
from itertools import product

from sqlalchemy import Connection, RowMapping, delete, insert, or_, select, update

from aggregator.errors import UsageError
from aggregator.models import Reason, Role
from aggregator.records import Bond, Standing, StoryEvent, StoryRecord
from aggregator.store.database import Section, batches
from aggregator.store.locks import JUDGING, hold_until_commit
from aggregator.store.neighbours import known_overlaps
from aggregator.store.regrouping import Deciding, move, note, open_story, standing_story
from aggregator.store.standing import former_lead, lead_by_decisions, refuse_if_broken, refuse_if_built_on
from aggregator.store.story_tables import Decided, bonds, story_operations
from aggregator.store.tables import articles, stories, story_articles
from aggregator.store.tellings import load


class Handwork(Section):
    """Show stories, and carry out what a person decides of them."""

    def story_records(self, limit: int = 50) -> Sequence[StoryRecord]:
        """Give the stories that changed last, newest first; those merged into others are left out."""
        query = select(stories.c.id).where(stories.c.merged_into.is_(None)).order_by(stories.c.last_seq.desc(), stories.c.id).limit(limit)
        with self._database.read() as connection:
            return [_record(connection, int(row.id)) for row in connection.execute(query)]

    def story_record(self, story_id: int) -> StoryRecord:
        """Give a story whole, or the one it was merged into; raises `UsageError` where there is none."""
        with self._database.read() as connection:
            return _record(connection, standing_story(connection, story_id))

    def merge_stories(self, story_id: int, other_id: int, now: datetime, by: str = "") -> int:
        """Make one story of two; gives the number of the audit line."""
        with self._database.write() as connection:
            hold_until_commit(connection, JUDGING)
            target, source = standing_story(connection, story_id), standing_story(connection, other_id)
            if target == source:
                raise UsageError(f"{story_id} and {other_id} are one story already")
            ours, theirs = _members(connection, target), _members(connection, source)
            operation = move(connection, source, target, theirs, Deciding(now, by_hand=True, by=by))
            # Every member is bound to the one that leads, so that no article to come takes them apart again.
            lead = _lead(connection, target)
            across = _unbind(connection, list(product(ours, theirs)), together=False)
            displaced = _bind(connection, [(lead, member) for member in (*ours, *theirs) if member != lead], operation, together=True)
            _remember(connection, operation, (*across, *displaced))
            return operation

    def split_story(self, story_id: int, article_ids: Sequence[int], now: datetime, by: str = "") -> int:
        """Give articles of a story a story of their own; gives the number of the audit line."""
        with self._database.write() as connection:
            hold_until_commit(connection, JUDGING)
            source = standing_story(connection, story_id)
            members = _members(connection, source)
            leaving = sorted(set(article_ids))
            strange = [article for article in leaving if article not in members]
            if strange or not leaving:
                raise UsageError(
                    f"story {source} has no article {', '.join(map(str, strange)) or 'to split off'}; it has {_listed(members)}"
                )
            if len(leaving) == len(members):
                raise UsageError(f"all articles of story {source} cannot leave it; it has {_listed(members)}")
            target = open_story(connection, leaving[0], now)
            operation = _part(connection, source, target, leaving, Deciding(now, by_hand=True, by=by))
            staying = [member for member in members if member not in leaving]
            _remember(connection, operation, _bind(connection, list(product(leaving, staying)), operation, together=False))
            return operation

    def set_lead(self, story_id: int, article_id: int, now: datetime, by: str = "") -> int:
        """Let an article speak for its story from now on; gives the number of the audit line."""
        with self._database.write() as connection:
            hold_until_commit(connection, JUDGING)
            story = standing_story(connection, story_id)
            members = _members(connection, story)
            if article_id not in members:
                raise UsageError(f"story {story} has no article {article_id}; it has {_listed(members)}")
            row = {"kind": "lead", "story_id": story, "other_id": 0, "articles": (article_id, _lead(connection, story))}
            connection.execute(update(stories).where(stories.c.id == story).values(lead_article_id=article_id, lead_by_hand=True))
            return note(connection, row, Deciding(now, by_hand=True, by=by))

    def keep_apart(self, one: int, other: int, now: datetime, by: str = "") -> int:
        """Remember that two articles do not tell one event, and part them where they stand together; gives the audit line's number."""
        with self._database.write() as connection:
            hold_until_commit(connection, JUDGING)
            stands = {article: _story_of(connection, article) for article in (one, other)}
            if one == other:
                raise UsageError("an article cannot be kept apart from itself")
            if stands[one] == stands[other]:
                target = open_story(connection, other, now)
                staying = [(member, other) for member in _members(connection, stands[one]) if member != other]
                operation = _part(connection, stands[one], target, [other], Deciding(now, by_hand=True, by=by))
                freed = _unbind(connection, staying, together=True)  # what a merge had bound it to, it leaves
            else:
                freed = ()
                row = {"kind": "apart", "story_id": stands[one], "other_id": stands[other], "articles": (one, other)}
                operation = note(connection, row, Deciding(now, by_hand=True, by=by))
            _remember(connection, operation, (*freed, *_bind(connection, [(one, other)], operation, together=False)))
            return operation

    def undo_operation(self, operation_id: int, now: datetime, by: str = "") -> int:
        """Take a decision by hand back, and move its articles where they were; gives the number of the line that says so."""
        with self._database.write() as connection:
            hold_until_commit(connection, JUDGING)
            row = connection.execute(select(story_operations).where(story_operations.c.id == operation_id)).mappings().first()
            if row is None or not row["by_hand"] or row["undone_at"] is not None or row["kind"] == "undo":
                raise UsageError(f"{operation_id} is no decision by hand that stands; `aggregator stories show` lists those of a story")
            refuse_if_built_on(connection, row)
            connection.execute(delete(bonds).where(bonds.c.operation_id == operation_id))
            connection.execute(update(story_operations).where(story_operations.c.id == operation_id).values(undone_at=now))
            _restore(connection, row["displaced"] or ())
            # What moves by undoing is no decision of its own: else it would stand, and could be undone in its turn.
            _take_back(connection, row, Deciding(now, by=by))
            undone = {"kind": "undo", "story_id": row["story_id"], "other_id": row["other_id"], "articles": (operation_id,)}
            return note(connection, undone, Deciding(now, by_hand=True, by=by))


def _part(connection: Connection, source: int, target: int, leaving: Sequence[int], deciding: Deciding) -> int:
    """Move articles to a story of their own, and note who led where the lead is among them, so that undoing gives it back."""
    lead = _lead(connection, source)
    operation = move(connection, source, target, leaving, deciding)
    if lead in leaving:
        row = {"kind": "lead", "story_id": source, "other_id": target, "articles": (_lead(connection, source), lead)}
        note(connection, row, Deciding(deciding.decided_at))
    return operation


def _take_back(connection: Connection, row: RowMapping, deciding: Deciding) -> None:
    if row["kind"] in ("merge", "split"):
        _move_back(connection, row["story_id"], row["articles"], deciding)
    lead_by_decisions(connection, row["story_id"], former_lead(connection, row))
    refuse_if_broken(connection, row["articles"])


def _move_back(connection: Connection, source: int, ids: Sequence[int], deciding: Deciding) -> None:
    connection.execute(update(stories).where(stories.c.id == source).values(merged_into=None))
    by_story: dict[int, list[int]] = {}
    for article in ids:
        by_story.setdefault(_story_of(connection, article), []).append(article)
    for stands, leaving in by_story.items():
        if stands != source:
            move(connection, stands, source, leaving, deciding)
            lead_by_decisions(connection, stands, None)


def _record(connection: Connection, story_id: int) -> StoryRecord:
    row = connection.execute(select(stories).where(stories.c.id == story_id)).mappings().one()
    places = connection.execute(select(story_articles).where(story_articles.c.story_id == story_id)).mappings().all()
    ids = [place["article_id"] for place in places]
    trail = select(story_operations).where(or_(story_operations.c.story_id == story_id, story_operations.c.other_id == story_id))
    heads = ("version", "lead_article_id", "opened_at", "changed_at", "merged_into")
    return StoryRecord(
        story_id=story_id,
        members=tuple(load(connection, articles.c.id.in_(ids))),
        standings=tuple(
            Standing(article_id=place["article_id"], role=Role(place["role"]), echo_of=place["echo_of"], cites=place["cites"])
            for place in places
        ),
        reasons={place["article_id"]: Reason(code=place["why_code"], detail=place["why_detail"]) for place in places},
        overlaps=known_overlaps(connection, ids),
        bonds=_bonds(connection, ids),
        events=tuple(_event(line) for line in connection.execute(trail.order_by(story_operations.c.id)).mappings()),
        **{name: row[name] for name in heads},
    )


def _bonds(connection: Connection, ids: Sequence[int]) -> tuple[Bond, ...]:
    """Give what people decided of pairs of these articles."""
    rows = (row for batch in batches(ids) for row in connection.execute(select(bonds).where(bonds.c.one.in_(batch))))
    inside = set(ids)
    return tuple(Bond(one=row.one, other=row.other, together=row.together) for row in rows if row.other in inside)


def _event(row: RowMapping) -> StoryEvent:
    names = ("id", "kind", "by_hand", "story_id", "other_id", "articles", "decided_at", "undone_at")
    return StoryEvent(by=row["decided_by"] or "", **{name: row[name] for name in names})


def _members(connection: Connection, story_id: int) -> list[int]:
    query = select(story_articles.c.article_id).where(story_articles.c.story_id == story_id).order_by(story_articles.c.article_id)
    return [int(row.article_id) for row in connection.execute(query)]


def _lead(connection: Connection, story_id: int) -> int:
    return int(connection.execute(select(stories.c.lead_article_id).where(stories.c.id == story_id)).scalar_one())


def _story_of(connection: Connection, article_id: int) -> int:
    found = connection.execute(select(story_articles.c.story_id).where(story_articles.c.article_id == article_id)).scalar()
    if found is None:
        raise UsageError(f"article {article_id} stands in no story; `aggregator stories show` gives the numbers of a story's articles")
    return int(found)


def _bind(connection: Connection, pairs: Sequence[tuple[int, int]], operation: int, *, together: bool) -> tuple[Decided, ...]:
    """Keep a decision about pairs, of which the latest counts, and give the earlier ones that it takes the place of."""
    displaced = (*_unbind(connection, pairs, together=True), *_unbind(connection, pairs, together=False))
    rows = [{"one": min(pair), "other": max(pair), "together": together, "operation_id": operation} for pair in pairs]
    if rows:
        connection.execute(insert(bonds), rows)
    return displaced


def _unbind(connection: Connection, pairs: Sequence[tuple[int, int]], *, together: bool) -> tuple[Decided, ...]:
    wanted = {(min(pair), max(pair)) for pair in pairs}
    ids = sorted({article for pair in wanted for article in pair})
    found: list[Decided] = []
    for batch in batches(ids):
        rows = connection.execute(select(bonds).where(bonds.c.one.in_(batch), bonds.c.together == together))
        found += [Decided(row.one, row.other, row.together, row.operation_id) for row in rows if (row.one, row.other) in wanted]
    for each in found:
        connection.execute(delete(bonds).where(bonds.c.one == each.one, bonds.c.other == each.other))
    return tuple(found)


def _remember(connection: Connection, operation: int, displaced: Sequence[Decided]) -> None:
    """Keep with a decision what it takes the place of, so that undoing it gives that back."""
    if displaced:
        kept = update(story_operations).where(story_operations.c.id == operation).values(displaced=tuple(displaced))
        connection.execute(kept)


def _restore(connection: Connection, displaced: Sequence[Decided]) -> None:
    """Give earlier decisions back, unless they were undone themselves, or a later one stands."""
    for each in displaced:
        undone = select(story_operations.c.displaced, story_operations.c.undone_at).where(story_operations.c.id == each.operation_id)
        earlier = connection.execute(undone).one()
        standing = select(bonds.c.one).where(bonds.c.one == each.one, bonds.c.other == each.other)
        if connection.execute(standing).first() is not None:
            continue
        if earlier.undone_at is None:
            row = {"one": each.one, "other": each.other, "together": each.together, "operation_id": each.operation_id}
            connection.execute(insert(bonds).values(**row))
        else:  # what that one had taken the place of may stand again
            _restore(connection, [other for other in earlier.displaced or () if (other.one, other.other) == (each.one, each.other)])


def _listed(members: Sequence[int]) -> str:
    return ", ".join(map(str, members[:20])) + (", …" if len(members) > 20 else "")

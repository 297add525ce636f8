"""Placing: how a matched revision enters a story, and the audit trail it leaves.

A story's version grows only by a material change. An article leaves its story only by a merge or split, see `store.regrouping`.
`story_events` has one line per matched revision, so every version can be traced to its words.
"""

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, Literal

from sqlalchemy import BindParameter, Connection, bindparam, case, insert, select, update

from aggregator.core.stories import GROUPING
from aggregator.errors import StoreError
from aggregator.records import Judged, Placement
from aggregator.store.database import insert_rows
from aggregator.store.neighbours import keep_overlaps
from aggregator.store.regrouping import Deciding, regroup, set_leads, set_standings
from aggregator.store.tables import articles, copy_groups, copy_members, decisions, stories, story_articles, story_events

# Every matched revision runs through these; built once, they cost a fraction.
_STORY_OF = select(story_articles.c.story_id).where(story_articles.c.article_id == bindparam("article"))
_GROUPS = select(copy_members).where(copy_members.c.article_id.in_(bindparam("articles", expanding=True)))
_TEXT_HASHES = select(articles.c.id, articles.c.text_hash).where(articles.c.id.in_(bindparam("articles", expanding=True)))
_STANDS_OF = select(story_articles.c.story_id).where(story_articles.c.article_id.in_(bindparam("articles", expanding=True)))
_OPEN = insert(stories).returning(stories.c.id)
_OPEN_GROUP = insert(copy_groups).returning(copy_groups.c.id, copy_groups.c.first_article_id)
_JOIN, _EXPLAIN, _HAPPENED = insert(story_articles), insert(decisions), insert(story_events)


def story_of(connection: Connection, article_id: int) -> int | None:
    """Give the story that an article stands in."""
    found: int | None = connection.execute(_STORY_OF, {"article": article_id}).scalar()
    return found


def place(connection: Connection, judged: Judged, placement: Placement, *, again: bool = False) -> int:
    """Put the revision's article in its story, opened where there is none, and give the story's id.

    Judged `again`, the revision's number lies behind windows that were decided long ago.
    """
    article_id = judged.revision.article_id
    standing = story_of(connection, article_id)
    if standing is not None and standing != placement.story_id:
        # Decided before another judge placed the article; what stands is kept.
        placement = _where_it_stands(placement, standing)
    elif standing is not None:
        _change_role(connection, article_id, placement)
    story_id = _open(connection, judged) if placement.story_id is None else placement.story_id
    version = 1 if placement.story_id is None else _grow(connection, judged, placement, story_id)
    if standing is None:
        connection.execute(_JOIN, joining(article_id, story_id, placement))
    # Before anything moves: what readers know is settled by the lines that are there.
    connection.execute(_HAPPENED, happening(judged, placement, story_id, version))
    set_standings(connection, placement.standings)
    regroup(connection, placement.moves, story_id, Deciding(judged.decided_at, seq=None if again else judged.revision.seq))
    set_leads(connection, placement.leads)
    keep_overlaps(connection, placement.overlaps)
    if placement.copy_of is not None and placement.copy_of != article_id:
        keep_copies(connection, [(article_id, placement.copy_of)])
    connection.execute(_EXPLAIN, explaining(judged, placement))
    return story_id


def touched(connection: Connection, story_id: int, placement: Placement) -> set[int]:
    """Give the stories whose articles changed by a placement, beside those that articles moved between."""
    changed = [standing.article_id for standing in placement.standings]
    return {story_id, *(connection.execute(_STANDS_OF, {"articles": changed}).scalars() if changed else ())}


def _where_it_stands(placement: Placement, story_id: int) -> Placement:
    """Keep an article where it stands; what changed in it is told of that story."""
    happened: Literal["updated", "repeated"] = "updated" if placement.event == "updated" else "repeated"
    changes, why = placement.changes if happened == "updated" else (), placement.why
    return Placement(story_id=story_id, event=happened, role=placement.role, why=why, echo_of=placement.echo_of, changes=changes)


def _open(connection: Connection, judged: Judged) -> int:
    return int(connection.execute(_OPEN, opening(judged)).scalar_one())


def opening(judged: Judged) -> dict[str, Any]:
    """Give the row of a story that a revision opens."""
    seq, now = judged.revision.seq, judged.decided_at
    article = {"lead_article_id": judged.revision.article_id, "first_seq": seq, "last_seq": seq}
    return {"version": 1, "opened_at": now, "changed_at": now, **article}


def _grow(connection: Connection, judged: Judged, placement: Placement, story_id: int) -> int:
    """Advance a story by one revision, and give its version."""
    seq = judged.revision.seq
    advance = _advance(updated=placement.event == "updated", leads=placement.lead and not placement.leads)
    row = {"story": story_id, "seq": seq, "now": judged.decided_at, "article": judged.revision.article_id}
    version = connection.execute(advance, row).scalar()
    if version is None:
        raise StoreError(f"revision {seq} cannot be placed: story {story_id} is not stored")
    return int(version)


@cache
def _advance(*, updated: bool, leads: bool) -> Any:
    seq: BindParameter[int] = bindparam("seq", type_=stories.c.last_seq.type)
    values: dict[str, Any] = {"last_seq": case((stories.c.last_seq < seq, seq), else_=stories.c.last_seq)}
    if updated:
        values |= {"version": stories.c.version + 1, "changed_at": bindparam("now")}
    if leads:
        values["lead_article_id"] = bindparam("article")
    return update(stories).where(stories.c.id == bindparam("story")).values(values).returning(stories.c.version)


def joining(article_id: int, story_id: int, placement: Placement) -> dict[str, Any]:
    """Give the row of an article in its story."""
    standing = {"role": placement.role.value, "echo_of": placement.echo_of, "cites": placement.cites}
    why = {"why_code": placement.why.code, "why_detail": placement.why.detail}
    return {"article_id": article_id, "story_id": story_id, "grouped_by": GROUPING, **standing, **why}


def happening(judged: Judged, placement: Placement, story_id: int, version: int) -> dict[str, Any]:
    """Give the line of a story's audit trail that a revision writes."""
    row = {"seq": judged.revision.seq, "story_id": story_id, "kind": placement.event, "version": version}
    return row | {"changes": placement.changes, "decided_at": judged.decided_at}


def _change_role(connection: Connection, article_id: int, placement: Placement) -> None:
    """Change what an article is to its story; why it stands there is kept from when it joined."""
    change = update(story_articles).where(story_articles.c.article_id == article_id)
    connection.execute(change.values(role=placement.role.value, echo_of=placement.echo_of))


def keep_copies(connection: Connection, copies: Sequence[tuple[int, int]]) -> None:
    """Put copies in the groups of their originals, one after the other; a group is made with the original as its first member."""
    ids = sorted({article for pair in copies for article in pair})
    known = {row.article_id: row.copy_group_id for row in connection.execute(_GROUPS, {"articles": ids})}
    # A group is called by its first article until it has a number.
    names: dict[int, tuple[str, int]] = {article: ("number", group) for article, group in known.items()}
    for article_id, original_id in copies:
        group = names.setdefault(original_id, ("first", original_id))
        names.setdefault(article_id, group)
    opened = _open_groups(connection, sorted({first for kind, first in names.values() if kind == "first"}))
    rows = [
        {"article_id": article, "copy_group_id": opened[name] if kind == "first" else name}
        for article, (kind, name) in names.items()
        if article not in known
    ]
    insert_rows(connection, copy_members, rows)


def _open_groups(connection: Connection, firsts: Sequence[int]) -> Mapping[int, int]:
    """Make groups of copies by their first articles, and give their numbers."""
    if not firsts:
        return {}
    hashes = connection.execute(_TEXT_HASHES, {"articles": firsts}).all()
    rows = [{"text_hash": row.text_hash, "first_article_id": row.id} for row in sorted(hashes)]
    return {row.first_article_id: int(row.id) for row in connection.execute(_OPEN_GROUP, rows)}


def explaining(judged: Judged, placement: Placement) -> list[dict[str, Any]]:
    """Give the rows that keep why a revision was placed so, and of which article it is a copy."""
    said = {"story": (placement.why.code, placement.why.detail)}
    if placement.copy_of is not None:
        said["copy"] = ("copy", f"the same words as article {placement.copy_of}")
    return [
        {"seq": judged.revision.seq, "stage": stage, "subject": "", "code": code, "detail": detail, "decided_at": judged.decided_at}
        for stage, (code, detail) in said.items()
    ]

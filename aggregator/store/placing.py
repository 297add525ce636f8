"""Placing: how a matched revision enters a story, and the audit trail it leaves.

A story's version grows only by a material change. An article leaves its story only by a merge or split, see `store.regrouping`.
`story_events` has one line per matched revision, so every version can be traced to its words.
"""

from functools import cache
from typing import Any, Literal

from sqlalchemy import BindParameter, Connection, bindparam, case, insert, select, update

from aggregator.core.stories import GROUPING
from aggregator.errors import StoreError
from aggregator.records import Judged, Placement
from aggregator.store.neighbours import keep_overlaps
from aggregator.store.regrouping import Deciding, regroup, set_leads, set_standings
from aggregator.store.tables import articles, copy_groups, copy_members, decisions, stories, story_articles, story_events

# Every matched revision runs through these; built once, they cost a fraction.
_STORY_OF = select(story_articles.c.story_id).where(story_articles.c.article_id == bindparam("article"))
_GROUP_OF = select(copy_members.c.copy_group_id).where(copy_members.c.article_id == bindparam("article"))
_TEXT_HASH = select(articles.c.text_hash).where(articles.c.id == bindparam("article"))
_OPEN = insert(stories).returning(stories.c.id)
_OPEN_GROUP = insert(copy_groups).returning(copy_groups.c.id)
_JOIN, _JOIN_GROUP, _EXPLAIN, _HAPPENED = insert(story_articles), insert(copy_members), insert(decisions), insert(story_events)


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
        _join(connection, article_id, story_id, placement)
    # Before anything moves: what readers know is settled by the lines that are there.
    row = {"seq": judged.revision.seq, "story_id": story_id, "kind": placement.event, "version": version}
    connection.execute(_HAPPENED, row | {"changes": placement.changes, "decided_at": judged.decided_at})
    set_standings(connection, placement.standings)
    regroup(connection, placement.moves, story_id, Deciding(judged.decided_at, seq=None if again else judged.revision.seq))
    set_leads(connection, placement.leads)
    keep_overlaps(connection, placement.overlaps)
    if placement.copy_of is not None and placement.copy_of != article_id:
        _group(connection, article_id, placement.copy_of)
    _explain(connection, judged, placement)
    return story_id


def _where_it_stands(placement: Placement, story_id: int) -> Placement:
    """Keep an article where it stands; what changed in it is told of that story."""
    happened: Literal["updated", "repeated"] = "updated" if placement.event == "updated" else "repeated"
    changes, why = placement.changes if happened == "updated" else (), placement.why
    return Placement(story_id=story_id, event=happened, role=placement.role, why=why, echo_of=placement.echo_of, changes=changes)


def _open(connection: Connection, judged: Judged) -> int:
    seq, now = judged.revision.seq, judged.decided_at
    row = {"lead_article_id": judged.revision.article_id, "opened_at": now, "changed_at": now, "first_seq": seq, "last_seq": seq}
    return int(connection.execute(_OPEN, {"version": 1, **row}).scalar_one())


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


def _join(connection: Connection, article_id: int, story_id: int, placement: Placement) -> None:
    standing = {"role": placement.role.value, "echo_of": placement.echo_of, "cites": placement.cites}
    why = {"why_code": placement.why.code, "why_detail": placement.why.detail}
    connection.execute(_JOIN, {"article_id": article_id, "story_id": story_id, "grouped_by": GROUPING, **standing, **why})


def _change_role(connection: Connection, article_id: int, placement: Placement) -> None:
    """Change what an article is to its story; why it stands there is kept from when it joined."""
    change = update(story_articles).where(story_articles.c.article_id == article_id)
    connection.execute(change.values(role=placement.role.value, echo_of=placement.echo_of))


def _group(connection: Connection, article_id: int, original_id: int) -> None:
    """Put a copy in the group of its original, which is made with the original as its first member."""
    group = _group_of(connection, original_id)
    if group is None:
        text_hash = connection.execute(_TEXT_HASH, {"article": original_id}).scalar_one()
        group = int(connection.execute(_OPEN_GROUP, {"text_hash": text_hash, "first_article_id": original_id}).scalar_one())
        connection.execute(_JOIN_GROUP, {"article_id": original_id, "copy_group_id": group})
    if _group_of(connection, article_id) is None:
        connection.execute(_JOIN_GROUP, {"article_id": article_id, "copy_group_id": group})


def _group_of(connection: Connection, article_id: int) -> int | None:
    found: int | None = connection.execute(_GROUP_OF, {"article": article_id}).scalar()
    return found


def _explain(connection: Connection, judged: Judged, placement: Placement) -> None:
    """Keep why the revision was placed so, and of which article it is a copy."""
    said = {"story": (placement.why.code, placement.why.detail)}
    if placement.copy_of is not None:
        said["copy"] = ("copy", f"the same words as article {placement.copy_of}")
    rows = [
        {"seq": judged.revision.seq, "stage": stage, "subject": "", "code": code, "detail": detail, "decided_at": judged.decided_at}
        for stage, (code, detail) in said.items()
    ]
    connection.execute(_EXPLAIN, rows)

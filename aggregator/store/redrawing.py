"""Redrawing: a complete draft compared with the stories that stand, a few of them at a time, and carried out.

Stories and groups that share an article, and articles that a person put together, are looked at together and change in one transaction,
by the same moves as merges and splits ever do, so nothing that was told is news again and nothing untold is lost. What arrived since the
draft was made, or changed its text, has no place in it yet: it is asked for first. Killed in between, the next run goes on behind the
last transaction.
"""

import time
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, and_, bindparam, delete, insert, or_, select, update

from aggregator.core.copies import evidence
from aggregator.core.echoes import standings_of
from aggregator.core.redrawing import Leaving, Redrawn, redraw
from aggregator.core.stories import lead_of
from aggregator.models import Role
from aggregator.records import Regrouped, Regrouping, Standing, Telling, Visit
from aggregator.store.database import Section, batches
from aggregator.store.desk import label_story
from aggregator.store.draft_runs import finish, hold_run, take_out
from aggregator.store.draft_tables import draft_marks, draft_places, regroupings
from aggregator.store.drafts import DRAFTED_AS, concerned
from aggregator.store.knowledge import strangers
from aggregator.store.locks import JUDGING, hold_until_commit
from aggregator.store.neighbours import SHOWN, known_overlaps, light
from aggregator.store.regrouping import Deciding, move, open_story, set_leads
from aggregator.store.story_tables import article_marks, article_traits, bonds
from aggregator.store.tables import articles, story_articles

KEEP_EVERY = 0.5
"""Seconds after which what was compared is kept: whoever judges meanwhile waits no longer, but for a very large story."""
_NAMED = (story_articles.c.article_id, story_articles.c.story_id, articles.c.current_seq)
_PLACED = (draft_places.c.group_id, draft_places.c.seq)
_BESIDE = (
    select(*_NAMED, *_PLACED)
    .join(articles, articles.c.id == story_articles.c.article_id)
    .outerjoin(draft_places, draft_places.c.article_id == story_articles.c.article_id)
)
_STAND = (
    update(story_articles)
    .where(story_articles.c.article_id == bindparam("article"))
    .values(role=bindparam("now"), echo_of=bindparam("of"), cites=bindparam("citing"), grouped_by=bindparam("rules"))
)
_BECAUSE = (
    update(story_articles)
    .where(story_articles.c.article_id == bindparam("article"))
    .values(why_code=bindparam("code"), why_detail=bindparam("detail"))
)


@dataclass(frozen=True, slots=True)
class _Beside:
    """Hold stories and groups that belong together: where each article stands, and where it would; `missing` have no place yet."""

    stands: dict[int, int]
    drafted: dict[int, int]
    missing: tuple[int, ...]
    bonds: dict[frozenset[int], bool]


class Redrawing(Section):
    """Compare a draft with the stories, and carry it out."""

    def visit_draft(self, run: Regrouping, now: datetime, limit: int) -> Visit:
        """Compare some stories with the complete draft, and carry out what changes where the run does.

        Raises `UsageError` where another process has taken the run over or given it up.
        """
        seen, changes, end = set[int](), list[Regrouped](), time.monotonic() + KEEP_EVERY
        with self._database.write() as connection:
            hold_until_commit(connection, JUDGING)
            hold_run(connection, run)
            waiting = _waiting(connection, run, limit)
            if not waiting:
                finish(connection, run, now)
            for seed in waiting:
                if seed in seen:
                    continue
                beside = _gather(connection, seed)
                if beside.missing:
                    take_out(connection, beside.missing)
                    return Visit(visited=len(seen), changes=tuple(changes), missing=beside.missing)
                changes += _visit(connection, run, beside, now)
                seen |= beside.stands.keys()
                if len(seen) >= limit or time.monotonic() > end:
                    break
        return Visit(visited=len(seen), changes=tuple(changes), done=not waiting)


def _waiting(connection: Connection, run: Regrouping, limit: int) -> Sequence[int]:
    """Give the next articles whose stories were not compared with the draft; at the end, those that came behind our back."""
    reached = connection.execute(select(regroupings.c.visited_to).where(regroupings.c.id == run.id)).scalar_one()
    new = draft_places.c.article_id.is_(None)
    waits = or_(draft_places.c.visited.is_(False), new if run.since is None else and_(new, concerned(run.since)))
    query = select(story_articles.c.article_id).outerjoin(draft_places, draft_places.c.article_id == story_articles.c.article_id)
    query = query.where(waits).order_by(story_articles.c.article_id).limit(limit)
    found = connection.execute(query.where(story_articles.c.article_id > reached)).scalars().all()
    if not found and reached:
        found = connection.execute(query).scalars().all()
    if found:  # not beyond the first: it may be asked for again, once what is missing beside it was read
        connection.execute(update(regroupings).where(regroupings.c.id == run.id).values(visited_to=found[0] - 1))
    return found


def _gather(connection: Connection, seed: int) -> _Beside:
    """Gather the stories and groups that share articles with the story of one, through however many others."""
    stands: dict[int, int] = {}
    drafted: dict[int, int] = {}
    missing: set[int] = set()
    decided: dict[frozenset[int], bool] = {}
    known: tuple[set[int], set[int]] = (set(), set())
    asked: tuple[Collection[int], ...] = ((), (), (seed,))
    while any(asked):
        came: list[int] = []
        for row in _rows(connection, asked):
            if row.article_id in stands:
                continue
            came.append(row.article_id)
            stands[row.article_id] = row.story_id
            if row.group_id is None or row.seq != row.current_seq:
                missing.add(row.article_id)
            else:
                drafted[row.article_id] = row.group_id
        fresh = ({stands[each] for each in came} - known[0], {drafted[each] for each in came if each in drafted} - known[1])
        known[0].update(fresh[0])
        known[1].update(fresh[1])
        pairs = _decided(connection, came)
        decided |= pairs
        asked = (*fresh, {article for pair, together in pairs.items() if together for article in pair} - stands.keys())
    ordered = dict(sorted(stands.items()))
    return _Beside(ordered, {each: drafted[each] for each in ordered if each in drafted}, tuple(sorted(missing)), decided)


def _rows(connection: Connection, asked: Sequence[Collection[int]]) -> list[Any]:
    columns = (story_articles.c.story_id, draft_places.c.group_id, story_articles.c.article_id)
    found: list[Any] = []
    for column, numbers in zip(columns, asked, strict=True):
        for batch in batches(sorted(numbers)):
            found += connection.execute(_BESIDE.where(column.in_(batch))).all()
    return found


def _decided(connection: Connection, ids: Sequence[int]) -> dict[frozenset[int], bool]:
    found: dict[frozenset[int], bool] = {}
    for batch in batches(ids):
        for side in (bonds.c.one, bonds.c.other):
            for row in connection.execute(select(bonds.c.one, bonds.c.other, bonds.c.together).where(side.in_(batch))):
                found[frozenset((row.one, row.other))] = row.together
    return found


def _visit(connection: Connection, run: Regrouping, beside: _Beside, now: datetime) -> list[Regrouped]:
    """Say what changes in stories that belong together, change it where the run does, and remember that they were visited."""
    redrawn = redraw(beside.stands, beside.drafted, beside.bonds)
    parts = Counter(leaving.source for leaving in redrawn.moves)
    changes = [_change(connection, redrawn, leaving, parts) for leaving in redrawn.moves]
    if run.carries_out:
        _carry_out(connection, run, beside, redrawn, now)
    for batch in batches(list(beside.stands)):
        connection.execute(update(draft_places).where(draft_places.c.article_id.in_(batch)).values(visited=True))
    return changes


def _change(connection: Connection, redrawn: Redrawn, leaving: Leaving, parts: Mapping[int, int]) -> Regrouped:
    """Say what a move is, and to whom one of the two stories will be news."""
    target, stays = redrawn.targets[leaving.group], leaving.source in redrawn.targets
    news: set[str] = set()
    if stays or parts[leaving.source] > 1:
        whole = {target} if target and target not in parts else set()
        news = strangers(connection, leaving.source, redrawn.groups[leaving.group], whole)
    if stays:
        news |= strangers(connection, leaving.source, redrawn.groups[redrawn.targets.index(leaving.source)])
    kind = "split" if stays else "merge"
    return Regrouped(kind=kind, story_id=leaving.source, other_id=target or 0, articles=leaving.articles, news_to=tuple(sorted(news)))


def _carry_out(connection: Connection, run: Regrouping, beside: _Beside, redrawn: Redrawn, now: datetime) -> None:
    targets = [
        open_story(connection, members[0], now) if target is None else target
        for members, target in zip(redrawn.groups, redrawn.targets, strict=True)
    ]
    for leaving in redrawn.moves:
        move(connection, leaving.source, targets[leaving.group], leaving.articles, Deciding(now))
    moved = {article for leaving in redrawn.moves for article in leaving.articles}
    sizes = Counter(beside.drafted.values())
    for members, story in zip(redrawn.groups, targets, strict=True):
        # People decided otherwise than the draft: who repeats whom is asked anew among those that stand together now.
        decided = len({beside.drafted[each] for each in members}) > 1 or sizes[beside.drafted[members[0]]] != len(members)
        altered = _stand(connection, run, _Group(members, story, decided=decided), moved)
        if altered:
            label_story(connection, story)
    for batch in batches(list(beside.stands)):
        _compare_by(connection, batch)


@dataclass(frozen=True, slots=True)
class _Group:
    members: tuple[int, ...]
    story: int
    decided: bool


def _stand(connection: Connection, run: Regrouping, group: _Group, moved: Collection[int]) -> bool:
    """Give the articles of a story the roles that the draft gives them, and let one of them speak; tells whether a role changed."""
    tellings = _tellings(connection, group.members)
    places = {row.article_id: row for row in _places(connection, group.members)}
    standings = {key: Standing(article_id=key, role=Role(row.role), echo_of=row.echo_of, cites=row.cites) for key, row in places.items()}
    if group.decided:
        standings = {each.article_id: each for each in _standings(connection, tellings)}
    rows = [
        {"article": key, "now": each.role.value, "of": each.echo_of, "citing": each.cites, "rules": run.rules}
        for key, each in standings.items()
    ]
    connection.execute(_STAND, rows)
    reasons = [{"article": key, "code": places[key].why_code, "detail": places[key].why_detail} for key in group.members if key in moved]
    if reasons:
        connection.execute(_BECAUSE, reasons)
    set_leads(connection, [lead_of(tellings, standings)])
    return any(places[key].stood != each.role.value for key, each in standings.items())


def _standings(connection: Connection, tellings: Sequence[Telling]) -> tuple[Standing, ...]:
    of = {telling.article_id: telling for telling in tellings}
    overlaps = [each for batch in batches(list(of)) for each in known_overlaps(connection, batch) if {each.one, each.other} <= of.keys()]
    return standings_of(tellings, [each for each in overlaps if evidence(of[each.one], of[each.other], each.share)])


def _tellings(connection: Connection, ids: Sequence[int]) -> list[Telling]:
    """Read articles as the draft compared them."""
    query = select(*SHOWN, *DRAFTED_AS).join(draft_places, draft_places.c.article_id == articles.c.id)
    return [light(row) for batch in batches(ids) for row in connection.execute(query.where(articles.c.id.in_(batch))).mappings()]


def _places(connection: Connection, ids: Sequence[int]) -> list[Any]:
    query = select(draft_places, story_articles.c.role.label("stood"))
    query = query.join(story_articles, story_articles.c.article_id == draft_places.c.article_id)
    return [row for batch in batches(ids) for row in connection.execute(query.where(draft_places.c.article_id.in_(batch)))]


def _compare_by(connection: Connection, ids: Sequence[int]) -> None:
    """Let articles be compared and found by what the draft read in them."""
    here = draft_places.c.article_id
    for table, source in ((article_traits, draft_places), (article_marks, draft_marks)):
        connection.execute(delete(table).where(table.c.article_id.in_(ids)))
        names = [column.name for column in table.columns]
        chosen = select(*(source.c[name] for name in names)).where(source.c.article_id.in_(ids))
        connection.execute(insert(table).from_select(names, chosen))
    said = select(draft_places.c.concepts).where(here == articles.c.id).scalar_subquery()
    connection.execute(update(articles).where(articles.c.id.in_(ids)).values(concepts=said))

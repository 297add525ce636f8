"""Judge: enrich what was stored, match it against the topics, fold copies and echoes, place it in a story.

Revisions are judged one after the other in the order of the ingest sequence, since a story depends on those before it.
Every revision ends with exactly one outcome and the reasons of each step; nothing is deleted. A text that the rules break on gets
an outcome too, so that it holds up nothing behind it. What is settled is kept every few seconds, however slow the machine: killed
in between, only the last seconds are judged again, and come out the same.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import partial
from itertools import takewhile

import structlog

from aggregator.core import outcomes
from aggregator.core.rarity import Rarity
from aggregator.core.revisions import material_changes
from aggregator.core.stories import settle
from aggregator.core.tellings import telling_of
from aggregator.core.traits import countable, no_meaning, traits_of
from aggregator.core.watch import HELD, RELEASED
from aggregator.errors import StoreError
from aggregator.memory import Returning
from aggregator.models import Article, Reason, Role
from aggregator.ports import Decisions
from aggregator.records import Archived, Judged, Neighbourhood, Placement, StoredRevision, Telling, Traits
from aggregator.understanding import KEEP_EVERY, Judging, Topics, feed_of, matched, matches_any, read_next, unread, with_facts

__all__ = ["Judging", "Topics", "judge_pending", "judged_again", "settle_again", "with_facts"]

log = structlog.get_logger(__name__)


async def judge_pending(judging: Judging, progress: Callable[[int], None] = lambda done: None) -> int:
    """Judge everything that waits, and give how many revisions were judged."""
    done, returning = 0, Returning()
    while read := await read_next(judging, 0):
        while read:
            async with _reading_ahead(judging, read) as ahead:
                while read:
                    settled = await asyncio.to_thread(_settle_some, judging, read)
                    read, done = read[settled:], done + settled
                    progress(done)
                read = await ahead if ahead else ()
            returning.now_and_then()
    return done


@asynccontextmanager
async def _reading_ahead(judging: Judging, read: Sequence[Judged]) -> AsyncIterator[asyncio.Task[Sequence[Judged]] | None]:
    """Have other processes read what comes next while this one settles what was read; nothing read outlives the block."""
    ahead = asyncio.create_task(read_next(judging, read[-1].revision.seq)) if judging.understand else None
    try:
        yield ahead
    finally:
        if ahead:
            await _broken_off(ahead)


async def _broken_off(reading: asyncio.Task[Sequence[Judged]]) -> None:
    """End a reading that nobody waits for any more, and see that it ended."""
    reading.cancel()
    await asyncio.wait([reading])


def _settle_some(judging: Judging, read: Sequence[Judged]) -> int:
    """Settle what was read in one transaction; where it breaks or the store refuses it, each by itself, so that one loses none before it.

    Gives how many were settled.
    """
    try:
        return _settle_together(judging, read, time.monotonic() + KEEP_EVERY)
    except StoreError as error:
        if len(read) == 1:
            raise
        log.warning("the store refused a batch; keeping its articles one by one", reason=str(error))
    except Exception as error:  # one text must not hold up all those behind it
        log.warning("a batch broke; keeping its articles one by one", reason=f"{type(error).__name__}: {error}")
    return _settle_one_by_one(judging, read)


def _settle_one_by_one(judging: Judging, read: Sequence[Judged]) -> int:
    """Settle each in a transaction of its own, until the time is over or one is refused; raises `StoreError` where it is the first."""
    end = time.monotonic() + KEEP_EVERY
    for done, judged in enumerate(read):
        try:
            _settle_alone(judging, judged, end)
        except StoreError:
            if done == 0:
                raise
            return done
        if time.monotonic() > end:
            return done + 1
    return len(read)


def _settle_alone(judging: Judging, judged: Judged, end: float) -> None:
    """Settle one; where it breaks by itself it counts as not read, so that it has an outcome and the log tells of it."""
    try:
        _settle_together(judging, [judged], end)
    except StoreError:  # the store is no text's fault: it waits
        raise
    except Exception as error:  # nothing that is left may hang on this one
        _settle_together(judging, [unread(judging, judged.revision, error)], end)


def _settle_together(judging: Judging, read: Sequence[Judged], end: float) -> int:
    """Settle in one transaction, until it has lasted long enough, and give how many were settled.

    What matched nothing is kept at once and first: no story depends on it.
    """
    with judging.store.transaction():
        left = list(judging.store.record_unmatched(read))
        while left:
            settled = _settle_next(judging, left, end)
            last, left = left[settled - 1], left[settled:]
            if time.monotonic() > end:
                return read.index(last) + 1
    return len(read)


def _settle_next(judging: Judging, left: Sequence[Judged], end: float) -> int:
    """Settle as many of those that are left as can be at once, or else the first of them; gives how many."""
    first = list(takewhile(lambda judged: matches_any(judged) and _held(judged.revision, None) is None, left))
    decisions = Decisions(weigh=partial(_weighed, judging), place=_settled, over=lambda: time.monotonic() > end)
    if first and (settled := judging.store.settle_first_texts(first, decisions)):
        return settled
    one = _settle(judging, left[0])
    story_id = judging.store.record_judged(one)
    log.debug("judged", seq=one.revision.seq, feed=one.revision.feed_id, outcome=one.outcome.code, story=story_id)
    return 1


def settle_again(judging: Judging, judged: Judged, was: Archived) -> Judged:
    """Decide what becomes of an article that is judged by other rules: a new match is placed, but nothing told grows a version."""
    if not matches_any(judged):
        return judged
    if was.in_story:
        return replace(judged, outcome=Reason(code=was.outcome, detail=was.detail) if was.scores else judged.outcome)
    placed = _placed(judging, judged, None)
    placement = placed.placement
    if placement and placement.event == "updated":
        placed = replace(placed, placement=replace(placement, event="joined", changes=()))
    return placed


def judged_again(judging: Judging, archived: Archived) -> Judged:
    """Judge an article of the archive as it stands, without network."""
    article = Article(
        title=archived.title,
        text=archived.text,
        feed=feed_of(judging, archived.revision),
        language=archived.language or None,
        published_at=archived.published_at,
        outlet=archived.outlet,
        facts=archived.facts,
    )
    return matched(judging, archived.revision, article)


def _settle(judging: Judging, judged: Judged) -> Judged:
    """Decide what a matched revision is to the stories that stand; the store is only read."""
    if not matches_any(judged):
        return judged
    return _placed(judging, judged, judging.store.telling(judged.revision.article_id))


def _placed(judging: Judging, judged: Judged, before: Telling | None) -> Judged:
    """Put a matched revision where it belongs: its article's own story, or the one it tells of, or a new one."""
    if before is None or before.story_id is None:
        held = _held(judged.revision, before)
        if held:
            return replace(judged, outcome=held)
    judged = _weighed(judging, judged, judging.store.rarity(countable(judged.article, judged.concepts)))
    telling = telling_of(judged)
    if before and before.story_id is not None:
        placement, outcome = _again(judged, before, telling)
        return replace(judged, placement=placement, outcome=outcome, replaces=bool(placement.changes) or _shows_more(telling, before))
    return _settled(judged, judging.store.neighbourhood(telling))


def _weighed(judging: Judging, judged: Judged, rarity: Rarity) -> Judged:
    """Give a judged article with what it is compared by: without its meaning where the embedding breaks on it, with nothing if all does.

    Matched it is, so it is told; it only finds fewer others that tell the same.
    """
    for embed in (judging.embed, no_meaning):
        try:
            return replace(judged, traits=traits_of(judged.article, judged.concepts, rarity, embed))
        except Exception as error:  # one text must not hold up all those behind it
            log.error("an article is compared by less than it says", seq=judged.revision.seq, feed=judged.revision.feed_id, exc_info=error)
    return replace(judged, traits=Traits())


def _settled(judged: Judged, near: Neighbourhood) -> Judged:
    """Give a judged article that stands in no story yet with the place it takes among those near it."""
    placement = settle(telling_of(judged), near)
    return replace(judged, placement=placement, outcome=Reason(code=_outcome(placement), detail=placement.why.detail))


def _held(revision: StoredRevision, before: Telling | None) -> Reason | None:
    """Say why a matched revision is stored and found but not told; one that was held stays so when it is reworded, until it is released."""
    if RELEASED in revision.entry.notes:
        return None
    codes = [code for code in revision.entry.notes if code in HELD]
    if codes:
        return Reason(code=outcomes.HELD, detail=codes[0])
    if before and before.topics and not revision.first:
        return Reason(code=outcomes.HELD, detail="a new wording of what is held")
    return None


def _shows_more(telling: Telling, before: Telling) -> bool:
    """Tell whether a text may take the place of the one an article shows: it is of the same feed, or longer.

    A feed that carries headlines only must not take away the figures of the feed that carries the page in full, or they would look
    new when the full text comes again.
    """
    return telling.feed_id == before.feed_id or len(telling.text) > len(before.text)


def _again(judged: Judged, before: Telling, telling: Telling) -> tuple[Placement, Reason]:
    """Decide on an article that stands in a story already: seen through another feed, reworded, or changed in a fact."""
    changes = () if judged.revision.first else material_changes(before, telling)
    if changes:
        outcome = Reason(code=outcomes.MATERIAL_REVISION, detail="; ".join(changes))
    elif judged.revision.first:
        outcome = Reason(code=outcomes.SAME_ARTICLE, detail=f"{before.outlet} carries this page already")
    else:
        outcome = Reason(code=outcomes.COSMETIC_REVISION, detail="no figure, place or denial changed")
    event = "updated" if changes else "repeated"
    placement = Placement(story_id=before.story_id, event=event, role=before.role, why=outcome, echo_of=before.echo_of, changes=changes)
    return placement, outcome


def _outcome(placement: Placement) -> str:
    if placement.story_id is None and not placement.moves:
        return outcomes.NEW_STORY
    if placement.copy_of is not None:
        return outcomes.COPY
    return outcomes.ECHO if placement.role is Role.ECHO else outcomes.SAME_STORY

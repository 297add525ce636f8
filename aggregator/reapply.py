"""Reapply: judge the archive again after a change of rules, in batches that are whole or undone.

What carries the present rule version is done, so a run that was killed goes on where it stopped. An article that matches now and did not
before is placed in a story under its old sequence number: digests that covered it stay as they were, those still open tell it. An article
that matches no more loses its matches and keeps its story. Nothing that was sent is sent again.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from aggregator.judge import Judging, judged_again, settle_again, with_facts
from aggregator.ports import Store
from aggregator.records import Archived, Judged

NEAR_MISSES_A_WEEK = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Reapplied:
    """Count what a run did: articles judged, and among them those that came to match, or ceased to."""

    judged: int = 0
    gained: int = 0
    lost: int = 0


async def reapply(judging: Judging, progress: Callable[[int], None] = lambda done: None) -> Reapplied:
    """Judge all articles that other rules judged; a batch is one transaction."""
    total, after = Reapplied(), 0
    version = judging.topics.rule_version
    while waiting := await asyncio.to_thread(judging.store.archived, after, judging.batch, None, version):
        done = await _judge_batch(judging, waiting)
        total = Reapplied(judged=total.judged + done.judged, gained=total.gained + done.gained, lost=total.lost + done.lost)
        after = waiting[-1].revision.seq
        progress(total.judged)
    return total


async def reapply_some(judging: Judging) -> int:
    """Judge one batch of the articles that other rules judged, and give their number; 0 where none is left."""
    version = judging.topics.rule_version
    waiting = await asyncio.to_thread(judging.store.archived, 0, judging.batch, None, version)
    if waiting:
        await _judge_batch(judging, waiting)
    return len(waiting)


async def _judge_batch(judging: Judging, waiting: Sequence[Archived]) -> Reapplied:
    judged = await asyncio.to_thread(lambda rows: [judged_again(judging, row) for row in rows], waiting)
    return await asyncio.to_thread(_batch, judging, waiting, [await with_facts(judging, one) for one in judged])


def _batch(judging: Judging, waiting: Sequence[Archived], read: Sequence[Judged]) -> Reapplied:
    gained = lost = 0
    with judging.store.transaction():
        for archived, one in zip(waiting, read, strict=True):
            judged = settle_again(judging, one, archived)
            matches = any(judgement.matched for judgement in judged.judgements)
            gained += matches and not archived.scores
            lost += bool(archived.scores) and not matches
            judging.store.record_rejudged(judged)
    return Reapplied(judged=len(waiting), gained=gained, lost=lost)


def sample_last_week(store: Store, now: datetime) -> int:
    """Keep the sample of near misses of the ISO week before this one; does nothing where it is kept already."""
    monday = (now - timedelta(days=now.weekday())).replace(hour=0, minute=0, second=0, microsecond=0)
    start = monday - timedelta(days=7)
    return store.sample_near_misses(week_of(start), start, monday, NEAR_MISSES_A_WEEK)


def week_of(day: datetime) -> str:
    """Name the ISO week of a day, such as 2026-W47."""
    year, week, _ = day.isocalendar()
    return f"{year}-W{week:02}"

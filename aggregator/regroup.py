"""Regroup: group the archive again by the present rules, in batches that are whole or undone.

First a draft is made beside the stories: each matched article is read again as it stands, and placed as if the archive began anew and
articles came in the order they were told. When it is complete, the stories are compared with it a few at a time, and changed by the
merges and splits that an arriving article may cause too: nothing that was told is told again as new, what nobody was told of stays
news, and what people decided holds. A run that was killed goes on where it stopped.
"""

import asyncio
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import structlog

from aggregator.core.stories import GROUPING, settle
from aggregator.core.traits import countable, traits_of
from aggregator.errors import UsageError
from aggregator.judge import Judging, judged_again
from aggregator.records import Regrouped, Regrouping, Telling, Undrafted

log = structlog.get_logger(__name__)

KEEP_EVERY = 0.5
"""Seconds after which what was drafted is kept: whoever polls or judges meanwhile waits no longer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """Say what one batch did: articles drafted, or articles compared with the draft, and what changed."""

    drafted: int = 0
    visited: int = 0
    changes: tuple[Regrouped, ...] = ()
    done: bool = False


def start(judging: Judging, since: datetime | None = None, *, everything: bool = False, carries_out: bool = True) -> Regrouping | None:
    """Begin a run, or go on with the one that is not finished; None where the present rules grouped all there is.

    `everything` groups also what they grouped. Raises `UsageError` where what would change is asked for while a run changes it, and
    where a newer release is at it.
    """
    store = judging.store
    standing = store.regrouping()
    if standing and standing.carries_out and not carries_out:
        raise UsageError(
            "a run that groups the archive again is not finished: `aggregator stories regroup` goes on with it, "
            "`aggregator stories regroup --give-up` ends it where it is"
        )
    if standing and _revision(standing.rules) > _revision(GROUPING):
        raise UsageError(f"a newer release groups the archive again, by the rules {standing.rules}; ask there, or end it with --give-up")
    if standing is None and not everything and not store.count_grouped(GROUPING):
        store.drop_draft()
        return None
    return store.start_regrouping(GROUPING, since, judging.clock(), carries_out=carries_out)


async def regroup(judging: Judging, run: Regrouping, tell: Callable[[Step], None] = lambda step: None) -> None:
    """Take a run to its end; each batch is told."""
    step = Step()
    while not step.done:
        step = await regroup_some(judging, run)
        tell(step)


async def regroup_next(judging: Judging) -> bool:
    """Do one batch of the run that is not finished, and tell whether more is to do.

    A run of older rules is begun anew. One of rules that are not known to be older is left alone: while releases work side by side, they
    would begin it anew by turns, for ever.
    """
    run = await asyncio.to_thread(judging.store.regrouping)
    if run is None or not run.carries_out:
        return False
    if run.rules != GROUPING and _revision(run.rules) >= _revision(GROUPING):
        log.warning("the archive is being grouped again by the rules of another release; it is left to that one", rules=run.rules)
        return False
    if run.rules != GROUPING:
        run = await asyncio.to_thread(start, judging, run.since, everything=True)
    return run is not None and not (await regroup_some(judging, run)).done


async def regroup_some(judging: Judging, run: Regrouping) -> Step:
    """Do one batch: draft what the draft has no place for, else compare stories with the draft.

    Raises `UsageError` where another process has taken the run over or given it up.
    """
    store = judging.store
    waiting = await asyncio.to_thread(store.undrafted, run, judging.batch)
    if waiting:
        return Step(drafted=await asyncio.to_thread(_draft, judging, run, waiting))
    visit = await asyncio.to_thread(store.visit_draft, run, judging.clock(), judging.batch)
    if visit.missing:
        missing = await asyncio.to_thread(store.undrafted_articles, visit.missing[: judging.batch])
        drafted = await asyncio.to_thread(_draft, judging, run, missing)
        return Step(drafted=drafted, visited=visit.visited, changes=visit.changes)
    if visit.done:
        await asyncio.to_thread(store.drop_draft)
    return Step(visited=visit.visited, changes=visit.changes, done=visit.done)


def _draft(judging: Judging, run: Regrouping, waiting: Sequence[Undrafted]) -> int:
    """Give articles their places in the draft, as many as some moments allow, and one at least; gives how many."""
    read = [_read(judging, each) for each in waiting]
    end = time.monotonic() + KEEP_EVERY
    with judging.store.drafting(run):
        for done, telling in enumerate(read, 1):
            judging.store.keep_draft(run, telling, settle(telling, judging.store.draft_neighbourhood(telling)))
            if time.monotonic() > end:
                return done
    return len(read)


def _read(judging: Judging, waiting: Undrafted) -> Telling:
    """Read an article again as it stands; one that the rules break on is compared by what was read in it before."""
    try:
        judged = judged_again(judging, waiting.archived)
        rarity = judging.store.known_rarity(countable(judged.article, judged.concepts))
        traits = traits_of(judged.article, judged.concepts, rarity, judging.embed)
    except Exception as error:  # one text must not hold up all those behind it
        log.error("an article could not be read again", article=waiting.telling.article_id, exc_info=error)
        return waiting.telling
    return replace(waiting.telling, concepts=judged.concepts, traits=traits)


def _revision(rules: str) -> int:
    """Read the number that grows with the rules; others than ours may be written in a later way."""
    number = rules.partition("-")[0]
    return int(number) if number.isdecimal() else sys.maxsize

"""Judge: enrich what was stored, match it against the topics, fold copies and echoes, place it in a story.

Revisions are judged one after the other in the order of the ingest sequence, since a story depends on those before it.
Every revision ends with exactly one outcome and the reasons of each step; nothing is deleted. A text that the rules break on gets
an outcome too, so that it holds up nothing behind it. What is settled is kept every few seconds, however slow the machine: killed
in between, only the last seconds are judged again, and come out the same.
"""

import asyncio
import math
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol

import structlog

from aggregator.core import outcomes
from aggregator.core.fingerprints import text_hash
from aggregator.core.revisions import material_changes
from aggregator.core.stories import settle, story_concepts
from aggregator.core.traits import Embed, countable, no_meaning, traits_of
from aggregator.core.watch import HELD, RELEASED
from aggregator.models import Article, Entry, FeedSpec, Judgement, Reason, Role
from aggregator.ports import Store
from aggregator.records import Archived, Judged, Placement, StoredRevision, Telling, Understood

log = structlog.get_logger(__name__)

KEEP_EVERY = 2.0
"""Seconds after which a transaction ends with what is settled: a judge that dies more often than that would never come on."""
FEW = 20
"""Texts that are handed to another thread at once."""


class Topics(Protocol):
    """Judge articles by the configured topics."""

    @property
    def rule_version(self) -> str:
        """Name the version of the topics."""
        ...

    def judge(self, article: Article) -> tuple[Judgement, ...]:
        """Judge an article by every topic."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Judging:
    """Hold what judging works with.

    `enrich` turns a served entry into an article with text, `find_facts` adds the facts of one that matched, `level` tells a place's
    level, `embed` turns title and lead into vectors where sentence embeddings are installed. `understand` does the first three at once
    in other processes, where there are; it gives None for a text that has to be read here.
    """

    store: Store
    enrich: Callable[[Entry, FeedSpec], Awaitable[Article]]
    find_facts: Callable[[Article], Awaitable[Article]]
    topics: Topics
    feeds: Mapping[str, FeedSpec]
    level: Callable[[str], str]
    clock: Callable[[], datetime]
    batch: int = 100
    embed: Embed = no_meaning
    understand: Callable[[Sequence[StoredRevision]], Awaitable[Sequence[Understood | None]]] | None = None


async def judge_pending(judging: Judging, progress: Callable[[int], None] = lambda done: None) -> int:
    """Judge everything that waits, and give how many revisions were judged."""
    done = 0
    while read := await _read_next(judging, 0):
        async with AsyncExitStack() as stack:
            while read:
                # Other processes read what comes next while this one settles what was read.
                ahead = asyncio.create_task(_read_next(judging, read[-1].revision.seq)) if judging.understand else None
                if ahead:
                    stack.push_async_callback(_broken_off, ahead)
                while read:
                    settled = await asyncio.to_thread(_settle_some, judging, read)
                    read, done = read[settled:], done + settled
                    progress(done)
                read = await ahead if ahead else ()
    return done


async def _broken_off(reading: asyncio.Task[Sequence[Judged]]) -> None:
    """End a reading that nobody waits for any more, and see that it ended."""
    reading.cancel()
    await asyncio.wait([reading])


async def _read_next(judging: Judging, after: int) -> Sequence[Judged]:
    """Read the oldest revisions that wait, of those numbered above `after`."""
    waiting = await asyncio.to_thread(judging.store.unjudged, judging.batch, after)
    if not waiting:
        return ()
    if judging.understand and len(waiting) > FEW:
        understood = await judging.understand(waiting)
        return [
            _from_elsewhere(judging, revision, one) if one else await _read_alone(judging, revision)
            for revision, one in zip(waiting, understood, strict=True)
        ]
    # Outside of what one text may fail at: rules that cannot be loaded are no fault of the text, which has to wait for them.
    await asyncio.to_thread(lambda: judging.topics.rule_version)
    return await _read_some(judging, waiting)


async def _read_alone(judging: Judging, revision: StoredRevision) -> Judged:
    """Read a text that other processes could not, or not without its page."""
    await asyncio.to_thread(lambda: judging.topics.rule_version)
    (judged,) = await _read_few(judging, [revision], math.inf)
    return judged


def _from_elsewhere(judging: Judging, revision: StoredRevision, understood: Understood) -> Judged:
    return Judged(
        revision=revision,
        article=understood.article,
        text_hash=understood.text_hash,
        concepts=understood.concepts,
        judgements=understood.judgements,
        rule_version=understood.rule_version,
        outcome=_nearest(understood.judgements),
        decided_at=judging.clock(),
        terms=understood.terms,
    )


async def _read_some(judging: Judging, waiting: Sequence[StoredRevision]) -> Sequence[Judged]:
    """Read the oldest that wait, as many as a few seconds allow, and one at least; no story is looked at yet."""
    read: list[Judged] = []
    end = time.monotonic() + KEEP_EVERY
    while len(read) < len(waiting) and (not read or time.monotonic() < end):
        read += await _read_few(judging, waiting[len(read) : len(read) + FEW], end)
    return read


async def _read_few(judging: Judging, waiting: Sequence[StoredRevision], end: float) -> Sequence[Judged]:
    """Read a few, match them in one other thread, since each hand-over costs as much as matching a text, and find their facts."""
    articles: list[Article | Exception] = []
    for revision in waiting:
        articles.append(await _enriched(judging, revision))
        if time.monotonic() > end:
            break
    matched = await asyncio.to_thread(_match_each, judging, waiting, articles)
    return [await _completed(judging, judged) for judged in matched]


async def _enriched(judging: Judging, revision: StoredRevision) -> Article | Exception:
    try:
        return await judging.enrich(revision.entry, _feed(judging, revision))
    except Exception as error:  # one text must not hold up all those behind it
        return error


def _match_each(judging: Judging, waiting: Sequence[StoredRevision], articles: Sequence[Article | Exception]) -> list[Judged]:
    """Match articles, as many as were read, with the revisions they come from."""
    return [_match_or_not(judging, revision, article) for revision, article in zip(waiting, articles, strict=False)]


def _match_or_not(judging: Judging, revision: StoredRevision, article: Article | Exception) -> Judged:
    if isinstance(article, Exception):
        return _unread(judging, revision, article)
    try:
        return _matched(judging, revision, article)
    except Exception as error:  # rules may break on one text only
        return _unread(judging, revision, error)


async def _completed(judging: Judging, judged: Judged) -> Judged:
    try:
        return await with_facts(judging, judged)
    except Exception as error:  # as for reading
        return _unread(judging, judged.revision, error)


def _unread(judging: Judging, revision: StoredRevision, error: Exception) -> Judged:
    """Give the outcome of a text that the program broke on, so that it holds up nothing behind it."""
    log.error("an entry could not be judged", seq=revision.seq, feed=revision.feed_id, exc_info=error)
    article = Article(title=revision.entry.title, text="", feed=_feed(judging, revision))
    outcome = Reason(code=outcomes.NOT_READ, detail=f"internal error: {type(error).__name__}")
    return replace(_judged(judging, revision, article, ()), outcome=outcome, replaces=False)


async def with_facts(judging: Judging, judged: Judged) -> Judged:
    """Give what matched with its facts; what matches nothing needs none, and most of what feeds serve does not."""
    if judged.article.facts or not _matches(judged):
        return judged
    return _judged(judging, judged.revision, await judging.find_facts(judged.article), judged.judgements)


def _matches(judged: Judged) -> bool:
    return any(judgement.matched for judgement in judged.judgements)


def _matched(judging: Judging, revision: StoredRevision, article: Article) -> Judged:
    return _judged(judging, revision, article, judging.topics.judge(article))


def _judged(judging: Judging, revision: StoredRevision, article: Article, judgements: tuple[Judgement, ...]) -> Judged:
    return Judged(
        revision=revision,
        article=article,
        text_hash=text_hash(article.title, article.text),
        concepts=story_concepts(article.facts, judgements, judging.level),
        judgements=judgements,
        rule_version=judging.topics.rule_version,
        outcome=_nearest(judgements),
        decided_at=judging.clock(),
    )


def _settle_some(judging: Judging, read: Sequence[Judged]) -> int:
    """Settle what was read in one transaction, until it has lasted long enough, and give how many were settled.

    What matched nothing is kept at once and first: no story depends on it.
    """
    end = time.monotonic() + KEEP_EVERY
    with judging.store.transaction():
        one_by_one = {judged.revision.seq for judged in judging.store.record_unmatched(read)}
        for done, judged in enumerate(read, 1):
            if judged.revision.seq not in one_by_one:
                continue
            settled = _settle(judging, judged)
            story_id = judging.store.record_judged(settled)
            log.debug("judged", seq=judged.revision.seq, feed=judged.revision.feed_id, outcome=settled.outcome.code, story=story_id)
            if time.monotonic() > end:
                return done
    return len(read)


def settle_again(judging: Judging, judged: Judged, was: Archived) -> Judged:
    """Decide what becomes of an article that is judged by other rules: a new match is placed, but nothing told grows a version."""
    if not _matches(judged):
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
        feed=_feed(judging, archived.revision),
        language=archived.language or None,
        published_at=archived.published_at,
        outlet=archived.outlet,
        facts=archived.facts,
    )
    return _matched(judging, archived.revision, article)


def _settle(judging: Judging, judged: Judged) -> Judged:
    """Decide what a matched revision is to the stories that stand; the store is only read."""
    if not _matches(judged):
        return judged
    return _placed(judging, judged, judging.store.telling(judged.revision.article_id))


def _placed(judging: Judging, judged: Judged, before: Telling | None) -> Judged:
    """Put a matched revision where it belongs: its article's own story, or the one it tells of, or a new one."""
    if before is None or before.story_id is None:
        held = _held(judged.revision, before)
        if held:
            return replace(judged, outcome=held)
    rarity = judging.store.rarity(countable(judged.article, judged.concepts))
    judged = replace(judged, traits=traits_of(judged.article, judged.concepts, rarity, judging.embed))
    telling = _telling(judged)
    if before and before.story_id is not None:
        placement, outcome = _again(judged, before, telling)
        return replace(judged, placement=placement, outcome=outcome, replaces=bool(placement.changes) or _shows_more(telling, before))
    placement = settle(telling, judging.store.neighbourhood(telling))
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


def _nearest(judgements: Sequence[Judgement]) -> Reason:
    """Give the reason of the topic that came nearest to a match."""
    nearest = max(judgements, key=lambda judgement: judgement.score, default=None)
    return nearest.reason if nearest else Reason(code=outcomes.NO_THEME, detail="no topic is configured")


def _telling(judged: Judged) -> Telling:
    revision, article = judged.revision, judged.article
    return Telling(
        article_id=revision.article_id,
        seq=revision.seq,
        feed_id=revision.feed_id,
        outlet=article.outlet or article.feed.publisher,
        family=article.feed.family,
        language=article.language or article.feed.language,
        title=article.title,
        text=article.text,
        text_hash=judged.text_hash,
        told_at=article.published_at or revision.observed_at,
        concepts=judged.concepts,
        topics=tuple(judgement.topic for judgement in judged.judgements if judgement.matched),
        traits=judged.traits,
    )


def _feed(judging: Judging, revision: StoredRevision) -> FeedSpec:
    """Give the feed's configuration; entries of a feed that left feeds.yaml are judged by its id alone."""
    known = judging.feeds.get(revision.feed_id)
    return known or FeedSpec(id=revision.feed_id, name=revision.feed_id, url="", publisher=revision.feed_id, family=revision.feed_id)

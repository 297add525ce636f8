"""Understanding: from a revision that waits to what its text says and which topics it matches; no story is looked at yet.

All of it follows from the text and the rules, so other processes may do it ahead, many texts at once. A text that the rules break on
gets an outcome too, so that it holds up nothing behind it.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol

import structlog

from aggregator.core import outcomes
from aggregator.core.fingerprints import text_hash
from aggregator.core.stories import story_concepts
from aggregator.core.traits import Embed, no_meaning
from aggregator.models import Article, Entry, FeedSpec, Judgement, Reason
from aggregator.ports import Store
from aggregator.records import Judged, StoredRevision, Understood

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


async def read_next(judging: Judging, after: int) -> Sequence[Judged]:
    """Read the oldest revisions that wait, of those numbered above `after`."""
    waiting = await asyncio.to_thread(judging.store.unjudged, judging.batch, after)
    if not waiting:
        return ()
    # Rules take longer to load in every process than a window takes to be read in one: only where more than one waits is it worth while.
    if judging.understand and (after or len(waiting) == judging.batch):
        return await _with_what_is_left(judging, waiting, await judging.understand(waiting))
    # Outside of what one text may fail at: rules that cannot be loaded are no fault of the text, which has to wait for them.
    await asyncio.to_thread(lambda: judging.topics.rule_version)
    return await _read_some(judging, waiting)


async def _with_what_is_left(
    judging: Judging, waiting: Sequence[StoredRevision], understood: Sequence[Understood | None]
) -> Sequence[Judged]:
    """Read what other processes left, as much of it as a few seconds allow; what follows is read again."""
    left = [revision for revision, one in zip(waiting, understood, strict=True) if one is None]
    await asyncio.to_thread(lambda: judging.topics.rule_version)
    own = {judged.revision.seq: judged for judged in (await _read_some(judging, left) if left else ())}
    read: list[Judged] = []
    for revision, one in zip(waiting, understood, strict=True):
        if one is None and revision.seq not in own:
            break
        read.append(_from_elsewhere(judging, revision, one) if one else own[revision.seq])
    return read


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
    articles = await _enrich_few(judging, waiting, end)
    matched = await asyncio.to_thread(_match_each, judging, waiting, articles)
    return [await _completed(judging, judged) for judged in matched]


async def _enrich_few(judging: Judging, waiting: Sequence[StoredRevision], end: float) -> Sequence[Article | Exception]:
    """Turn a few into articles, their pages fetched side by side, so that no host keeps the texts of others waiting in line."""
    tasks: list[asyncio.Task[Article | Exception]] = []
    async with asyncio.TaskGroup() as group:
        for revision in waiting:
            tasks.append(group.create_task(_enriched(judging, revision)))
            await asyncio.sleep(0)  # a text that needs no page is read to its end here
            if time.monotonic() > end:
                break
    return [task.result() for task in tasks]


async def _enriched(judging: Judging, revision: StoredRevision) -> Article | Exception:
    try:
        return await judging.enrich(revision.entry, feed_of(judging, revision))
    except Exception as error:  # one text must not hold up all those behind it
        return error


def _match_each(judging: Judging, waiting: Sequence[StoredRevision], articles: Sequence[Article | Exception]) -> list[Judged]:
    """Match articles, as many as were read, with the revisions they come from."""
    return [_match_or_not(judging, revision, article) for revision, article in zip(waiting, articles, strict=False)]


def _match_or_not(judging: Judging, revision: StoredRevision, article: Article | Exception) -> Judged:
    if isinstance(article, Exception):
        return unread(judging, revision, article)
    try:
        return matched(judging, revision, article)
    except Exception as error:  # rules may break on one text only
        return unread(judging, revision, error)


async def _completed(judging: Judging, judged: Judged) -> Judged:
    try:
        return await with_facts(judging, judged)
    except Exception as error:  # as for reading
        return unread(judging, judged.revision, error)


def unread(judging: Judging, revision: StoredRevision, error: Exception) -> Judged:
    """Give the outcome of a text that the program broke on, so that it holds up nothing behind it."""
    log.error("an entry could not be judged", seq=revision.seq, feed=revision.feed_id, exc_info=error)
    article = Article(title=revision.entry.title, text="", feed=feed_of(judging, revision))
    outcome = Reason(code=outcomes.NOT_READ, detail=f"internal error: {type(error).__name__}")
    return replace(_judged(judging, revision, article, ()), outcome=outcome, replaces=False)


async def with_facts(judging: Judging, judged: Judged) -> Judged:
    """Give what matched with its facts; what matches nothing needs none, and most of what feeds serve does not."""
    if judged.article.facts or not matches_any(judged):
        return judged
    return _judged(judging, judged.revision, await judging.find_facts(judged.article), judged.judgements)


def matches_any(judged: Judged) -> bool:
    """Tell whether any topic matches."""
    return any(judgement.matched for judgement in judged.judgements)


def matched(judging: Judging, revision: StoredRevision, article: Article) -> Judged:
    """Judge an article by the topics."""
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


def _nearest(judgements: Sequence[Judgement]) -> Reason:
    """Give the reason of the topic that came nearest to a match."""
    nearest = max(judgements, key=lambda judgement: judgement.score, default=None)
    return nearest.reason if nearest else Reason(code=outcomes.NO_THEME, detail="no topic is configured")


def feed_of(judging: Judging, revision: StoredRevision) -> FeedSpec:
    """Give the feed's configuration; entries of a feed that left feeds.yaml are judged by its id alone."""
    known = judging.feeds.get(revision.feed_id)
    return known or FeedSpec(id=revision.feed_id, name=revision.feed_id, url="", publisher=revision.feed_id, family=revision.feed_id)

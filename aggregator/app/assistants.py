"""Assistants: the processes that read documents also read texts for the judge, many at once.

What a text says, which topics it matches, its facts and its search terms follow from the text and the configuration alone; so they are
found in other processes, and come out as they would in the judge's own. What an assistant breaks on, and what needs its page first, is
left to the judge. The configuration is sent to a process once, under a key.
"""

import asyncio
from collections.abc import Sequence
from functools import lru_cache

from aggregator.app.reading import UNKNOWN, Answer, understand
from aggregator.core.fingerprints import digest_of
from aggregator.errors import ParseError, ReaderError
from aggregator.models import Article, Configuration, Judgement, Reason
from aggregator.records import StoredRevision, Understood
from aggregator.sources.workers import ReaderPool

SHARE, SHARE_SIZE = 25, 50_000
"""Texts that are handed over at once, and their characters where they are long: feeds wait for a share, and a deadline ends it."""


class Assistants:
    """Have texts read by a pool of processes under one configuration; `pages` says whether pages are fetched."""

    def __init__(self, pool: ReaderPool, configuration: Configuration, *, pages: bool) -> None:
        self._pool = pool
        self._feeds = {feed.id: feed for feed in configuration.feeds}
        self._setup = (configuration, pages)
        self._key = digest_of(repr(self._setup))
        self._broke: set[int] = set()

    async def __call__(self, waiting: Sequence[StoredRevision]) -> Sequence[Understood | None]:
        """Give what was understood of each revision, None where the judge has to read it."""
        return [one for answers in await asyncio.gather(*map(self._share, _shares(waiting))) for one in answers]

    async def _share(self, waiting: Sequence[StoredRevision]) -> Sequence[Understood | None]:
        if any(revision.seq in self._broke for revision in waiting):
            return [None] * len(waiting)
        texts = [(revision.feed_id, revision.entry) for revision in waiting]
        try:
            answers = await self._pool.run(understand, self._key, None, texts)
            if isinstance(answers, str):
                answers = await self._pool.run(understand, self._key, self._setup, texts)
        except (ParseError, ReaderError):
            answers = UNKNOWN
            self._broke.update(revision.seq for revision in waiting)
        if isinstance(answers, str):
            return [None] * len(waiting)
        return [self._told(revision, answer) for revision, answer in zip(waiting, answers, strict=True)]

    def _told(self, revision: StoredRevision, answer: Answer | None) -> Understood | None:
        feed = self._feeds.get(revision.feed_id)
        if answer is None or feed is None:
            return None
        told, missed, judgements, *rest = answer
        title, text, language, published_at, outlet, facts, missing = told
        article = Article(
            title=title, text=text, feed=feed, language=language, published_at=published_at, outlet=outlet, facts=facts, missing=missing
        )
        hashed, concepts, version, terms = rest
        said = judgements or tuple(_missed(*one) for one in missed)
        return Understood(article=article, text_hash=hashed, concepts=concepts, judgements=said, rule_version=version, terms=terms)


def _shares(waiting: Sequence[StoredRevision]) -> list[list[StoredRevision]]:
    """Part what waits in its order, into shares of so many texts and characters at most; one text may be longer."""
    shares: list[list[StoredRevision]] = []
    size = 0
    for revision in waiting:
        own = len(revision.entry.content) + len(revision.entry.summary)
        if not shares or size + own > SHARE_SIZE or len(shares[-1]) == SHARE:
            shares.append([])
            size = 0
        shares[-1].append(revision)
        size += own
    return shares


@lru_cache(maxsize=500)
def _missed(topic: str, score: float, code: str, detail: str) -> Judgement:
    return Judgement(topic=topic, matched=False, score=score, evidence=(), reason=Reason(code=code, detail=detail))

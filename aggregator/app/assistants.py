"""Assistants: the processes that read documents also read texts for the judge, many at once.

What a text says, which topics it matches, its facts and its search terms follow from the text and the configuration alone; so they are
found in other processes, and come out as they would in the judge's own. What an assistant breaks on, and what needs its page first, is
left to the judge. The configuration is sent to a process once, under a key.
"""

import asyncio
from collections.abc import Coroutine, Sequence
from functools import lru_cache
from typing import Any, TypeAlias, TypeVar

from aggregator.app.rules import Rules
from aggregator.core.analyser import document_terms
from aggregator.core.fingerprints import digest_of, text_hash
from aggregator.core.stories import story_concepts
from aggregator.errors import ParseError
from aggregator.fulltext import needs_page
from aggregator.models import Article, Configuration, Entry, FeedSpec, Judgement, Reason
from aggregator.records import StoredRevision, Understood
from aggregator.sources.workers import ReaderPool

SHARE = 25
"""Texts that are handed over at once."""
UNKNOWN = "unknown"

Result = TypeVar("Result")
_Answer: TypeAlias = tuple[Any, ...]
"""What a process gives back of a text: plain values, since records cost more to send than to find."""


class Assistants:
    """Have texts read by a pool of processes under one configuration; `pages` says whether pages are fetched."""

    def __init__(self, pool: ReaderPool, configuration: Configuration, *, pages: bool) -> None:
        self._pool = pool
        self._feeds = {feed.id: feed for feed in configuration.feeds}
        self._setup = (configuration, pages)
        self._key = digest_of(repr(self._setup))

    async def __call__(self, waiting: Sequence[StoredRevision]) -> Sequence[Understood | None]:
        """Give what was understood of each revision, None where the judge has to read it."""
        shares = [waiting[start : start + SHARE] for start in range(0, len(waiting), SHARE)]
        return [one for answers in await asyncio.gather(*map(self._share, shares)) for one in answers]

    async def _share(self, waiting: Sequence[StoredRevision]) -> Sequence[Understood | None]:
        texts = [(revision.feed_id, revision.entry) for revision in waiting]
        try:
            answers = await self._pool.run(understand, self._key, None, texts)
            if isinstance(answers, str):
                answers = await self._pool.run(understand, self._key, self._setup, texts)
        except ParseError:
            answers = UNKNOWN
        if isinstance(answers, str):
            return [None] * len(waiting)
        return [self._told(revision, answer) for revision, answer in zip(waiting, answers, strict=True)]

    def _told(self, revision: StoredRevision, answer: _Answer | None) -> Understood | None:
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


@lru_cache(maxsize=500)
def _missed(topic: str, score: float, code: str, detail: str) -> Judgement:
    return Judgement(topic=topic, matched=False, score=score, evidence=(), reason=Reason(code=code, detail=detail))


def understand(key: str, setup: tuple[Configuration, bool] | None, texts: Sequence[tuple[str, Entry]]) -> Sequence[_Answer | None] | str:
    """Read texts in a worker process, which asks for the configuration where it does not know the key yet."""
    if setup is not None:
        _REASONERS.clear()
        _REASONERS[key] = _Reasoner(*setup)
    reasoner = _REASONERS.get(key)
    return UNKNOWN if reasoner is None else [reasoner.read(*text) for text in texts]


class _Reasoner:
    """Read texts under one configuration."""

    def __init__(self, configuration: Configuration, pages: bool) -> None:
        self._feeds = {feed.id: feed for feed in configuration.feeds}
        self._rules, self._pages = Rules(configuration), pages

    def read(self, feed_id: str, entry: Entry) -> _Answer | None:
        try:
            feed = self._feeds.get(feed_id)
            return self._read(entry, feed) if feed else None
        except Exception:  # the judge reads this text itself, and says what breaks
            return None

    def _read(self, entry: Entry, feed: FeedSpec) -> _Answer | None:
        article = _finished(self._rules.enrich(entry, feed))
        judgements = self._rules.judge(article)
        matched = any(judgement.matched for judgement in judgements)
        if self._pages and needs_page(entry, article, lambda: matched):
            return None
        if matched:
            article = _finished(self._rules.find_facts(article))
        if article.missing:  # the judge reads it again, and logs what broke
            return None
        quoted = matched or any(judgement.evidence for judgement in judgements)
        return (
            (article.title, article.text, article.language, article.published_at, article.outlet, article.facts, article.missing),
            () if quoted else tuple((one.topic, one.score, one.reason.code, one.reason.detail) for one in judgements),
            judgements if quoted else (),
            text_hash(article.title, article.text),
            story_concepts(article.facts, judgements, self._rules.level),
            self._rules.rule_version,
            _terms(article),
        )


_REASONERS: dict[str, _Reasoner] = {}


def _terms(article: Article) -> tuple[str, str] | None:
    """Give the search terms of a text; the store finds them where it has to mend the text first."""
    plain = "\x00" not in article.title and "\x00" not in article.text
    return document_terms(article.title, article.text) if plain and _is_encodable(article.title + article.text) else None


def _is_encodable(text: str) -> bool:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def _finished(step: Coroutine[Any, Any, Result]) -> Result:
    """Run steps that wait for nothing, as those of reading do, without a loop."""
    try:
        step.send(None)
    except StopIteration as end:
        result: Result = end.value
        return result
    step.close()
    raise RuntimeError("a step of reading waits for something")

"""What an assistant does in a process of its own: read texts under one configuration.

Few things are loaded here, since each process loads them again: no network, no store, no log.
"""

from collections.abc import Coroutine, Sequence
from typing import Any, TypeAlias, TypeVar

from aggregator.app.rules import Rules
from aggregator.core.analyser import document_terms
from aggregator.core.fingerprints import text_hash
from aggregator.core.fullness import needs_page
from aggregator.core.stories import story_concepts
from aggregator.models import Article, Configuration, Entry, FeedSpec

UNKNOWN = "unknown"
"""The answer of a process that does not know the configuration yet."""

Result = TypeVar("Result")
Answer: TypeAlias = tuple[Any, ...]
"""What a process gives back of a text: plain values, since records cost more to send than to find."""


def understand(key: str, setup: tuple[Configuration, bool] | None, texts: Sequence[tuple[str, Entry]]) -> Sequence[Answer | None] | str:
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

    def read(self, feed_id: str, entry: Entry) -> Answer | None:
        try:
            feed = self._feeds.get(feed_id)
            return self._read(entry, feed) if feed else None
        except Exception:  # the judge reads this text itself, and says what breaks
            return None

    def _read(self, entry: Entry, feed: FeedSpec) -> Answer | None:
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

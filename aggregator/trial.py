"""Trial: what an edited topic would do to the archive, beside what it does now; nothing is stored, nothing is sent.

A trial runs in a process of its own that can be killed, since a rule is what somebody typed. It judges the newest articles first and
stops when its time is up, so that even a slow rule has an answer that says how far it came. Of older articles it judges those that the
topic found before and those that readers marked, so that what would be lost is seen.
"""

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TypeAlias

from aggregator.desk_records import Sample
from aggregator.errors import ConfigurationError, ParseError, Problem, UsageError
from aggregator.matching import Judge, compile_topics
from aggregator.matching.judge import as_query
from aggregator.models import Article, FeedSpec, Judgement, TopicSpec
from aggregator.records import Archived
from aggregator.vocabulary import load_packs

LONGEST_RULE = 30_000
"""Characters of a topic that are tried."""
SECONDS = 6.0
"""How long a trial judges; what is left then is not judged."""
IDLE = 300.0
"""Seconds without a trial after which the process ends."""
SHOWN = 25
_NEAR = "below_threshold"
_NO_FEED = FeedSpec(id="example", name="example", url="", publisher="example", family="example")


@dataclass(frozen=True, slots=True, kw_only=True)
class Specimen:
    """Show one article: its scores before and after, where it matched, the words that counted, and why it is judged so now."""

    article_id: int
    title: str
    outlet: str
    language: str
    seen_at: datetime
    before: float | None
    after: float | None
    words: tuple[str, ...]
    reason: str


@dataclass(slots=True, kw_only=True)
class Tally:
    """Count verdicts against labels."""

    hits: int = 0
    false_alarms: int = 0
    missed: int = 0

    def add(self, wanted: bool, found: bool) -> None:
        """Count one verdict."""
        self.hits += wanted and found
        self.false_alarms += found and not wanted
        self.missed += wanted and not found

    @property
    def scores(self) -> tuple[float, float, float]:
        """Give precision, recall and F1; 1 where there is nothing to find or nothing was found."""
        precision = self.hits / (self.hits + self.false_alarms) if self.hits + self.false_alarms else 1.0
        recall = self.hits / (self.hits + self.missed) if self.hits + self.missed else 1.0
        return precision, recall, 2 * precision * recall / (precision + recall) if precision + recall else 0.0


@dataclass(slots=True, kw_only=True)
class Tried:
    """Hold the outcome: `articles` recent ones in `days`, lists of the first `SHOWN`, and how many there are of each.

    `complete` is False where time ran out; `marks` holds the rules before and after against what readers said.
    """

    topic: str
    query: str
    articles: int = 0
    days: float = 1.0
    before: int = 0
    after: int = 0
    complete: bool = True
    lists: dict[str, list[Specimen]] = field(default_factory=lambda: {name: [] for name in ("gained", "lost", "matched", "near")})
    counts: dict[str, int] = field(default_factory=lambda: dict.fromkeys(("gained", "lost", "matched", "near"), 0))
    examples: Sequence[tuple[str, bool]] = ()
    marks: tuple[Tally, Tally] = field(default_factory=lambda: (Tally(), Tally()))

    def per_day(self, count: int) -> float:
        """Spread a count of recent articles over their days."""
        return count / self.days


@dataclass(frozen=True, slots=True)
class Refused:
    """Say what is wrong with a rule."""

    problems: Sequence[Problem]


Outcome: TypeAlias = Tried | Refused


class Trials:
    """Try rules one at a time; `run` does so in another process, which `start` makes ready and `stop` ends when nobody tries any more."""

    def __init__(self, run: Callable[["Rule", Sample], Outcome], start: Callable[[], None], stop: Callable[[], None]) -> None:
        self._run, self._start, self._stop = run, start, stop
        self._busy = threading.Lock()
        self._idle: threading.Timer | None = None

    def get_ready(self) -> None:
        """Start the process now, so that a trial need not wait for it."""
        self._start()
        self._end_later()

    def run(self, rule: "Rule", sample: Callable[[], Sample]) -> Outcome:
        """Try a rule; raises `UsageError` while another is being tried, or where this one broke off."""
        if not self._busy.acquire(blocking=False):
            raise UsageError("another rule is being tried at this moment: wait some seconds and try again")
        try:
            return self._run(rule, sample())
        except ParseError:
            raise UsageError("the rule took too long, or too much memory, for a single article: make it smaller") from None
        finally:
            self._end_later()
            self._busy.release()

    def close(self) -> None:
        """End the process."""
        if self._idle:
            self._idle.cancel()
        self._stop()

    def _end_later(self) -> None:
        if self._idle:
            self._idle.cancel()
        self._idle = threading.Timer(IDLE, self._stop)
        self._idle.daemon = True
        self._idle.start()


Read: TypeAlias = Callable[[str, Sequence[FeedSpec]], TopicSpec]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """Hold what is tried: the text of a topic as feeds.yaml writes it, and the topic that it would replace."""

    text: str
    old: TopicSpec | None
    feeds: Sequence[FeedSpec]


def try_rule(read: Read, rule: Rule, sample: Sample, seconds: float = SECONDS) -> Outcome:
    """Judge a sample by the old topic and the one that was typed; `read` makes a topic of a text."""
    until = time.monotonic() + seconds
    try:
        new = read(rule.text, rule.feeds)
        judge = compile_topics(_pair(rule.old, new), load_packs())
    except ConfigurationError as error:
        return Refused(error.problems)
    tried = Tried(topic=new.id, query=as_query(new), examples=_wrong_examples(new))
    _judge_all(tried, judge, rule, sample, until)
    return tried


def _pair(old: TopicSpec | None, new: TopicSpec) -> list[TopicSpec]:
    """Name the two topics after their turn, so that one reading of an article serves both."""
    return [replace(topic, id=name) for name, topic in (("after", new), ("before", old)) if topic is not None]


def _judge_all(tried: Tried, judge: Judge, rule: Rule, sample: Sample, until: float) -> None:
    feeds = {feed.id: feed for feed in rule.feeds}
    moments: list[datetime] = []
    seen: set[int] = set()
    for recent, archived in [*((True, one) for one in sample.recent), *((False, one) for one in (*sample.marked, *sample.found))]:
        if time.monotonic() > until:
            tried.complete = False
            break
        if archived.revision.seq in seen:
            continue
        seen.add(archived.revision.seq)
        judged = {one.topic: one for one in judge.judge(_article(archived, feeds))}
        _count(tried, archived, judged, recent=recent, wanted=sample.marks.get(archived.revision.article_id))
        if recent:
            moments.append(archived.revision.observed_at)
    tried.articles = len(moments)
    tried.days = max(1.0, (moments[0] - moments[-1]).total_seconds() / 86400) if moments else 1.0


def _article(archived: Archived, feeds: Mapping[str, FeedSpec]) -> Article:
    feed_id = archived.revision.feed_id
    feed = feeds.get(feed_id) or FeedSpec(id=feed_id, name=feed_id, url="", publisher=feed_id, family=feed_id)
    return Article(title=archived.title, text=archived.text, feed=feed, language=archived.language or None, outlet=archived.outlet)


def _count(tried: Tried, archived: Archived, judged: Mapping[str, Judgement], *, recent: bool, wanted: bool | None) -> None:
    after, before = judged["after"], judged.get("before")
    was = before is not None and before.matched
    if recent:
        tried.before += was
        tried.after += after.matched
    if wanted is not None:
        tried.marks[0].add(wanted, was)
        tried.marks[1].add(wanted, after.matched)
    for name in _lists(was, after, recent=recent):
        tried.counts[name] += 1
        if len(tried.lists[name]) < SHOWN:
            tried.lists[name].append(_specimen(archived, before if was else None, after))


def _lists(was: bool, after: Judgement, *, recent: bool) -> Sequence[str]:
    """Name the lists an article belongs to; of older ones only what changes is shown."""
    changed = ["gained"] if after.matched and not was else ["lost"] if was and not after.matched else []
    if not recent:
        return changed
    return changed + (["matched"] if after.matched else ["near"] if after.reason.code == _NEAR else [])


def _specimen(archived: Archived, before: Judgement | None, after: Judgement) -> Specimen:
    return Specimen(
        article_id=archived.revision.article_id,
        title=archived.title,
        outlet=archived.outlet or archived.revision.feed_id,
        language=archived.language,
        seen_at=archived.revision.observed_at,
        before=before.score if before else None,
        after=after.score if after.matched else None,
        words=tuple(dict.fromkeys(one.quote for one in (after if after.matched else before or after).evidence))[:6],
        reason=after.reason.detail or after.reason.code,
    )


def _wrong_examples(topic: TopicSpec) -> Sequence[tuple[str, bool]]:
    """Give the topic's own examples that it judges otherwise than it says, and whether it should match."""
    judge = compile_topics([topic], load_packs())
    examples = [*((text, True) for text in topic.must_match), *((text, False) for text in topic.must_not_match)]
    return [
        (text, should) for text, should in examples if judge.judge(Article(title=text, text="", feed=_NO_FEED))[0].matched is not should
    ]

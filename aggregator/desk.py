"""The desk: search, export, resend and verdicts, the same for pages, the API and the command line.

Sums over the archive are remembered for a minute, so that a page stays quick however much is stored; a list is always read anew. What
feeds.yaml says is asked for each time, and what was remembered under another feeds.yaml is made anew.
"""

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import chain
from typing import Any

import structlog

from aggregator.core.excerpts import Excerpt, Mark, excerpt
from aggregator.core.exports import WRITERS, Channel
from aggregator.core.queries import Wanted, parse_query, places
from aggregator.desk_records import Hit, SearchFilter
from aggregator.errors import UsageError
from aggregator.models import Configuration, Digest, FeedSpec, TopicSpec
from aggregator.ports import DeskStore
from aggregator.saved import Entries
from aggregator.trial import LONGEST_RULE, Outcome, Rule, Trials

log = structlog.get_logger(__name__)

MOST_EXPORTED = 100_000
REMEMBERED = timedelta(minutes=1)
NEVER = datetime(2000, 1, 1, tzinfo=UTC)
"""When an empty feed changed."""
VERDICTS = ("relevant", "not_relevant")


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """Hold what the desk works with; `configured` gives feeds.yaml as it stands, so that a reload shows at once.

    `label` names a concept in a language, `draft` renders a digest by file suffix.
    `rule_text` takes a topic out of the text of feeds.yaml; without `trials` no rule can be tried. `plain` reads HTML as text, `opml`
    writes a list of feeds under a title, names by address, `entries` writes what belongs into feeds.yaml, `located` gives name, latitude
    and longitude of the places that are known.
    """

    store: DeskStore
    configured: Callable[[], Configuration]
    label: Callable[[str, str], str]
    draft: Callable[[Digest], Mapping[str, bytes]]
    clock: Callable[[], datetime]
    rule_text: Callable[[str, TopicSpec], str] = lambda text, topic: topic.query
    plain: Callable[[str], str] = str
    opml: Callable[[str, Mapping[str, str]], str] = lambda title, _feeds: title
    entries: Entries | None = None
    trials: Trials | None = None
    located: Callable[[], Mapping[str, tuple[str, float, float]]] = dict
    memory: "Memory" = field(default_factory=lambda: Memory())

    @property
    def topics(self) -> Sequence[TopicSpec]:
        """Give the topics of feeds.yaml as it stands."""
        return self.configured().topics

    @property
    def feeds(self) -> Sequence[FeedSpec]:
        """Give the feeds of feeds.yaml as it stands."""
        return self.configured().feeds

    def recall(self, name: str, make: Callable[[], Any]) -> Any:
        """Give what `make` gave a short while ago under this feeds.yaml."""
        return self.memory.recall(name, self.configured(), self.clock(), make)


class Memory:
    """Remember results for a while; two who ask at once wait for one answer."""

    def __init__(self) -> None:
        self._kept: dict[str, tuple[datetime, Configuration, Any]] = {}
        self._lock = threading.RLock()  # the sums of a chart are themselves remembered

    def recall(self, name: str, configuration: Configuration, now: datetime, make: Callable[[], Any]) -> Any:
        """Give what `make` gave at most `REMEMBERED` ago for the very same configuration."""
        with self._lock:
            known = self._kept.get(name)
            if known is None or known[1] is not configuration or now - known[0] >= REMEMBERED:
                known = (now, configuration, make())
                self._kept[name] = known
            return known[2]


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """Hold one hit as people read it: a snippet, with offsets of the words in it and in the title."""

    hit: Hit
    snippet: Excerpt
    title_marks: Sequence[tuple[int, int]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Results:
    """Hold a page of a search; `asks` is False where the query holds nothing to look for."""

    found: Sequence[Found]
    next: str | None
    asks: bool
    facets: Mapping[str, Mapping[str, int]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Hold a search: the query as typed, filters, and the order."""

    query: str
    chosen: SearchFilter = field(default_factory=SearchFilter)
    best: bool = False


def search(desk: Desk, asked: Asked, cursor: str | None = None, limit: int = 20, *, facets: bool = False) -> Results:
    """Search the archive and mark the words found; raises `UsageError` for a strange cursor."""
    wanted = parse_query(asked.query)
    if wanted is None and (asked.query.strip() or not asked.chosen.labelled):
        return Results(found=(), next=None, asks=False)
    counted: Mapping[str, Mapping[str, int]] = {}
    if facets:
        page, counted = desk.store.search_counted(wanted, asked.chosen, best=asked.best, cursor=cursor, limit=limit)
    else:
        page = desk.store.search(wanted, asked.chosen, best=asked.best, cursor=cursor, limit=limit)
    return Results(found=[_found(hit, wanted) for hit in page.items], next=page.next, asks=True, facets=counted)


def export(desk: Desk, asked: Asked, form: str, url: str, most: int = MOST_EXPORTED) -> Iterator[str]:
    """Write the newest `most` articles that a search finds; `form` is a key of `core.exports.WRITERS`."""
    _, write = WRITERS[form]
    hits = _all_hits(desk, asked, most)
    newest = next(hits, None)
    # A feed says that it changed when its newest article came: the time of asking would change it with every poll.
    made_at = newest.first_seen_at if newest else NEVER
    channel = Channel(title=f"Aggregator: {asked.query}", url=url, made_at=made_at)
    return write(chain((newest,), hits) if newest else hits, channel)


def topic_hits(desk: Desk, topic: str, limit: int = 50) -> list[Hit]:
    """Give the newest articles that match a topic, for its feed."""
    return list(desk.store.search(None, SearchFilter(topic=topic), best=False, limit=limit).items)


def named(desk: Desk, concept: str) -> str:
    """Name a concept in words: by its label, else by the last part of its id; a figure by number and unit, a date as it is."""
    label = desk.label(concept, "en")
    if label != concept:
        return label
    kind, _, last = concept.rpartition("/")
    unit, _, number = last.partition(":")
    if number or last[:1].isdigit():
        return f"{number} {unit}".strip() if number else last
    words = last.replace("-", " ").replace("_", " ")
    return words.title() if kind in ("place", "region", "country") else words[:1].upper() + words[1:]


def topic_name(desk: Desk, topic: str) -> str:
    """Name a topic, or what a subscription's own query stands for; one that feeds.yaml no longer holds goes by its id."""
    return next((known.name for known in desk.configured().judged if known.id == topic), topic)


def resend(desk: Desk, delivery_id: int, by: str) -> None:
    """Send a settled delivery once more, at once; raises `UsageError` where it is not settled."""
    if not desk.store.requeue(delivery_id, desk.clock()):
        raise UsageError("only a delivery that was sent or given up can be sent again; this one is still under way or does not exist")
    log.info("delivery sent again by hand", delivery=delivery_id, by=by)


def mark(desk: Desk, article_id: int, topic: str, verdict: str, by: str) -> None:
    """Keep a reader's verdict on a match; raises `UsageError` for an unknown article, topic or verdict."""
    if verdict not in VERDICTS:
        raise UsageError(f"a verdict is one of: {', '.join(VERDICTS)}")
    if topic not in {known.id for known in desk.configured().judged}:
        raise UsageError("there is no such topic in feeds.yaml")
    if not desk.store.record_verdict(article_id, topic, verdict, by, desk.clock()):
        raise UsageError("there is no such article")


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """Hold what an editor decides of a story: `kind` is "merge", "split", "lead", "apart" or "undo".

    `other` is the story to merge with, or the number of the decision to undo; the rest is about `articles`.
    """

    kind: str
    articles: Sequence[int] = ()
    other: int = 0


def rearrange(desk: Desk, story_id: int, decision: Decision, by: str) -> None:
    """Carry out what an editor decides of a story; raises `UsageError` where it makes no sense."""
    now, chosen = desk.clock(), list(decision.articles)
    match decision:
        case Decision(kind="merge"):
            desk.store.merge_stories(story_id, decision.other, now, by)
        case Decision(kind="split"):
            desk.store.split_story(story_id, chosen, now, by)
        case Decision(kind="lead") if len(chosen) == 1:
            desk.store.set_lead(story_id, chosen[0], now, by)
        case Decision(kind="apart") if len(chosen) == 2:
            desk.store.keep_apart(chosen[0], chosen[1], now, by)
        case Decision(kind="undo"):
            if decision.other not in {event.id for event in desk.store.story_record(story_id).events}:
                raise UsageError("this is not a decision of this story")
            desk.store.undo_operation(decision.other, now, by)
        case _:
            raise UsageError("choose one article for the lead, two that are not the same, at least one to split off")
    log.info("story rearranged by hand", story=story_id, decision=decision.kind, by=by)


def try_topic(desk: Desk, topic: str, text: str) -> Outcome:
    """Try an edited topic on the archive, beside the topic of that id; raises `UsageError` where it cannot be tried now."""
    if desk.trials is None:
        raise UsageError("rules cannot be tried here: start the service with `aggregator run`")
    if len(text) > LONGEST_RULE:
        raise UsageError(f"the topic is too long: at most {LONGEST_RULE:,} characters can be tried; keep long word lists in a term pack")
    old = next((known for known in desk.topics if known.id == topic), None)
    return desk.trials.run(Rule(text=text, old=old, feeds=tuple(desk.feeds)), lambda: desk.store.sample(topic))


def _found(hit: Hit, wanted: Wanted | None) -> Found:
    marks = [Mark(start, end) for start, end in places(hit.text, wanted)]
    return Found(hit=hit, snippet=excerpt(hit.text, marks, 280), title_marks=_merged(places(hit.title, wanted)))


def _merged(spots: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    merged: list[tuple[int, int]] = []
    for start, end in spots:
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged


def _all_hits(desk: Desk, asked: Asked, most: int) -> Iterator[Hit]:
    wanted, cursor, left = parse_query(asked.query), None, most
    while left > 0 and (wanted is not None or (asked.chosen.labelled and not asked.query.strip())):
        page = desk.store.search(wanted, asked.chosen, best=False, cursor=cursor, limit=min(left, 200))
        yield from page.items
        left, cursor = left - len(page.items), page.next
        if cursor is None:
            return

"""Every stored revision ends with exactly one outcome, whatever happens to the judge."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from itertools import count
from typing import Any

import pytest
from sqlalchemy import event

from aggregator.core import outcomes
from aggregator.core.digests import Gathered, Window, compose
from aggregator.core.traits import traits_of
from aggregator.errors import StoreError
from aggregator.judge import Judging, judge_pending
from aggregator.matching import Judge, compile_topics
from aggregator.models import Article, Entry, FeedSpec, Judgement, Schedule, SubscriptionSpec
from aggregator.ports import Store
from aggregator.records import Traits
from aggregator.store import SqlStore, open_store
from aggregator.store.database import Database
from aggregator.store.engine import database_url
from aggregator.vocabulary import load_packs
from tests.conftest import Clock
from tests.judge.newsroom import ECHO, GAZETTE, INDEPENDENT, PAPER, SEARCH, WEATHER, codes, entry, judging, serve, stories
from tests.matching.topics import LABOUR, SANCTIONS

EVERYTHING = (
    (PAPER, entry()),
    (PAPER, WEATHER),
    (GAZETTE, INDEPENDENT),
    (GAZETTE, ECHO),
    (SEARCH, entry("through-search", url=entry().url)),
    (SEARCH, entry("reprint", url="https://reprint.example/1")),
    (PAPER, entry(title="North Korean workers in Dandong told to pack  up!")),
    (PAPER, entry(text="A seafood plant in Dandong told 30 North Korean workers to go home, a manager said.")),
)
EXPECTED = [
    outcomes.NEW_STORY,
    outcomes.NO_COUNTRY,
    outcomes.SAME_STORY,
    outcomes.ECHO,
    outcomes.SAME_ARTICLE,
    outcomes.COPY,
    outcomes.COSMETIC_REVISION,
    outcomes.MATERIAL_REVISION,
]


def serve_everything(store: Store, clock: Clock) -> None:
    for feed, served in EVERYTHING:
        serve(store, clock, served, feed=feed)


async def test_every_revision_gets_exactly_one_outcome(store: Store, clock: Clock) -> None:
    serve_everything(store, clock)
    assert await judge_pending(judging(store, clock)) == len(EVERYTHING)
    assert codes(store) == EXPECTED
    assert all(code in outcomes.UNMATCHED | outcomes.TOLD | outcomes.FOLDED for code in codes(store))
    assert all(outcome.detail for outcome in store.outcomes())
    assert await judge_pending(judging(store, clock)) == 0


async def test_progress_is_told_a_batch_at_a_time(store: Store, clock: Clock) -> None:
    serve_everything(store, clock)
    told: list[int] = []
    await judge_pending(replace(judging(store, clock), batch=3), told.append)
    assert told == [3, 6, 8]


@pytest.mark.parametrize(
    ("title", "text", "code"),
    [
        ("Rain over the harbour", "", outcomes.NO_COUNTRY),
        ("North Korea opens a swimming pool", "", outcomes.NO_THEME),
        ("", "", outcomes.NO_COUNTRY),
    ],
)
async def test_what_matches_nothing_keeps_a_reason_for_each_topic(store: Store, clock: Clock, title: str, text: str, code: str) -> None:
    serve(store, clock, entry("other", title, text))
    await judge_pending(judging(store, clock))
    (outcome,) = store.outcomes()
    assert (outcome.code, outcome.topics, outcome.story_id) == (code, (), None)
    assert outcome.detail


async def test_without_topics_everything_is_judged_and_says_so(store: Store, clock: Clock) -> None:
    serve(store, clock, entry())
    await judge_pending(replace(judging(store, clock), topics=compile_topics((), load_packs())))
    assert [(outcome.code, outcome.detail) for outcome in store.outcomes()] == [(outcomes.NO_THEME, "no topic is configured")]


async def test_an_entry_of_a_feed_that_left_the_file_is_judged_by_its_words(store: Store, clock: Clock) -> None:
    serve(store, clock, entry())
    await judge_pending(replace(judging(store, clock), feeds={}))
    assert codes(store) == [outcomes.NEW_STORY]


class KilledError(BaseException):
    """Stand for a process that ends: no text is at fault, and nothing goes on after it."""


class DyingStore(SqlStore):
    """Die before a statement that writes, the one of this number."""

    def __init__(self, url: str, write: int) -> None:
        super().__init__(Database(database_url(url)))
        self.writes = count(1)

        @event.listens_for(self._database.engine, "before_cursor_execute")
        def die(_connection: object, _cursor: object, statement: str, *_: object) -> None:
            if statement.startswith(("INSERT", "UPDATE", "DELETE")) and next(self.writes) == write:
                raise KilledError


class RefusingStore(SqlStore):
    """Refuse what mentions a revision, as a database does that finds something wrong in it."""

    def __init__(self, url: str, seq: int) -> None:
        super().__init__(Database(database_url(url)))

        @event.listens_for(self._database.engine, "before_cursor_execute")
        def refuse(_connection: object, _cursor: object, statement: str, parameters: Sequence[object], *_: object) -> None:
            rows = [tuple(row) if isinstance(row, tuple | list) else (row,) for row in parameters]
            if statement.startswith("INSERT INTO story_events") and any(row[0] == seq for row in (*rows, tuple(parameters))):
                raise StoreError("refused")


@pytest.fixture
def served(store_url: str, store: Store, clock: Clock) -> str:
    serve_everything(store, clock)
    return store_url


@pytest.mark.parametrize("write", [1, 5, 9, 14, 20, 27, 35, 44, 54, 65])
async def test_killed_in_the_middle_of_a_batch_it_is_judged_again_with_the_same_result(
    served: str, store: Store, clock: Clock, write: int
) -> None:
    dying = DyingStore(served, write)
    with pytest.raises(KilledError):
        await judge_pending(judging(dying, clock))
    dying.close()
    assert codes(store) == ["not_judged"] * len(EVERYTHING)
    assert store.overview().stories == 0
    await judge_pending(judging(store, clock))
    assert codes(store)[0] == outcomes.NEW_STORY
    assert codes(store)[-1] == outcomes.MATERIAL_REVISION
    assert [sketch.version for sketch in stories(store, clock)] == [2]


async def test_batches_that_were_kept_before_the_kill_stay(served: str, store: Store, clock: Clock) -> None:
    dying = DyingStore(served, 60)
    with pytest.raises(KilledError):
        await judge_pending(replace(judging(dying, clock), batch=2))
    dying.close()
    kept = codes(store)
    assert kept[:2] == [outcomes.NEW_STORY, outcomes.NO_COUNTRY]
    assert kept[-1] == "not_judged"
    assert kept.index("not_judged") % 2 == 0
    await judge_pending(judging(store, clock))
    assert codes(store)[4:6] == [outcomes.SAME_ARTICLE, outcomes.COPY]


@pytest.mark.parametrize("seq", [3, 4, 7])
async def test_a_refused_article_loses_none_before_it_and_nothing_behind_it(served: str, store: Store, clock: Clock, seq: int) -> None:
    refusing = RefusingStore(served, seq)
    with pytest.raises(StoreError, match="refused"):
        await judge_pending(judging(refusing, clock))
    refusing.close()
    assert codes(store)[seq - 2 : seq] == [EXPECTED[seq - 2], "not_judged"]
    assert store.judged_through() == seq - 1
    await judge_pending(judging(store, clock))
    assert codes(store) == EXPECTED


async def test_two_judges_at_once_decide_once(served: str, store: Store, clock: Clock) -> None:
    other = open_store(served)
    await asyncio.gather(judge_pending(judging(store, clock)), judge_pending(judging(other, clock)))
    other.close()
    assert codes(store)[0] == outcomes.NEW_STORY
    assert "not_judged" not in codes(store)
    assert [sketch.version for sketch in stories(store, clock)] == [2]


class BreakingJudge(Judge):
    """Break on one text."""

    def judge(self, article: Article) -> tuple[Judgement, ...]:
        if "harbour" in article.title:
            raise RecursionError
        return super().judge(article)


def breaking(use: Judging) -> tuple[Judging, Judging]:
    """Give a judge whose rules break on one text, and one whose enrichment does."""

    async def enrich(served: Entry, feed: FeedSpec) -> Article:
        if "harbour" in served.title:
            raise ValueError("secret inside")
        return await use.enrich(served, feed)

    return replace(use, topics=BreakingJudge((LABOUR, SANCTIONS), load_packs())), replace(use, enrich=enrich)


@pytest.mark.parametrize(("which", "error"), [(0, "RecursionError"), (1, "ValueError")])
async def test_a_text_that_the_rules_break_on_holds_up_nothing_and_is_accounted_for(
    store: Store, clock: Clock, which: int, error: str
) -> None:
    serve(store, clock, WEATHER, entry())
    await judge_pending(breaking(judging(store, clock))[which])
    assert codes(store) == [outcomes.NOT_READ, outcomes.NEW_STORY]
    assert store.outcomes()[0].detail == f"internal error: {error}"
    assert store.judged_through() == 2


class BreakingStore(SqlStore):
    """Break where an article is placed, in a way that no database does."""

    def __init__(self, url: str, seq: int) -> None:
        super().__init__(Database(database_url(url)))

        @event.listens_for(self._database.engine, "before_cursor_execute")
        def stop(_connection: object, _cursor: object, statement: str, parameters: Sequence[object], *_: object) -> None:
            rows = [tuple(row) if isinstance(row, tuple | list) else (row,) for row in parameters]
            if statement.startswith("INSERT INTO story_events") and any(row[0] == seq for row in (*rows, tuple(parameters))):
                raise RecursionError


@pytest.mark.parametrize("seq", [3, 4, 8])
async def test_a_text_that_cannot_be_placed_holds_up_nothing_and_is_accounted_for(
    served: str, store: Store, clock: Clock, seq: int
) -> None:
    breaks = BreakingStore(served, seq)
    assert await judge_pending(judging(breaks, clock)) == len(EVERYTHING)
    breaks.close()
    found = codes(store)
    assert (found[seq - 1], found.count(outcomes.NOT_READ)) == (outcomes.NOT_READ, 1)
    assert found[: seq - 1] == EXPECTED[: seq - 1]
    assert store.outcomes()[seq - 1].detail == "internal error: RecursionError"


@pytest.mark.parametrize("title", [entry().title, INDEPENDENT.title, ECHO.title])
async def test_a_text_that_the_embedding_breaks_on_is_told_all_the_same(served: str, store: Store, clock: Clock, title: str) -> None:
    def embed(said: str, lead: str) -> tuple[tuple[float, ...], ...]:
        if said == title:
            raise RecursionError
        return ()

    assert await judge_pending(replace(judging(store, clock), embed=embed)) == len(EVERYTHING)
    assert codes(store) == EXPECTED


async def test_a_text_whose_words_cannot_be_weighed_is_told_and_holds_up_nothing(
    served: str, store: Store, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(article: Article, *given: Any) -> Traits:
        if article.title == INDEPENDENT.title:
            raise RecursionError
        return traits_of(article, *given)

    monkeypatch.setattr("aggregator.judge.traits_of", broken)
    assert await judge_pending(judging(store, clock)) == len(EVERYTHING)
    assert codes(store)[2] in outcomes.TOLD | outcomes.FOLDED
    assert outcomes.NOT_READ not in codes(store)


async def test_a_text_that_could_not_be_read_stands_in_the_coverage_of_the_digest(store: Store, clock: Clock) -> None:
    serve(store, clock, WEATHER, entry())
    await judge_pending(breaking(judging(store, clock))[0])
    topics = ("labour", "sanctions")
    subscription = SubscriptionSpec(id="d", name="D", channel="file", recipients=(), topics=topics, schedule=Schedule(every="immediate"))
    gathered = Gathered(
        window=Window(0, 2), stories=store.window_stories("d", topics, 0, 2), counts=store.window_counts(topics, 0, 2), feeds=()
    )
    coverage = compose(subscription, (LABOUR, SANCTIONS), gathered, lambda concept, language: "", clock()).coverage
    assert (coverage.seen, coverage.unmatched_by_reason, coverage.told) == (2, {outcomes.NOT_READ: 1}, 1)


async def test_a_revision_that_cannot_be_read_leaves_the_matched_text_as_it_is(store: Store, clock: Clock) -> None:
    serve(store, clock, entry())
    await judge_pending(judging(store, clock))
    serve(store, clock, entry(title="Rain over the harbour"))
    await judge_pending(breaking(judging(store, clock))[0])
    (sketch,) = stories(store, clock)
    assert [member.title for member in sketch.members] == [entry().title]


async def test_rules_that_cannot_be_loaded_let_every_text_wait(served: str, store: Store, clock: Clock) -> None:
    class Broken:
        @property
        def rule_version(self) -> str:
            raise ImportError("half a module")

        def judge(self, article: Article) -> tuple[Judgement, ...]:
            raise AssertionError(article)

    with pytest.raises(ImportError):
        await judge_pending(replace(judging(store, clock), topics=Broken()))
    assert store.overview().unjudged > 0

"""Three newsrooms, the texts they serve, and the judge with its real steps and topics."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

from aggregator.core.intake import decide, identities
from aggregator.enrich import Enricher
from aggregator.judge import Judging
from aggregator.matching import compile_topics
from aggregator.models import Entry, FeedSpec
from aggregator.ports import Store
from aggregator.records import PollRecord, StorySketch, Telling
from aggregator.vocabulary import load_packs
from tests.conftest import Clock
from tests.matching.topics import LABOUR, SANCTIONS


def newsroom(name: str, publisher: str) -> FeedSpec:
    return FeedSpec(id=name, name=publisher, url=f"https://{name}.example/feed", publisher=publisher, family=name)


PAPER = newsroom("paper", "The Border Paper")
GAZETTE = newsroom("gazette", "The Harbour Gazette")
YONHAP = newsroom("yonhap", "Yonhap News Agency")
SEARCH = newsroom("search", "News Search")
FEEDS = {feed.id: feed for feed in (PAPER, GAZETTE, YONHAP, SEARCH)}
_TOPICS = compile_topics((LABOUR, SANCTIONS), load_packs())
_ENRICHER = Enricher(FEEDS.values())

DANDONG = (
    "A seafood plant in Dandong told 300 North Korean workers to go home by the end of the month, a manager said. "
    "Their visas ran out in March, and nobody would renew them."
)


def entry(
    name: str = "plant", title: str = "North Korean workers in Dandong told to pack up", text: str = DANDONG, **changes: Any
) -> Entry:
    """Give an entry of the paper's site."""
    full = Entry(id=name, url=f"https://paper.example/{name}", title=title, content=f"<p>{text}</p>" if text else "")
    return replace(full, **changes)  # the caller names fields of Entry


INDEPENDENT = entry(
    "gazette-plant",
    "Dandong plant sends North Korean workers home",
    "Some 300 North Korean workers are to leave the Dandong factory district, a document seen by this paper shows.",
    url="https://gazette.example/plant",
)
ECHO = entry(
    "gazette-echo",
    "Report: North Korean workers to leave Dandong",
    "Yonhap News Agency reported on Monday that 300 North Korean workers in Dandong were told to go home.",
    url="https://gazette.example/echo",
)
WEATHER = entry("weather", "Rain over the harbour", "It rains, and it will rain tomorrow.")


def judging(store: Store, clock: Clock) -> Judging:
    return Judging(
        store=store,
        enrich=_ENRICHER.read,
        find_facts=_ENRICHER.find_facts,
        topics=_TOPICS,
        feeds=FEEDS,
        level=_ENRICHER.level,
        clock=clock,
    )


def serve(store: Store, clock: Clock, *entries: Entry, feed: FeedSpec = PAPER) -> None:
    """Store entries as a poll of the feed does, in this order."""
    known = store.known_entries(feed.id, set(identities(entries)))
    record = PollRecord(
        feed_id=feed.id,
        started_at=clock(),
        finished_at=clock(),
        outcome="ok",
        next_due_at=clock() + timedelta(hours=1),
        intakes=decide(feed.id, tuple(reversed(entries)), known),
        entries=len(entries),
    )
    store.record_polls([record])


def codes(store: Store) -> list[str]:
    """Give the outcomes of all revisions, in order of the ingest sequence."""
    return [outcome.code for outcome in store.outcomes()]


def stories(store: Store, clock: Clock) -> tuple[StorySketch, ...]:
    week = timedelta(days=7)
    return tuple(store.story_sketches(clock() - week, clock() + week))


def members(sketch: StorySketch) -> Mapping[str, Telling]:
    """Give a story's articles by title."""
    return {telling.title: telling for telling in sketch.members}

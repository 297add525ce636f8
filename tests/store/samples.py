"""What the store's tests put into it."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from aggregator.models import (
    Article,
    Coverage,
    Digest,
    Enclosure,
    Entry,
    Evidence,
    Fact,
    Failed,
    FailureKind,
    FeedHealth,
    FeedSpec,
    Item,
    Judgement,
    Outlet,
    Reason,
    Role,
    Schedule,
    SubscriptionSpec,
)
from aggregator.ports import Store
from aggregator.records import Address, Intake, Judged, Placement, PollRecord, StoredRevision

NOW = datetime(2026, 3, 1, 8, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
FEED = FeedSpec(id="dailynk", name="Daily NK", url="https://dailynk.example/feed", publisher="Daily NK", family="dailynk")
OTHER_FEED = FeedSpec(id="yonhap", name="Yonhap", url="https://yna.example/feed", publisher="Yonhap", family="yonhap", language="ko")
FEEDS = {feed.id: feed for feed in (FEED, OTHER_FEED)}
DAILY = Schedule(every="day", at=time(7, 0), time_zone=ZoneInfo("Asia/Seoul"))
SUBSCRIPTION = SubscriptionSpec(
    id="desk", name="The desk", channel="email", recipients=("desk@example.org",), topics=("workers",), schedule=DAILY
)
EVIDENCE = Evidence(theme="labour", concept="labour/worker", strength="strong", field="title", start=0, end=6, quote="Workers")
FIGURE = Fact(kind="figure", concept="person:2000", field="text", start=4, end=16, quote="2,000 people", low=2000, high=2000, unit="person")
ADDRESSES = (Address(channel="email", recipient="desk@example.org"), Address(channel="slack", recipient="env:SLACK"))


def entry(name: str = "one", **changes: Any) -> Entry:
    full = Entry(
        id=name,
        url=f"https://dailynk.example/{name}",
        title=f"Workers {name}",
        content="<p>Some 2,000 people</p>",
        published_at=NOW - HOUR,
        authors=("Kim",),
        enclosures=(Enclosure(url="https://dailynk.example/a.mp3", length=5_000_000_000),),
    )
    return replace(full, **changes)  # the caller names fields of Entry


def intake(name: str = "one", *, raw_hash: str = "h1", key: str | None = None, served: Entry | None = None) -> Intake:
    served = served or entry(name)
    return Intake(entry_id=None, identity=name, raw_hash=raw_hash, article_key=key or f"https://dailynk.example/{name}", entry=served)


def poll(*intakes: Intake, feed: FeedSpec = FEED, at: datetime = NOW, **changes: Any) -> PollRecord:
    record = PollRecord(
        feed_id=feed.id,
        started_at=at,
        finished_at=at + timedelta(seconds=2),
        outcome="ok",
        next_due_at=at + HOUR,
        intakes=intakes,
        entries=len(intakes),
        status=200,
        size=1234,
        etag='W/"1"',
        last_modified="Sun, 01 Mar 2026 07:00:00 GMT",
        body_hash="b1",
    )
    return replace(record, **changes)  # the caller names fields of PollRecord


def failed_poll(at: datetime = NOW, message: str = "the server answers 503") -> PollRecord:
    failure = Failed(kind=FailureKind.TEMPORARY, message=message, status=503)
    return poll(at=at, outcome="failed", status=503, failure=failure, etag=None, last_modified=None, body_hash=None)


def judgement(topic: str = "workers", *, matched: bool = True, code: str = "matched") -> Judgement:
    reason = Reason(code=code, detail=f"{topic}: {code}")
    return Judgement(topic=topic, matched=matched, score=2.5 if matched else 0.5, evidence=(EVIDENCE,) if matched else (), reason=reason)


def unmatched(revision: StoredRevision, code: str = "no_theme") -> Judged:
    return _judged(revision, (judgement(matched=False, code=code),), Reason(code=code, detail="no word of the topics"))


def matched(
    revision: StoredRevision, placement: Placement, *, topics: Sequence[str] = ("workers",), text: str = "Some 2,000 people"
) -> Judged:
    judged = _judged(revision, tuple(judgement(topic) for topic in topics), placement.why, text=text)
    return replace(judged, placement=placement)


def opened() -> Placement:
    return Placement(story_id=None, event="opened", role=Role.ORIGIN, why=Reason(code="new_story", detail="alone"), lead=True)


def joined(story_id: int, role: Role = Role.INDEPENDENT, **changes: Any) -> Placement:
    why = Reason(code="same_story", detail="shares a place")
    return replace(Placement(story_id=story_id, event="joined", role=role, why=why), **changes)  # fields of Placement


def updated(story_id: int, *changes: str) -> Placement:
    why = Reason(code="material_revision", detail="; ".join(changes))
    return Placement(story_id=story_id, event="updated", role=Role.ORIGIN, why=why, changes=changes)


def _judged(revision: StoredRevision, judgements: tuple[Judgement, ...], outcome: Reason, text: str = "Some 2,000 people") -> Judged:
    feed = FEEDS[revision.feed_id]
    published_at = revision.entry.published_at
    return Judged(
        revision=revision,
        article=Article(title=revision.entry.title, text=text, feed=feed, language="en", published_at=published_at, facts=(FIGURE, FIGURE)),
        text_hash=f"hash of {text}",
        concepts=frozenset({"place/dandong", "person:2000"}),
        judgements=judgements,
        rule_version="rules-1",
        outcome=outcome,
        decided_at=NOW + HOUR,
    )


def take_in(store: Store, *intakes: Intake, feed: FeedSpec = FEED, at: datetime = NOW) -> tuple[StoredRevision, ...]:
    """Store a poll and give the revisions that it brought."""
    store.record_polls([poll(*intakes, feed=feed, at=at)])
    return tuple(store.unjudged(1000))


def open_story(store: Store, name: str = "one", topics: Sequence[str] = ("workers",)) -> int:
    """Store an entry that opens a story, and give the story's id."""
    revision = take_in(store, intake(name))[-1]
    story_id = store.record_judged(matched(revision, opened(), topics=topics))
    assert story_id is not None
    return story_id


def item(story_id: int, version: int = 1, kind: str = "new", articles: Sequence[int] = ()) -> Item:
    outlet = Outlet(name="Daily NK", role=Role.ORIGIN, title="Workers", url="https://dailynk.example/one", language="en", published_at=NOW)
    outlets = tuple(replace(outlet, article_id=article) for article in articles)
    return Item(
        story_id=story_id,
        version=version,
        kind=kind,
        topics=("workers",),
        headline="북한 노동자 — 2,000명",
        url=outlet.url,
        language="ko",
        outlets=outlets or (outlet,),
        why=("“Workers” in the headline",),
        score=2.5,
        excerpt="Some 2,000 people",
        excerpt_marks=((5, 17),),
        changes=("1,000 → 2,000 people",),
        first_seen_at=NOW + timedelta(microseconds=7),
    )


def digest(*items: Item, after_seq: int = 0, through_seq: int = 1, decided_at: datetime = NOW) -> Digest:
    feeds = (FeedHealth(feed_id=FEED.id, name=FEED.name, status="ok", last_success_at=NOW),)
    return Digest(
        subscription=SUBSCRIPTION.id,
        name=SUBSCRIPTION.name,
        kind="daily",
        after_seq=after_seq,
        through_seq=through_seq,
        decided_at=decided_at,
        time_zone="Asia/Seoul",
        language="en",
        topic_names={"workers": "Workers abroad"},
        items=items,
        coverage=Coverage(seen=3, unmatched=1, matched=2, folded=1, told=1, unmatched_by_reason={"no_theme": 1}, feeds=feeds),
        since=NOW - 24 * HOUR,
    )

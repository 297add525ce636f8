"""The objects of the API, as its description shows them; a field more or less is a new version of the API."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict


class Problem(BaseModel):
    """Say what is wrong."""

    detail: str


class Record(BaseModel):
    """Stand for an object of the API."""

    model_config = ConfigDict(extra="forbid")


class Telling(Record):
    """Name one article of a story; `role` is "origin", "independent", "echo", "copy" or "unknown"."""

    article_id: int
    outlet: str
    role: str
    title: str
    language: str
    url: str | None
    told_at: datetime
    echo_of: int | None


class Story(Record):
    """Hold a story with its articles."""

    story_id: int
    version: int
    opened_at: datetime
    changed_at: datetime
    topics: Sequence[str]
    figures: Sequence[str]
    articles: Sequence[Telling]


class Event(Record):
    """Hold one line of a story's life."""

    kind: str
    version: int
    article_id: int
    changes: Sequence[str]
    decided_at: datetime


class WholeStory(Story):
    """Hold a story with its life, and why each article belongs to it."""

    events: Sequence[Event]
    why: Mapping[int, str]


class Statement(Record):
    """Hold one typed fact with the words that prove it."""

    kind: str
    concept: str
    quote: str
    low: float | None
    high: float | None
    unit: str | None


class Verdict(Record):
    """Hold what one topic says of an article."""

    topic: str
    matched: bool
    score: float
    reason: str
    words: Sequence[str]


class Article(Record):
    """Hold an article as it stands."""

    article_id: int
    story_id: int | None
    outlet: str
    language: str
    title: str
    text: str
    url: str | None
    published_at: datetime | None
    first_seen_at: datetime
    judgements: Sequence[Verdict]
    facts: Sequence[Statement]


class Hit(Record):
    """Hold an article that a search found; `marks` are (start, end) offsets of the words in `snippet`."""

    article_id: int
    story_id: int | None
    outlet: str
    language: str
    title: str
    url: str | None
    first_seen_at: datetime
    topics: Sequence[str]
    snippet: str
    marks: Sequence[tuple[int, int]]


class Figure(Record):
    """Hold one line of the ledger."""

    article_id: int
    story_id: int | None
    outlet: str
    title: str
    fact: Statement
    told_at: datetime


class Feed(Record):
    """Say how one feed does."""

    feed_id: str
    name: str
    status: str
    last_success_at: datetime | None
    next_due_at: datetime | None
    entries: int
    error: str | None


class Delivery(Record):
    """Say what became of one message."""

    delivery_id: int
    digest_id: int
    subscription: str
    channel: str
    status: str
    attempts: int
    sent_at: datetime | None
    detail: str | None


class Stories(Record):
    """Hold a page of stories."""

    items: Sequence[Story]
    next: str | None


class Hits(Record):
    """Hold a page of a search."""

    items: Sequence[Hit]
    next: str | None


class Figures(Record):
    """Hold a page of the ledger."""

    items: Sequence[Figure]
    next: str | None


class Deliveries(Record):
    """Hold a page of deliveries."""

    items: Sequence[Delivery]
    next: str | None


class Feedback(Record):
    """Hold a reader's verdict on a match."""

    topic: str
    verdict: Literal["relevant", "not_relevant"]


class Done(Record):
    """Say that it was done."""

    done: bool = True


class Search(Record):
    """Hold a kept search; `feeds` gives the addresses of its feed by form, "atom" and "json"."""

    key: str
    name: str
    query: str
    topic: str
    language: str
    feed: str
    kept_at: datetime
    feeds: Mapping[str, str]

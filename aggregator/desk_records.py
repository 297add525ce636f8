"""What the desk reads: frozen records of pages of lists, stories, articles, search hits and readers.

Lists come in pages; a page is asked for by the cursor that the page before gave, so that the last page costs what the first does.
"""

import base64
import binascii
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Generic, TypeVar

from aggregator.errors import UsageError
from aggregator.models import Entry, Fact, Judgement, Reason
from aggregator.models import Page as PublisherPage
from aggregator.records import Archived, StoryMaterial

T = TypeVar("T")

LARGEST = 2**62


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """Hold one page of a list; `next` is the cursor of the page after it, None at the end."""

    items: Sequence[T]
    next: str | None = None


def write_cursor(*numbers: int) -> str:
    """Write the place of a list's last row as an opaque word."""
    return base64.urlsafe_b64encode(",".join(map(str, numbers)).encode()).decode().rstrip("=")


def read_cursor(text: str | None, length: int) -> tuple[int, ...] | None:
    """Read what `write_cursor` wrote, None for the first page; raises `UsageError` for anything else."""
    if not text:
        return None
    try:
        numbers = tuple(
            int(part) for part in base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True).decode("ascii").split(",")
        )
    except (ValueError, binascii.Error):
        numbers = ()
    if len(numbers) != length or not all(-LARGEST < number < LARGEST for number in numbers):
        raise UsageError("this is no cursor of this list: begin again without one")
    return numbers


@dataclass(frozen=True, slots=True, kw_only=True)
class StoryFilter:
    """Choose stories; empty fields choose all. `role` is the role of one of its articles, `feed` carries one of them."""

    topic: str = ""
    language: str = ""
    feed: str = ""
    place: str = ""
    role: str = ""

    def chosen(self) -> Mapping[str, str]:
        """Give the labels that are asked for, by kind, the kind that is likely to choose the fewest first."""
        kinds = {"place": self.place, "feed": self.feed, "role": self.role, "language": self.language, "topic": self.topic}
        return {kind: value for kind, value in kinds.items() if value}


@dataclass(frozen=True, slots=True, kw_only=True)
class StoryRow:
    """Hold one story of a list; `last_seq` is the last revision that joined or changed it."""

    material: StoryMaterial
    opened_at: datetime
    changed_at: datetime
    last_seq: int
    last_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class StoryEvent:
    """Hold one line of a story's life: `kind` is "opened", "joined", "updated" or "repeated"."""

    seq: int
    article_id: int
    kind: str
    version: int
    changes: tuple[str, ...]
    decided_at: datetime
    title: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StoryDetail:
    """Hold a whole story; `why` tells for each article why it belongs, `facts` what each says."""

    row: StoryRow
    events: Sequence[StoryEvent]
    why: Mapping[int, Reason]
    facts: Mapping[int, Sequence[Fact]]


@dataclass(frozen=True, slots=True, kw_only=True)
class RevisionDetail:
    """Hold one revision as it was served, and what was decided about it."""

    seq: int
    feed_id: str
    observed_at: datetime
    entry: Entry
    outcome: Reason
    decisions: Sequence[tuple[str, str, Reason]]


@dataclass(frozen=True, slots=True, kw_only=True)
class PageDetail:
    """Hold what the publisher's page tells beside its text: metadata, the lines that were taken out, and how it stands today.

    `page.text` is empty: the article has it. `gone_at` is when the page was first found to be taken down, `problem` what the last
    look met instead of a page, `next_look_at` when it is looked at again, None where never.
    """

    url: str
    page: PublisherPage | None
    looked_at: datetime | None
    next_look_at: datetime | None
    gone_at: datetime | None
    problem: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ArticleDetail:
    """Hold an article as it stands; `revisions` are newest first, `judgements` and `facts` of the text shown."""

    article_id: int
    outlet: str
    language: str
    title: str
    text: str
    url: str
    seq: int
    published_at: datetime | None
    first_seen_at: datetime
    story_id: int | None
    judgements: Sequence[Judgement]
    facts: Sequence[Fact]
    revisions: Sequence[RevisionDetail]
    verdicts: Mapping[str, str]
    page: PageDetail | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchFilter:
    """Narrow a search; empty fields do not. `since` and `until` are days (UTC) on which articles were first seen."""

    topic: str = ""
    language: str = ""
    feed: str = ""
    since: date | None = None
    until: date | None = None

    @property
    def labelled(self) -> bool:
        """Tell a filter that is enough to list articles without a query."""
        return bool(self.topic or self.language or self.feed)


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """Hold one article that a search found."""

    article_id: int
    feed_id: str
    outlet: str
    language: str
    title: str
    text: str
    url: str
    published_at: datetime | None
    first_seen_at: datetime
    story_id: int | None
    topics: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptSearch:
    """Hold a search that a reader keeps; `key` names it and cannot be guessed. Days are not kept: it goes on."""

    key: str
    owner: str
    name: str
    query: str
    chosen: SearchFilter
    kept_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedDay:
    """Count what a feed brought on one day (UTC): new entries, polls, and polls that failed."""

    feed_id: str
    day: date
    new: int
    polls: int
    failed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """Count a day's revisions by their outcome code, and its polls."""

    day: date
    outcomes: Mapping[str, int]
    polls: int
    failed: int
    silent_feeds: int

    @property
    def seen(self) -> int:
        """Count all revisions of the day."""
        return sum(self.outcomes.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """Hold one line of the ledger: a figure that a matched article states."""

    seq: int
    article_id: int
    story_id: int | None
    outlet: str
    title: str
    fact: Fact
    told_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Volumes:
    """Count matched articles by (day, name): by topic, language, place and sector; and the stories of the places named most."""

    topics: Mapping[tuple[date, str], int]
    languages: Mapping[tuple[date, str], int]
    places: Mapping[str, int]
    by_place: Mapping[tuple[date, str], int] = field(default_factory=dict)
    by_sector: Mapping[tuple[date, str], int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """Hold somebody who may look (`role` "viewer") or also act ("editor")."""

    name: str
    role: str
    password_hash: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """Hold what a trial of a topic judges, each newest first: recent articles, those that the topic found, those that readers marked.

    `marks` says of an article whether a reader called it relevant to the topic.
    """

    recent: Sequence[Archived] = ()
    found: Sequence[Archived] = ()
    marked: Sequence[Archived] = ()
    marks: Mapping[int, bool] = field(default_factory=dict)

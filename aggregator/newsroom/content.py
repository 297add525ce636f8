"""Declare what the newsroom's data files may hold.

`feeds.yaml` lists feeds; the files named after languages, and `later.yaml`, map a feed to its entries; `expected.yaml` says what
becomes of them. An entry without `at` and `date` is undated; `at` is wall-clock time in the feed's zone and written as the
format demands, `date` is served letter by letter.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

ROUNDS = (1, 2, 3)

Trouble = Literal["malformed", "recovering", "missing", "slow", "hopeless", "page", "oversized"]
Validator = Literal["etag", "weak_etag", "modified"]


class _Declared(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class FeedSource(_Declared):
    """Declare one invented feed; `outlet` names the host that serves it, `trouble` how it misbehaves."""

    id: str
    name: str
    publisher: str
    outlet: str
    family: str
    publisher_class: str = "paper"
    cited_as: tuple[str, ...] = ()
    language: Literal["en", "ko", "zh", "ja", "ru"]
    format: Literal["rss", "atom", "rdf", "json"]
    path: str
    time_zone: str = "UTC"
    encoding: str = "utf-8"
    full_text: bool = False
    assume_country: bool = False
    gzip: bool = False
    validators: tuple[Validator, ...] = ()
    trouble: Trouble | None = None


class Change(_Declared):
    """Declare what an entry says from some round on; None leaves the field as it was."""

    title: str | None = None
    body: str | None = None


class EntryText(_Declared):
    """Declare one entry.

    `copy_of` takes title and body of another entry, `same_page_as` its address and guid as well; `query` is appended to the
    address. `guid` None is the address, an empty one is left out. `raw_html` serves the body as it is instead of escaping it.
    `traps` name what makes the entry hard to handle.
    """

    id: str
    title: str = ""
    body: str = ""
    at: datetime | None = None
    date: str | None = None
    guid: str | None = None
    author: str | None = None
    categories: tuple[str, ...] = ()
    copy_of: str | None = None
    same_page_as: str | None = None
    query: str = ""
    raw_html: bool = False
    from_round: int = 1
    rounds: Mapping[int, Change] = Field(default_factory=dict)
    traps: tuple[str, ...] = ()

    @property
    def taken_from(self) -> str | None:
        """Name the entry whose words this one repeats."""
        return self.copy_of or self.same_page_as


class Member(_Declared):
    """Say what one entry is to its story; `joins` is the round in which it appears after the story was told."""

    feed: str
    entry: str
    role: Literal["origin", "independent", "official", "echo", "copy", "same"]
    of: str | None = None
    joins: int | None = None


class Update(_Declared):
    """Say that a told story is told again, and for which change."""

    round: int
    entry: str
    change: str
    unit: str


class ExpectedStory(_Declared):
    """Say which entries tell one event, and when it reaches the reader."""

    id: str
    event: str
    topics: tuple[Literal["labour", "sanctions"], ...]
    new_in: int
    members: tuple[Member, ...] = Field(min_length=1)
    updates: tuple[Update, ...] = ()


class QuietRevision(_Declared):
    """Name a revision that changes no fact."""

    round: int
    entry: str
    why: str


class LookAlike(_Declared):
    """Name two stories that must stay apart."""

    stories: tuple[str, str]
    differ_in: Literal["city", "figure", "month"]


class Failing(_Declared):
    """Name the rounds in which a feed brings nothing."""

    rounds: tuple[int, ...]
    why: str


class Expected(_Declared):
    """Hold `expected.yaml`: the outcome a good watch reaches."""

    stories: tuple[ExpectedStory, ...]
    quiet_revisions: tuple[QuietRevision, ...]
    look_alikes: tuple[LookAlike, ...]
    must_not_match: Mapping[str, tuple[str, ...]]
    failing: Mapping[str, Failing]
    malformed: Mapping[str, int]

    @property
    def relevant(self) -> frozenset[str]:
        """Give the ids of all entries that must match."""
        return frozenset(member.entry for story in self.stories for member in story.members)

    @property
    def irrelevant(self) -> frozenset[str]:
        """Give the ids of all entries that must not match."""
        return frozenset(entry for entries in self.must_not_match.values() for entry in entries)

    def told_in(self, number: int) -> tuple[ExpectedStory, ...]:
        """Give the stories that a reader gets for the first time in a round."""
        return tuple(story for story in self.stories if story.new_in == number)

    def updated_in(self, number: int) -> tuple[ExpectedStory, ...]:
        """Give the stories that a reader gets again in a round, because a fact changed."""
        return tuple(story for story in self.stories if any(update.round == number for update in story.updates))

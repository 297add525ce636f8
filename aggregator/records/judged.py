"""What the store keeps of judged entries: revisions, placements, lines of the ledger of facts."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from aggregator.models import (
    Article,
    Entry,
    Fact,
    Judgement,
    Reason,
    Role,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredRevision:
    """Hold one revision that waits to be judged, in the order of the ingest sequence `seq`."""

    seq: int
    entry_id: int
    article_id: int
    article_key: str
    feed_id: str
    entry: Entry
    observed_at: datetime
    first: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Telling:
    """Hold an article as the story step compares it: one publisher's current text with the concepts found in it.

    `concepts` are language-free ids (places, figures, organisations, themes' concepts); `told_at` is published_at or first seen.
    """

    article_id: int
    seq: int
    feed_id: str
    outlet: str
    family: str
    language: str
    title: str
    text: str
    text_hash: str
    told_at: datetime
    concepts: frozenset[str]
    topics: tuple[str, ...] = ()
    story_id: int | None = None
    role: Role = Role.UNKNOWN
    echo_of: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StorySketch:
    """Hold a story with its member tellings, oldest first."""

    story_id: int
    version: int
    lead_article_id: int
    members: tuple[Telling, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Placement:
    """Say which story a matched revision belongs to, as what, and whether the story changed by it.

    `story_id` None opens a story. `event` is "opened", "joined", "updated" (a material change: the version grows)
    or "repeated" (nothing new). `changes` are sentences for the reader.
    """

    story_id: int | None
    event: str
    role: Role
    why: Reason
    echo_of: int | None = None
    copy_of: int | None = None
    changes: tuple[str, ...] = ()
    lead: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """Hold all that was decided about one revision; the store keeps it in one transaction.

    `outcome` is the revision's one final reason code, see `aggregator.core.outcomes`. `placement` is None where nothing matched.
    `replaces` is False where another feed shows the same page in no more words: the article keeps the text it has.
    """

    revision: StoredRevision
    article: Article
    text_hash: str
    concepts: frozenset[str]
    judgements: tuple[Judgement, ...]
    rule_version: str
    outcome: Reason
    decided_at: datetime
    placement: Placement | None = None
    replaces: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerLine:
    """Hold one figure as analysts compare it: what an article of which story says, where and when, in its own words."""

    fact: Fact
    place: str | None
    date: str | None
    article_id: int
    story_id: int | None
    outlet: str
    title: str
    url: str
    published_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Archived:
    """Hold an article as it stands, with what the topics said of it: `scores` of those that matched, by rules `rule_version`."""

    revision: StoredRevision
    title: str
    text: str
    language: str
    outlet: str | None
    published_at: datetime | None
    scores: Mapping[str, float]
    rule_version: str
    outcome: str
    detail: str
    facts: tuple[Fact, ...]
    in_story: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class NearMiss:
    """Hold one article that a topic nearly matched, kept for review; `week` is an ISO week such as 2026-W47."""

    week: str
    seq: int
    topic: str
    detail: str
    title: str
    url: str

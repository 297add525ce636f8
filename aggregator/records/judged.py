"""What the store keeps of judged entries: revisions, placements, lines of the ledger of facts."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from aggregator.models import (
    Article,
    Entry,
    Fact,
    Judgement,
    Reason,
)
from aggregator.records.stories import Placement, Telling, Traits


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
class Understood:
    """Hold all that follows from a text and the rules alone, whichever process found it: what is read, matched, and found in it.

    `terms` are those of title and text by which it is searched, None where the store is to find them.
    """

    article: Article
    text_hash: str
    concepts: frozenset[str]
    judgements: tuple[Judgement, ...]
    rule_version: str
    terms: tuple[str, str] | None = None


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
    traits: Traits = field(default_factory=Traits)
    terms: tuple[str, str] | None = None


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
class Undrafted:
    """Hold an article that a draft has no place for yet: what is judged again, and the telling with what it was compared by so far."""

    archived: Archived
    telling: Telling


@dataclass(frozen=True, slots=True, kw_only=True)
class NearMiss:
    """Hold one article that a topic nearly matched, kept for review; `week` is an ISO week such as 2026-W47."""

    week: str
    seq: int
    topic: str
    detail: str
    title: str
    url: str

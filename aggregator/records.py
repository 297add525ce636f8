"""What crosses the store's door: frozen records that use cases and the store exchange.

No row, no connection and no SQL type passes that door; dates are aware UTC, JSON columns arrive as tuples of our own records.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from aggregator.models import (
    Article,
    Delivery,
    Digest,
    Entry,
    Fact,
    Failed,
    Judgement,
    Reason,
    Role,
)

# --- feeds and polls --------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedState:
    """Hold what the store remembers of one feed between two polls."""

    feed_id: str
    url: str
    etag: str | None = None
    last_modified: str | None = None
    body_hash: str | None = None
    next_due_at: datetime | None = None
    last_attempt_at: datetime | None = None
    last_success_at: datetime | None = None
    last_new_at: datetime | None = None
    newest_published_at: datetime | None = None
    failures: int = 0
    error: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownEntry:
    """Hold what tells a changed entry from an unchanged one."""

    entry_id: int
    identity: str
    raw_hash: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Intake:
    """Ask the store to keep one entry as a new one (`entry_id` None) or as a revision of a known one.

    `article_key` is the canonical URL, or a key made of feed and identity where the entry has no URL.
    """

    entry_id: int | None
    identity: str
    raw_hash: str
    article_key: str
    entry: Entry


@dataclass(frozen=True, slots=True, kw_only=True)
class PollRecord:
    """Hold one finished poll: what came, what to keep of it, and when to come back.

    `outcome` is "ok", "not_modified", "unchanged" (same bytes) or "failed"; then `failure` says why.
    """

    feed_id: str
    started_at: datetime
    finished_at: datetime
    outcome: str
    next_due_at: datetime
    intakes: tuple[Intake, ...] = ()
    entries: int = 0
    undated: int = 0
    status: int | None = None
    size: int = 0
    etag: str | None = None
    last_modified: str | None = None
    body_hash: str | None = None
    failure: Failed | None = None
    note: str | None = None
    newest_published_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Poll:
    """Hold one line of a feed's history as people read it; `new` and `revised` count entries stored by it."""

    feed_id: str
    started_at: datetime
    outcome: str
    status: int | None
    entries: int
    new: int
    revised: int
    message: str | None


# --- judging ----------------------------------------------------------------------------------------------------


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
class Traits:
    """Hold what tells one telling's event from others, each with its weight 0 to 1 as the archive knew it, see `core.rarity`.

    `title` and `lead` are terms, `facts` are concepts, `headline` are the concepts of the title, `cues` what the wording says of the
    source (`core.cues`). `meaning` is a vector of small integers where sentence embeddings are installed, else empty.
    `doubt` is high where the archive was young.
    """

    title: Mapping[str, float] = field(default_factory=dict)
    lead: Mapping[str, float] = field(default_factory=dict)
    facts: Mapping[str, float] = field(default_factory=dict)
    headline: frozenset[str] = frozenset()
    cues: frozenset[str] = frozenset()
    meaning: tuple[int, ...] = ()
    doubt: float = 0.0


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
    traits: Traits = Traits()


@dataclass(frozen=True, slots=True, kw_only=True)
class StorySketch:
    """Hold a story with its member tellings, oldest first."""

    story_id: int
    version: int
    lead_article_id: int
    members: tuple[Telling, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Overlap:
    """Say how much of the shorter of two articles' texts stands in the longer one, 0 to 1, and some sentences they share."""

    one: int
    other: int
    share: float
    sentences: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Bond:
    """Hold what a person decided of two articles: that they tell one event (`together`), or that they do not."""

    one: int
    other: int
    together: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Neighbourhood:
    """Hold the stories that a new article may belong to, what is known of pairs of their articles, and what people decided."""

    stories: tuple[StorySketch, ...] = ()
    overlaps: tuple[Overlap, ...] = ()
    bonds: tuple[Bond, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Say what an article is to its story now; `echo_of` names the article it repeats, `cites` an outlet outside the story."""

    article_id: int
    role: Role
    echo_of: int | None = None
    cites: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """Ask for an article to leave one story for another; `target` None opens a story, one for each `opens`, 0 being the new article's."""

    article_id: int
    source: int
    target: int | None
    opens: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Placement:
    """Say which story a matched revision belongs to, as what, and what changed by it: in the story, and in others that it touched.

    `story_id` None opens a story. `event` is "opened", "joined", "updated" (a material change: the version grows)
    or "repeated" (nothing new). `changes` are sentences for the reader. `moves` split and merge stories, `standings` are the roles that
    changed by it, `leads` the articles that speak for the stories it touched.
    """

    story_id: int | None
    event: str
    role: Role
    why: Reason
    echo_of: int | None = None
    copy_of: int | None = None
    changes: tuple[str, ...] = ()
    lead: bool = False
    moves: tuple[Move, ...] = ()
    standings: tuple[Standing, ...] = ()
    overlaps: tuple[Overlap, ...] = ()
    leads: tuple[int, ...] = ()
    cites: str | None = None


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
    traits: Traits = Traits()


# --- digests and deliveries -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class SubscriptionState:
    """Hold how far a subscription has been told (`after_seq`) and when it is due; None is due whenever there is news."""

    subscription: str
    after_seq: int
    next_due_at: datetime | None
    last_digest_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldArticle:
    """Hold one article of a story with what a digest shows of it."""

    telling: Telling
    url: str
    judgements: tuple[Judgement, ...]
    figures: tuple[Fact, ...]
    published_at: datetime | None
    first_seen_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class StoryMaterial:
    """Hold a story that has news for a subscription: its current version, the version told before (None: never), and why it changed."""

    story_id: int
    version: int
    told_version: int | None
    lead_article_id: int
    changes: tuple[str, ...]
    articles: tuple[ToldArticle, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowCounts:
    """Count the revisions of a window: seen = sum of `unmatched_by_reason` + matched."""

    seen: int
    matched: int
    unmatched_by_reason: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Name one recipient of a digest and the key its delivery keeps for ever."""

    channel: str
    recipient: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimedDelivery:
    """Hold a delivery this worker may send until its lease ends; `token` proves the claim."""

    delivery: Delivery
    digest: Digest
    token: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryRow:
    """Hold one delivery as people read it; `status` is "pending", "sending", "sent", "retry" or "dead"."""

    delivery: Delivery
    status: str
    due_at: datetime | None
    sent_at: datetime | None
    detail: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """Tell what became of one stored revision, for the books: stored, and then exactly one `code`."""

    seq: int
    feed_id: str
    title: str
    url: str
    code: str
    detail: str
    story_id: int | None
    topics: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview:
    """Count what the store holds, for the status page and the health check."""

    entries: int
    revisions: int
    unjudged: int
    articles: int
    stories: int
    digests: int
    deliveries_by_status: Mapping[str, int]
    last_poll_at: datetime | None


# --- lists to cluster --------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """Hold one article of the list; `source` names its outlet."""

    id: str
    title: str
    text: str
    url: str
    source: str
    language: str
    published_at: datetime


# --- stories as people see them ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class StoryEvent:
    """Hold one line of a story's audit trail: a merge or split, by the rules or by hand, and whether it was undone.

    `kind` is "merge", "split", "lead", "apart" or "undo"; `other_id` is the other story, 0 where there is none.
    """

    id: int
    kind: str
    by_hand: bool
    story_id: int
    other_id: int
    articles: tuple[int, ...]
    decided_at: datetime
    undone_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StoryRecord:
    """Hold a story whole: its members with role and place in time, why each joined, and its audit trail."""

    story_id: int
    version: int
    lead_article_id: int
    opened_at: datetime
    changed_at: datetime
    merged_into: int | None
    members: tuple[Telling, ...]
    standings: tuple[Standing, ...] = ()
    reasons: Mapping[int, Reason] = field(default_factory=dict)
    overlaps: tuple[Overlap, ...] = ()
    events: tuple[StoryEvent, ...] = ()

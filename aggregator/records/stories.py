"""What the story step exchanges with the store: tellings with what they are compared by, neighbourhoods, placements, stories whole."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from aggregator.models import Reason, Role


@dataclass(frozen=True, slots=True, kw_only=True)
class Traits:
    """Hold what tells one telling's event from others, each with its weight 0 to 1 as the archive knew it, see `core.rarity`.

    `title` and `lead` are terms, `facts` are concepts, `headline` are the concepts of the title, `cues` what the wording says of the
    source (`core.cues`). `meaning` is a vector of small integers where sentence embeddings are installed, else empty.
    `doubt` is high where the archive was young. `letters` is the length of the text, 0 where it is empty or was not counted.
    """

    title: Mapping[str, float] = field(default_factory=dict)
    lead: Mapping[str, float] = field(default_factory=dict)
    facts: Mapping[str, float] = field(default_factory=dict)
    headline: frozenset[str] = frozenset()
    cues: frozenset[str] = frozenset()
    meaning: tuple[int, ...] = ()
    doubt: float = 0.0
    letters: int = 0


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
class StoryEvent:
    """Hold one line of a story's audit trail: a merge or split, by the rules or by hand, and whether it was undone.

    `kind` is "merge", "split", "lead", "apart" or "undo"; `other_id` is the other story, 0 where there is none; `by` names the person.
    """

    id: int
    kind: str
    by_hand: bool
    story_id: int
    other_id: int
    articles: tuple[int, ...]
    decided_at: datetime
    undone_at: datetime | None = None
    by: str = ""


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
    bonds: tuple[Bond, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """Hold one article of the list; `source` names its outlet, `id` keeps the type it came with."""

    id: str | int
    title: str
    text: str
    url: str
    source: str
    language: str
    published_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Regrouping:
    """Hold a run that groups the archive again: by which rules, when it was begun, and whether it carries out what it finds.

    `since` narrows it to the stories with an article told since then.
    """

    id: int
    rules: str
    started_at: datetime
    carries_out: bool
    since: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Regrouped:
    """Say what became of a story: articles left it for `other_id`, 0 a new one; `kind` is "merge" where all of them did, else "split".

    `news_to` are the subscriptions that were told of the story, but of nothing that one of the two holds now: to them it is news.
    """

    kind: str
    story_id: int
    other_id: int
    articles: tuple[int, ...]
    news_to: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """Say what a batch of a draft came to: articles compared, what changes, those that must be read first, and whether it was the last."""

    visited: int
    changes: tuple[Regrouped, ...] = ()
    missing: tuple[int, ...] = ()
    done: bool = False

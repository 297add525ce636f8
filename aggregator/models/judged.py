"""What is found in an article: facts, matches with their evidence, its role in a story."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from aggregator.models.configured import FeedSpec
from aggregator.models.fetched import Page


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """Point at words that counted: `start` and `end` are offsets into the original `field` ("title" or "text").

    `strength` is "anchor", "strong" or "weak"; `concept` is the id shared by the languages, such as ``loyalty_funds_fx/loyalty_fund``.
    """

    theme: str
    concept: str
    strength: str
    field: str
    start: int
    end: int
    quote: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """Say in a code and a sentence why something was decided."""

    code: str
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """Hold what one topic says of one text: matched or not, the score, and why."""

    topic: str
    matched: bool
    score: float
    evidence: tuple[Evidence, ...]
    reason: Reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """Hold one typed fact with the words that prove it; offsets point into the original `field` ("title" or "text").

    `kind` is "figure", "duration", "place", "organisation", "person", "outlet" (an outlet the text cites), "provision",
    "attribution", "unverified", "response" or "date"; `concept` is the language-free value that two texts can share (``place/dandong``,
    ``person:2000``, ``outlet/yonhap``). `low` and `high` are equal for a single value.

    Figures: `qualifier` ("about", "up_to", "at_least", "range", "order_of_magnitude"), `period` ("day", "month", "year", "once"),
    `what` is counted. `name` is who is credited, answers or could not verify `what`, `value` the resolved date (ISO, as long as its
    `precision` allows).
    `implied` marks a provision that is described and not cited; `note` says what is odd, such as a misprint.
    """

    kind: str
    concept: str
    field: str
    start: int
    end: int
    quote: str
    low: float | None = None
    high: float | None = None
    unit: str | None = None
    qualifier: str | None = None
    period: str | None = None
    what: str | None = None
    name: str | None = None
    value: str | None = None
    precision: str | None = None
    implied: bool = False
    note: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Article:
    """Hold one revision's text on its way through the enrichment steps.

    `title` has lost its marks; `text` is plain text with paragraphs divided by blank lines. Steps add, they never drop. `page` is the
    publisher's page where it was read, whether or not its text is the article's.
    """

    title: str
    text: str
    feed: FeedSpec
    html: str = ""
    language: str | None = None
    published_at: datetime | None = None
    outlet: str | None = None
    facts: tuple[Fact, ...] = ()
    missing: tuple[str, ...] = ()
    page: Page | None = None


class Role(StrEnum):
    """Say what an article is to its story; only ORIGIN and INDEPENDENT count as confirmation."""

    ORIGIN = "origin"
    INDEPENDENT = "independent"
    ECHO = "echo"
    COPY = "copy"
    OFFICIAL = "official"
    """A government's or body's own answer to what is told: a denial, a "no comment", a statement."""
    UNKNOWN = "unknown"

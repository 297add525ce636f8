"""What an installation is configured to do: feeds, topics, schedules, subscriptions. Specs are what a person wrote, checked."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import time, timedelta
from zoneinfo import ZoneInfo


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedSpec:
    """Describe one feed as feeds.yaml declares it.

    `family` groups publishers that share a newsroom, `cited_as` holds the names under which others cite it, `expects` is the
    rhythm in which silence is no news ("daily", "weekdays", "weekly", "irregular"), `time_zone` is the zone of dates that name none.
    """

    id: str
    name: str
    url: str
    publisher: str
    family: str
    cited_as: tuple[str, ...] = ()
    publisher_class: str = "paper"
    language: str = "en"
    kind: str = "syndication"
    min_interval: timedelta = timedelta(minutes=30)
    max_interval: timedelta = timedelta(hours=6)
    expects: str = "irregular"
    assume_country: bool = False
    time_zone: str = "UTC"
    enabled: bool = True
    disabled_on: str | None = None
    disabled_reason: str | None = None
    options: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class TopicSpec:
    """Describe what to watch for: a query, or an anchor theme, weighted themes and a threshold; and the topic's own examples.

    `themes` maps a term pack's theme, or one concept of it as ``theme/concept``, to the weight of a strong hit; an article
    matches when its score reaches `threshold` and one of `require` (themes or concepts; empty: any) has a share in it.
    `combinations` are queries with what they count where they hold; a combination meets `require` too.
    """

    id: str
    name: str
    query: str = ""
    anchor: str = ""
    themes: Mapping[str, float] = field(default_factory=dict)
    combinations: tuple[tuple[str, float], ...] = ()
    context: tuple[str, ...] = ()
    threshold: float = 1.0
    require: tuple[str, ...] = ()
    must_match: tuple[str, ...] = ()
    must_not_match: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """Say when a subscription is due: `every` is "immediate", "day", "weekday" or "week" (`weekday` 0 = Monday)."""

    every: str
    at: time | None = None
    time_zone: ZoneInfo = field(default_factory=lambda: ZoneInfo("UTC"))
    weekday: int = 0


@dataclass(frozen=True, slots=True)
class QuietHours:
    """Name a stretch of the day in which nobody wants to be woken: from `start` to `end` on the clocks of the schedule's zone."""

    start: time
    end: time


@dataclass(frozen=True, slots=True, kw_only=True)
class SubscriptionSpec:
    """Describe who gets what, when, and how.

    A recipient is an address, or ``env:NAME`` where the value is a secret of the environment (always so for webhooks).
    `when_empty` is "send" (the coverage statement goes out) or "silent". The rest is for alerts: nothing goes out in `quiet` hours,
    within `cooldown` of the alert before, or until news has been gathered for `gather`; a story of score `urgent` breaks all three.
    A `query` is judged like a topic, `own_topic`; where there are `topics` too, an article must match one of them and the query.
    """

    id: str
    name: str
    channel: str
    recipients: tuple[str, ...]
    topics: tuple[str, ...]
    schedule: Schedule
    languages: tuple[str, ...] = ()
    threshold: float = 0.0
    when_empty: str = "send"
    language: str = "en"
    sources: tuple[str, ...] = ()
    quiet: QuietHours | None = None
    cooldown: timedelta = timedelta(0)
    gather: timedelta = timedelta(0)
    urgent: float | None = None
    query: str = ""

    @property
    def own_topic(self) -> TopicSpec | None:
        """Give the topic that the query stands for; its id cannot be one of the file's, which hold no dot."""
        return TopicSpec(id=f"{self.id}.query", name=self.name, query=self.query) if self.query else None

    @property
    def asked(self) -> tuple[str, ...]:
        """Give the ids of the topics whose matches are looked at, the subscription's own last."""
        own = self.own_topic
        return (*self.topics, own.id) if own else self.topics


@dataclass(frozen=True, slots=True, kw_only=True)
class Configuration:
    """Hold all of feeds.yaml, typed and checked; `text` is the file as it was read, empty where no file was."""

    feeds: tuple[FeedSpec, ...]
    topics: tuple[TopicSpec, ...]
    subscriptions: tuple[SubscriptionSpec, ...]
    text: str = field(default="", repr=False, compare=False)

    @property
    def judged(self) -> tuple[TopicSpec, ...]:
        """Give the topics by which articles are judged: those of the file, and those that the queries of subscriptions stand for."""
        return (*self.topics, *(own for subscription in self.subscriptions if (own := subscription.own_topic)))


@dataclass(frozen=True, slots=True, kw_only=True)
class SmtpServer:
    """Name the mail server that takes our messages; `tls` is "starttls", "implicit" or "none". The password stays out of every repr."""

    host: str
    port: int
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    tls: str = "starttls"

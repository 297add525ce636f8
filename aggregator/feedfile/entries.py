"""Define what feeds.yaml may hold, one pydantic model for each kind of entry.

A model knows the keys, types and bounds of its entry; what must agree with other parts is checked by functions of `agreement`. Nothing is
coerced: ``"yes"`` is no boolean and ``2397`` no name. The JSON Schema for editors is made of these models, so every
description here is what a person sees while typing.
"""

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from aggregator.feedfile import agreement
from aggregator.feedfile.words import Day, Identifier, Interval, Language, Pause, Text, ThemeName, TimeOfDay, WebAddress, Zone

PublisherClass = Literal["official", "agency", "inside_source", "specialist", "paper", "derivative", "state_media", "search"]
Rhythm = Literal["daily", "weekdays", "weekly", "irregular"]
Weekday = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
Weight = Annotated[float, Field(ge=0, le=100, allow_inf_nan=False)]
Theme = Annotated[ThemeName, AfterValidator(agreement.known_theme)]
Query = Annotated[str, Field(min_length=1, max_length=20_000)]
Threshold = Annotated[float, Field(ge=0, le=1000, allow_inf_nan=False)]


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Disabled(_Entry):
    """Keep a source in the file without polling it, so that nobody adds it again unawares."""

    on: Day = Field(description="The day it was disabled, year-month-day.")
    reason: Text = Field(description="Why, in a sentence, so that the next person need not try again.")


class FeedEntry(_Entry):
    """Declare one source."""

    id: Identifier = Field(description="Its name for ever: stored with every entry. Never give it to another source.")
    name: Text = Field(description="How people call it.")
    publisher: Text = Field(description="The outlet as readers see it.")
    family: Identifier = Field(description="The newsroom; editions of one family never confirm each other.")
    cited_as: Annotated[list[Text], AfterValidator(agreement.each_once)] = Field(
        default_factory=list, description="Names under which others cite it, beside those the program knows."
    )
    publisher_class: PublisherClass = Field("paper", description="How its reports are to be weighed.")
    language: Language = Field("en", description="Main language, ISO 639-1.")
    url: WebAddress = Field(description="Where the feed is.")
    kind: Annotated[Identifier, AfterValidator(agreement.known_kind)] = Field(
        "syndication",
        description="How to read it: syndication (RSS, Atom, RDF), jsonfeed, sitemap (news), or listing (a page, by CSS selectors).",
        json_schema_extra={"examples": ["syndication", "jsonfeed", "listing", "sitemap"]},
    )
    min_interval: Interval = Field("30m", validate_default=True, description="Never poll more often: 30m, 6h, 1d.")
    max_interval: Annotated[Interval, AfterValidator(agreement.longer_than_minimum)] = Field(
        "6h", validate_default=True, description="Never poll more seldom."
    )
    expects: Rhythm = Field("irregular", description="The rhythm in which silence is no news.")
    assume_country: bool = Field(False, description="True for a source about North Korea only: its texts need not name the country.")
    time_zone: Zone = Field("UTC", description="The zone of dates that name none, IANA name.")
    disabled: Annotated[Disabled | None, AfterValidator(agreement.readable_or_disabled)] = Field(
        None, validate_default=True, description="Keep it, but do not poll it."
    )
    options: Mapping[str, str] = Field(default_factory=dict, description="Settings of its kind.")


class Combination(_Entry):
    """Let several signs together count what none of them counts alone."""

    query: Query = Field(description="What to find, in the topic language (docs/topics.md).")
    weight: Weight = Field(1.0, description="What it counts where it holds.")


class TopicEntry(_Entry):
    """Declare what to watch for."""

    id: Identifier = Field(description="Its name in subscriptions and in the archive.")
    name: Text = Field(description="How readers see it.")
    query: Query | None = Field(None, description="What to find, in the topic language (docs/topics.md); in place of anchor and themes.")
    anchor: Annotated[Theme | None, AfterValidator(agreement.query_or_anchor)] = Field(
        None, validate_default=True, description="The theme without which nothing matches; needed where there is no query."
    )
    themes: Annotated[Annotated[Mapping[Theme, Weight], Field(min_length=1)] | None, AfterValidator(agreement.query_or_themes)] = Field(
        None, validate_default=True, description="Theme, or theme/concept for one concept of it: weight of a strong hit."
    )
    combinations: list[Combination] = Field(default_factory=list, description="Queries that count where they hold.")
    context: list[Theme] = Field(default_factory=list, description="Themes that never score but are shown as evidence.")
    threshold: Threshold = Field(1.0, description="The score from which an article matches.")
    require: list[Theme] = Field(default_factory=list, description="One of these must have a share in the score; any where empty.")
    must_match: list[Text] = Field(default_factory=list, description="Texts that this topic must find.")
    must_not_match: list[Text] = Field(default_factory=list, description="Texts that this topic must leave alone.")


class ScheduleEntry(_Entry):
    """Say when a subscription is due."""

    every: Literal["immediate", "day", "weekday", "week"] = Field(description="immediate, or a digest every day, weekday (Mon-Fri), week.")
    at: Annotated[TimeOfDay | None, AfterValidator(agreement.fits_rhythm)] = Field(
        None, validate_default=True, description="The time of a digest, such as 07:30."
    )
    time_zone: Zone = Field("UTC", description="The zone of that time, IANA name.")
    weekday: Annotated[Weekday | None, AfterValidator(agreement.weekly_only)] = Field(
        None, description="The day of a weekly digest; monday where none is named."
    )


class QuietEntry(_Entry):
    """Name the hours in which no alert goes out."""

    start: TimeOfDay = Field(description="From then on, such as 22:00, on the clocks of the schedule's time_zone.")
    end: TimeOfDay = Field(description="Until then, such as 07:00; what was held goes out then, as one message.")


class SubscriptionEntry(_Entry):
    """Say who gets what, when, and how."""

    id: Identifier = Field(description="Its name in the ledger of deliveries.")
    name: Text = Field(description="How readers see it.")
    channel: Annotated[Identifier, AfterValidator(agreement.known_channel)] = Field(
        description="How it goes out.", json_schema_extra={"examples": ["email", "slack", "file"]}
    )
    recipients: Annotated[list[Annotated[Text, AfterValidator(agreement.recipient_of_channel)]], AfterValidator(agreement.each_once)] = (
        Field(min_length=1, description="Addresses, or env:NAME for a value kept in the environment.")
    )
    query: Query | None = Field(None, description="What to send, in the topic language; beside topics it narrows them.")
    topics: Annotated[
        list[Annotated[Identifier, AfterValidator(agreement.known_topic)]],
        AfterValidator(agreement.each_once),
        AfterValidator(agreement.topics_or_query),
    ] = Field(default_factory=list, validate_default=True, description="Ids of topics above; needed where there is no query.")
    schedule: ScheduleEntry = Field(description="When it is due.")
    languages: list[Language] = Field(default_factory=list, description="Only articles in these languages; all where empty.")
    threshold: Threshold = Field(0.0, description="Only stories with at least this score.")
    when_empty: Literal["send", "silent"] = Field("send", description="What a digest without news does.")
    language: Language = Field("en", description="The reader's language.")
    sources: Annotated[list[Annotated[Identifier, AfterValidator(agreement.known_source)]], AfterValidator(agreement.each_once)] = Field(
        default_factory=list, description="Only stories that one of these sources reports; all where empty."
    )
    quiet: Annotated[QuietEntry | None, AfterValidator(agreement.only_for_alerts)] = Field(
        None, description="Hours without alerts; what comes meanwhile is one message afterwards."
    )
    cooldown: Annotated[Pause | None, AfterValidator(agreement.only_for_alerts)] = Field(
        None, description="The least time between two alerts; what comes meanwhile is one message."
    )
    gather: Annotated[Pause | None, AfterValidator(agreement.only_for_alerts)] = Field(
        None, description="How long to gather after the first story, so that a burst is one message."
    )
    urgent: Annotated[Threshold | None, AfterValidator(agreement.only_for_alerts)] = Field(
        None, description="A story of this score goes out at once, in quiet hours too."
    )


class Outline(_Entry):
    """Hold the sections of the file, before anybody looks inside."""

    feeds: list[object] = Field(min_length=1, description="The section of sources.")
    topics: list[object] = Field(min_length=1, description="The section of what to watch for.")
    subscriptions: list[object] = Field(default_factory=list)


class FeedFile(_Entry):
    """Configure the aggregator: sources, topics, subscriptions."""

    feeds: list[FeedEntry] = Field(min_length=1, description="The sources.")
    topics: list[TopicEntry] = Field(min_length=1, description="What to watch for.")
    subscriptions: list[SubscriptionEntry] = Field(default_factory=list, description="Who gets what, when, and how.")

"""Load feeds.yaml: read, check everything, and hand over the records of the house."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import TypeVar
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ValidationError

from aggregator.errors import ConfigurationError
from aggregator.feedfile.agreement import Known, check_unique
from aggregator.feedfile.document import parse, read_text
from aggregator.feedfile.entries import FeedEntry, Outline, ScheduleEntry, SubscriptionEntry, TopicEntry
from aggregator.feedfile.explain import explain
from aggregator.feedfile.findings import Findings
from aggregator.feedfile.queries import check_queries
from aggregator.models import Configuration, FeedSpec, QuietHours, Schedule, SubscriptionSpec, TopicSpec

CHANNELS = ("email", "slack", "file")
KINDS = ("syndication", "jsonfeed", "sitemap", "listing")
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")

_Model = TypeVar("_Model", bound=BaseModel)


def load_configuration(
    path: Path,
    known_themes: Collection[str] | None = None,
    known_channels: Collection[str] = CHANNELS,
    known_kinds: Collection[str] = KINDS,
) -> Configuration:
    """Read and check a configuration file; touches neither network nor database nor environment.

    `known_themes` are the themes of the term packs, and where they are to be checked too, their concepts as ``theme/concept``;
    None leaves these names unchecked.

    Raises:
        ConfigurationError: with every problem found, in the order of the file.
    """
    findings = Findings(str(path))
    text = read_text(path, findings)
    outline = _outline(parse(text, findings), findings)
    names = {section: [name for _, name in _raw("id", outline[section])] for section in ("feeds", "topics")}
    known = Known(known_themes, known_channels, known_kinds, topics=names["topics"], sources=names["feeds"])
    feeds = _sound(FeedEntry, "feeds", outline, known, findings)
    topics = _sound(TopicEntry, "topics", outline, known, findings)
    for section in ("topics", "subscriptions"):
        check_queries(section, outline[section], known_themes, _source_names(outline["feeds"]), findings)
    subscriptions = _sound(SubscriptionEntry, "subscriptions", outline, known, findings)
    _check_unique(outline, findings)
    findings.check()
    return Configuration(
        feeds=tuple(map(_feed, feeds)),
        topics=tuple(map(_topic, topics)),
        subscriptions=tuple(map(_subscription, subscriptions)),
        text=text.replace("\r\n", "\n"),
    )


def load_topic(text: str, known_themes: Collection[str] | None, feeds: Sequence[FeedSpec]) -> TopicSpec:
    """Read one entry of the section topics, as it stands in the file; touches no file.

    Raises:
        ConfigurationError: with every problem found; lines count from the entry's first.
    """
    findings = Findings("topic")
    try:
        outline = _outline(parse(f"feeds: [none]\ntopics:\n{text}", findings), findings)
        topics = _sound(TopicEntry, "topics", outline, Known(known_themes, CHANNELS, KINDS, topics=()), findings)
        sources = {name for feed in feeds for name in (feed.id, feed.family, feed.publisher) if " " not in name}
        check_queries("topics", outline["topics"], known_themes, sources, findings)
        if len(outline["topics"]) != 1 or outline["subscriptions"]:
            findings.add(("topics",), "this is not one topic", "one entry that begins with '- id:'")
        findings.check()
    except ConfigurationError as error:
        raise ConfigurationError([replace(problem, line=max(problem.line - 2, 1)) for problem in error.problems]) from None
    return _topic(topics[0])


def _outline(data: object, findings: Findings) -> Mapping[str, Sequence[object]]:
    """Give the three sections as lists, reporting what is wrong around them."""
    if data is None:
        findings.stop((), "the file is empty", "the sections feeds, topics and subscriptions")
    try:
        Outline.model_validate(data)
    except ValidationError as error:
        explain(error, Outline, (), findings)
    sections = data if isinstance(data, dict) else {}
    return {name: found if isinstance(found := sections.get(name), list) else [] for name in Outline.model_fields}


def _sound(
    model: type[_Model], section: str, outline: Mapping[str, Sequence[object]], known: Known, findings: Findings
) -> Sequence[_Model]:
    """Validate each entry for itself; one broken entry hides no mistake in another."""
    sound: list[_Model] = []
    for index, entry in enumerate(outline[section]):
        try:
            sound.append(model.model_validate(entry, context=known))
        except ValidationError as error:
            explain(error, model, (section, index), findings)
    return sound


def _check_unique(outline: Mapping[str, Sequence[object]], findings: Findings) -> None:
    for section in Outline.model_fields:
        check_unique(section, "id", _raw("id", outline[section]), findings)
    check_unique("feeds", "url", _raw("url", outline["feeds"]), findings)


def _raw(key: str, entries: Sequence[object]) -> list[tuple[int, str]]:
    """Give a key's texts as written, also of entries that are wrong elsewhere."""
    return [(index, entry[key]) for index, entry in enumerate(entries) if isinstance(entry, dict) and isinstance(entry.get(key), str)]


def _source_names(feeds: Sequence[object]) -> set[str]:
    """Give what ``source:`` in a query may name: ids and families of feeds, and publishers without blanks."""
    return {name for key in ("id", "family", "publisher") for _, name in _raw(key, feeds) if " " not in name}


def _feed(entry: FeedEntry) -> FeedSpec:
    plain = entry.model_dump(exclude={"disabled"}) | {"cited_as": tuple(entry.cited_as)}
    disabled = entry.disabled
    if disabled is None:
        return FeedSpec(**plain)
    return FeedSpec(**plain, enabled=False, disabled_on=disabled.on, disabled_reason=disabled.reason)


def _topic(entry: TopicEntry) -> TopicSpec:
    return TopicSpec(
        id=entry.id,
        name=entry.name,
        query=entry.query or "",
        anchor=entry.anchor or "",
        themes=dict(entry.themes or {}),
        combinations=tuple((combination.query, combination.weight) for combination in entry.combinations),
        context=tuple(entry.context),
        threshold=entry.threshold,
        require=tuple(entry.require),
        must_match=tuple(entry.must_match),
        must_not_match=tuple(entry.must_not_match),
    )


def _schedule(entry: ScheduleEntry) -> Schedule:
    weekday = WEEKDAYS.index(entry.weekday or "monday")
    return Schedule(every=entry.every, at=entry.at, time_zone=ZoneInfo(entry.time_zone), weekday=weekday)


def _subscription(entry: SubscriptionEntry) -> SubscriptionSpec:
    return SubscriptionSpec(
        id=entry.id,
        name=entry.name,
        channel=entry.channel,
        recipients=tuple(entry.recipients),
        topics=tuple(entry.topics),
        schedule=_schedule(entry.schedule),
        languages=tuple(entry.languages),
        threshold=entry.threshold,
        when_empty=entry.when_empty,
        language=entry.language,
        sources=tuple(entry.sources),
        query=entry.query or "",
        quiet=QuietHours(entry.quiet.start, entry.quiet.end) if entry.quiet else None,
        cooldown=entry.cooldown or timedelta(0),
        gather=entry.gather or timedelta(0),
        urgent=entry.urgent,
    )

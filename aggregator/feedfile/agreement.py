"""Check what parts of feeds.yaml must agree on: names they call each other by, bounds, recipients and their channels.

The checks hang on the fields of `entries`, so that every mistake is found whatever else is wrong in the same entry. A check
sees the fields declared above its own (`info.data`, without those that are wrong) and what the installation has (`Known`).
A web address among recipients is refused without being shown: the address of a webhook is its password.
"""

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import time, timedelta
from typing import TypeVar

from pydantic import ValidationInfo

from aggregator.feedfile.findings import Findings, did_you_mean, shown
from aggregator.feedfile.words import refuse

DECLARABLE_KINDS = ("listing", "sitemap")
"""Kinds of source that may stand in the file, disabled, before there is a reader for them."""

_SECRET_NAME = re.compile(r"env:[A-Z][A-Z0-9_]{0,99}")
_MAILBOX = re.compile(r"[^@\s<>,;:\"()\[\]\\]{1,64}@[^@\s<>,;:\"()\[\]\\]{1,255}")
_IN_ENVIRONMENT = "env:NAME, with the value in the environment variable NAME"
_Value = TypeVar("_Value")


@dataclass(frozen=True, slots=True)
class Known:
    """Name what this installation and this file have; None for `themes` leaves them unchecked."""

    themes: Collection[str] | None
    channels: Collection[str]
    kinds: Collection[str]
    topics: Collection[str]
    sources: Collection[str] | None = None


def _known(info: ValidationInfo) -> Known:
    if not isinstance(info.context, Known):
        raise TypeError("entries are validated with a context of Known")
    return info.context


def _among(what: str, name: str, names: Collection[str]) -> str:
    if name not in names:
        refuse(f"the {what} {shown(name)!r} is unknown{did_you_mean(name, names)}", ", ".join(names) or f"a {what} declared in this file")
    return name


def known_theme(name: str, info: ValidationInfo) -> str:
    """Refuse a theme that no term pack holds, and a concept that its theme does not have, as far as concepts are known."""
    names = _known(info).themes
    if names is None or name in names:
        return name
    theme, _, concept = name.partition("/")
    concepts = sorted(known for known in names if known.startswith(f"{theme}/"))
    if concept and theme in names:
        return _among("concept", name, concepts) if concepts else name
    return _among("theme", theme, sorted(known for known in names if "/" not in known))


def query_or_anchor(anchor: _Value, info: ValidationInfo) -> _Value:
    """Refuse a topic that says in neither way, or in both, what to find."""
    return _query_or("anchor", anchor, info)


def query_or_themes(themes: _Value, info: ValidationInfo) -> _Value:
    """Refuse a topic that says in neither way, or in both, what to find."""
    return _query_or("themes", themes, info)


def _query_or(key: str, value: _Value, info: ValidationInfo) -> _Value:
    if "query" in info.data and (value is None) is (info.data["query"] is None):
        if value is None:
            refuse("this key is missing: a topic needs a query, or an anchor and themes", f"query: ..., or {key}: ...")
        refuse(f"{key} stands beside a query: they are two ways to say one thing", "query alone, or anchor and themes")
    return value


def topics_or_query(topics: list[_Value], info: ValidationInfo) -> list[_Value]:
    """Refuse a subscription that asks for nothing."""
    if not topics and "query" in info.data and info.data["query"] is None:
        refuse("this key is missing: a subscription needs topics, or a query", "topics: [...], or query: ...")
    return topics


def known_topic(name: str, info: ValidationInfo) -> str:
    """Refuse a topic that the file does not declare."""
    return _among("topic", name, _known(info).topics)


def known_channel(name: str, info: ValidationInfo) -> str:
    """Refuse a channel that nobody can send by."""
    return _among("channel", name, _known(info).channels)


def known_kind(name: str, info: ValidationInfo) -> str:
    """Refuse a kind of source that cannot even be declared."""
    return _among("kind", name, [*_known(info).kinds, *DECLARABLE_KINDS])


def readable_or_disabled(disabled: _Value, info: ValidationInfo) -> _Value:
    """Refuse to poll a source that nobody can read."""
    kind = info.data.get("kind")
    if disabled is None and kind is not None and kind not in _known(info).kinds:
        refuse(f"there is no reader for the kind {kind!r} yet, so the source must be disabled", "disabled: {on: 2026-11-21, reason: ...}")
    return disabled


def longer_than_minimum(longest: timedelta, info: ValidationInfo) -> timedelta:
    """Refuse bounds that exclude each other."""
    if longest < info.data.get("min_interval", longest):
        refuse("max_interval is shorter than min_interval (6h and 30m where they are not written)", "max_interval >= min_interval")
    return longest


def recipient_of_channel(recipient: str, info: ValidationInfo) -> str:
    """Refuse a recipient that its channel cannot reach, and every secret."""
    channel = info.data.get("channel")
    if _SECRET_NAME.fullmatch(recipient):
        return recipient
    if recipient.startswith("env:"):
        refuse("this is no name of an environment variable", "env:NAME in capitals, digits and _")
    if "://" in recipient:
        refuse("a web address stands here; the address of a webhook is a secret and must not be in this file", _IN_ENVIRONMENT)
    if channel == "email" and not _MAILBOX.fullmatch(recipient):
        refuse("this is no e-mail address", f"name@example.org, or {_IN_ENVIRONMENT}")
    if channel not in ("email", "file", "feed", None):
        refuse(f"a recipient of the channel {shown(channel)!r} is a secret and must not be in this file", _IN_ENVIRONMENT)
    return recipient


def each_once(values: list[_Value]) -> list[_Value]:
    """Refuse a list that names something twice."""
    for index, value in enumerate(values):
        if value in values[:index]:
            refuse(f"number {index + 1} of the list stands there before", "each one once")
    return values


def fits_rhythm(at: time | None, info: ValidationInfo) -> time | None:
    """Refuse a digest without a time of day, and a time of day for what goes out at once."""
    every = info.data.get("every")
    if every == "immediate" and at is not None:
        refuse("an immediate subscription has no time of day", "every: immediate alone")
    if every not in ("immediate", None) and at is None:
        refuse("this key is missing: a digest needs its time of day", "hours and minutes, such as 07:30")
    return at


def only_for_alerts(value: _Value, info: ValidationInfo) -> _Value:
    """Refuse what holds alerts back in a subscription that has a time of its own."""
    schedule = info.data.get("schedule")
    if value and schedule is not None and schedule.every != "immediate":
        refuse("only alerts can be held back; a digest goes out at its time", "this key with every: immediate alone")
    return value


def known_source(name: str, info: ValidationInfo) -> str:
    """Refuse a source that the file does not declare."""
    sources = _known(info).sources
    return name if sources is None else _among("source", name, sources)


def weekly_only(weekday: _Value, info: ValidationInfo) -> _Value:
    """Refuse a day of the week for anything but a weekly digest."""
    if weekday is not None and info.data.get("every", "week") != "week":
        refuse("only a weekly digest has a weekday", "every: week")
    return weekday


def check_unique(section: str, key: str, values: Iterable[tuple[int, str]], findings: Findings) -> None:
    """Report each second use of a value that must be unique in its section."""
    first: dict[str, int] = {}
    for index, value in values:
        if value in first:
            line = findings.values[(section, first[value], key)].line
            findings.add((section, index, key), f"{shown(value)!r} is used twice; first in line {line}", f"another {key}")
        first.setdefault(value, index)

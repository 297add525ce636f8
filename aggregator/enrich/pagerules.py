"""Load what is known of publishers' pages: `sources/pages/*.yaml`, one file a publisher, `general.yaml` for all.

The rules are data and stand beside the sources; this room reads them as a file, so no adapter imports another. A page is a publisher's
by its host; a saved page without an address by signs in its text.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from functools import cache
from importlib.resources import files
from typing import Any
from zoneinfo import ZoneInfo

import yaml

from aggregator.core.urls import host_of
from aggregator.errors import ConfigurationError, Problem

_KEYS = frozenset(("hosts", "signs", "remove", "from", "fields", "labels", "time_zone", "published_in_url"))


@dataclass(frozen=True, slots=True)
class LineRule:
    """Hold a pattern for whole lines and the reason for taking them away."""

    reason: str
    line: re.Pattern[str]


@dataclass(frozen=True, slots=True)
class PageRules:
    """Hold the rules for one page: the publisher's before the general ones."""

    remove: tuple[LineRule, ...]
    ends: tuple[LineRule, ...]
    fields: tuple[LineRule, ...]
    labels: tuple[str, ...] = ()
    time_zone: str = ""
    published_in_url: re.Pattern[str] | None = None

    def published_by(self, url: str | None) -> datetime | None:
        """Give the moment that a publisher writes into its addresses, or None."""
        match = self.published_in_url.search(url) if url and self.published_in_url else None
        if not match:
            return None
        parts = {name: int(value) for name, value in match.groupdict().items() if value}
        try:
            day = date(parts["year"], parts["month"], parts["day"])
            clock = time(parts.get("hour", 0), parts.get("minute", 0), parts.get("second", 0))
            return datetime.combine(day, clock, ZoneInfo(self.time_zone or "UTC"))
        except ValueError:
            return None


@dataclass(frozen=True, slots=True)
class _Publisher:
    """Hold one file of rules."""

    hosts: tuple[str, ...]
    signs: re.Pattern[str] | None
    rules: PageRules


def rules_for(url: str | None, text: str) -> PageRules:
    """Give the rules for a page by its address, or, without one, by the signs of publishers in its text."""
    general, publishers = _load()
    host = host_of(url) if url else ""
    own = [known.rules for known in publishers if host and any(host == name or host.endswith(f".{name}") for name in known.hosts)]
    if not own and not host:
        own = [known.rules for known in publishers if known.signs and known.signs.search(text)]
    if not own:
        return general
    dated = next((rules for rules in own if rules.published_in_url), own[0])
    return PageRules(
        remove=(*_joined(rules.remove for rules in own), *general.remove),
        ends=(*_joined(rules.ends for rules in own), *general.ends),
        fields=(*_joined(rules.fields for rules in own), *general.fields),
        labels=tuple(label for rules in own for label in rules.labels),
        time_zone=dated.time_zone,
        published_in_url=dated.published_in_url,
    )


def _joined(lists: Iterable[tuple[LineRule, ...]]) -> tuple[LineRule, ...]:
    return tuple(rule for rules in lists for rule in rules)


@cache
def _load() -> tuple[PageRules, tuple[_Publisher, ...]]:
    folder = files("aggregator").joinpath("sources", "pages")
    read = {file.name: yaml.safe_load(file.read_text(encoding="utf-8")) for file in folder.iterdir() if file.name.endswith(".yaml")}
    checked("general.yaml", read["general.yaml"])
    general = _rules(read.pop("general.yaml"))
    return general, tuple(_publisher(name, read[name]) for name in sorted(read))


def _publisher(name: str, entry: Mapping[str, Any]) -> _Publisher:
    checked(name, entry)
    signs = re.compile(entry["signs"]) if "signs" in entry else None
    return _Publisher(tuple(entry.get("hosts", ())), signs, _rules(entry))


def checked(name: str, entry: Mapping[str, Any]) -> None:
    """Refuse a file with a key that nobody reads, which is a slip of the pen: raises `ConfigurationError` with the keys there are."""
    unknown = sorted(set(entry) - _KEYS)
    if unknown:
        raise _refused(name, unknown[0], "nobody reads this key", ", ".join(sorted(_KEYS)))
    for key in ("remove", "from", "fields"):
        for number, rule in enumerate(entry.get(key, ()), start=1):
            if set(rule) != {"reason", "line"}:
                raise _refused(name, f"{key} {number}", "a rule has a reason and a line, and nothing else", "reason, line")


def _refused(name: str, key: str, message: str, known: str) -> ConfigurationError:
    return ConfigurationError([Problem(file=f"sources/pages/{name}", line=0, column=0, key=key, message=message, allowed=known)])


def _rules(entry: Mapping[str, Any]) -> PageRules:
    in_url = entry.get("published_in_url")
    return PageRules(
        remove=_lines(entry.get("remove", ())),
        ends=_lines(entry.get("from", ())),
        fields=_lines(entry.get("fields", ())),
        labels=tuple(entry.get("labels", ())),
        time_zone=entry.get("time_zone", ""),
        published_in_url=re.compile(in_url) if in_url else None,
    )


def _lines(entries: Iterable[Mapping[str, str]]) -> tuple[LineRule, ...]:
    return tuple(LineRule(entry["reason"], re.compile(entry["line"])) for entry in entries)

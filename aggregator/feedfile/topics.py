"""Take one topic out of feeds.yaml as text, and read the text again after somebody edited it.

The text is the file's own lines, comments and all, so that they can be put back. A topic that the file writes in another way than a block
of its own is written anew.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

import yaml

from aggregator.feedfile.loading import load_topic
from aggregator.models import FeedSpec, TopicSpec
from aggregator.vocabulary import load_packs

_SECTION = re.compile(r"^topics:[ \t]*(?:#.*)?$", re.MULTILINE)
_NEXT_SECTION = re.compile(r"^[A-Za-z_]+:", re.MULTILINE)


def read_topic(text: str, feeds: Sequence[FeedSpec]) -> TopicSpec:
    """Read one topic against the term packs that are there; raises `ConfigurationError`."""
    packs = load_packs()
    concepts = {concept.id for pack in packs.themes.values() for concept in pack.concepts.values()}
    return load_topic(text, {*packs.themes, *concepts} - {"guards"}, feeds)


def topic_text(text: str, topic: TopicSpec) -> str:
    """Give the lines of a topic, without the indentation they share."""
    section = _SECTION.search(text)
    if section:
        following = _NEXT_SECTION.search(text, section.end())
        lines = text[section.end() : following.start() if following else len(text)].split("\n")
        if found := _block(lines, topic.id):
            return found
    return as_yaml(topic)


def as_yaml(topic: TopicSpec) -> str:
    """Write a topic as an entry of the section topics; a query of several lines as a block."""
    entry: dict[str, Any] = {"id": topic.id, "name": topic.name}
    if topic.query:
        entry |= {"query": topic.query}
    else:
        entry |= {"anchor": topic.anchor, "themes": dict(topic.themes)}
        entry |= {"combinations": [{"query": query, "weight": weight} for query, weight in topic.combinations]}
        entry |= {"require": list(topic.require), "context": list(topic.context), "threshold": topic.threshold}
    entry |= {"must_match": list(topic.must_match), "must_not_match": list(topic.must_not_match)}
    return yaml.dump([_filled(entry)], Dumper=_Dumper, allow_unicode=True, sort_keys=False, width=10_000)


def _block(lines: list[str], topic_id: str) -> str:
    """Find the block of a topic among the lines of the section; empty where there is none."""
    head = re.compile(rf"( *)- id:[ \t]*[\"']?{re.escape(topic_id)}[\"']?[ \t]*(?:#.*)?$")
    start, indent = next(((at, len(match[1])) for at, line in enumerate(lines) if (match := head.match(line))), (-1, 0))
    if start < 0:
        return ""
    end = start + 1
    while end < len(lines) and (not lines[end].strip() or len(lines[end]) - len(lines[end].lstrip(" ")) > indent):
        end += 1
    return "\n".join(line[indent:] for line in lines[start:end]).rstrip() + "\n"


def _filled(entry: Mapping[str, Any]) -> Mapping[str, Any]:
    return {key: value for key, value in entry.items() if value not in ("", [], {})}


class _Dumper(yaml.SafeDumper):
    """Write texts of several lines as blocks."""


def _written(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|" if "\n" in text else None)


_Dumper.add_representer(str, _written)

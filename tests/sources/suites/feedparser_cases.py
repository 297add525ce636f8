"""What feedparser's own suite expects, held against what we read."""

import re
from collections.abc import Mapping
from typing import Any

from tests.sources.suites.scoring import MISSING, SUITES, Report, Score, at, lines, report

SERVED_AT = "http://127.0.0.1:8097/"


def feedparser() -> Score:
    """Walk feedparser's cases, with the headers and the address that its own suite serves them with."""
    score = Score("feedparser")
    for case in lines(SUITES / "feedparser" / "expect.jsonl"):
        told = report(SUITES / "feedparser" / case["file"], SERVED_AT, case["headers"])
        score.take(case["file"], [_feedparser_check(check, told) for check in case["checks"] or ()])
    return score


_DETAILS = {"value": "", "type": "_type"}
_ENTRY = {"summary": "summary", "description": "summary", "link": "url", "id": "id", "guid": "id", "title": "title", "comments": "comments"}
_ENTRY |= {"language": "language", "rights": "rights", "copyright": "rights", "publisher": "publisher", "license": "license"}
_FEED = {"title": "title", "link": "url", "language": "language", "id": "id", "guid": "id", "tagline": "subtitle", "subtitle": "subtitle"}
_FEED |= {
    "info": "subtitle",
    "description": "subtitle",
    "copyright": "rights",
    "rights": "rights",
    "generator": "generator",
    "icon": "icon",
}
_FEED |= {"logo": "logo", "publisher": "publisher", "ttl": "ttl"}
_TIMES = {"published_parsed": "published", "updated_parsed": "updated"}
_PARTS = {"url": "url", "href": "url", "name": "name", "email": "email"}


def _feedparser_check(check: Mapping[str, Any], told: Report) -> tuple[str, object, object]:
    path, operator, value = check["path"], check["op"], check["value"]
    found = _feedparser_field(path, told)
    if operator == "==" and found is not MISSING:
        if path.endswith("_parsed"):
            value = "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z".format(*value)
        # An element that is there and empty is told as absent.
        return path, value or None, found
    return (path, operator, operator if bool(found) == (operator == "truthy") else found) if found is not MISSING else (path, 0, found)


def _feedparser_field(path: str, told: Report) -> object:
    if path in ("bozo", "version", "encoding"):
        return told["feed"].get({"bozo": "damaged"}.get(path, path))
    if path == "len(entries)":
        return len(told["entries"])
    match = re.fullmatch(r"(?:entries\[(\d+)\]|feed)\.(.+)", path)
    if not match:
        return MISSING
    if match[1] is None:
        return _of_feed(match[2], told["feed"])
    return _of_entry(match[2], told["entries"][int(match[1])]) if int(match[1]) < len(told["entries"]) else None


def _of_feed(name: str, feed: Report) -> object:
    whole = re.fullmatch(r"(\w+?)(?:_detail\.value)?", name)
    if whole and whole[1] in _FEED:
        return feed.get(_FEED[whole[1]])
    if name in _TIMES:
        return feed["updated"] if name == "updated_parsed" else MISSING
    if name == "image.href":
        return feed.get("image")
    return _listed(name, feed, "authors", "categories")


def _of_entry(name: str, entry: Report) -> object:
    whole = re.fullmatch(r"(\w+?)(?:_detail\.value)?", name)
    if whole and whole[1] in _ENTRY:
        return entry.get(_ENTRY[whole[1]])
    if name in _TIMES:
        return entry[_TIMES[name]]
    kind = re.fullmatch(r"(title|summary)_detail\.type", name)
    if kind:
        return entry.get(f"{kind[1]}_type")
    if name.startswith("source."):
        return _of_source(name.removeprefix("source."), entry.get("source") or {})
    content = re.fullmatch(r"content\[(\d+)\]\.(\w+)", name)
    if content:
        return at(entry.get("contents", ()), int(content[1])).get(content[2])
    attached = re.fullmatch(r"enclosures\[(\d+)\]\.(url|href|type|length)", name)
    if attached:
        value = at(entry["enclosures"], int(attached[1])).get(attached[2].replace("href", "url"))
        return str(value) if attached[2] == "length" else value
    return entry.get("image") if name == "image.href" else _listed(name, entry, "people", "tags")


def _of_source(name: str, source: Report) -> object:
    known = {"title": "title", "id": "id", "link": "url", "subtitle": "subtitle", "rights": "rights", "href": "feed_url"}
    plain = name.removesuffix("_detail.value")
    return source.get(known[plain]) if plain in known else _listed(name, source, "authors", "categories")


def _listed(name: str, item: Report, people: str, tags: str) -> object:
    """Find persons, links and tags by their place in their lists."""
    person = re.fullmatch(r"(author|publisher)_detail\.(\w+)|(authors|contributors)\[(\d+)\]\.(\w+)", name)
    if person and person[1] != "publisher":
        found = item.get("contributors" if person[3] == "contributors" else people, ())
        place, part = (-1, person[2]) if person[1] else (int(person[4]), person[5])
        return at(found, place).get(_PARTS[part])
    other = re.fullmatch(r"(links|tags)\[(\d+)\]\.(\w+)", name)
    if other:
        return at(item.get("links" if other[1] == "links" else tags, ()), int(other[2])).get(other[3])
    return len(item.get(tags, ())) if name == "len(tags)" else MISSING

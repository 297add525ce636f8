"""Tell what a document says beyond the fields that are kept: for people who look into a feed, not for the archive.

Reads feedparser's answer, whatever its parser of origin, and gives plain values only: texts, numbers, lists, mappings by name. What is
absent is None or an empty list; a value of an unexpected type is as good as absent.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any, TypeAlias

_Parsed: TypeAlias = Mapping[str, Any]
Details: TypeAlias = Mapping[str, Any]
_LINK = ("rel", "href", "type", "title", "hreflang", "length")
_PERSON = (("name", ("name",)), ("email", ("email",)), ("url", ("href", "url")))
# feedparser knows no top-level domain of more than four letters and cuts such addresses in two.
ADDRESS_AND_NAME = re.compile(
    r"(?P<first>[^\s@<>()]+@[^\s@<>()]+)\s*\((?P<behind>[^()]+)\)|(?P<before>[^<>@]+[^<>@\s])\s*<(?P<last>[^\s@<>]+@[^\s@<>]+)>"
)
_PAGES = ("text/html", "application/xhtml+xml")
NOTHING: Details = {}


def feed_details(found: _Parsed) -> Details:
    """Tell of the document as a whole."""
    head = found.get("feed", {})
    return {
        "id": _text(head, "id", "guid"),
        "feed_url": _linked(head, "self"),
        "subtitle": _text(head, "subtitle", "tagline", "description", "info"),
        "rights": _text(head, "rights", "copyright"),
        "authors": _people(head, "author"),
        "contributors": _people(head, "contributor"),
        "publisher": _text(head, "publisher"),
        "generator": _text(head, "generator"),
        "icon": _text(head, "icon") or _text(head, "logo") or _image(head),
        "logo": _text(head, "logo"),
        "image": _image(head),
        "categories": _categories(head),
        "links": _links(head),
        "ttl": int(ttl) if (ttl := _text(head, "ttl") or "").isascii() and ttl[:9].isdigit() else None,
        "version": found.get("version") or None,
        "encoding": found.get("encoding") or None,
        "damaged": bool(found.get("bozo")),
    }


def entry_details(item: _Parsed) -> Details:
    """Tell of one entry."""
    return {
        "people": _people(item, "author"),
        "contributors": _people(item, "contributor"),
        "publisher": _text(item, "publisher"),
        "rights": _text(item, "rights", "copyright"),
        "license": _linked(item, "license") or _text(item, "license"),
        "comments": _text(item, "comments") or _linked(item, "replies", _PAGES),
        "image": _image(item) or next((found.get("url") for found in _maps(item.get("media_thumbnail"))), None),
        "links": _links(item),
        "tags": _categories(item),
        "title_type": _map(item.get("title_detail")).get("type"),
        "summary_type": _map(item.get("summary_detail")).get("type"),
        "contents": [
            {key: one.get(key) or None for key in ("value", "type", "language", "base", "src")} for one in _maps(item.get("content"))
        ],
        "source": _source(_map(item.get("source"))),
    }


def _source(source: _Parsed) -> Details | None:
    """Tell where an entry was taken from; the address is that of the source's feed where one is named."""
    if not source:
        return None
    return {
        "title": _text(source, "title"),
        "id": _text(source, "id"),
        "url": _text(source, "link"),
        "feed_url": _linked(source, "self") or _text(source, "href"),
        "subtitle": _text(source, "subtitle"),
        "rights": _text(source, "rights"),
        "authors": _people(source, "author"),
        "contributors": _people(source, "contributor"),
        "categories": _categories(source),
        "links": _links(source),
    }


def _text(item: _Parsed, *keys: str) -> str | None:
    return next((value.strip() for key in keys if isinstance(value := item.get(key), str) and value.strip()), None)


def _map(value: object) -> _Parsed:
    return value if isinstance(value, Mapping) else NOTHING


def _maps(value: object) -> Iterable[_Parsed]:
    return [one for one in value if isinstance(one, Mapping)] if isinstance(value, list) else []


def _linked(item: _Parsed, rel: str, types: tuple[str, ...] = ()) -> str | None:
    found = (one for one in _maps(item.get("links")) if one.get("rel") == rel and (not types or one.get("type") in types))
    return next((address for one in found if (address := _text(one, "href"))), None)


def _image(item: _Parsed) -> str | None:
    return _text(_map(item.get("image")), "href", "url")


def _links(item: _Parsed) -> list[Details]:
    return [{key: found.get(key) or None for key in _LINK} for found in _maps(item.get("links"))]


def _categories(item: _Parsed) -> list[Details]:
    return [{key: found.get(key) or None for key in ("term", "scheme", "label")} for found in _maps(item.get("tags"))]


def _people(item: _Parsed, role: str) -> list[Details]:
    """Give names, addresses and pages of those who have a role."""
    found = [person for person in _maps(item.get(f"{role}s")) if person] or list(filter(None, [_map(item.get(f"{role}_detail"))]))
    named = ADDRESS_AND_NAME.fullmatch(_text(item, role) or "") if len(found) == 1 else None
    if named:
        return [{"name": (named["behind"] or named["before"]).strip(), "email": named["first"] or named["last"], "url": None}]
    return [{name: _text(person, *keys) for name, keys in _PERSON} for person in found]

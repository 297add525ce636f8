"""Read a YAML file into plain data, and remember where everything stands.

* The language is YAML 1.2's plain core: ``true``/``false``, numbers, ``null``; everything else is text. So ``no`` is Norwegian,
  ``17:30`` a time and ``2026-11-21`` a date in text, where YAML 1.1 would read False, 1050 and an object.
* Tags (``!!python/object``), aliases (``*name``), keys that are no words, and second documents are refused: nobody needs them
  here, and they are how a small file becomes a large or a dangerous one.
* Depth and size are limited. Nothing is constructed but dict, list, str, int, float, bool and None.
"""

import codecs
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn

import yaml
from yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    Event,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
    StreamEndEvent,
)

from aggregator.feedfile.findings import Findings, KeyPath, Mark, shown

MAX_BYTES = 2_000_000
MAX_DEPTH = 12
_UNPRINTABLE = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_INTEGER = re.compile(r"[-+]?[0-9]{1,18}")
_DECIMAL = re.compile(r"[-+]?(?:[0-9]{1,18}\.[0-9]{0,18}|\.[0-9]{1,18})")
_WORDS: dict[str, object] = {"": None, "~": None, "null": None, "Null": None, "true": True, "True": True, "false": False, "False": False}

_PLAIN_WORDS = (
    ("'\\t'", "a tab stands where YAML allows spaces only", "spaces for indentation"),
    ("cannot start any token", "a value begins with a character that YAML keeps for itself", "put the value in quotes"),
    (
        "mapping values are not allowed",
        "a ':' stands where none can be: wrong indentation, or a text with ': ' in it",
        "put such a text in quotes",
    ),
    ("could not find expected ':'", "this line is no 'key: value'", "key: value"),
    ("found unexpected end of stream", "a quote is opened here and never closed", "close the quote"),
    ("expected ',' or", "a bracket is opened and not closed, or a comma is missing", "close the bracket"),
    ("<block end>", "the indentation does not fit the lines above", "the same indentation for all keys of one entry"),
    ("expected <document start>", "something follows that does not belong to the lines above", "one document with the same indentation"),
    ("expected the node content", "a value is expected here", "a value"),
    ("unknown escape character", "a backslash in double quotes starts an escape that YAML does not know", "single quotes, or \\\\"),
)


def read_text(path: Path, findings: Findings) -> str:
    """Read a file as UTF-8 text of bounded size.

    Raises:
        ConfigurationError: it is missing, no regular file, unreadable, too large, or not UTF-8 text; with the place where it is not.
    """
    body = _read_bytes(path, findings).removeprefix(codecs.BOM_UTF8)
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError as error:
        hint = "it looks like UTF-16" if body[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE) else f"byte 0x{body[error.start]:02x}"
        mark = _mark_in(body[: error.start].decode("utf-8"))
        findings.stop((), f"the file is not UTF-8 text ({hint})", "save it as UTF-8", mark=mark)
    if bad := _UNPRINTABLE.search(text):
        findings.stop((), f"a control character (U+{ord(bad[0]):04X}) stands here", "printable text", mark=_mark_in(text[: bad.start()]))
    return text


def _read_bytes(path: Path, findings: Findings) -> bytes:
    nowhere = Mark(0, 0)
    try:
        if path.exists() and not path.is_file():
            findings.stop((), "this is not a regular file", "the path of a YAML file", mark=nowhere)
        with path.open("rb") as file:
            body = file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        findings.stop((), "there is no such file", "name it with AGGREGATOR_FEEDS_FILE", mark=nowhere)
    except (OSError, ValueError) as error:
        findings.stop((), f"the file cannot be read: {getattr(error, 'strerror', None) or error}", "a readable file", mark=nowhere)
    if len(body) > MAX_BYTES:
        findings.stop((), "the file is too large", f"at most {MAX_BYTES:,} bytes", mark=nowhere)
    return body


def _mark_in(before: str) -> Mark:
    return Mark(before.count("\n") + 1, len(before) - before.rfind("\n"))


def parse(text: str, findings: Findings) -> object:
    """Turn YAML text into plain data, filling in the marks of `findings`; gives None for a text without content.

    Raises:
        ConfigurationError: the text is not YAML, nests too deeply, or holds a second document.
    """
    builder = _Builder(text, findings)
    try:
        return builder.document()
    except yaml.MarkedYAMLError as error:
        _stop_at(error, builder.path, findings)
    except (yaml.YAMLError, ValueError, OverflowError):
        # PyYAML lets chr() and int() fail on escapes and version numbers beyond all bounds.
        findings.stop(builder.path, "a number or an escape is far out of range", "printable text")


def _stop_at(error: yaml.MarkedYAMLError, path: KeyPath, findings: Findings) -> NoReturn:
    problem = error.problem or "the text is not YAML"
    opened = "end of stream" in problem or "expected ',' or" in problem
    mark = (error.context_mark if opened else None) or error.problem_mark or error.context_mark
    message, allowed = next(((message, allowed) for words, message, allowed in _PLAIN_WORDS if words in problem), (problem, "YAML"))
    findings.stop(path, message, allowed, mark=Mark(mark.line + 1, mark.column + 1) if mark else None)


def _events_of(text: str) -> Iterator[Event]:
    """Give the parser's events: libyaml's, twenty times as fast, unless it cannot read the whole; the other one tells better why."""
    try:
        return iter(_quick_events(text))
    except (yaml.YAMLError, ValueError, OverflowError):
        return iter(yaml.parse(text, Loader=yaml.SafeLoader))


def _quick_events(text: str) -> list[Event]:
    """Give all events by libyaml, whose time grows with the square of the depth: what nests too deeply raises `ValueError` at once."""
    events, depth = [], 0
    for event in yaml.parse(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)):
        depth += isinstance(event, (MappingStartEvent, SequenceStartEvent)) - isinstance(event, (MappingEndEvent, SequenceEndEvent))
        if depth > MAX_DEPTH + 1:
            raise ValueError("deeper than is read")
        events.append(event)
    return events


class _Builder:
    """Build data from parser events; `path` is where the builder stands, for errors of the parser itself."""

    def __init__(self, text: str, findings: Findings) -> None:
        self._text = text
        self._events = _events_of(text)
        self._findings = findings
        self.path: KeyPath = ()

    def document(self) -> object:
        self._next()
        if isinstance(self._next(), StreamEndEvent):
            return None
        data = self._value(self._next(), ())
        self._next()
        after = self._next()
        if isinstance(after, DocumentStartEvent):
            self._findings.stop((), "a second document starts here", "one document", mark=_mark(after))
        return data

    def _next(self) -> Event:
        event: Event = next(self._events)
        return event

    def _value(self, event: Event, path: KeyPath) -> object:
        self.path = path
        self._findings.values[path] = _mark(event)
        if len(path) > MAX_DEPTH:
            self._findings.stop(path[:3], "the file nests too deeply", f"at most {MAX_DEPTH} levels", mark=_mark(event))
        self._refuse_magic(event, path)
        if isinstance(event, MappingStartEvent):
            return self._mapping(path)
        if isinstance(event, SequenceStartEvent):
            return self._sequence(path)
        if isinstance(event, ScalarEvent) and event.start_mark and event.end_mark and path[-1:] == ("query",):
            self._findings.sources[path] = self._text[event.start_mark.index : event.end_mark.index]
        return _scalar(event) if isinstance(event, ScalarEvent) else None

    def _refuse_magic(self, event: Event, path: KeyPath) -> None:
        if isinstance(event, AliasEvent):
            self._refuse(event, path, f"aliases (*{shown(event.anchor)}) are not read in this file", "write the value out")
        elif tag := getattr(event, "tag", None):
            self._refuse(event, path, f"the YAML tag {shown(tag)!r} is not read in this file", "plain text, numbers, lists and mappings")

    def _refuse(self, event: Event, path: KeyPath, message: str, allowed: str) -> None:
        self._findings.add(path, message, allowed, mark=_mark(event))
        self._findings.settle(path)

    def _mapping(self, path: KeyPath) -> dict[str, object]:
        result: dict[str, object] = {}
        while not isinstance(event := self._next(), MappingEndEvent):
            key = self._key(event, path)
            inside = (*path, key)
            if first := self._findings.keys.get(inside):
                self._findings.add(inside, f"the key is written twice; first in line {first.line}", "each key once", mark=_mark(event))
                self._value(self._next(), (*path, f"{key} (again)"))
                continue
            self._findings.keys[inside] = _mark(event)
            self.path = inside
            result[key] = self._value(self._next(), inside)
            self.path = path
        return result

    def _key(self, event: Event, path: KeyPath) -> str:
        if isinstance(event, ScalarEvent):
            self._refuse_magic(event, (*path, event.value))
            return str(event.value)
        self._refuse(event, (*path, "?"), "a key must be a word; is a text with braces or brackets lacking its quotes?", "key: value")
        self._value(event, (*path, "?"))
        return "?"

    def _sequence(self, path: KeyPath) -> list[object]:
        result: list[object] = []
        while not isinstance(event := self._next(), SequenceEndEvent):
            result.append(self._value(event, (*path, len(result))))
            self.path = path
        return result


def _mark(event: Event) -> Mark:
    start = event.start_mark
    return Mark(start.line + 1, start.column + 1) if start else Mark(1, 1)


def _scalar(event: ScalarEvent) -> object:
    text = str(event.value)
    if event.style:  # none or empty where nothing quotes it, by the parser
        return text
    if text in _WORDS:
        return _WORDS[text]
    if _INTEGER.fullmatch(text):
        return int(text)
    return float(text) if _DECIMAL.fullmatch(text) else text

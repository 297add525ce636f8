"""Documents collected by others: none crashes or hangs the reader, and their expectations hold for the fields that we have."""

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from aggregator.sources.dates import parse_date
from aggregator.sources.report import parse_report

CORPORA = Path(__file__).parents[2].parent / "shared" / "corpora"
SUITES, FEEDS = CORPORA / "parser-suites", CORPORA / "real-feeds"
NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)

pytestmark = pytest.mark.skipif(not CORPORA.is_dir(), reason=f"the collected documents are not at {CORPORA}")

FIELDS = {
    "title": "title",
    "title_detail.value": "title",
    "link": "url",
    "id": "id",
    "guid": "id",
    "summary": "summary",
    "description": "summary",
    "summary_detail.value": "summary",
    "content[0].value": "content",
    "published_parsed": "published",
    "updated_parsed": "updated",
}
FEED_FIELDS = {"title": "title", "link": "url", "language": "language", "updated_parsed": "updated"}


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    for line in path.read_text(encoding="utf-8").splitlines():
        yield json.loads(line)


@cache
def _report(path: Path) -> Mapping[str, Any]:
    return parse_report(path.name, path.read_bytes(), NOW)


@pytest.mark.parametrize("suite", ["feedparser", "miniflux", "lemon24-reader", "listparser-opml", "."])
def test_every_file_gives_a_report(suite: str) -> None:
    paths = [path for path in ((SUITES / suite).rglob("*") if suite != "." else FEEDS.glob("*")) if path.is_file()]
    assert paths
    for path in paths:
        report = _report(path)
        assert set(report) == {"file", "error", "feed", "entries"}, path
        assert report["error"] is None or "in its reader" not in report["error"], (path, report["error"])
        assert report["entries"] or report["error"], path


def test_real_feeds_have_their_entries_and_dates() -> None:
    for line in _lines(FEEDS / "manifest.jsonl"):
        report = _report(FEEDS / line["file"])
        dated = sum(1 for entry in report["entries"] if entry["published"] or entry["updated"])
        assert report["error"] is None
        assert len(report["entries"]) == line["entries_feedparser_6_0_14"], line["file"]
        assert line["entries_with_date"] in (dated, None), line["file"]
        assert report["entries"][0]["title"] == line["first_title"]


def _found(report: Mapping[str, Any], path: str) -> tuple[bool, object]:
    """Tell whether we have this field at all, and what the report says of it."""
    match = re.fullmatch(r"entries\[(\d+)\]\.(.+)", path)
    if match and match[2] in FIELDS:
        entries = report["entries"]
        return True, entries[int(match[1])][FIELDS[match[2]]] if int(match[1]) < len(entries) else None
    tag = re.fullmatch(r"entries\[0\]\.tags\[(\d+)\]\.term", path)
    if tag:
        return True, dict(enumerate(report["entries"][0]["categories"])).get(int(tag[1]))
    field = FEED_FIELDS.get(path.removeprefix("feed."))
    return (True, report["feed"][field]) if path.startswith("feed.") and field else (False, None)


def _expected(path: str, value: Any) -> object:
    return "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z".format(*value) if path.endswith("_parsed") else value


def test_expectations_of_the_reference_parser_hold() -> None:
    counts: Counter[bool] = Counter()
    for case in _lines(SUITES / "feedparser" / "expect.jsonl"):
        if case["headers"]:
            continue
        report = _report(SUITES / "feedparser" / case["file"])
        for check in case["checks"] or ():
            known, value = _found(report, check["path"])
            if known and check["op"] == "==":
                counts[value == _expected(check["path"], check["value"])] += 1
    print(f"{counts[True]} of {counts.total()} checks hold")
    # Those that fail are about the address that their suite serves them from.
    assert counts[True] >= 1_140
    assert counts[False] <= 25


def test_dates_of_other_readers_are_read() -> None:
    read = wrong = 0
    for line in _lines(SUITES / "miniflux" / "dates.jsonl"):
        moment = parse_date(line["input"], UTC)
        read += moment is not None
        wrong += line["unix"] is not None and (moment is None or moment.timestamp() != line["unix"])
        wrong += bool(line["expects_error"]) and moment is not None
    for line in _lines(SUITES / "feedparser" / "dates.jsonl"):
        moment, expected = parse_date(line["input"], UTC), line["utc_struct_time"]
        wrong += bool(expected) and moment is not None and list(moment.timetuple()[:6]) != expected[:6]
    print(f"{read} dates read, {wrong} wrong")
    assert (read >= 52, wrong) == (True, 0)

"""Documents collected by others: none crashes or hangs the reader, and their expectations hold for the fields that we have."""

from collections.abc import Callable, Mapping
from datetime import UTC
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from aggregator.sources.dates import parse_date
from aggregator.sources.report import Document, parse_report
from tests.sources.suites import CORPORA, FEEDS, NOW, SUITES, Score, feedparser, lines, listparser, miniflux, reader

pytestmark = pytest.mark.skipif(not CORPORA.is_dir(), reason=f"the collected documents are not at {CORPORA}")


@cache
def _report(path: Path) -> Mapping[str, Any]:
    return parse_report(Document(name=path.name, body=path.read_bytes()), NOW)


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
    for line in lines(FEEDS / "manifest.jsonl"):
        report = _report(FEEDS / line["file"])
        dated = sum(1 for entry in report["entries"] if entry["published"] or entry["updated"])
        assert report["error"] is None
        assert len(report["entries"]) == line["entries_feedparser_6_0_14"], line["file"]
        assert line["entries_with_date"] in (dated, None), line["file"]
        assert report["entries"][0]["title"] == line["first_title"]


@pytest.mark.parametrize(
    ("walk", "least"),
    [(feedparser, 2_000), (miniflux, 130), (reader, 4), (listparser, 86)],
    ids=["feedparser", "miniflux", "reader", "listparser"],
)
def test_expectations_of_other_readers_hold(walk: Callable[[], Score], least: int) -> None:
    score = walk()
    print(score.row())
    # The rest is about invented titles and links, the name of an encoding, and addresses that are told as absolute here.
    assert score.cases[True] >= least, "\n".join(score.misses)


def test_dates_of_other_readers_are_read() -> None:
    read = wrong = 0
    for line in lines(SUITES / "miniflux" / "dates.jsonl"):
        moment = parse_date(line["input"], UTC)
        read += moment is not None
        wrong += line["unix"] is not None and (moment is None or moment.timestamp() != line["unix"])
        wrong += bool(line["expects_error"]) and moment is not None
    for line in lines(SUITES / "feedparser" / "dates.jsonl"):
        moment, expected = parse_date(line["input"], UTC), line["utc_struct_time"]
        wrong += bool(expected) and moment is not None and list(moment.timetuple()[:6]) != expected[:6]
    print(f"{read} dates read, {wrong} wrong")
    assert (read >= 52, wrong) == (True, 0)

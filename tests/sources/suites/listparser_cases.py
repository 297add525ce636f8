"""What listparser's own suite expects of lists of feeds, held against what we read."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from aggregator.errors import ParseError
from aggregator.sources.opml import ListedFeed, read_opml
from tests.sources.suites.scoring import MISSING, SUITES, Report, Score, at, lines


def listparser() -> Score:
    """Walk listparser's cases; a list's owner and dates are of no use to us and count as fields that we have not."""
    score = Score("listparser")
    for case in lines(SUITES / "listparser-opml" / "expect.jsonl"):
        told = _list_report(SUITES / "listparser-opml" / case["file"])
        score.take(case["file"], [_list_check(check, told) for check in case["checks"] if check["path"] != "result.bozo"])
    return score


def _list_report(path: Path) -> Report:
    try:
        found = read_opml(path.read_bytes())
    except ParseError:
        return {"feeds": [], "lists": [], "opportunities": [], "meta": {}, "version": ""}
    feeds, lists, pages = ([_listed_feed(one) for one in kind] for kind in (found.feeds, found.lists, found.pages))
    return {"feeds": feeds, "lists": lists, "opportunities": pages, "meta": {"title": found.title}, "version": found.version}


def _listed_feed(feed: ListedFeed) -> Report:
    tags = [path[0] for path in feed.folders if len(path) == 1]
    return {"title": feed.title, "url": feed.url, "categories": [list(path) for path in feed.folders], "tags": tags}


def _list_check(check: Mapping[str, Any], told: Report) -> tuple[str, object, object]:
    path, operator, value = check["path"], check["op"], check["value"]
    inner = path.removeprefix("len(").removesuffix(")").removeprefix("result.")
    if inner == "meta" or (inner.startswith("meta.") and inner != "meta.title"):
        return path, value, MISSING
    found: Any = told
    for name, place in re.findall(r"(\w+)|\[(\d+)\]", inner):
        found = found.get(name) if name else at(found, int(place))
    found = len(found) if path.startswith("len(") else found
    if operator == "has":
        return path, True, value in (found or ())
    return path, value if operator == "==" else operator, found if operator == "==" else "truthy" if found else "falsy"

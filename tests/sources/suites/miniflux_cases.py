"""What miniflux's own suite expects, held against what we read."""

import re
from collections.abc import Mapping
from typing import Any

from tests.sources.suites.scoring import MISSING, SUITES, Report, Score, at, lines, report

_MONTHS = ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"]


def miniflux() -> Score:
    """Walk miniflux's cases; it invents what is missing, where we say that it is, so checks of invented titles fail."""
    score = Score("miniflux")
    for case in lines(SUITES / "miniflux" / "expect.jsonl"):
        if case["file"].startswith("opml/"):
            continue
        base = (case["base_url"] or "https://example.org/").strip()
        told = report(SUITES / "miniflux" / case["file"], base)
        checks = [_miniflux_check(check, told, base) for check in case["checks"] or () if "Hash" not in check["path"]]
        if case["expects_error"]:
            checks.append(("error", True, told["error"] is not None))
        score.take(case["file"], checks)
    return score


_MINIFLUX_FEED = {"Title": "title", "SiteURL": "url", "FeedURL": "feed_url", "Description": "subtitle", "IconURL": "icon"}
_MINIFLUX_FEED |= {"Language": "language", "TTL": "ttl"}
_MINIFLUX_ENTRY = {"Title": "title", "URL": "url", "Language": "language", "CommentsURL": "comments"}


def _miniflux_check(check: Mapping[str, Any], told: Report, base: str) -> tuple[str, object, object]:
    path, value = check["path"], check["value"]
    counted = path.startswith("len(")
    inner = path.removeprefix("len(").removesuffix(")") if counted else path
    found = _miniflux_field(inner, told, base)
    if counted and found is not MISSING:
        found = len(found) if isinstance(found, list | str) else 0
    if path.endswith("Language") and isinstance(found, str):
        # Language tags know no case (RFC 5646 section 2.1.1); we keep what the document says.
        found = found.lower()
    if path.endswith(".Date"):
        value, found = _go_time(value), found if value.endswith("UTC") else MISSING
    return path, value, found


def _miniflux_field(path: str, told: Report, base: str) -> Any:
    if path == "feed.Entries":
        return told["entries"]
    own = re.fullmatch(r"feed\.(\w+)", path)
    if own:
        found = told["feed"].get(_MINIFLUX_FEED[own[1]])
        # What a document does not say of itself is what it was asked by.
        return found or {"TTL": 0, "FeedURL": base, "SiteURL": base}.get(own[1], "")
    match = re.fullmatch(r"feed\.Entries\[(\d+)\]\.(\w+)(?:\[(\d+)\]\.(\w+))?", path)
    if not match:
        return MISSING
    entry = at(told["entries"], int(match[1]))
    if match[2] == "Enclosures":
        attached = entry.get("enclosures", [])
        if match[3] is None:
            return attached
        one = at(attached, int(match[3]))
        return one.get({"URL": "url", "MimeType": "type", "Size": "length"}[match[4]]) or (0 if match[4] == "Size" else "")
    several = {"Tags": entry.get("categories"), "Author": ", ".join(entry.get("authors", ())), "Date": entry.get("published")}
    if match[2] == "Date":
        return entry.get("published") or entry.get("updated")
    if match[2] == "Content":
        return entry.get("content") or entry.get("summary") or ""
    return several[match[2]] if match[2] in several else entry.get(_MINIFLUX_ENTRY[match[2]]) or ""


def _go_time(text: str) -> str:
    year, month, *rest = (part.strip() for part in text.split(","))
    day, hour, minute, second = (int(part) for part in rest[:4])
    return f"{year}-{_MONTHS.index(month.removeprefix('time.')) + 1:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z"

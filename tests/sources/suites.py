"""Hold what we read out of the collected documents against what their own readers expect of them.

Each suite is walked case by case; a check is either about a field that we have, and then holds or not, or about one that we have not,
and is counted apart. Nothing here decides how many must hold.
"""

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeAlias

from aggregator.errors import ParseError
from aggregator.sources.opml import ListedFeed, read_opml
from aggregator.sources.report import Document, report_document

CORPORA = Path(__file__).parents[2].parent / "shared" / "corpora"
SUITES, FEEDS = CORPORA / "parser-suites", CORPORA / "real-feeds"
NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
SERVED_AT = "http://127.0.0.1:8097/"

Report: TypeAlias = Mapping[str, Any]
_MISSING = object()
_MONTHS = ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"]


@dataclass
class Score:
    """Count checks and cases of one suite; a case holds where all its checks about known fields do, and is `bare` without any."""

    suite: str
    checks: Counter[bool] = field(default_factory=Counter)
    cases: Counter[bool] = field(default_factory=Counter)
    bare: int = 0
    unknown: int = 0
    misses: list[str] = field(default_factory=list)

    def take(self, case: str, checks: Sequence[tuple[str, object, object]]) -> None:
        """Count one case: path, expected value, found value; one that is `_MISSING` is about a field that we have not."""
        known = [one for one in checks if one[2] is not _MISSING]
        self.unknown += len(checks) - len(known)
        self.bare += not known
        for path, expected, found in known:
            self.checks[found == expected] += 1
            if found != expected:
                self.misses.append(f"{case} {path}: expected {str(expected)[:120]!r}, found {str(found)[:120]!r}")
        if known:
            self.cases[all(found == expected for _, expected, found in known)] += 1

    def row(self) -> str:
        """Tell the score as a row of a table."""
        cases, checks = self.cases, self.checks
        return f"| {self.suite} | {cases[True]} of {cases.total()} | {checks[True]} of {checks.total()} | {self.unknown} | {self.bare} |"


def lines(path: Path) -> Iterator[dict[str, Any]]:
    """Give the objects of a file, one a line."""
    return map(json.loads, path.read_text(encoding="utf-8").splitlines())


def report(path: Path, url: str = "", headers: Mapping[str, str] | None = None) -> Report:
    """Report a file."""
    lower = {name.lower(): value for name, value in (headers or {}).items()}
    return report_document(Document(name=path.name, body=path.read_bytes(), url=url, headers=lower), NOW)


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
    if operator == "==" and found is not _MISSING:
        if path.endswith("_parsed"):
            value = "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z".format(*value)
        # An element that is there and empty is told as absent.
        return path, value or None, found
    return (path, operator, operator if bool(found) == (operator == "truthy") else found) if found is not _MISSING else (path, 0, found)


def _feedparser_field(path: str, told: Report) -> object:
    if path in ("bozo", "version", "encoding"):
        return told["feed"].get({"bozo": "damaged"}.get(path, path))
    if path == "len(entries)":
        return len(told["entries"])
    match = re.fullmatch(r"(?:entries\[(\d+)\]|feed)\.(.+)", path)
    if not match:
        return _MISSING
    if match[1] is None:
        return _of_feed(match[2], told["feed"])
    return _of_entry(match[2], told["entries"][int(match[1])]) if int(match[1]) < len(told["entries"]) else None


def _of_feed(name: str, feed: Report) -> object:
    whole = re.fullmatch(r"(\w+?)(?:_detail\.value)?", name)
    if whole and whole[1] in _FEED:
        return feed.get(_FEED[whole[1]])
    if name in _TIMES:
        return feed["updated"] if name == "updated_parsed" else _MISSING
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
        return _at(entry.get("contents", ()), int(content[1])).get(content[2])
    attached = re.fullmatch(r"enclosures\[(\d+)\]\.(url|href|type|length)", name)
    if attached:
        value = _at(entry["enclosures"], int(attached[1])).get(attached[2].replace("href", "url"))
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
        return _at(found, place).get(_PARTS[part])
    other = re.fullmatch(r"(links|tags)\[(\d+)\]\.(\w+)", name)
    if other:
        return _at(item.get("links" if other[1] == "links" else tags, ()), int(other[2])).get(other[3])
    return len(item.get(tags, ())) if name == "len(tags)" else _MISSING


def _at(found: Sequence[Report], place: int) -> Report:
    return found[place] if -len(found) <= place < len(found) else {}


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
    if counted and found is not _MISSING:
        found = len(found) if isinstance(found, list | str) else 0
    if path.endswith("Language") and isinstance(found, str):
        # Language tags know no case (RFC 5646 section 2.1.1); we keep what the document says.
        found = found.lower()
    if path.endswith(".Date"):
        value, found = _go_time(value), found if value.endswith("UTC") else _MISSING
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
        return _MISSING
    entry = _at(told["entries"], int(match[1]))
    if match[2] == "Enclosures":
        attached = entry.get("enclosures", [])
        if match[3] is None:
            return attached
        one = _at(attached, int(match[3]))
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


def reader() -> Score:
    """Walk lemon24/reader's cases."""
    score = Score("reader")
    expected = json.loads((SUITES / "lemon24-reader" / "expected.json").read_text(encoding="utf-8"))
    for name, wanted in expected.items():
        told = report(SUITES / "lemon24-reader" / name, f"http://example.com/{name}")
        checks = [(key, wanted["feed"][key], told["feed"].get(ours) or None) for key, ours in _READER_FEED.items()]
        checks.append(("updated", _same_time(wanted["feed"]["updated"]), told["feed"]["updated"]))
        checks.append(("entries", len(wanted["entries"]), len(told["entries"])))
        for place, (entry, ours) in enumerate(zip(wanted["entries"], told["entries"], strict=False)):
            checks.extend((f"entries[{place}].{key}", one, two) for key, one, two in _reader_entry(entry, ours))
        score.take(name, checks)
    return score


_READER_FEED = {"title": "title", "link": "url", "subtitle": "subtitle", "version": "version"}


def _reader_entry(entry: Report, ours: Report) -> Iterator[tuple[str, object, object]]:
    for key, own in (("id", "id"), ("title", "title"), ("link", "url"), ("summary", "summary")):
        yield key, entry[key], ours[own]
    for key in ("published", "updated"):
        yield key, _same_time(entry[key]), ours[key]
    # An address or a page stands for a name where there is none.
    names = [author["name"] or author["email"] or author["href"] for author in entry["authors"]]
    yield "authors", [name for name in names if name], ours["authors"]
    files = [(found["href"], found["type"], found["length"]) for found in entry["enclosures"]]
    yield "enclosures", files, [(found["url"], found["type"], found["length"]) for found in ours["enclosures"]]
    if entry["content"]:
        contents = [(found["value"], found["type"]) for found in entry["content"]]
        yield "content", contents, [(found["value"], found["type"]) for found in ours["contents"]]
    if entry["source"]:
        yield "source.title", entry["source"]["title"], (ours["source"] or {}).get("title")


def _same_time(text: str | None) -> str | None:
    return text.replace("+00:00", "Z") if text else None


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
        return path, value, _MISSING
    found: Any = told
    for name, place in re.findall(r"(\w+)|\[(\d+)\]", inner):
        found = found.get(name) if name else _at(found, int(place))
    found = len(found) if path.startswith("len(") else found
    if operator == "has":
        return path, True, value in (found or ())
    return path, value if operator == "==" else operator, found if operator == "==" else "truthy" if found else "falsy"

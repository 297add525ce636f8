"""What the suite of lemon24/reader expects, held against what we read."""

import json
from collections.abc import Iterator

from tests.sources.suites.scoring import SUITES, Report, Score, report


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

"""Read mutated feeds: ``python bench/mutations.py [count] [seed]``; none may crash a reader or take long.

Documents of the benchmark's own world, and where they lie beside the project the collected ones, have bytes flipped, cut, doubled and
exchanged. Most are read as a feed is polled, some as `aggregator parse` reads them, some as a sitemap, a page, a JSON Feed or a list of
feeds. Each is read in this process; one that takes more than two seconds, or raises, is printed.
"""

import argparse
import random
import sys
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter

from _world import document

from aggregator.errors import ParseError
from aggregator.models import FeedSpec
from aggregator.sources import read_document
from aggregator.sources.opml import read_opml
from aggregator.sources.report import Document, report_document

NOW = datetime(2026, 11, 21, tzinfo=UTC)
CORPORA = Path(__file__).parents[1].parent / "shared" / "corpora"
PIECES = (b"<item>", b"</item>", b"<![CDATA[", b"]]>", b"<!--", b"-->", b"&", b"&#x0;", b"\x00", b"\xff", b"<", b">", b'"', b"\xc2")
FEEDS = {
    kind: FeedSpec(id=kind, name=kind, url="", publisher="", family="", kind=kind, options={"item": "item, li, div"})
    for kind in ("syndication", "sitemap", "listing", "jsonfeed")
}


def mutated(body: bytes, chance: random.Random) -> bytes:
    """Change a document at one to four places."""
    changed = bytearray(body)
    for _ in range(chance.randint(1, 4)):
        start = chance.randrange(len(changed) + 1)
        end = min(len(changed), start + chance.choice((0, 1, 4, 64)))
        piece = bytes(changed[slice(*sorted((chance.randrange(len(changed) + 1), start)))])[:200]
        changed[start:end] = chance.choice((chance.choice(PIECES), bytes([chance.randrange(256)]), b"", piece))
    return bytes(changed)


def read(body: bytes, chance: random.Random) -> bool:
    """Read a document in one of the ways, and tell whether anything was found."""
    way = chance.choices(("syndication", "sitemap", "listing", "jsonfeed", "report", "list"), (70, 4, 4, 4, 14, 4))[0]
    if way == "report":
        return bool(report_document(Document(name="x", body=body, url="https://a.example/"), NOW)["entries"])
    if way == "list":
        try:
            return bool(read_opml(body).feeds)
        except ParseError:
            return False
    return bool(read_document(FEEDS[way], "https://a.example/", {}, body, NOW).entries)


def main(count: int, seed: int) -> int:
    """Read so many mutations and tell of those that go wrong."""
    chance = random.Random(seed)
    small = [document(feed, "https://a.example", 40, 1) for feed in range(10)]
    found = [path.read_bytes() for path in sorted(CORPORA.rglob("*")) if path.is_file() and path.stat().st_size < 3_000]
    documents, wrong, slowest, gave = [*small, *found], 0, 0.0, 0
    start = perf_counter()
    for _ in range(count):
        body, began = mutated(chance.choice(documents), chance), perf_counter()
        try:
            gave += read(body, chance)
        except Exception as error:  # a finding, not an end: the next one may be another
            wrong += 1
            print(f"{type(error).__name__}: {error}: {body[:300]!r}")
        took = perf_counter() - began
        slowest = max(slowest, took)
        if took > 2:
            print(f"took {took:.1f} s: {body[:300]!r}")
    print(f"{count} mutations in {perf_counter() - start:.0f} s: {wrong} raised, slowest {slowest:.2f} s, {gave} gave entries")
    return wrong


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("count", type=int, nargs="?", default=100_000, help="how many documents to read")
    parser.add_argument("seed", type=int, nargs="?", default=1, help="another one makes other documents")
    given = parser.parse_args()
    sys.exit(bool(main(given.count, given.seed)))

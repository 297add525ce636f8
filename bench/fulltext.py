"""Measure the reading of pages: ``python bench/fulltext.py [folder]``, by default ``../shared/corpora/fulltext``.

`aeb` holds pages with the article's text: precision, recall and F1 of 4-word shingles, averaged over pages, as that benchmark counts.
`readability` holds pages with a cleaned copy: the share of its words that our text has. Skips what is not there.
"""

import gzip
import json
import re
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from statistics import median, quantiles
from time import process_time

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from aggregator.enrich.pages import Served, read_page
from aggregator.enrich.plaintext import plain_text
from aggregator.models import Page

WORD = re.compile(r"\w+")


def shingles(text: str) -> Counter[tuple[str, ...]]:
    """Count the runs of four words of a text."""
    words = WORD.findall(text)
    return Counter(tuple(words[start : start + 4]) for start in range(max(len(words) - 3, 1))) if words else Counter()


def timed(body: bytes, url: str | None, times: list[float]) -> Page:
    """Read a page and note the CPU time it took."""
    started = process_time()
    page = read_page(Served(body=body, url=url))
    times.append(process_time() - started)
    return page


def scores(folder: Path, times: list[float]) -> Iterator[tuple[float, float]]:
    """Give precision and recall of every page with a known article."""
    for key, gold in json.loads((folder / "ground-truth.json").read_text(encoding="utf-8")).items():
        page = timed(gzip.decompress((folder / "html" / f"{key}.html.gz").read_bytes()), gold.get("url"), times)
        wanted, found = shingles(gold["articleBody"]), shingles(page.text)
        shared = sum((wanted & found).values())
        yield (shared / found.total() if found else 1.0), (shared / wanted.total() if wanted else 1.0)


def shown(name: str, precision: float, recall: float) -> str:
    """Write a row of the table."""
    return f"| {name} | {precision:.4f} | {recall:.4f} | {2 * precision * recall / (precision + recall):.4f} |"


def main() -> None:
    """Print a table for each set that is there."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT.parent / "shared" / "corpora" / "fulltext"
    times: list[float] = []
    print("| pages | precision | recall | F1 |\n|---|---|---|---|")
    if (folder / "aeb").exists():
        pairs = list(scores(folder / "aeb", times))
        precision, recall = (sum(pair[side] for pair in pairs) / len(pairs) for side in (0, 1))
        print(shown(f"article-extraction-benchmark, {len(pairs)}", precision, recall))
    if (folder / "readability").exists():
        pairs = []
        for case in sorted((folder / "readability").iterdir()):
            if (case / "source.html").exists():
                page = timed((case / "source.html").read_bytes(), None, times)
                wanted, found = shingles(plain_text((case / "expected.html").read_text(encoding="utf-8"))), shingles(page.text)
                shared = sum((wanted & found).values())
                pairs.append((shared / found.total() if found else 1.0, shared / wanted.total() if wanted else 1.0))
        precision, recall = (sum(pair[side] for pair in pairs) / len(pairs) for side in (0, 1))
        print(shown(f"readability, {len(pairs)}", precision, recall))
    if times:
        print(f"\nCPU time a page: median {median(times) * 1000:.1f} ms, p95 {quantiles(times, n=20)[-1] * 1000:.1f} ms")


if __name__ == "__main__":
    main()

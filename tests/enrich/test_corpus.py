"""Read real pages; they stand beside the checkout and are not part of it."""

import gzip
import json
from pathlib import Path

import pytest

from aggregator.enrich.extraction import saved_page

SHARED = Path(__file__).parents[2].parent / "shared"
SEEDS, PAGES = SHARED / "seeds", SHARED / "corpora" / "fulltext" / "aeb"


@pytest.mark.skipif(not SEEDS.exists(), reason=f"no labelled articles at {SEEDS}")
@pytest.mark.parametrize("located", [True, False])
def test_seeds_lose_all_their_chrome_and_no_sentence(located: bool) -> None:
    gold = json.loads((SEEDS / "seed-gold.json").read_text(encoding="utf-8"))
    for name, entry in gold.items():
        if name.startswith("_"):
            continue
        raw = (SEEDS / name).read_bytes()
        page = saved_page(raw, entry["url"] if located else None)
        chrome = {_squeezed(line) for line in entry["boilerplate_lines"]}
        lines = [_squeezed(line) for line in raw.decode().splitlines() if line.strip()]
        body = [line for line in lines if line not in chrome and line != _squeezed(entry["title"])]
        assert page.title == _squeezed(entry["title"])
        assert page.text.split("\n\n") == body
        assert {removed.text for removed in page.removed} == chrome


@pytest.mark.skipif(not PAGES.exists(), reason=f"no pages at {PAGES}")
def test_real_pages_are_read_well() -> None:
    gold = json.loads((PAGES / "ground-truth.json").read_text(encoding="utf-8"))
    shares = []
    for key in sorted(gold)[::9]:
        page = saved_page(gzip.decompress((PAGES / "html" / f"{key}.html.gz").read_bytes()), gold[key].get("url"))
        wanted, found = set(gold[key]["articleBody"].split()), set(page.text.split())
        shares.append(2 * len(wanted & found) / max(len(wanted) + len(found), 1))
    assert sum(shares) / len(shares) > 0.92


def _squeezed(line: str) -> str:
    return " ".join(line.split())

"""Score the five labelled articles beside the checkout, kind by kind: ``python bench/seeds.py``; the misses are listed.

Labels that only the publisher's chrome tells (captions, bylines, credits, footers) are scored where they belong: in the removed lines
and in the page's fields. An attribution is found where a credit of ours overlaps its words; ours are right where a label overlaps or
the same source speaks again.
"""

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from aggregator.enrich import enrich, facts_report
from aggregator.enrich.extraction import article_of_page, saved_page

SEEDS = ROOT.parent / "shared" / "seeds"
UNITS = {"people": "person", "work visas": "visa", "percent": "percent", "months": "month", "multiple per year": "other"}
CHROME = ("caption", "credit", "byline", "footer")
ANSWERS = {"denial": "denied", "deflection": "no_knowledge"}
KIND = ("figures", "places", "organisations", "people", "dates", "provisions", "responses")


def figure(label: dict[str, Any]) -> tuple[float, float, str]:
    """Write a labelled figure as ours are written."""
    value = label["value"]
    low, high = value if isinstance(value, list) else (value, value)
    if label["unit"] == "share":
        return round(low * 100), round(high * 100), "percent"
    return low, high, UNITS.get(label["unit"], label["unit"])


def expected(entry: dict[str, Any]) -> dict[str, list[Any]]:
    """Give the labels of an article's text, by our kinds."""

    def body(kind: str) -> list[dict[str, Any]]:
        return [label for label in entry[kind] if label.get("zone") not in CHROME]

    return {
        "figures": [figure(label) for label in entry["figures"]],
        "places": [label["evidence"].removesuffix(" Province") for label in body("places")],
        "organisations": [label["name"] for label in body("organisations")],
        "people": [label["name"] for label in body("persons")],
        "dates": [label["value"] for label in body("dates")],
        "provisions": [(label["number"], False) for label in entry["resolutions"]]
        + [(label["number"], True) for label in entry["implied_resolutions"]],
        "responses": [ANSWERS[label["type"]] for label in entry["official_responses"] if label["type"] in ANSWERS],
    }


def found(facts: dict[str, list[dict[str, Any]]]) -> dict[str, list[Any]]:
    """Give our facts as the labels are written."""
    return {
        "figures": [(round(fact["low"], 2), round(fact["high"], 2), fact["unit"]) for fact in facts["figures"]],
        "places": [fact["text"] for fact in facts["places"]],
        "organisations": list(dict.fromkeys(fact["text"] for fact in facts["organisations"])),
        "people": [fact["text"] for fact in facts["people"]],
        "dates": [fact["value"] for fact in facts["dates"]],
        "provisions": [(int(fact["id"].split()[1]), fact["implied"]) for fact in facts["provisions"]],
        "responses": [fact["kind"] for fact in facts["responses"]],
    }


def same(kind: str, label: Any, fact: Any) -> bool:
    """Tell whether a fact of ours is a label: names where one holds the other, values where they are equal."""
    if kind == "organisations":
        one, other = (str(name).lower().replace("’", "'").replace(" news", "") for name in (label, fact))
        return one.removesuffix(" (republic of korea)") in other or other in one
    if kind == "figures":
        return all(abs(one - other) < 0.51 for one, other in zip(label[:2], fact[:2], strict=True)) and label[2] == fact[2]
    return bool(label == fact)


def main() -> None:
    """Print a row a kind, then the misses."""
    if not SEEDS.is_dir():
        raise SystemExit(f"the seeds are not at {SEEDS}: put the folder `shared` beside this checkout")
    gold = json.loads((SEEDS / "seed-gold.json").read_text(encoding="utf-8"))
    counts = {kind: [0, 0, 0] for kind in (*KIND, "attributions")}
    misses: list[str] = []
    for name, entry in gold.items():
        if name.startswith("_"):
            continue
        page = saved_page((SEEDS / name).read_bytes(), entry["url"])
        facts = {kind: list(told) for kind, told in facts_report(asyncio.run(enrich(article_of_page(page)))).items()}
        wanted, ours = expected(entry), found(facts)
        for kind in KIND:
            hit = [any(same(kind, label, fact) for fact in ours[kind]) for label in wanted[kind]]
            true = [any(same(kind, label, fact) for label in wanted[kind]) for fact in ours[kind]]
            counts[kind][0] += sum(hit)
            counts[kind][1] += len(true) - sum(true)
            counts[kind][2] += len(hit) - sum(hit)
            misses += [f"{name[:3]} {kind}: not found {label}" for label, ok in zip(wanted[kind], hit, strict=True) if not ok]
            misses += [f"{name[:3]} {kind}: not labelled {fact}" for fact, ok in zip(ours[kind], true, strict=True) if not ok]
        for label in entry["attributed_sources"]:
            start = page.text.find(label["evidence"])
            ok = any(fact["start"] < start + len(label["evidence"]) and start < fact["end"] for fact in facts["attributions"])
            counts["attributions"][0 if ok else 2] += 1
            misses += [] if ok else [f"{name[:3]} attributions: not found {label['evidence']}"]
    print("| kind | found | not labelled | not found | precision | recall |\n|---|---|---|---|---|---|")
    for kind, (right, wrong, missing) in counts.items():
        precision = "" if kind == "attributions" else f"{right / max(right + wrong, 1):.3f}"
        print(f"| {kind} | {right} | {wrong} | {missing} | {precision} | {right / max(right + missing, 1):.3f} |")
    print("\n".join(misses))


if __name__ == "__main__":
    main()

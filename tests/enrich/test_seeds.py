"""Measure recall on five labelled articles; the data stands beside the checkout and is not part of it."""

import json
from pathlib import Path
from typing import Any

import pytest

from aggregator.enrich import enrich, plain_text
from aggregator.models import Article, Fact
from tests.enrich.facts import feed, run

SEEDS = Path(__file__).parents[2].parent / "shared" / "seeds"
GOLD = SEEDS / "seed-gold.json"
UNITS = {"people": "person", "work visas": "visa", "percent": "percent", "USD": "USD", "CNY": "CNY", "KRW": "KRW"}

pytestmark = pytest.mark.skipif(not GOLD.exists(), reason=f"no labelled articles at {GOLD}")


def labelled() -> list[tuple[dict[str, Any], tuple[Fact, ...]]]:
    gold = json.loads(GOLD.read_text(encoding="utf-8"))
    return [(entry, told(entry, SEEDS / name)) for name, entry in gold.items() if not name.startswith("_")]


def told(entry: dict[str, Any], path: Path) -> tuple[Fact, ...]:
    text = plain_text(path.read_text(encoding="utf-8"))
    return run(enrich, Article(title=entry["title"], text=text, feed=feed())).facts


def expected_figure(figure: dict[str, Any]) -> tuple[str, float, float] | None:
    value = figure["value"]
    low, high = value if isinstance(value, list) else (value, value)
    if figure["unit"] == "share":
        return "percent", round(low * 100, 0), round(high * 100, 0)
    return (UNITS[figure["unit"]], low, high) if figure["unit"] in UNITS else None


def test_places_of_the_seeds_are_found() -> None:
    wanted = [(place["evidence"].removesuffix(" Province"), facts) for entry, facts in labelled() for place in entry["places"]]
    missed = [name for name, facts in wanted if name not in {fact.quote for fact in facts if fact.kind == "place"}]
    assert missed == []


def test_figures_of_the_seeds_are_found() -> None:
    wanted = [(expected, facts) for entry, facts in labelled() for figure in entry["figures"] if (expected := expected_figure(figure))]
    missed = [
        expected
        for expected, facts in wanted
        if expected not in {(fact.unit, round(fact.low or 0), round(fact.high or 0)) for fact in facts if fact.kind == "figure"}
    ]
    assert len(wanted) > 8
    assert missed == []


def test_outlets_cited_by_the_seeds_are_found_and_no_others() -> None:
    ids = {"Daily NK": "outlet/daily-nk", "RFA": "outlet/rfa", "Yonhap": "outlet/yonhap"}
    for entry, facts in labelled():
        assert {fact.concept for fact in facts if fact.kind == "outlet"} == {ids[name] for name in entry["cites_outlets"]}, entry["title"]


def test_resolutions_of_the_seeds_are_found() -> None:
    for entry, facts in labelled():
        stated = {f"resolution/{resolution['number']}" for resolution in entry["resolutions"]}
        implied = {f"resolution/{resolution['number']}" for resolution in entry["implied_resolutions"]}
        assert {fact.concept for fact in facts if fact.kind == "provision" and not fact.implied} == stated
        assert {fact.concept for fact in facts if fact.kind == "provision" and fact.implied} == implied

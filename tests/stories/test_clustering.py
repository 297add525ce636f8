"""What the gold sets, the founding articles and the riot of Helong come to, in any order."""

import json
import random
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from aggregator.core.echoes import standings_of, tally
from aggregator.grouping import place_all
from tests.stories.clustering import grouped, read
from tests.stories.gold import rows, truth
from tests.stories.scoring import b_cubed, disagreement, pair_score

SHARED = Path(__file__).parents[2].parent / "shared"
ORDERS = 20
"""The long run of 200 is `bench/stories.py`."""


@pytest.fixture(autouse=True)
def without_embeddings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AGGREGATOR_SEMANTIC", "off")


def corpus(name: str) -> list[Mapping[str, Any]]:
    path = SHARED / "corpora" / name
    if not path.exists():
        pytest.skip(f"the development corpus {name} is not beside the checkout")
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


@pytest.mark.parametrize("name", ["dev", "held", "fresh"])
def test_trap_title_overlap_merges_different_events_and_splits_one(name: str) -> None:
    found, _ = grouped(rows(name))
    assert pair_score(found, truth(name)).f >= 0.85
    assert b_cubed(found, truth(name)).f >= 0.9


@pytest.mark.parametrize("name", ["dev", "held", "fresh"])
def test_the_order_of_arrival_hardly_matters(name: str) -> None:
    tellings = list(read(rows(name)))
    first = {str(number): story for number, story in place_all(tellings).stands.items()}
    shuffle = random.Random(7)
    differing = []
    for _ in range(ORDERS):
        shuffle.shuffle(tellings)
        differing.append(disagreement(first, {str(number): story for number, story in place_all(tellings).stands.items()}))
    assert sum(differing) / ORDERS <= 0.01


def test_the_riot_of_helong_has_one_origin_and_nobody_confirms_it() -> None:
    said = rows("helong")
    found, desk = grouped(said)
    assert len(set(found.values())) == 1
    numbers = {row["id"]: number for number, row in enumerate(said)}
    for row in said:
        telling = desk.tellings[numbers[row["id"]]]
        assert (telling.role.value, telling.echo_of) == (row["role"], numbers.get(row["echo_of"])), row["id"]
    assert all("person:2000" in telling.concepts for telling in desk.tellings.values())
    line = tally(standings_of(desk.tellings.values(), ()), desk.tellings)
    expected = "1 origin (Yomiuri Shimbun, anonymous source), 7 echoes, 0 independent, 1 official response; Reuters: could not verify"
    assert line == expected


def test_real_headlines_are_sorted_better_than_by_words_alone() -> None:
    said = [row for row in corpus("nk-feed/nk-feed.dev.jsonl") if not row["ambiguous"]]
    found, _ = grouped(said)
    stories = {row["id"]: row["story"] for row in said}
    assert pair_score(found, stories).f >= 0.82
    assert b_cubed(found, stories).f >= 0.95


def test_every_duplicate_is_folded_and_one_title_joins_no_different_texts() -> None:
    said = corpus("kcna/kcna.jsonl")[:400]
    found, desk = grouped(said)
    groups = {row["id"]: row["dup_group"] for row in said}
    assert pair_score(found, groups).f == 1.0
    by_title: dict[str, set[tuple[str, int]]] = {}
    for number, row in enumerate(said):
        by_title.setdefault(row["title"], set()).add((row["dup_group"], desk.stands[number]))
    assert all(len({group for group, _ in seen}) == len({story for _, story in seen}) for seen in by_title.values())


def test_founding_articles_of_one_claim_are_one_story_and_those_of_one_theme_are_not() -> None:
    folder = SHARED / "seeds"
    if not folder.exists():
        pytest.skip("the founding articles are not beside the checkout")
    gold = json.loads((folder / "seed-gold.json").read_text(encoding="utf-8"))
    said = [
        {"id": name[:3], "title": gold[name]["title"], "text": (folder / name).read_text(encoding="utf-8"), "source": gold[name]["source"]}
        | {"published": gold[name]["published_inferred"] if len(gold[name]["published_inferred"] or "") > 10 else None}
        for name in sorted(gold)
        if name.endswith(".txt")
    ]
    found, desk = grouped(said)
    assert found["003"] == found["004"]
    assert len(set(found.values())) == 4
    roles = {row["id"]: desk.tellings[number].role.value for number, row in enumerate(said)}
    assert (roles["003"], roles["004"]) == ("echo", "echo")

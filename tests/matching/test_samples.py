"""Judge real material kept beside the checkout: articles with known themes, and labelled streams with floors.

The material is not part of the project; the tests skip where it is absent.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.matching.topics import judge

SHARED = Path(__file__).parents[2].parent / "shared"
CORPORA = SHARED / "corpora"
MATCHES = {"000": "L", "001": "LS", "002": "L", "003": "LS", "004": "LS"}


def rows(name: str) -> list[dict[str, Any]]:
    path = CORPORA / name
    if not path.exists():
        pytest.skip(f"the sample {name} is not beside the checkout ({path})")
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def seeds() -> Iterator[tuple[str, str, dict[str, Any]]]:
    gold = SHARED / "seeds" / "seed-gold.json"
    if not gold.exists():
        pytest.skip(f"the seed articles are not beside the checkout ({gold.parent})")
    for name, expected in json.loads(gold.read_text(encoding="utf-8")).items():
        if name.endswith(".txt"):
            yield name[:3], (gold.parent / name).read_text(encoding="utf-8"), expected


def test_seed_articles_go_to_their_topics_with_all_their_themes() -> None:
    for seed, text, expected in seeds():
        labour, sanctions = judge(expected["title"], text)
        assert "".join(code for code, one in (("L", labour), ("S", sanctions)) if one.matched) == MATCHES[seed]
        for judgement in (labour, sanctions):
            shown = {evidence.theme for evidence in judgement.evidence}
            assert not shown & set(expected["themes_must_not"]), seed
            assert not judgement.matched or set(expected["themes"]) <= shown, seed


def firm(name: str) -> Iterator[tuple[dict[str, Any], bool, bool]]:
    """Give rows that are no borderline cases with both topics' verdicts."""
    for row in rows(name):
        if str(row["borderline"]) != "True":
            labour, sanctions = judge(row["title"], row.get("text") or row.get("summary") or "")
            yield row, labour.matched, sanctions.matched


def precision_and_recall(verdicts: list[tuple[bool, bool]]) -> tuple[float, float]:
    hits = sum(gold and found for gold, found in verdicts)
    return hits / max(1, sum(found for _, found in verdicts)), hits / max(1, sum(gold for gold, _ in verdicts))


@pytest.mark.parametrize("name", ["relevance/relevance.dev.jsonl", "nk-feed/nk-feed.dev.jsonl"])
def test_labelled_stream_is_judged_with_high_precision_and_recall(name: str) -> None:
    judged = list(firm(name))
    tables = {
        "labour": [(bool(row["label_labour"]), labour) for row, labour, _ in judged],
        "sanctions": [(bool(row["label_sanctions"]), sanctions) for row, _, sanctions in judged],
        "relevant": [(bool(row["relevant"]), labour or sanctions) for row, labour, sanctions in judged],
    }
    for table, verdicts in tables.items():
        precision, recall = precision_and_recall(verdicts)
        assert precision >= 0.95, table
        assert recall >= 0.95, table


def test_state_media_texts_raise_hardly_any_false_alarm() -> None:
    judged = [(row, labour or sanctions) for row, labour, sanctions in firm("kcna/kcna.jsonl") if not int(row["relevant"])]
    alarms = [row["title"] for row, matched in judged if matched]
    assert len(alarms) <= 0.01 * len(judged), alarms

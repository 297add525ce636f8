from pathlib import Path

import pytest

from aggregator.errors import ConfigurationError
from aggregator.matching.packs import LANGUAGES
from aggregator.vocabulary import load_packs

GOOD = """\
theme: sports
label: {en: Sports, ko: 스포츠}
concepts:
  ball:
    label: {en: Ball}
    strong: {en: [football]}
"""


def problems_of(folder: Path, text: str, name: str = "sports.yaml") -> list[str]:
    (folder / name).write_text(text, encoding="utf-8")
    with pytest.raises(ConfigurationError) as caught:
        load_packs(folder)
    return [str(problem) for problem in caught.value.problems]


def test_product_packs_have_labels_and_terms_in_five_languages() -> None:
    packs = load_packs()
    for theme, pack in packs.themes.items():
        assert set(pack.label) == set(LANGUAGES), theme
        languages = {term.language for concept in pack.concepts.values() for term in concept.terms}
        assert languages == set(LANGUAGES), theme
        for name, concept in pack.concepts.items():
            assert concept.id == f"{theme}/{name}"
            assert theme == "guards" or set(concept.label) == set(LANGUAGES), concept.id


def test_label_falls_back_to_english_and_then_to_the_id(tmp_path: Path) -> None:
    (tmp_path / "sports.yaml").write_text(GOOD, encoding="utf-8")
    packs = load_packs(tmp_path)
    assert packs.label("sports/ball", "ru") == "Ball"
    assert packs.label("sports", "ko") == "스포츠"
    assert packs.label("sports/unknown", "ko") == "sports/unknown"


def test_file_that_is_no_pack_is_left_to_others(tmp_path: Path) -> None:
    (tmp_path / "sports.yaml").write_text(GOOD, encoding="utf-8")
    (tmp_path / "places.yaml").write_text("dandong: {en: Dandong}\n", encoding="utf-8")
    assert list(load_packs(tmp_path).themes) == ["sports"]


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("theme: sports\n", "", "sports.yaml:1:1: theme: is missing"),
        ("strong:", "storng:", "sports.yaml:6:5: concepts.ball.storng: unknown key (allowed: label, notes, unless"),
        ("[football]", "football", "concepts.ball.strong.en: must be a list"),
        ("[football]", "[[a]]", "sports.yaml:6:19: concepts.ball.strong.en[0]: must be a text"),
        ("[football]", "['(a']", "concepts.ball.strong.en[0]: a bracket is not closed"),
        ("[football]", "[{re: 'a+', at: a}]", "concepts.ball.strong.en[0]: `*`, `+` and `{n,}` are unbounded"),
        ("[football]", "[{re: a}]", "an expression needs both keys: re, at"),
        ("{en: [football]}", "{xx: [football]}", "concepts.ball.strong.xx: unknown key (allowed: en, ko, zh, ja, ru)"),
        ("    strong: {en: [football]}", "", "concepts.ball: has neither strong nor weak terms"),
        ("label: {en: Ball}", "label: {ko: 공}", "concepts.ball.label: needs an English label"),
        ("label: {en: Ball}", "label: {en: Ball}\n    beside_country: perhaps", "must be true or false"),
        ("label: {en: Ball}", "label: {en: Ball}\n    unless: [rain]", "concepts.ball.unless[0]: there is no guard 'rain'"),
        ("concepts:\n", "concepts:\n  ball: {label: {en: B}, weak: {en: [b]}}\n", "concepts.ball: this key stands twice"),
        ("label: {en: Sports", "label: {en: [Sports", "not YAML"),
        ("theme: sports", "theme: sports\nconcepts", "not YAML"),
        (GOOD, "concepts: " + "[" * 5000, "not YAML"),
        (GOOD, "concepts: []\ntheme: x\nlabel: {en: X}\n", "concepts: must be a mapping"),
        (GOOD, "theme: x\n" + "#" * 1_000_001, "larger than a megabyte"),
    ],
)
def test_mistake_is_named_with_its_place(tmp_path: Path, old: str, new: str, expected: str) -> None:
    assert any(expected in problem for problem in problems_of(tmp_path, GOOD.replace(old, new, 1))), problems_of(
        tmp_path, GOOD.replace(old, new, 1)
    )


def test_mistakes_of_all_files_are_reported_at_once(tmp_path: Path) -> None:
    (tmp_path / "other.yaml").write_text("theme: other\n", encoding="utf-8")
    problems = problems_of(tmp_path, GOOD.replace("[football]", "['', '*']"))
    assert len(problems) == 3


def test_theme_in_two_files_is_a_mistake(tmp_path: Path) -> None:
    (tmp_path / "again.yaml").write_text(GOOD, encoding="utf-8")
    assert any("another file holds the theme" in problem for problem in problems_of(tmp_path, GOOD))


def test_folder_without_packs_is_a_mistake(tmp_path: Path) -> None:
    assert "no term pack" in problems_of(tmp_path, "a: b\n", "places.yaml")[0]


def test_undecodable_file_is_a_mistake(tmp_path: Path) -> None:
    (tmp_path / "broken.yaml").write_bytes(b"theme: \xff\xfe")
    assert "cannot be read" in problems_of(tmp_path, GOOD)[0]

"""Revisions: did an edit change a fact, or only words?

Only a material change may reach a reader again. Material is: a figure that was not there before, a place replaced by another,
or a headline that now says no where it said yes. Longer text with the same facts, a corrected typo, a new mark such as "(LD)"
are cosmetic. A figure that merely disappears is cosmetic too, since feeds often cut a text they carried in full.
"""

import re
from collections.abc import Collection

from aggregator.records import Telling

_NEGATIONS = re.compile(
    r"\b(?:not|no|never|den(?:y|ies|ied)|reject\w*|withdr[ae]w\w*|retract\w*)\b|n't\b|않|못하|부인|아니|철회|否认|否認|没有|沒有|否定"
    r"|撤回|ない|\b(?:не|нет|опроверг\w*|отрица\w*)\b",
    re.IGNORECASE,
)
UNIT_WORDS = {"person": "people", "visa": "visas", "vessel": "vessels", "ton": "tons", "percent": "percent", "factory": "factories"}


def material_changes(before: Telling, after: Telling) -> tuple[str, ...]:
    """Give one sentence per changed fact, empty for a cosmetic revision."""
    return (
        *_figure_changes(_figures(before.concepts), _figures(after.concepts)),
        *_place_changes(_places(before.concepts), _places(after.concepts)),
        *_denials(before.title, after.title),
    )


def figure_words(figure: str) -> str:
    """Write a figure concept for people: ``person:2000`` as "2,000 people", ``USD:50000-100000`` as "50,000-100,000 USD"."""
    unit, _, value = figure.partition(":")
    numbers = "-".join(_grouped(part) for part in value.split("-"))
    return f"{numbers} {UNIT_WORDS.get(unit, unit)}"


def _figure_changes(before: Collection[str], after: Collection[str]) -> list[str]:
    """Pair each new figure with a lost one of its unit where there is one."""
    lost = sorted(set(before) - set(after))
    changes: list[str] = []
    for figure in sorted(set(after) - set(before)):
        unit = figure.partition(":")[0]
        replaced = next((old for old in lost if old.partition(":")[0] == unit), None)
        if replaced:
            lost.remove(replaced)
            changes.append(f"{figure_words(replaced).rpartition(' ')[0]} → {figure_words(figure)}")
        else:
            changes.append(f"now also {figure_words(figure)}")
    return changes


def _place_changes(before: Collection[str], after: Collection[str]) -> list[str]:
    lost, gained = sorted(set(before) - set(after)), sorted(set(after) - set(before))
    return [f"place: {_names(lost)} → {_names(gained)}"] if lost and gained else []


def _denials(before: str, after: str) -> list[str]:
    return ["the headline's claim was reversed"] if bool(_NEGATIONS.search(before)) != bool(_NEGATIONS.search(after)) else []


def _figures(concepts: Collection[str]) -> set[str]:
    return {concept for concept in concepts if ":" in concept}


def _places(concepts: Collection[str]) -> set[str]:
    return {concept for concept in concepts if concept.startswith(("place/", "region/"))}


def _names(places: Collection[str]) -> str:
    return ", ".join(place.partition("/")[2].replace("-", " ").title() for place in places)


def _grouped(number: str) -> str:
    value = float(number)
    return f"{value:,.0f}" if value.is_integer() else f"{value:,}"

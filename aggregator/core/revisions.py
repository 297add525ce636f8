"""Revisions: did an edit change a fact, or only words, and which ones?

Only a material change may reach a reader again. Material is: a figure that was not there before; a place, a named person or body, or
a date, a month or a year replaced by another; another deed in a sentence; a headline or a sentence that now says no where it said yes;
a new sentence that puts a place right; a page that says it was withdrawn. Longer text with the same facts, a corrected typo, another
way to write a number or a date, a new mark such as "(LD)" are cosmetic. A figure that merely disappears is cosmetic too, since feeds
often cut a text they carried in full.
"""

import re
from collections.abc import Collection
from difflib import SequenceMatcher

from aggregator.core.dates import replaced_dates
from aggregator.core.deeds import other_deeds
from aggregator.core.negations import puts_right, says_no
from aggregator.records import Telling

_OPENING = 600
_SENTENCES = re.compile(r"(?<=[.!?。！？])\s*|\n+")
_MOST_SENTENCES, _FEW_LETTERS, _SAME_SENTENCE, _LONGEST_QUOTE = 12, 24, 0.8, 160
"""Changed sentences that are compared; how many letters longer and how alike at least they are where only a no came in."""
_MOST_COMPARED = 20_000
"""Characters of a text whose sentences are compared."""
_WITHDRAWN = re.compile(
    r"\b(?:(?:has|have|was|been) (?:withdrawn|retracted|removed)|retraction)\b"
    r"|기사를 삭제|삭제된 기사|撤稿|已删除|记事を削除|記事を取り消し|削除しました"
    r"|материал (?:удал[её]н|отозван|снят)",
    re.IGNORECASE,
)
UNIT_WORDS = {"person": "people", "visa": "visas", "vessel": "vessels", "ton": "tons", "percent": "percent", "factory": "factories"}


def material_changes(before: Telling, after: Telling) -> tuple[str, ...]:
    """Give one sentence per changed fact, empty for a cosmetic revision."""
    return (
        *_figure_changes(_figures(before.concepts), _figures(after.concepts)),
        *_place_changes(_places(before.concepts), _places(after.concepts)),
        *_corrections(before, after),
        *_actor_changes(_actors(before.concepts), _actors(after.concepts)),
        *_date_changes(before.text, after.text),
        *(_denials(before.title, after.title) or _sentence_changes(before.text, after.text)),
        *_withdrawals(before, after),
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


def _actor_changes(before: Collection[str], after: Collection[str]) -> list[str]:
    lost, gained = sorted(set(before) - set(after)), sorted(set(after) - set(before))
    return [f"named: {_names(lost)} → {_names(gained)}"] if lost and gained else []


def _date_changes(before: str, after: str) -> list[str]:
    """Tell where dates were replaced by as many others; a text that was cut or went on says nothing of its dates."""
    replaced = replaced_dates(before, after)
    return [f"date: {replaced[0]} → {replaced[1]}"] if replaced else []


def _corrections(before: Telling, after: Telling) -> list[str]:
    """Tell where a new sentence puts a new place in the stead of another: "in Hunchun, not Dandong"."""
    ours, theirs = _places(before.concepts), _places(after.concepts)
    if theirs <= ours or not ours <= theirs:
        return []
    said = next(filter(puts_right, _changed_sentences(before.text, after.text)[1]), None)
    return [f"put right: {said[:_LONGEST_QUOTE]}"] if said else []


def _sentence_changes(before: str, after: str) -> list[str]:
    """Tell where a sentence stayed what it was but for its yes or no, or for what was done."""
    lost, gained = _changed_sentences(before, after)
    pairs = [(loss, gain) for loss in lost for gain in gained if _reworded(loss, gain)]
    turned = next((gain for loss, gain in pairs if says_no(loss) != says_no(gain)), None)
    if turned:
        return [f"reversed: {turned[:_LONGEST_QUOTE]}"]
    deeds = next(filter(None, (other_deeds(loss, gain) for loss, gain in pairs)), None)
    return [f"act: {deeds[0]} → {deeds[1]}"] if deeds else []


def _changed_sentences(before: str, after: str) -> tuple[list[str], list[str]]:
    ours, theirs = ({sentence.strip() for sentence in _SENTENCES.split(text[:_MOST_COMPARED])} - {""} for text in (before, after))
    return sorted(ours - theirs)[:_MOST_SENTENCES], sorted(theirs - ours)[:_MOST_SENTENCES]


def _reworded(one: str, other: str) -> bool:
    """Tell whether two sentences say the same but for a word or two."""
    if abs(len(one) - len(other)) > _FEW_LETTERS:
        return False
    return SequenceMatcher(a=one, b=other, autojunk=False).ratio() >= _SAME_SENTENCE


def _withdrawals(before: Telling, after: Telling) -> list[str]:
    said = [bool(_WITHDRAWN.search(f"{telling.title}\n{telling.text[:_OPENING]}")) for telling in (before, after)]
    return ["the page was withdrawn"] if said == [False, True] else []


def _actors(concepts: Collection[str]) -> set[str]:
    return {concept for concept in concepts if concept.startswith(("person/", "organisation/"))}


def _denials(before: str, after: str) -> list[str]:
    return ["the headline's claim was reversed"] if says_no(before) != says_no(after) else []


def _figures(concepts: Collection[str]) -> set[str]:
    return {concept for concept in concepts if ":" in concept}


def _places(concepts: Collection[str]) -> set[str]:
    return {concept for concept in concepts if concept.startswith(("place/", "region/"))}


def _names(places: Collection[str]) -> str:
    return ", ".join(place.partition("/")[2].replace("-", " ").title() for place in places)


def _grouped(number: str) -> str:
    value = float(number)
    return f"{value:,.0f}" if value.is_integer() else f"{value:,}"

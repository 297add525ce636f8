"""Revisions: did an edit change a fact, or only words, and which ones?

Only a material change may reach a reader again. Material is: a figure that was not there before; a place, a named person or body, or
a date replaced by another; a headline or a sentence that now says no where it said yes; a page that says it was withdrawn. Longer text
with the same facts, a corrected typo, another way to write a number or a date, a new mark such as "(LD)" are cosmetic. A figure that
merely disappears is cosmetic too, since feeds often cut a text they carried in full.
"""

import re
from collections.abc import Collection
from difflib import SequenceMatcher

from aggregator.records import Telling

_NEGATIONS = re.compile(
    r"\b(?:not|no|never|den(?:y|ies|ied)|reject\w*|withdr[ae]w\w*|retract\w*)\b|n't\b|않|못하|부인|아니|철회|否认|否認|没有|沒有|没(?!收)|未(?![来來婚])|不(?:会|會|再|是|准|允许|允許|承认|承認|同意)|否定"
    r"|撤回|ない|なかった|(?<![必まわ])ず(?=$|[、。\s])|\b(?:не|нет|опроверг\w*|отрица\w*)\b",
    re.IGNORECASE,
)
_TOKEN = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]\s*|\S+\s*")
_FEW_DATES, _OPENING = 2, 600
_SENTENCES = re.compile(r"(?<=[.!?。！？])\s*|\n+")
_MOST_SENTENCES, _FEW_LETTERS, _SAME_SENTENCE, _LONGEST_QUOTE = 12, 24, 0.8, 160
"""Changed sentences that are compared; how many letters longer and how alike at least they are where only a no came in."""
_MOST_COMPARED = 20_000
"""Characters of a text that are compared word by word."""
_MONTHS = (
    *("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"),
    *("января", "февраля", "марта", "апреля", "мая", "июня", "июля", "августа", "сентября", "октября", "ноября", "декабря"),
)
_LATIN = "(?:jan|feb|mar|apr|may|june?|july?|aug|sept?|oct|nov|dec)[a-z]*"
_DATE = re.compile(
    rf"\b(?P<m1>{_LATIN})\.? (?P<d1>\d{{1,2}})\b|\b(?P<d2>\d{{1,2}}) (?P<m2>{_LATIN}|{'|'.join(_MONTHS[12:])})\b"
    r"|(?P<m3>\d{1,2})[월月] ?(?P<d3>\d{1,2})[일日]|\b\d{4}-(?P<m4>\d{2})-(?P<d4>\d{2})\b|\b(?P<d5>\d{2})\.(?P<m5>\d{2})\.\d{4}\b",
    re.IGNORECASE,
)
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
        *_actor_changes(_actors(before.concepts), _actors(after.concepts)),
        *_date_changes(before.text, after.text),
        *(_denials(before.title, after.title) or _reversals(before.text, after.text)),
        *_withdrawals(before, after),
    )


def word_diff(before: str, after: str, around: int = 3) -> str:
    """Show what changed between two texts, word by word: ``told [-300-] {+30+} workers``; unchanged stretches are cut to `around` words."""
    ours, theirs = _TOKEN.findall(before[:_MOST_COMPARED]), _TOKEN.findall(after[:_MOST_COMPARED])
    parts: list[str] = []
    for tag, first, last, start, end in SequenceMatcher(a=ours, b=theirs, autojunk=False).get_opcodes():
        if tag == "equal":
            parts.append(_shortened(ours[first:last], around))
            continue
        parts.append(f"[-{''.join(ours[first:last]).strip()}-] " if last > first else "")
        parts.append(f"{{+{''.join(theirs[start:end]).strip()}+}} " if end > start else "")
    return "".join(parts).strip()


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
    ours, theirs = _dates(before), _dates(after)
    lost, gained = [ours[date] for date in ours if date not in theirs], [theirs[date] for date in theirs if date not in ours]
    return [f"date: {', '.join(lost)} → {', '.join(gained)}"] if lost and len(lost) == len(gained) and len(lost) <= _FEW_DATES else []


def _dates(text: str) -> dict[tuple[int, int], str]:
    """Give month and day of each date with its first wording: "6 April" is "April 6"."""
    found: dict[tuple[int, int], str] = {}
    for match in _DATE.finditer(text[:_MOST_COMPARED]):
        month, day = (next(value for name, value in match.groupdict().items() if name[0] == kind and value) for kind in "md")
        found.setdefault((_month(month.lower()), int(day)), match.group())
    return found


def _month(name: str) -> int:
    if name.isdecimal():
        return int(name)
    return next(number for number, month in enumerate(_MONTHS) if month == name or (number < 12 and name.startswith(month))) % 12 + 1


def _reversals(before: str, after: str) -> list[str]:
    """Tell where a sentence stayed what it was but for its yes or no."""
    ours, theirs = ({sentence.strip() for sentence in _SENTENCES.split(text[:_MOST_COMPARED])} - {""} for text in (before, after))
    lost, gained = (sorted(some - others)[:_MOST_SENTENCES] for some, others in ((ours, theirs), (theirs, ours)))
    turned = (
        gain for loss in lost for gain in gained if bool(_NEGATIONS.search(loss)) != bool(_NEGATIONS.search(gain)) and _reworded(loss, gain)
    )
    said = next(turned, None)
    return [f"reversed: {said[:_LONGEST_QUOTE]}"] if said else []


def _reworded(one: str, other: str) -> bool:
    """Tell whether two sentences say the same but for a word or two."""
    if abs(len(one) - len(other)) > _FEW_LETTERS:
        return False
    return SequenceMatcher(a=one, b=other, autojunk=False).ratio() >= _SAME_SENTENCE


def _withdrawals(before: Telling, after: Telling) -> list[str]:
    said = [bool(_WITHDRAWN.search(f"{telling.title}\n{telling.text[:_OPENING]}")) for telling in (before, after)]
    return ["the page was withdrawn"] if said == [False, True] else []


def _shortened(words: list[str], around: int) -> str:
    if len(words) <= 2 * around + 1:
        return "".join(words)
    return f"{''.join(words[:around])}… {''.join(words[-around:])}"


def _actors(concepts: Collection[str]) -> set[str]:
    return {concept for concept in concepts if concept.startswith(("person/", "organisation/"))}


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

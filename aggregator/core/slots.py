"""Slots: two headlines of one form with another name in one place tell two events, however much of their words they share.

"Kuwait sends home 150 workers" and "Qatar sends home 150 workers" share all but a word, and that word is the event. No list of names
is complete, so a name is known by how it stands: capital letters in the body too, katakana, or a place of the gazetteer. Another name
for one thing (Kyiv and Kiev, DPRK and North Korea), or a name that the other text also holds, sets nothing apart.
"""

import re
from difflib import SequenceMatcher
from functools import lru_cache

from aggregator.records import Telling

_WORD = re.compile(r"[^\W_]+(?:['’\-][^\W_]+)*")
_SIGNS = re.compile(r"[\u30a0-\u30ff]+|[\u3040-\u309f\u3400-\u9fff]|[^\W_]+")
_KATAKANA = re.compile(r"[\u30a1-\u30ff]{2,}")
_MOST_WORDS, _LEAST_COMMON, _SPELLING, _ACRONYM = 40, 0.6, 0.55, 4
"""Words of a headline that are compared; share that both have in order; likeness from which two names are two spellings of one."""
_LONGEST_NAME, _READ = 3, 1_200
_PLACE = "place/"
_CAPITALS = {"pyongyang": "north-korea", "seoul": "south-korea", "beijing": "china", "moscow": "russia", "washington": "united-states"}
_CAPITALS |= {"tokyo": "japan", "kremlin": "russia", "white-house": "united-states"}
_BOTH_KOREAS = {"north-korea", "south-korea"}


def other_names(one: Telling, other: Telling) -> bool:
    """Tell whether two headlines of one language say the same of different names."""
    if one.language[:2] != other.language[:2] or not one.title or one.title == other.title:
        return False
    pairs = _slots(one.title, other.title, one.language[:2])
    return any(_differ(ours, theirs, one, other) for ours, theirs in pairs)


@lru_cache(maxsize=4096)
def _slots(ours: str, theirs: str, language: str) -> tuple[tuple[str, str], ...]:
    """Give what stands in the same place of two headlines of one form; empty where they are not of one form."""
    split = _SIGNS if language in ("zh", "ja") else _WORD
    one, other = split.findall(ours)[:_MOST_WORDS], split.findall(theirs)[:_MOST_WORDS]
    matcher = SequenceMatcher(a=[word.lower() for word in one], b=[word.lower() for word in other], autojunk=False)
    if matcher.real_quick_ratio() < _LEAST_COMMON or matcher.ratio() < _LEAST_COMMON:
        return ()
    joint = "" if split is _SIGNS else " "
    changed = [code[1:] for code in matcher.get_opcodes() if code[0] == "replace"]
    return tuple((joint.join(one[first:last]), joint.join(other[start:end])) for first, last, start, end in changed)


def _differ(ours: str, theirs: str, one: Telling, other: Telling) -> bool:
    if _holds(other, ours) or _holds(one, theirs):
        return False
    if _may_be_name(ours) and _may_be_name(theirs) and _other_places(one, other):
        return True
    outlets = _is_outlet(ours, one, other) or _is_outlet(theirs, one, other)
    return not outlets and _name(ours, one) and _name(theirs, other) and not _spellings(ours, theirs)


def _other_places(one: Telling, other: Telling) -> bool:
    """Tell whether each headline names a known place that the other does not."""
    places = [
        {_seat(concept) for concept in telling.traits.headline if concept.startswith(_PLACE)} - _BOTH_KOREAS for telling in (one, other)
    ]
    return bool(places[0] - places[1] and places[1] - places[0])


def _seat(concept: str) -> str:
    """Take a capital that speaks for a government for its country."""
    name = concept.removeprefix(_PLACE)
    return _CAPITALS.get(name, name)


def _name(words: str, telling: Telling) -> bool:
    """Tell whether words are a name: the body writes them with capitals only, or they are katakana."""
    body = telling.text[:_READ]
    if _KATAKANA.fullmatch(words):
        return words in body
    parts = words.split()
    capital = len(parts) <= _LONGEST_NAME and all(part[0].isupper() and not _is_acronym(part) for part in parts)
    return capital and parts[0] in body and parts[0].lower() not in body


def _may_be_name(words: str) -> bool:
    return all(part[:1].upper() == part[:1] for part in words.split())


def _is_acronym(word: str) -> bool:
    return word.isupper() and len(word) <= _ACRONYM


def _spellings(ours: str, theirs: str) -> bool:
    return SequenceMatcher(a=ours.lower(), b=theirs.lower(), autojunk=False).ratio() >= _SPELLING


def _holds(telling: Telling, name: str) -> bool:
    return name.lower() in f"{telling.title}\n{telling.text[:_READ]}".lower()


def _is_outlet(name: str, one: Telling, other: Telling) -> bool:
    slug = name.lower().replace(" ", "-")
    outlets = {concept for telling in (one, other) for concept in telling.concepts if concept.startswith("outlet/")}
    return any(slug in concept for concept in (*outlets, one.family, other.family))

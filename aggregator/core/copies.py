"""Copies: when two texts that share most of their words are one report, and when they only share a template or a background.

Containment in the longer text proves nothing alone: reports on different events end with one paragraph of background, a newsroom fills
one form with other towns and figures, a paywall shows one teaser under every headline. So a copy shares most of the *longer* text, and
no town, country, name, figure or date of either contradicts the other's. A long text repeated to the letter is a copy whatever its
headline says.
"""

from collections.abc import Iterable, Mapping

from aggregator.core.likeness import COPY, cosine, figure_spans, is_figure
from aggregator.core.slots import other_names
from aggregator.records import Telling

CERTAIN = 400
"""Letters from which a text is a report of its own: below, one teaser may stand under many headlines."""
_NARROW, _WIDE = ("place/", "region/"), ("country/",)
_AS_WRITTEN = 0.95
"""Share from which a newsroom's long text is the same one, whatever stands above it."""
_OWN_HEADLINES = 0.5
"""How alike the headlines of one newsroom are at least where it tells one thing twice in few words."""


def is_copy(one: Telling, other: Telling, share: float) -> bool:
    """Tell whether two texts are one report; `share` is how much of the shorter one stands in the longer one."""
    if share < COPY:
        return False
    if one.text_hash == other.text_hash and _long(one) and _long(other):
        return True
    return _mutual(one, other, share) >= COPY and not contradicts(one, other) and _headlines_agree(one, other, share)


def evidence(one: Telling, other: Telling, share: float) -> float:
    """Give what an overlap is worth: less than a copy's where one text only stands in the other, nothing against facts."""
    if share < COPY or is_copy(one, other, share):
        return share
    return 0.0 if contradicts(one, other) or not _headlines_agree(one, other, share) else min(share, COPY - 0.01)


def contradicts(one: Telling, other: Telling) -> bool:
    """Tell whether each names a town, country, figure of a unit, or in its headline a name or date, that the other does not."""
    ours, theirs = one.traits.facts, other.traits.facts
    if any(_both(_of(ours, kinds) - theirs.keys(), _of(theirs, kinds) - ours.keys()) for kinds in (_NARROW, _WIDE)):
        return True
    if not (_long(one) and _long(other)) and other_names(one, other):
        return True
    dates = [_of(telling.traits.headline, ("date/", "date:")) for telling in (one, other)]
    return _no_figure_agrees(ours, theirs) or (_both(*dates) and not dates[0] & dates[1])


def _no_figure_agrees(ours: Mapping[str, float], theirs: Mapping[str, float]) -> bool:
    """Tell whether both count one thing and no figure of it agrees."""
    mine, yours = (figure_spans(facts) for facts in (_figures(ours), _figures(theirs)))
    same_unit = [(one, other) for one in mine for other in yours if one[0] == other[0]]
    return bool(same_unit) and not any(one[1] <= other[2] and other[1] <= one[2] for one, other in same_unit)


def _figures(facts: Mapping[str, float]) -> Mapping[str, float]:
    return {concept: weight for concept, weight in facts.items() if is_figure(concept)}


def _headlines_agree(one: Telling, other: Telling, share: float) -> bool:
    """Tell whether the headlines may stand over one text; long ones of two newsrooms speak for themselves.

    A newsroom that changed both headline and text wrote another report, unless it marks it as an update.
    """
    long = _long(one) and _long(other)
    if long and one.family == other.family:
        return (
            share >= _AS_WRITTEN or "update" in one.traits.cues | other.traits.cues or one.traits.title.keys() == other.traits.title.keys()
        )
    if long or one.language[:2] != other.language[:2]:
        return True
    ours, theirs = one.traits.title, other.traits.title
    if one.family == other.family:
        return ours.keys() == theirs.keys() or cosine(ours, theirs) >= _OWN_HEADLINES
    return not (ours and theirs) or bool(ours.keys() & theirs.keys())


def _mutual(one: Telling, other: Telling, share: float) -> float:
    """Give how much of the longer text both share; texts of unknown length are taken to be equally long."""
    fewer, more = sorted((one.traits.letters, other.traits.letters))
    return share * fewer / more if fewer else share


def _long(telling: Telling) -> bool:
    return not telling.traits.letters or telling.traits.letters >= CERTAIN


def _of(concepts: Iterable[str], kinds: tuple[str, ...]) -> set[str]:
    return {concept for concept in concepts if concept.startswith(kinds)}


def _both(ours: set[str], theirs: set[str]) -> bool:
    return bool(ours and theirs)

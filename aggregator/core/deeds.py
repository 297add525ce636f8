"""Deeds: what a sentence says happened, beyond what headlines name, so that "killed" edited into "injured" is seen.

What somebody said of a thing (denied, urged, vowed) is no deed, and deeds that one thing may be called by are kin: a deportation is
also a return.
"""

import re

from aggregator.core.acts import ACT, acts_of

_FURTHER = {
    "die": re.compile(r"숨졌|숨지|목숨을 잃|死ん|亡くな"),
    "injure": re.compile(r"\b(?:injur\w+|hurts?|wound(?:s|ed))\b|다쳤|다쳐|다친|부상|受伤|受傷|负伤|負傷|けが|怪我|пострада\w+|ранен\w*"),
    "stay": re.compile(r"\b(?:stay(?:s|ed|ing)?|remain(?:s|ed)?)\b|남았|남아|남는|머물|잔류|留在|滞留|残留|残っ|残る|остал\w+|оста[юн]\w+"),
}
_SAYING = frozenset({"deny", "condemn", "urge", "vow", "warn", "praise"})
_KIN = (
    frozenset({"expel", "return", "send"}),
    frozenset({"arrest", "seize", "inspect"}),
    frozenset({"charge", "sentence", "plead"}),
    frozenset({"meet", "agree"}),
    frozenset({"send", "hire", "arrive"}),
)


def other_deeds(before: str, after: str) -> tuple[str, str] | None:
    """Name the deed that a sentence lost and the one that it got for it."""
    ours, theirs = _deeds(before), _deeds(after)
    lost, gained = sorted(ours - theirs), sorted(theirs - ours)
    pairs = ((old, new) for old in lost for new in gained if not any({old, new} <= kin for kin in _KIN))
    return next(pairs, None)


def _deeds(sentence: str) -> set[str]:
    said = sentence.lower()
    further = {deed for deed, pattern in _FURTHER.items() if pattern.search(said)}
    return (further | {act.removeprefix(ACT) for act in acts_of(sentence) if act.startswith(ACT)}) - _SAYING

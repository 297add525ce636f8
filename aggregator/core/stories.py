"""Stories: which event a telling belongs to, in any language.

Every text of this beat says North Korea, workers, China: topic words weigh nothing. What two tellings share must tell events
apart: a town, a figure, a name, an outlet that one cites and the other is, or plainly the same sentences. Two towns that differ,
or two figures of one unit, speak against. A telling joins the story whose members it resembles on average (never a chain), within
a window of three days; one newsroom's two texts need more, for it seldom tells an event twice.
"""

from collections.abc import Callable, Iterable, Sequence
from datetime import timedelta

from aggregator.core.shingles import resemblance
from aggregator.models import Fact, Judgement, Reason, Role
from aggregator.records import Placement, StorySketch, Telling

WINDOW = timedelta(days=3)
JOINS = 1.5
JOINS_OWN_NEWSROOM = 2.5
_WEIGHTS = {"organisation": 0.3, "person": 0.6, "provision": 0.3, "sectors": 0.4, "region": 0.5, "country": 0.4}
_EVERYWHERE = frozenset({"north-korea", "south-korea", "china", "russia", "united-states", "japan"})
"""Countries that stand in nearly every text of this beat; any other says something about the event."""
_TELLS_NOTHING = frozenset({"actor", "duration", "attribution", "response", "date"})
"""Kinds of facts that stand alike in texts on different events, or differently in texts on one."""
_OTHER_PLACES = -1.2
_OTHER_FIGURES = -0.6
_CITED = 1.0
_SAME_SENTENCES = 2.5


def story_concepts(facts: Iterable[Fact], judgements: Iterable[Judgement], level: Callable[[str], str]) -> frozenset[str]:
    """Give the language-free ids that may tell events apart; capitals, and the countries of every text, are left out.

    `level` gives a place's level ("country", "capital", "region", "city", "site").
    """
    found = {evidence.concept for judgement in judgements if judgement.matched for evidence in judgement.evidence}
    facts = [fact for fact in facts if fact.kind not in _TELLS_NOTHING]
    found |= {fact.concept for fact in facts if fact.kind != "place"}
    for name, kind in ((fact.concept.partition("/")[2], level(fact.concept)) for fact in facts if fact.kind == "place"):
        if kind in ("city", "site"):
            found.add(f"place/{name}")
        elif kind == "region" or (kind == "country" and name not in _EVERYWHERE):
            found.add(f"{kind}/{name}")
    return frozenset(found)


def place(telling: Telling, copies: Sequence[Telling], stories: Sequence[StorySketch]) -> Placement:
    """Decide the story and the role of an article that has none yet."""
    original = next((copy for copy in copies if copy.story_id is not None and copy.article_id != telling.article_id), None)
    if original:
        return _copied(telling, original)
    best = max(stories, key=lambda story: affinity(telling, story), default=None)
    if best is None or affinity(telling, best) < _bar(telling, best):
        return _opened(telling)
    return _joined(telling, best)


def affinity(telling: Telling, story: StorySketch) -> float:
    """Average how much a telling shares with the members of a story; exact copies count once."""
    members = [member for member in story.members if member.role is not Role.COPY and in_window(telling, member)]
    return sum(resembles(telling, member) for member in members) / len(members) if members else 0.0


def in_window(one: Telling, other: Telling) -> bool:
    """Tell whether two tellings are close enough in time to be of one event."""
    return abs(one.told_at - other.told_at) <= WINDOW


def resembles(one: Telling, other: Telling) -> float:
    """Weigh what two tellings share against what sets them apart; about 1 for each discriminator."""
    score = _places(one.concepts, other.concepts) + _figures(one.concepts, other.concepts)
    score += sum(_WEIGHTS.get(concept.partition("/")[0], 0.0) for concept in one.concepts & other.concepts)
    if _cites(one, other) or _cites(other, one):
        score += _CITED
    if one.language == other.language and resemblance(one.text, other.text) >= 0.5:
        score += _SAME_SENTENCES
    return score


def shared(one: Telling, other: Telling) -> tuple[str, ...]:
    """Name the discriminators two tellings share, for the explanation."""
    kinds = ("place/", "region/", "country/", "organisation/", "person/", "provision/", "sectors/")
    return tuple(sorted(concept for concept in one.concepts & other.concepts if ":" in concept or concept.startswith(kinds)))


def _copied(telling: Telling, original: Telling) -> Placement:
    """Fold the same words; where they name this newsroom as their source, it is the other one that copied."""
    source = _cites(original, telling)
    return Placement(
        story_id=original.story_id,
        event="joined",
        role=Role.ORIGIN if source else Role.COPY,
        why=Reason(code="copy", detail=f"the same words as {original.outlet}: {original.title}"),
        copy_of=original.article_id,
        echo_of=None if source else original.article_id,
        lead=source,
    )


def _joined(telling: Telling, story: StorySketch) -> Placement:
    role, echoed = _role(telling, story)
    closest = max(story.members, key=lambda member: resembles(telling, member))
    detail = f"shares {', '.join(shared(telling, closest)) or 'its sentences'} with {closest.outlet}"
    lead = next((member for member in story.members if member.article_id == story.lead_article_id), None)
    return Placement(
        story_id=story.story_id,
        event="joined",
        role=role,
        why=Reason(code="echo" if role is Role.ECHO else "same_story", detail=detail),
        echo_of=echoed.article_id if echoed else None,
        lead=lead is not None and lead.role is Role.ECHO and role is not Role.ECHO,
    )


def _opened(telling: Telling) -> Placement:
    role = Role.ECHO if _cited(telling) else Role.ORIGIN
    return Placement(story_id=None, event="opened", role=role, why=Reason(code="new_story", detail="no story shares enough"), lead=True)


def _role(telling: Telling, story: StorySketch) -> tuple[Role, Telling | None]:
    """Find whom a telling repeats; an echo of an outlet outside the story is still an echo."""
    for member in story.members:
        if _cites(telling, member) or member.family == telling.family:
            return Role.ECHO, member
    for member in story.members:
        if member.language == telling.language and resemblance(telling.text, member.text) >= 0.5:
            return Role.ECHO, member
    if _cited(telling):
        return Role.ECHO, None
    origin = any(_cites(member, telling) for member in story.members) or all(member.role is Role.ECHO for member in story.members)
    return (Role.ORIGIN if origin else Role.INDEPENDENT), None


def _cites(one: Telling, other: Telling) -> bool:
    return one.family != other.family and f"outlet/{other.family}" in one.concepts


def _cited(telling: Telling) -> set[str]:
    own = f"outlet/{telling.family}"
    return {concept for concept in telling.concepts if concept.startswith("outlet/") and concept != own}


def _places(one: frozenset[str], other: frozenset[str]) -> float:
    towns, others = _kind(one, "place/"), _kind(other, "place/")
    if towns & others:
        return 1.0 + 0.3 * (len(towns & others) - 1)
    return _OTHER_PLACES if towns and others else 0.0


def _figures(one: frozenset[str], other: frozenset[str]) -> float:
    figures, others = {c for c in one if ":" in c}, {c for c in other if ":" in c}
    if figures & others:
        return 1.0 + 0.4 * (len(figures & others) - 1)
    units = {c.partition(":")[0] for c in figures} & {c.partition(":")[0] for c in others}
    return _OTHER_FIGURES if units else 0.0


def _kind(concepts: frozenset[str], prefix: str) -> set[str]:
    return {concept for concept in concepts if concept.startswith(prefix)}


def _bar(telling: Telling, story: StorySketch) -> float:
    own = all(member.feed_id == telling.feed_id or member.family == telling.family for member in story.members)
    same_language = any(member.language == telling.language for member in story.members)
    return JOINS_OWN_NEWSROOM if own and same_language else JOINS

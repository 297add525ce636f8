"""Stories: which event a telling belongs to, in any language, online and one article at a time.

Every text of this beat says North Korea, workers, China: what is common weighs nothing. How alike two tellings are is decided in
`core.likeness`; here they are grouped. When an article arrives, only the stories that it touches are looked at again: their members
and the article are grouped by average linkage as if all had come at once, so the outcome hangs on the set and hardly on the order.
A group keeps the story most of its members stand in; a story that loses all of them is merged, one that loses some is split. What a
person put together or kept apart stays so.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from aggregator.core.copies import contradicts, evidence, is_copy
from aggregator.core.echoes import standings_of
from aggregator.core.fingerprints import digest_of
from aggregator.core.likeness import COPY, JOIN, TOUCH, WEIGHTS, WINDOW, probability
from aggregator.core.linkage import Copies, group
from aggregator.core.romanisation import latin
from aggregator.models import Fact, Judgement, Reason, Role
from aggregator.records import Move, Neighbourhood, Overlap, Placement, Standing, StorySketch, Telling

__all__ = ["COPY", "GROUPING", "WINDOW", "Weighed", "lead_of", "settle", "shared", "story_concepts", "targets_of"]

MOST_MEMBERS = 40
"""Articles that are grouped again at once; where more are touched, the stories least like the article stay as they are."""
_REVISION = 1
"""Grows with every change of how articles are grouped, also of a number below: a release takes over runs of a smaller one only."""
GROUPING = f"{_REVISION}-{digest_of(*map(repr, (WEIGHTS, JOIN, TOUCH, COPY, WINDOW, MOST_MEMBERS)))[:8]}"
"""The version of these rules: what another one grouped can be grouped again."""
_EVERYWHERE = frozenset({"north-korea", "south-korea", "china", "russia", "united-states", "japan"})
"""Countries that stand in nearly every text of this beat; any other says something about the event."""
_TELLS_NOTHING = frozenset({"actor", "duration", "attribution", "unverified", "response", "date"})
"""Kinds of facts that stand alike in texts on different events, or differently in texts on one."""
_ANCHOR = ("country_anchor/", "signs/", "passages/")
"""Concepts that name the country, or the beat at large: they tell no event from another."""
_DISCRIMINATORS = ("place/", "region/", "country/", "organisation/", "person/", "provision/", "resolution/", "sectors/")


def story_concepts(facts: Iterable[Fact], judgements: Iterable[Judgement], level: Callable[[str], str]) -> frozenset[str]:
    """Give the language-free ids that may tell events apart; capitals, and the countries of every text, are left out.

    `level` gives a place's level ("country", "capital", "region", "city", "site").
    """
    evidence = (evidence.concept for judgement in judgements for evidence in judgement.evidence)
    found = {concept for concept in evidence if not concept.startswith(_ANCHOR)}
    facts = [fact for fact in facts if fact.kind not in _TELLS_NOTHING]
    found |= {latin(fact.concept) for fact in facts if fact.kind != "place"}
    for name, kind in ((fact.concept.partition("/")[2], level(fact.concept)) for fact in facts if fact.kind == "place"):
        if kind in ("city", "site"):
            found.add(f"place/{name}")
        elif kind == "region" or (kind == "country" and name not in _EVERYWHERE):
            found.add(f"{kind}/{name}")
    return frozenset(found)


Weighed = dict[tuple[int, int, float], float]
"""Probabilities by the two articles and what is known of their overlap, for who settles many articles with traits that do not change."""


def settle(telling: Telling, near: Neighbourhood, weighed: Weighed | None = None) -> Placement:
    """Decide the story and the role of an article that has none yet, and what its arrival changes in other stories."""
    pairs = _Pairs(telling, near, {} if weighed is None else weighed)
    touched = _touched(telling, near, pairs)
    tellings = {member.article_id: member for story in touched for member in story.members} | {telling.article_id: telling}
    ordered = sorted(tellings, key=lambda key: _stable(tellings[key]))
    copies = Copies(frozenset(pairs.copies), lambda one, other: contradicts(tellings[one], tellings[other]))
    groups = group(ordered, pairs.of(tellings), JOIN, pairs.bonds, pairs.doubles(ordered), copies)
    stands = {member.article_id: story.story_id for story in touched for member in story.members}
    targets = targets_of(groups, stands)
    own = next(number for number, members in enumerate(groups) if telling.article_id in members)
    moves = tuple(_moves(groups, stands, targets, own))
    roles = {number: standings_of([tellings[key] for key in members], pairs.told) for number, members in enumerate(groups)}
    changed = {standing.article_id: standing for number in roles for standing in roles[number]}
    placed = _placed(telling, [tellings[key] for key in groups[own]], targets[own], changed, pairs)
    altered = tuple(standing for key, standing in changed.items() if key != telling.article_id and _alters(tellings[key], standing))
    altered_groups = {own, *(number for number, members in enumerate(groups) if any(move.source == targets[number] for move in moves))}
    altered_groups |= {number for number, target in enumerate(targets) if any(move.target in (target, None) for move in moves)}
    many = [[tellings[key] for key in groups[number]] for number in sorted(altered_groups) if len(groups[number]) > 1 or moves]
    leads = tuple(lead_of(members, changed) for members in many)
    return replace(placed, moves=moves, standings=altered, overlaps=_of(telling, near.overlaps), leads=leads)


def shared(one: Telling, other: Telling) -> tuple[str, ...]:
    """Name the discriminators two tellings share, for the explanation."""
    return tuple(sorted(concept for concept in one.concepts & other.concepts if ":" in concept or concept.startswith(_DISCRIMINATORS)))


class _Pairs:
    """Compare tellings with what is known of their texts."""

    def __init__(self, telling: Telling, near: Neighbourhood, weighed: Weighed) -> None:
        self._weighed = weighed
        known = {telling.article_id: telling} | {member.article_id: member for story in near.stories for member in story.members}
        self.overlaps: dict[frozenset[int], float] = {}
        self.copies: set[frozenset[int]] = set()
        self.told: list[Overlap] = []
        for overlap in near.overlaps:
            one, other, pair = known.get(overlap.one), known.get(overlap.other), frozenset((overlap.one, overlap.other))
            if one and other and pair not in self.overlaps:
                self.overlaps[pair] = worth = evidence(one, other, overlap.share)
                self.told += [overlap] if worth else []
                self.copies |= {pair} if is_copy(one, other, overlap.share) else set()
        self.bonds: Mapping[frozenset[int], bool] = {frozenset((bond.one, bond.other)): bond.together for bond in near.bonds}

    def bound(self, one: int, other: int) -> bool:
        """Tell whether two articles are copies, or a person put them together."""
        pair = frozenset((one, other))
        return self.bonds.get(pair, pair in self.copies)

    def alike(self, one: Telling, other: Telling) -> float:
        """Give the probability that two tellings tell one event."""
        overlap = self.overlaps.get(frozenset((one.article_id, other.article_id)), 0.0)
        pair = (one.article_id, other.article_id, overlap)
        if pair not in self._weighed:
            self._weighed[pair] = probability(one, other, overlap)
        return self._weighed[pair]

    def doubles(self, ordered: Sequence[int]) -> frozenset[int]:
        """Give the articles whose text is another's that comes before."""
        place = {key: number for number, key in enumerate(ordered)}
        copies = (pair for pair in self.copies if pair <= place.keys())
        return frozenset(max(pair, key=place.__getitem__) for pair in copies)

    def of(self, tellings: Mapping[int, Telling]) -> Callable[[int, int], float]:
        """Compare by article."""
        return lambda one, other: self.alike(tellings[one], tellings[other])


def _touched(telling: Telling, near: Neighbourhood, pairs: _Pairs) -> list[StorySketch]:
    """Give the stories that may change by the article, most alike first, as many as can be grouped at once."""
    ranked: list[tuple[float, int, StorySketch]] = []
    for story in near.stories:
        best, trimmed = _trimmed(telling, story, pairs)
        if best >= TOUCH:
            ranked.append((best, -story.story_id, trimmed))
    chosen: list[StorySketch] = []
    for _, _, story in sorted(ranked, key=lambda item: item[:2], reverse=True):
        if sum(len(each.members) for each in chosen) + len(story.members) < MOST_MEMBERS:
            chosen.append(story)
    return chosen


def _trimmed(telling: Telling, story: StorySketch, pairs: _Pairs) -> tuple[float, StorySketch]:
    """Give how alike a story's closest member is, and the story with as many members as can be grouped; the others stay where they are."""
    worth = {member.article_id: _closeness(telling, member, pairs) for member in story.members}
    best = max(worth.values(), default=0.0)
    if len(story.members) < MOST_MEMBERS:
        return best, story
    ranked = sorted(story.members, key=lambda member: (member.article_id != story.lead_article_id, -worth[member.article_id]))
    kept = {member.article_id for member in ranked[: MOST_MEMBERS - 1]}
    return best, replace(story, members=tuple(member for member in story.members if member.article_id in kept))


def _closeness(telling: Telling, member: Telling, pairs: _Pairs) -> float:
    return 1.0 if pairs.bound(telling.article_id, member.article_id) else pairs.alike(telling, member)


def _stable(telling: Telling) -> tuple[object, ...]:
    """Order tellings by what they say, not by when they came."""
    return telling.told_at, telling.text_hash, telling.outlet, telling.title, telling.article_id


def targets_of(groups: Sequence[Sequence[int]], stands: Mapping[int, int]) -> list[int | None]:
    """Give each group the story most of its members stand in; a story goes to the one group that holds most of it."""
    claims = sorted((-count, story, number) for number, members in enumerate(groups) for story, count in _stories(members, stands).items())
    targets: list[int | None] = [None] * len(groups)
    taken: set[int] = set()
    for _, story, number in claims:
        if targets[number] is None and story not in taken:
            targets[number] = story
            taken.add(story)
    return targets


def _stories(members: Iterable[int], stands: Mapping[int, int]) -> Counter[int]:
    return Counter(stands[member] for member in members if member in stands)


def _moves(groups: Sequence[Sequence[int]], stands: Mapping[int, int], targets: Sequence[int | None], own: int) -> Iterable[Move]:
    """Name the articles that leave their story; those that follow the new article into a story of its own open it with it."""
    for number, members in enumerate(groups):
        for member in members:
            if member in stands and stands[member] != targets[number]:
                yield Move(article_id=member, source=stands[member], target=targets[number], opens=0 if number == own else number + 1)


@dataclass(frozen=True, slots=True)
class _Why:
    code: str
    detail: str
    copy_of: int | None = None


def _placed(telling: Telling, members: Sequence[Telling], target: int | None, roles: Mapping[int, Standing], pairs: _Pairs) -> Placement:
    standing = roles[telling.article_id]
    others = [member for member in members if member.article_id != telling.article_id]
    why = _why(telling, others, standing, pairs)
    return Placement(
        story_id=target,
        event="opened" if target is None else "joined",
        role=standing.role,
        why=Reason(code=why.code, detail=why.detail),
        echo_of=standing.echo_of,
        cites=standing.cites,
        copy_of=why.copy_of,
        lead=lead_of(members, roles) == telling.article_id,
    )


def _why(telling: Telling, others: Sequence[Telling], standing: Standing, pairs: _Pairs) -> _Why:
    if not others:
        return _Why("new_story", "no story shares enough")
    for other in others:
        if frozenset((telling.article_id, other.article_id)) in pairs.copies:
            return _Why("copy", f"the same words as {other.outlet}: {other.title}", other.article_id)
    closest = max(others, key=lambda other: pairs.alike(telling, other))
    said = ", ".join(shared(telling, closest)) or "its words"
    return _Why("echo" if standing.role is Role.ECHO else "same_story", f"shares {said} with {closest.outlet}")


_WORTH = {Role.ORIGIN: 0, Role.INDEPENDENT: 1, Role.OFFICIAL: 2, Role.UNKNOWN: 3, Role.ECHO: 4, Role.COPY: 5}


def lead_of(members: Sequence[Telling], roles: Mapping[int, Standing]) -> int:
    """Choose the article that speaks for a story: origin before echo, full text before teaser, then the first."""

    def rank(member: Telling) -> tuple[object, ...]:
        return _WORTH[roles[member.article_id].role], len(member.traits.lead) < 10, *_stable(member)

    return min(members, key=rank).article_id


def _alters(member: Telling, standing: Standing) -> bool:
    return (member.role, member.echo_of) != (standing.role, standing.echo_of)


def _of(telling: Telling, overlaps: Iterable[Overlap]) -> tuple[Overlap, ...]:
    return tuple(overlap for overlap in overlaps if telling.article_id in (overlap.one, overlap.other))

"""Echoes: who of a story's articles has the news from whom, so that ten echoes never count as ten confirmations.

The graph is drawn from outlets cited and datelines (``outlet/…`` concepts), shared text, newsroom families and time. An article that
copies or cites another of the story, or is another edition of its newsroom, repeats it; one that cites an outlet outside the story
repeats that; one that retells claims without a source of its own repeats somebody. A body's own answer to what others of the story
tell is an official response. Of the rest the one that others cite, else the first, is the origin. Others are independent only where
they name a source of their own: what names none is unknown, and unknown never counts as confirmation; nor does a report that somebody
denies, declines or could not confirm.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from aggregator.core.answers import ANSWER, OFFICIAL
from aggregator.core.likeness import COPY, PARTS, cites
from aggregator.models import Role
from aggregator.records import Overlap, Standing, Telling

_BODIES = ("organisation/", "person/")
_OUTLET = "outlet/"


def standings_of(members: Iterable[Telling], overlaps: Iterable[Overlap]) -> tuple[Standing, ...]:
    """Give each member's role in the story, earliest first."""
    ordered = sorted(members, key=lambda member: (member.told_at, member.text_hash, member.outlet, member.article_id))
    shares = {frozenset((overlap.one, overlap.other)): overlap.share for overlap in overlaps}
    graph = _Graph(ordered, shares)
    found = {member.article_id: graph.repeats(member) for member in ordered}
    found |= {member.article_id: graph.outside(member) for member in graph.first_of_circles(found)}
    own = [member for member in ordered if found[member.article_id] is None]
    origin = _origin(own, ordered)
    if len(ordered) == 1 and not ordered[0].outlet:
        return (found[ordered[0].article_id] or Standing(article_id=ordered[0].article_id, role=Role.UNKNOWN),)
    return tuple(found[member.article_id] or _of_its_own(member, origin) for member in ordered)


def cited_outlets(telling: Telling) -> tuple[str, ...]:
    """Name the newsrooms a telling cites, its own left out."""
    own = f"{_OUTLET}{telling.family}"
    return tuple(sorted(concept.removeprefix(_OUTLET) for concept in telling.concepts if concept.startswith(_OUTLET) and concept != own))


def tally(standings: Sequence[Standing], tellings: Mapping[int, Telling]) -> str:
    """Say in a line how well a story is confirmed: ``1 origin (Yomiuri, anonymous source), 7 echoes, 0 independent``."""
    of = {role: [tellings[standing.article_id] for standing in standings if standing.role is role] for role in Role}
    origins = "; ".join(f"{telling.outlet}{_sourced(telling)}" for telling in of[Role.ORIGIN])
    unseen = sorted({standing.cites for standing in standings if standing.cites}) if not of[Role.ORIGIN] else []
    parts = [f"{len(of[Role.ORIGIN])} origin{f' ({origins})' if origins else ''}"]
    parts[0] += f" ({', '.join(unseen)}, not seen here)" if unseen else ""
    parts.append(f"{len(of[Role.ECHO])} {'echo' if len(of[Role.ECHO]) == 1 else 'echoes'}")
    parts.append(f"{len(of[Role.INDEPENDENT])} independent")
    named = ((Role.COPY, "copies"), (Role.OFFICIAL, "official response"), (Role.UNKNOWN, "source not stated"))
    parts += [f"{len(of[role])} {name}" for role, name in named if of[role]]
    doubts = sorted({telling.outlet for standing in standings if "unverified" in (telling := tellings[standing.article_id]).traits.cues})
    return ", ".join(parts) + "".join(f"; {outlet}: could not verify" for outlet in doubts)


def _sourced(telling: Telling) -> str:
    return ", anonymous source" if "anonymous" in telling.traits.cues else ""


@dataclass(frozen=True, slots=True)
class _Graph:
    members: Sequence[Telling]
    shares: Mapping[frozenset[int], float]

    def repeats(self, member: Telling) -> Standing | None:
        """Tell whom an article repeats; None where it stands on its own."""
        if _answers(member) and any(not _only_answers(other) for other in self._others(member)):
            return Standing(article_id=member.article_id, role=Role.OFFICIAL)
        copied = self._copied(member)
        if copied:
            return Standing(article_id=member.article_id, role=Role.COPY, echo_of=copied.article_id)
        echoed = self._echoed(member)
        if echoed:
            return Standing(article_id=member.article_id, role=Role.ECHO, echo_of=echoed.article_id)
        outside = cited_outlets(member)
        if outside:
            return Standing(article_id=member.article_id, role=Role.ECHO, cites=outside[0])
        if "hearsay" in member.traits.cues and member.traits.cues.isdisjoint({"anonymous", "firsthand"}):
            return Standing(article_id=member.article_id, role=Role.ECHO, cites=self._spoken_of(member))
        return None

    def first_of_circles(self, found: Mapping[int, Standing | None]) -> Sequence[Telling]:
        """Give the earliest of those that name each other as their source: somebody had the news first."""
        of = {key: standing.echo_of for key, standing in found.items() if standing and standing.echo_of is not None}
        first: list[Telling] = []
        for member in self.members:
            seen, at = {member.article_id}, of.get(member.article_id)
            while at is not None and at not in seen:
                seen.add(at)
                at = of.get(at)
            if at == member.article_id:
                first.append(member)
                del of[member.article_id]
        return first

    def outside(self, member: Telling) -> Standing | None:
        """Tell whether an article has its news from an outlet that is not in the story."""
        families = {other.family for other in self.members}
        named = [outlet for outlet in cited_outlets(member) if outlet not in families]
        return Standing(article_id=member.article_id, role=Role.ECHO, cites=named[0]) if named else None

    def _copied(self, member: Telling) -> Telling | None:
        """Find the text it copies: the earlier one, unless that names this newsroom as its source."""
        for other in self._others(member):
            if self._share(member, other) >= COPY and (cites(member, other) or (self._earlier(other, member) and not cites(other, member))):
                return other
        return None

    def _echoed(self, member: Telling) -> Telling | None:
        cited = [other for other in self._others(member) if cites(member, other) and not self._copies(other, member)]
        before = [other for other in cited if self._earlier(other, member)]
        if cited:
            return (before or cited)[0]
        for other in self._others(member):
            same = other.family == member.family or (self._share(member, other) >= PARTS and not cites(other, member))
            if self._earlier(other, member) and same:
                return other
        return None

    def _spoken_of(self, member: Telling) -> str | None:
        """Guess the report that claims without a name go back to: the outlet that others of the story cite."""
        others = (outlet for other in self._others(member) for outlet in cited_outlets(other))
        return next(others, None)

    def _copies(self, one: Telling, other: Telling) -> bool:
        return self._share(one, other) >= COPY and cites(one, other)

    def _others(self, member: Telling) -> list[Telling]:
        return [other for other in self.members if other.article_id != member.article_id]

    def _share(self, one: Telling, other: Telling) -> float:
        return self.shares.get(frozenset((one.article_id, other.article_id)), 0.0)

    def _earlier(self, one: Telling, other: Telling) -> bool:
        return self.members.index(one) < self.members.index(other)


def _answers(member: Telling) -> bool:
    """Tell whether a report is a government's or a body's answer; an outlet that asked itself reports it as its own."""
    return OFFICIAL in member.traits.cues and "firsthand" not in member.traits.cues


def _only_answers(member: Telling) -> bool:
    return ANSWER in member.traits.cues


def _origin(own: Sequence[Telling], members: Sequence[Telling]) -> int | None:
    cited = [member for member in own if any(cites(other, member) for other in members)]
    telling = [member for member in own if not _only_answers(member)]
    first = (cited or telling or own)[:1]
    return first[0].article_id if first else None


def _of_its_own(member: Telling, origin: int | None) -> Standing:
    if member.article_id == origin:
        return Standing(article_id=member.article_id, role=Role.ORIGIN)
    cues = member.traits.cues
    confirms = bool(cues & {"own", "anonymous"}) and cues.isdisjoint({ANSWER, "unverified"})
    return Standing(article_id=member.article_id, role=Role.INDEPENDENT if confirms else Role.UNKNOWN)

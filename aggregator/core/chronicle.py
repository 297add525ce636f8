"""Chronicle: a story as people read it: its phase, its lead, who has the news from whom, and what happened when.

New: its first report is less than a day old. Developing: an article or a changed fact came within the last two days. Fading: neither.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from aggregator.core.echoes import tally
from aggregator.models import Reason, Role
from aggregator.records import Standing, StoryRecord, Telling

NEW_FOR, DEVELOPING_FOR = timedelta(days=1), timedelta(days=2)


@dataclass(frozen=True, slots=True)
class Summary:
    """Hold a story in a line."""

    story_id: int
    version: int
    phase: str
    headline: str
    outlet: str
    first_told_at: datetime
    last_told_at: datetime
    articles: int
    confirmed: str


@dataclass(frozen=True, slots=True)
class Line:
    """Hold one article's place in a story; `of` names whom it repeats."""

    told_at: datetime
    article_id: int
    outlet: str
    role: str
    of: str
    title: str
    why: str
    shares: tuple[str, ...]


def summarise(record: StoryRecord, now: datetime) -> Summary:
    """Give a story in a line."""
    tellings = {telling.article_id: telling for telling in record.members}
    lead = tellings.get(record.lead_article_id)
    times = [telling.told_at for telling in record.members] or [record.opened_at]
    return Summary(
        story_id=record.story_id,
        version=record.version,
        phase=phase(min(times), max(*times, record.changed_at if record.version > 1 else min(times)), now),
        headline=lead.title if lead else "",
        outlet=lead.outlet if lead else "",
        first_told_at=min(times),
        last_told_at=max(times),
        articles=len(record.members),
        confirmed=tally([standing for standing in record.standings if standing.article_id in tellings], tellings),
    )


def phase(first_at: datetime, last_at: datetime, now: datetime) -> str:
    """Tell how a story stands: "new", "developing" or "fading"."""
    if now - first_at < NEW_FOR:
        return "new"
    return "developing" if now - last_at < DEVELOPING_FOR else "fading"


def timeline(record: StoryRecord) -> tuple[Line, ...]:
    """Give the story's articles, earliest first, each with its role and why it stands here."""
    tellings = {telling.article_id: telling for telling in record.members}
    standings = {standing.article_id: standing for standing in record.standings}
    lines = []
    for telling in sorted(record.members, key=lambda each: (each.told_at, each.article_id)):
        standing = standings.get(telling.article_id, Standing(article_id=telling.article_id, role=Role.UNKNOWN))
        reason = record.reasons.get(telling.article_id, Reason(code=""))
        lines.append(
            Line(
                told_at=telling.told_at,
                article_id=telling.article_id,
                outlet=telling.outlet,
                role=standing.role.value,
                of=_of(standing, tellings),
                title=telling.title,
                why=reason.detail,
                shares=_shares(telling.article_id, record),
            )
        )
    return tuple(lines)


def _of(standing: Standing, tellings: dict[int, Telling]) -> str:
    repeated = tellings.get(standing.echo_of) if standing.echo_of is not None else None
    return repeated.outlet if repeated else standing.cites or ""


def _shares(article_id: int, record: StoryRecord) -> tuple[str, ...]:
    found: Sequence[str] = [
        sentence for overlap in record.overlaps if article_id in (overlap.one, overlap.other) for sentence in overlap.sentences
    ]
    return tuple(dict.fromkeys(found))

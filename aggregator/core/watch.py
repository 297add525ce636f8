"""Watch: what a feed does that it should not, told from its own rhythm and from what it served before.

* Gap: nothing of the document was seen before and all of it is newer: entries between the two windows may be lost for ever.
* Takeover: everything is new at once, but under another host or with old dates: another system, or another owner, answers there.
* Silence: a feed that is expected to move brings nothing for longer than chance explains (Poisson: once in ten thousand such waits).
* Flood: more at once than a feed ever brings. What is too much, or at the first poll neither among the newest nor of the
  last week, is held: it is stored, judged and found by searches, but nobody is told of it.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from aggregator.core.urls import host_of
from aggregator.models import Entry, FeedSpec
from aggregator.records import FeedState, Habits, Intake

BACKLOG, FLOOD, TAKEOVER = "backlog", "flood", "takeover"
HELD = frozenset({BACKLOG, FLOOD, TAKEOVER})
"""Notes on entries that are stored and found, but not told."""
RELEASED = "released"
"""Note on an entry that was held until a person let it go."""
BACKLOG_AGE = timedelta(days=7)
FIRST_TOLD = 30
"""Newest entries of a first poll that are told whatever their age, so that a new installation shows what it can do."""
FLOOD_SIZE = 100
FAILING_AFTER = 3
"""Failed polls in a row until the operator is told; what can never work is told at once."""
_UNLIKELY = 9.2
"""Expected entries in a silence that chance explains once in ten thousand times: -ln(0.0001)."""
_TOLERATED = {"daily": timedelta(days=3), "weekdays": timedelta(days=3), "weekly": timedelta(days=10)}
_BUSY_TOLERATED = timedelta(days=1)
_BUSY = 8.0
_DAY = timedelta(days=1)
_SECOND_LEVEL = frozenset({"co", "com", "or", "org", "go", "gov", "ac", "edu", "ne", "net", "re"})


class Break(StrEnum):
    """Say how a document fails to connect to the one before."""

    NONE = ""
    GAP = "gap"
    TAKEOVER = "takeover"


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """Hold what a document served: its entries as parsed, whether any item of it was known, and how many items it has."""

    entries: Sequence[Entry]
    overlaps: bool
    window: int


def break_of(state: FeedState, served: Served) -> Break:
    """Tell whether a document connects to the one before it."""
    habits = state.habits
    if served.overlaps or state.last_success_at is None or not habits.window:
        return Break.NONE
    site = site_of(served.entries)
    if habits.site and site and not _same_site(habits.site, site):
        return Break.TAKEOVER
    dates = [entry.published_at for entry in served.entries if entry.published_at]
    old_dates = dates and state.newest_published_at and min(dates) <= state.newest_published_at
    return Break.TAKEOVER if old_dates and served.window >= 3 else Break.GAP


def gap_message(state: FeedState, served: Served) -> str:
    """Say between which moments entries may be lost."""
    dates = [entry.published_at for entry in served.entries if entry.published_at]
    if not dates or not state.newest_published_at:
        return f"the window of {served.window} items ran over since {_moment(state.last_success_at)}: entries may be lost"
    return (
        f"the window of {served.window} items ran over: entries published between {_moment(state.newest_published_at)} "
        f"and {_moment(min(dates))} may be lost"
    )


def takeover_message(state: FeedState, served: Served) -> str:
    """Say what changed all at once."""
    before, after = state.habits.site, site_of(served.entries)
    change = f"its links led to {before} and lead to {after}" if before and after and before != after else "their dates are old"
    return f"all {served.window} items are new at once and {change}: look whether this is still the same source; they are held"


def site_of(entries: Sequence[Entry]) -> str | None:
    """Give the host that most links lead to."""
    hosts = Counter(host for entry in entries if (host := host_of(entry.url or "")))
    return hosts.most_common(1)[0][0] if hosts else None


def silence(feed: FeedSpec, habits: Habits, last_new_at: datetime | None, now: datetime) -> str | None:
    """Say that a feed is silent for longer than its rhythm and its holidays explain, or give None."""
    tolerated = _TOLERATED.get(feed.expects)
    if tolerated is None or last_new_at is None or not habits.rate:
        return None
    if habits.rate >= _BUSY and feed.expects != "weekly":
        tolerated = _BUSY_TOLERATED
    waited = _working_time(last_new_at, now) if feed.expects == "weekdays" else now - last_new_at
    if waited <= tolerated or waited / _DAY * habits.rate <= _UNLIKELY:
        return None
    return f"nothing new since {_moment(last_new_at)}; it used to bring {habits.rate:.1f} entries a day"


def hold(intakes: Sequence[Intake], state: FeedState, breaks: Break, now: datetime) -> tuple[Intake, ...]:
    """Mark new entries that are stored but not told; `intakes` are oldest first, so the last are told before all others."""
    new = [intake for intake in intakes if intake.entry_id is None]
    ranks = {intake.identity: len(new) - place for place, intake in enumerate(new, start=1)}
    room = _room(state, now)
    return tuple(
        _marked(intake, _code(intake.entry, ranks[intake.identity], room, state, breaks, now)) if intake.entry_id is None else intake
        for intake in intakes
    )


def is_flood(new: int, state: FeedState, now: datetime) -> bool:
    """Tell whether a poll brought more than a feed ever does."""
    return state.last_success_at is not None and new > _room(state, now)


def _room(state: FeedState, now: datetime) -> int:
    """Give how many new entries of one poll are told: what three times the usual rhythm brings, and never less than the least."""
    if state.last_success_at is None or not state.habits.rate:
        return FLOOD_SIZE
    return max(FLOOD_SIZE, int(3 * state.habits.rate * ((now - state.last_success_at) / _DAY)))


def _code(entry: Entry, rank: int, room: int, state: FeedState, breaks: Break, now: datetime) -> str | None:
    """Say why the new entry at this rank, 0 for the newest, is held; None where it is told."""
    if breaks is Break.TAKEOVER:
        return TAKEOVER
    if state.last_success_at is not None:
        return FLOOD if rank >= room else None
    recent = entry.published_at is not None and now - entry.published_at <= BACKLOG_AGE
    return None if rank < FIRST_TOLD or (recent and rank < room) else BACKLOG


def _marked(intake: Intake, code: str | None) -> Intake:
    entry = intake.entry
    return replace(intake, entry=replace(entry, notes=(*entry.notes, code))) if code else intake


def _same_site(one: str, other: str) -> bool:
    return _registered(one) == _registered(other)


def _registered(host: str) -> str:
    """Give the part of a host that its owner registered, nearly: two labels, three under a second level such as co.kr."""
    labels = host.partition(":")[0].split(".")
    if all(label.isdigit() for label in labels):
        return host
    return ".".join(labels[-3:] if len(labels) > 2 and labels[-2] in _SECOND_LEVEL else labels[-2:])


def _working_time(since: datetime, until: datetime) -> timedelta:
    """Give the time between two moments without Saturdays and Sundays."""
    total, moment = timedelta(0), since
    while moment < until:
        midnight = moment.replace(hour=0, minute=0, second=0, microsecond=0) + _DAY
        step = min(midnight, until)
        if moment.weekday() < 5:
            total += step - moment
        moment = step
    return total


def _moment(moment: datetime | None) -> str:
    return moment.strftime("%Y-%m-%d %H:%M UTC") if moment else "the first poll"

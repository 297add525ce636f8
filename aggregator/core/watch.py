"""Watch: what a feed does that it should not, told from its own rhythm and from what it served before.

* Gap: nothing of the document was seen before, but for pinned items, and it is newer: entries between the two windows may be lost for ever.
* Takeover: everything is new at once, but under another host or mostly with old dates: another system, or another owner, answers there.
  Where the links lead to many hosts, as those of a search do, another host among them says nothing.
* Silence: a feed that is expected to move brings nothing for longer than chance explains (Poisson: once in ten thousand such waits),
  by the rate it had when it last brought something.
* Flood: more at once than a feed ever brings. What is too much, or at the first poll neither among the newest nor of the
  last week, is held: it is stored, judged and found by searches, but nobody is told of it.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from itertools import takewhile

from aggregator.core.pace import rate_before
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
_NEVER = datetime.min.replace(tzinfo=UTC)
_MAIN_SHARE = 0.75
"""Share of the links that must lead to one site for a feed to be that site's."""
_HASH_SIZE = 8
_LONGEST_REACH = timedelta(days=365)
_SOME_LINKS = 3
"""Links that tell whether a feed leads to one site or to many."""
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
    old = sum(moment <= state.newest_published_at for moment in dates) if state.newest_published_at else 0
    return Break.TAKEOVER if 2 * old > len(dates) and served.window >= 3 else Break.GAP


def connects(state: FeedState, hashes: bytes, unchanged: int, known: Sequence[Entry]) -> bool:
    """Tell whether items seen before show that a document follows the one before; `known` are those of them that were read again.

    A pinned item stays wherever the window went: at the head of both documents, or far older than a window reaches back.
    """
    if unchanged and unchanged > _pinned(state.item_hashes, hashes):
        return True
    newest, habits = state.newest_published_at, state.habits
    if newest is None or not habits.rate or not habits.window:
        return bool(known)
    reach = max(_BUSY_TOLERATED, min(_DAY * habits.window / habits.rate, _LONGEST_REACH))
    return any(entry.published_at is None or entry.published_at >= newest - reach for entry in known)


def _pinned(before: bytes, after: bytes) -> int:
    """Count the items that head both documents; a document that only grew at its end, or shrank, pins none."""
    pairs = zip(range(0, len(before), _HASH_SIZE), range(0, len(after), _HASH_SIZE), strict=False)
    head = sum(1 for _ in takewhile(lambda pair: before[pair[0] : pair[0] + _HASH_SIZE] == after[pair[1] : pair[1] + _HASH_SIZE], pairs))
    return 0 if head * _HASH_SIZE in (len(before), len(after)) else head


def gap_message(state: FeedState, served: Served) -> str:
    """Say between which moments entries may be lost."""
    before = state.newest_published_at
    dates = [entry.published_at for entry in served.entries if entry.published_at and (before is None or entry.published_at > before)]
    if not dates or before is None:
        return f"the window of {served.window} items ran over since {_moment(state.last_success_at)}: entries may be lost"
    return (
        f"the window of {served.window} items ran over: entries published between {_moment(before)} and {_moment(min(dates))} may be lost"
    )


def takeover_message(state: FeedState, served: Served) -> str:
    """Say what changed all at once."""
    before, after = state.habits.site, site_of(served.entries)
    change = f"its links led to {before} and lead to {after}" if before and after and before != after else "their dates are old"
    return f"all {served.window} items are new at once and {change}: look whether this is still the same source; they are held"


def site_of(entries: Sequence[Entry]) -> str | None:
    """Give the host that most links lead to; None where they lead to many sites."""
    hosts = _hosts(entries)
    sites = Counter(_registered(host) for host in hosts)
    if not hosts or max(sites.values()) < _MAIN_SHARE * len(hosts):
        return None
    (main, _), *_ = sites.most_common(1)
    return Counter(host for host in hosts if _registered(host) == main).most_common(1)[0][0]


def site_after(habits: Habits, entries: Sequence[Entry]) -> str | None:
    """Give the site of a feed once these entries came; the few of one poll tell it only of a feed that had one, or is new."""
    if len(_hosts(entries)) >= _SOME_LINKS or not habits.window:
        return site_of(entries)
    return habits.site and (site_of(entries) or habits.site)


def _hosts(entries: Sequence[Entry]) -> list[str]:
    return [host for entry in entries if (host := host_of(entry.url or ""))]


def silence(feed: FeedSpec, habits: Habits, last_new_at: datetime | None, now: datetime) -> str | None:
    """Say that a feed is silent for longer than its rhythm and its holidays explain, or give None."""
    tolerated = _TOLERATED.get(feed.expects)
    if tolerated is None or last_new_at is None or not habits.rate:
        return None
    rate = rate_before(habits.rate, now - last_new_at)
    if rate >= _BUSY and feed.expects != "weekly":
        tolerated = _BUSY_TOLERATED
    waited = _working_time(last_new_at, now) if feed.expects == "weekdays" else now - last_new_at
    if waited <= tolerated or waited / _DAY * rate <= _UNLIKELY:
        return None
    return f"nothing new since {_moment(last_new_at)}; it used to bring {_amount(rate)}"


def _amount(rate: float) -> str:
    return f"{rate:.1f} entries a day" if rate >= 1 else f"{7 * rate:.1f} entries a week"


def hold(intakes: Sequence[Intake], state: FeedState, breaks: Break, now: datetime) -> tuple[Intake, ...]:
    """Mark new entries that are stored but not told: the oldest of them by date; one without has the date before it in `intakes`.

    `intakes` are the last of the document first, which ranks those without any date.
    """
    new = _by_date([intake for intake in intakes if intake.entry_id is None])
    ranks = {intake.identity: len(new) - place for place, intake in enumerate(new, start=1)}
    room = _room(state, now)
    return tuple(
        _marked(intake, _code(intake.entry, ranks[intake.identity], room, state, breaks, now)) if intake.entry_id is None else intake
        for intake in intakes
    )


def _by_date(intakes: Sequence[Intake]) -> Sequence[Intake]:
    """Sort intakes, oldest first, without trusting the order of the document where it gives dates."""
    known = _NEVER
    dated: list[tuple[datetime, int]] = []
    for place, intake in enumerate(intakes):
        known = intake.entry.published_at or known
        dated.append((known, place))
    return [intakes[place] for _, place in sorted(dated)]


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

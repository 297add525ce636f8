"""Timing: when a feed is due again, when a subscription is due next, when a failed delivery is tried again.

Due dates are stored, so a missed time runs late and never not at all. Local times are resolved with the zone's own rules:
a time that a clock change skips runs as if the clock had not been changed yet, and one that occurs twice runs once.
"""

from datetime import UTC, datetime, timedelta
from hashlib import blake2b

from aggregator.core.pace import after_skips, interval, overflow_bound
from aggregator.models import Failed, FailureKind, FeedSpec, Schedule
from aggregator.records import Habits

LONGEST_BACKOFF = timedelta(hours=12)
PERMANENT_PAUSE = timedelta(days=1)
SHARED_ATTEMPTS = 3
"""A delivery that was tried so often without success is claimed alone from then on, so that it cannot use up its neighbours' attempts."""
DELIVERY_RETRIES = (
    timedelta(seconds=30),
    timedelta(minutes=2),
    timedelta(minutes=10),
    timedelta(minutes=30),
    timedelta(hours=1),
    timedelta(hours=2),
    timedelta(hours=4),
    timedelta(hours=8),
)
"""Waits after the first, second ... failed attempt; after the last the delivery is dead and the operator is told."""


NEVER_SEEN = Habits()


def next_poll_at(
    feed: FeedSpec, failures: int, failure: Failed | None, now: datetime, habits: Habits = NEVER_SEEN, wish: timedelta | None = None
) -> datetime:
    """Give the date of a feed's next poll; `failures` counts the failed polls in a row, this one included.

    `wish` is what the answer asked for; a feed that failed is asked by its failures alone.
    """
    if failure is None:
        due = now + _jittered(interval(feed, habits, wish), feed.id)
        latest = now + max(feed.min_interval, min(feed.max_interval, overflow_bound(habits)))
        return after_skips(due, habits.hints, latest)
    wait = PERMANENT_PAUSE if failure.kind is FailureKind.PERMANENT else _backoff(feed, failures)
    return now + max(_jittered(wait, feed.id), failure.retry_after or timedelta(0))


def next_due_at(schedule: Schedule, after: datetime) -> datetime | None:
    """Give the first scheduled moment later than `after`; None for an immediate schedule, which is always due."""
    if schedule.at is None or schedule.every == "immediate":
        return None
    day = after.astimezone(schedule.time_zone).date()
    for offset in range(9):
        candidate = day + timedelta(days=offset)
        local = datetime.combine(candidate, schedule.at, tzinfo=schedule.time_zone)
        due = local.astimezone(UTC)
        if due > after and _runs_on(schedule, candidate.weekday()):
            return due
    raise ValueError(f"a schedule with every={schedule.every!r} never runs")


def missed_times(schedule: Schedule, due_at: datetime, now: datetime) -> int:
    """Count the scheduled moments after `due_at` that passed by `now`; counting ends at a hundred."""
    missed, moment = 0, next_due_at(schedule, due_at)
    while moment is not None and moment <= now and missed < 100:
        missed, moment = missed + 1, next_due_at(schedule, moment)
    return missed


def latest_due_at(schedule: Schedule, now: datetime) -> datetime | None:
    """Give the latest date that a subscription can be due at; a stored one beyond it was written under a clock that ran ahead.

    It is the second moment from `now`, so that a clock that is set back by little repeats nothing.
    """
    due_at = next_due_at(schedule, now)
    return next_due_at(schedule, due_at) if due_at else None


def next_attempt_at(attempts: int, retry_after: float | None, now: datetime) -> datetime | None:
    """Give the date of a delivery's next attempt after `attempts` failed ones, or None where they are used up."""
    if attempts > len(DELIVERY_RETRIES):
        return None
    return now + max(DELIVERY_RETRIES[attempts - 1], timedelta(seconds=min(retry_after or 0, 86_400)))


def _backoff(feed: FeedSpec, failures: int) -> timedelta:
    """Double the wait with each failure, from the shortest interval to half a day."""
    doublings = max(0, min(failures - 1, 10))
    return min(feed.min_interval * (1 << doublings), max(LONGEST_BACKOFF, feed.min_interval))


def _jittered(wait: timedelta, feed_id: str) -> timedelta:
    """Stretch a wait by up to a tenth, by a share that belongs to the feed, so that feeds do not move in step."""
    share = blake2b(feed_id.encode(), digest_size=2).digest()
    return wait * (1 + int.from_bytes(share, "big") / 655_360)


def _runs_on(schedule: Schedule, weekday: int) -> bool:
    if schedule.every == "day":
        return True
    return weekday < 5 if schedule.every == "weekday" else weekday == schedule.weekday

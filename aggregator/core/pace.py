"""Pace: how often a feed is asked, learned from what it brings and bounded by what it and its server ask for.

* A feed is asked about ten times for each entry it brings, within the bounds that configuration sets.
* It is never asked so seldom that its window of items could overflow: three times as often as the fastest it ever moved would need.
* Wishes (Cache-Control, Expires, ttl, sy:updatePeriod, skipHours, skipDays) lengthen the interval, but not past these bounds.
"""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from aggregator.models import FeedHints, FeedSpec
from aggregator.records import Habits

DAY = timedelta(days=1)
ASKS_PER_ENTRY = 10
OVERFLOW_MARGIN = 3
RATE_MEMORY = timedelta(days=14)
BURST_MEMORY = timedelta(days=21)
LONGEST_WISH = timedelta(days=1)
_FORGOTTEN = 100.0
"""So many memories ago nothing can be told of a rate."""
_SHORTEST_LOOK = timedelta(hours=1)
_BURST_SPAN = timedelta(hours=6)
_MAX_AGE = re.compile(r"(?:^|[\s,])max-age\s*=\s*\"?(\d{1,10})")


def first_habits(habits: Habits, dates: Sequence[datetime], window: int) -> Habits:
    """Learn the rhythm of a feed from the dates in its first document; without three of them nothing is known yet."""
    if len(dates) < 3:
        return replace(habits, window=window)
    moments = sorted(dates)
    span = max(moments[-1] - moments[0], _SHORTEST_LOOK)
    rate = (len(moments) - 1) / (span / DAY)
    crowd = max(sum(start <= moment < start + _BURST_SPAN for moment in moments[place:]) for place, start in enumerate(moments))
    return replace(habits, window=window, rate=rate, burst=max(rate, crowd / (min(span, _BURST_SPAN) / DAY)))


def later_habits(habits: Habits, new: int, elapsed: timedelta) -> Habits:
    """Learn from a poll that brought `new` entries, `elapsed` after the one before."""
    if elapsed <= timedelta(0):
        return habits
    seen = new / (max(elapsed, _SHORTEST_LOOK) / DAY)
    weight = -math.expm1(-elapsed / RATE_MEMORY)
    rate = seen * weight + (habits.rate or 0.0) * (1 - weight) if habits.rate is not None or new else None
    burst = max(seen, (habits.burst or 0.0) * math.exp(-elapsed / BURST_MEMORY), rate or 0.0)
    return replace(habits, rate=rate, burst=burst or None)


def rate_before(rate: float, quiet: timedelta) -> float:
    """Give the rate a feed had `quiet` ago, when it last brought something; polls that brought nothing have lowered it since.

    The entry that came then counts half: it ended one wait and began the next.
    """
    then = rate * math.exp(min(max(quiet, timedelta(0)) / RATE_MEMORY, _FORGOTTEN))
    return max(then - 0.5 / (RATE_MEMORY / DAY), then / 2)


def interval(feed: FeedSpec, habits: Habits, wish: timedelta | None = None) -> timedelta:
    """Give the time until a healthy feed is asked again, before jitter."""
    rhythm = DAY / (ASKS_PER_ENTRY * habits.rate) if habits.rate and habits.rate > 1e-3 else feed.max_interval
    if habits.rate is None:
        rhythm = feed.min_interval
    wanted = max(rhythm, min(wish or timedelta(0), LONGEST_WISH), feed.min_interval)
    return max(feed.min_interval, min(wanted, feed.max_interval, overflow_bound(habits)))


def overflow_bound(habits: Habits) -> timedelta:
    """Give the time in which a feed's window certainly does not run over."""
    if not habits.window or not habits.burst:
        return timedelta.max
    return DAY * min(habits.window / habits.burst / OVERFLOW_MARGIN, 10_000)


def wish_of(headers: Mapping[str, str], hints: FeedHints, now: datetime) -> timedelta | None:
    """Give the longest wait that the answer and the document ask for; `headers` have lower-case names."""
    wishes = [wish for wish in (freshness(headers, now), hints.least) if wish]
    return max(wishes, default=None)


def freshness(headers: Mapping[str, str], now: datetime) -> timedelta | None:
    """Give how long an answer stays fresh (RFC 9111 sections 5.2.2.1 and 5.3), at most a day; None where it does not say."""
    control = headers.get("cache-control", "").lower()
    if "no-cache" in control or "no-store" in control:
        return None
    match = _MAX_AGE.search(control)
    if match:
        return min(timedelta(seconds=int(match[1])), LONGEST_WISH) or None
    try:
        expires = parsedate_to_datetime(headers.get("expires", ""))
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    left = (expires if expires.tzinfo else expires.replace(tzinfo=UTC)) - now
    return min(left, LONGEST_WISH) if left > timedelta(0) else None


def after_skips(due: datetime, hints: FeedHints, latest: datetime) -> datetime:
    """Move a due date out of the hours and days in which a feed does not want to be asked, but not past `latest`."""
    moment = due
    for _ in range(24 * 8):
        if moment.hour not in hints.skip_hours and moment.weekday() not in hints.skip_days:
            return moment
        moment = moment.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
        if moment > latest:
            return max(due, latest)
    return due

"""Read what a document asks of those who poll it: ttl, sy:updatePeriod, skipHours, skipDays.

They are read from the bytes, because feedparser keeps the last ``<hour>`` only. "Hourly" is what publishing systems write by themselves
and asks for nothing. Sources: RSS 2.0, rssboard.org/skip-hours-days, purl.org/rss/1.0/modules/syndication.
"""

import re
from datetime import timedelta

from aggregator.models import FeedHints

_HEAD = 30_000
_TTL = re.compile(rb"<ttl>\s*(\d{1,7})\s*</ttl>")
_PERIOD = re.compile(rb"<sy:updatePeriod>\s*(daily|weekly|monthly|yearly)\s*</")
_FREQUENCY = re.compile(rb"<sy:updateFrequency>\s*(\d{1,4})\s*</")
_HOURS = re.compile(rb"<skipHours>(.*?)</skipHours>", re.DOTALL)
_HOUR = re.compile(rb"<hour>\s*(\d{1,2})\s*</hour>")
_DAYS = re.compile(rb"<skipDays>(.*?)</skipDays>", re.DOTALL)
_DAY = re.compile(rb"<day>\s*(\w+)\s*</day>")
_LENGTHS = {b"daily": 1, b"weekly": 7, b"monthly": 30, b"yearly": 365}
_WEEK = (b"monday", b"tuesday", b"wednesday", b"thursday", b"friday", b"saturday", b"sunday")
_LONGEST = timedelta(days=30)


def read_hints(body: bytes) -> FeedHints:
    """Give the wishes of an RSS document; absurd values are cut to a month, unknown ones are none."""
    head = body[:_HEAD]
    hours, days = _HOURS.search(head), _DAYS.search(head)
    wishes = [wish for wish in (_ttl(head), _period(head)) if wish]
    return FeedHints(
        least=min(max(wishes), _LONGEST) if wishes else None,
        # Some write 24 for midnight.
        skip_hours=tuple(sorted({int(hour) % 24 for hour in _HOUR.findall(hours[1]) if int(hour) <= 24})) if hours else (),
        skip_days=tuple(sorted({_WEEK.index(day.lower()) for day in _DAY.findall(days[1]) if day.lower() in _WEEK})) if days else (),
    )


def _ttl(head: bytes) -> timedelta | None:
    match = _TTL.search(head)
    return timedelta(minutes=int(match[1])) if match and int(match[1]) else None


def _period(head: bytes) -> timedelta | None:
    match, frequency = _PERIOD.search(head), _FREQUENCY.search(head)
    return timedelta(days=_LENGTHS[match[1]]) / max(1, int(frequency[1]) if frequency else 1) if match else None

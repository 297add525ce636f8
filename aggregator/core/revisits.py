"""When a matched article's page is looked at again: after 1 h, 6 h, 1 d, 3 d and 7 d, then never.

A page that could not be had while its article was judged is looked at sooner.

Publishers correct a story most within hours; a correction that comes later is rare, and not worth asking for every day.
"""

from datetime import datetime, timedelta

STEPS = (timedelta(hours=1), timedelta(hours=6), timedelta(days=1), timedelta(days=3), timedelta(days=7))
SOON = timedelta(minutes=10)
FULL_TEXT = "full_text"
"""The part that an article lacks whose page could not be had, or not the whole of it."""


def first_look_at(first_seen_at: datetime, judged_at: datetime, *, lacks_page: bool) -> datetime | None:
    """Give when the page of an article that was just judged is due."""
    due = next_look_at(first_seen_at, judged_at)
    return min(due, judged_at + SOON) if due and lacks_page else due


def next_look_at(first_seen_at: datetime, looked_at: datetime) -> datetime | None:
    """Give when the page is due again after a look, or None where its last look is done; looks that were missed are not made up for."""
    return next((due for step in STEPS if (due := first_seen_at + step) > looked_at), None)

"""Explore: look at an address before it is watched. Nothing is stored.

A site is asked one address after the other, with a pause, and only a few.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from aggregator.core.pace import DAY, first_habits, interval, wish_of
from aggregator.models import Failed, FeedSpec, Fetched, FetchRequest, NotModified, ParsedFeed
from aggregator.ports import FeedReader, Fetcher
from aggregator.records import Habits

MOST_TRIED = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Exploring:
    """Hold what exploring works with; `candidates` gives the addresses that a page's site may have feeds at."""

    fetcher: Fetcher
    reader: FeedReader
    candidates: Callable[[bytes, str], Sequence[str]]
    clock: Callable[[], datetime]
    pause: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """Hold what an address turned out to be; `problem` is None for a readable feed.

    `every` is how often it would be asked, `per_day` how many entries its own dates promise.
    """

    url: str
    problem: str | None
    status: int | None = None
    size: int = 0
    conditional: bool = False
    moved_to: str | None = None
    parsed: ParsedFeed | None = None
    per_day: float | None = None
    every: timedelta | None = None


async def look_at(exploring: Exploring, feed: FeedSpec) -> Look:
    """Fetch an address once and read it as the feed says."""
    look, _ = await _look(exploring, feed)
    return look


async def discover(exploring: Exploring, feed: FeedSpec) -> tuple[Look, ...]:
    """Give the feeds of a site: the address itself where it is one, else what its page leads to, readable ones only."""
    look, page = await _look(exploring, feed)
    if look.problem is None or page is None:
        return (look,)
    found: list[Look] = []
    for address in [address for address in exploring.candidates(page.body, page.url) if address != feed.url][:MOST_TRIED]:
        await asyncio.sleep(exploring.pause)
        candidate, _ = await _look(exploring, replace(feed, url=address))
        if candidate.problem is None:
            found.append(candidate)
    return tuple(found) or (look,)


async def _look(exploring: Exploring, feed: FeedSpec) -> tuple[Look, Fetched | None]:
    now = exploring.clock()
    answer = await exploring.fetcher.fetch(FetchRequest(url=feed.url))
    if isinstance(answer, Failed):
        return Look(url=feed.url, problem=answer.message, status=answer.status), None
    if isinstance(answer, NotModified):
        return Look(url=feed.url, problem="the server answers 304 to a question without conditions", status=304), None
    parsed = await exploring.reader.read(feed, answer.url, answer.headers, answer.body, now)
    habits = first_habits(Habits(), [entry.published_at for entry in parsed.entries if entry.published_at], len(parsed.entries))
    look = Look(
        url=feed.url,
        problem=None if parsed.entries else parsed.error or "the feed holds no entries",
        status=answer.status,
        size=len(answer.body),
        conditional=bool(answer.etag or answer.last_modified),
        moved_to=answer.moved_to,
        parsed=parsed,
        per_day=habits.rate,
        every=min(interval(feed, habits, wish_of(answer.headers, parsed.hints, now)), 30 * DAY),
    )
    return look, answer

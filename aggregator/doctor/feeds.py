"""The feeds: the names of their hosts, whether each answers, and our clock against theirs."""

import asyncio
from collections.abc import AsyncIterator, Callable, Collection, Sequence
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

from aggregator.doctor.findings import SECONDS, Diagnosis
from aggregator.http_client import HttpClient
from aggregator.http_client.resolver import SystemResolver
from aggregator.models import Failed, FeedSpec, Fetched, FetchRequest

MOST_SKEW = timedelta(seconds=90)
AT_ONCE = 16
_NAME_SERVER = "look at /etc/resolv.conf, or at the container's dns setting"


async def look_at_feeds(feeds: Sequence[FeedSpec], http: HttpClient, now: Callable[[], datetime], *, ask: bool) -> AsyncIterator[Diagnosis]:
    """Look every host's name up side by side, then ask the feeds whose host has an address, if they are to be asked."""
    lost = await _lost_names({_host(feed) for feed in feeds})
    for diagnosis in _names(feeds, lost):
        yield diagnosis
    if not ask:
        return
    skews: list[timedelta] = []
    room = asyncio.Semaphore(AT_ONCE)
    for answer in asyncio.as_completed([_feed(feed, http, room, skews, now) for feed in feeds if _host(feed) not in lost]):
        yield await answer
    yield _clock(skews)


def _host(feed: FeedSpec) -> str:
    return urlsplit(feed.url).hostname or ""


async def _lost_names(hosts: Collection[str]) -> set[str]:
    """Name the hosts without an address, or without an answer in time."""
    resolve = SystemResolver(threads=128)

    async def lost(host: str) -> bool:
        try:
            async with asyncio.timeout(SECONDS):
                return not await resolve(host, 443)
        except (OSError, UnicodeError, TimeoutError):
            return True

    order = sorted(set(hosts) - {""})
    try:
        return {host for host, is_lost in zip(order, await asyncio.gather(*map(lost, order)), strict=True) if is_lost}
    finally:
        resolve.close()


def _names(feeds: Sequence[FeedSpec], lost: Collection[str]) -> Sequence[Diagnosis]:
    hosts = {_host(feed) for feed in feeds} - {""}
    if not hosts:
        return [Diagnosis(what="names", state="ok", found="no name to resolve")]
    if not lost:
        return [Diagnosis(what="names", state="ok", found=f"{len(hosts)} hosts resolve")]
    if len(lost) == len(hosts):
        found = f"none of {len(hosts)} hosts resolves, so none of {len(feeds)} feeds can be polled"
        return [Diagnosis(what="names", state="bad", found=found, advice=_NAME_SERVER)]
    return [_lost(host, [feed.id for feed in feeds if _host(feed) == host]) for host in sorted(lost)]


def _lost(host: str, feeds: Sequence[str]) -> Diagnosis:
    found = f"does not resolve: {', '.join(feeds[:5])}{' and more' if len(feeds) > 5 else ''} cannot be polled"
    return Diagnosis(what=f"name {host}", state="look", found=found, advice="mend the URL, or disable the feed with a reason")


async def _feed(
    feed: FeedSpec, http: HttpClient, room: asyncio.Semaphore, skews: list[timedelta], now: Callable[[], datetime]
) -> Diagnosis:
    async with room:
        outcome = await http.fetch(FetchRequest(url=feed.url))
    what = f"feed {feed.id}"
    if isinstance(outcome, Failed):
        advice = "look at it in a browser; mend the URL, or disable the feed with a reason"
        return Diagnosis(what=what, state="look", found=outcome.message, advice=advice)
    if isinstance(outcome, Fetched) and (skew := _skew(outcome.headers.get("date", ""), now())) is not None:
        skews.append(skew)
    size = len(outcome.body) if isinstance(outcome, Fetched) else 0
    return Diagnosis(what=what, state="ok", found=f"answers with {size:,} bytes")


def _skew(date: str, now: datetime) -> timedelta | None:
    """Give how far our clock is ahead of a server's; caches may show an old date, so only many of them say something."""
    try:
        told = parsedate_to_datetime(date)
    except (ValueError, TypeError):
        return None
    return now - (told if told.tzinfo else told.replace(tzinfo=UTC))


def _clock(skews: Sequence[timedelta]) -> Diagnosis:
    """Judge our clock by the middle of what the feeds' servers say."""
    if not skews:
        advice = "compare with another clock by hand, and run the doctor again once a feed answers"
        return Diagnosis(what="clock", state="look", found="no server told its time", advice=advice)
    middle = sorted(skews)[len(skews) // 2]
    if abs(middle) > MOST_SKEW:
        way = "ahead of" if middle > timedelta() else "behind"
        found = f"{abs(middle).total_seconds():.0f} s {way} the servers of {len(skews)} feeds"
        return Diagnosis(what="clock", state="bad", found=found, advice="switch on time synchronisation: timedatectl set-ntp true")
    return Diagnosis(what="clock", state="ok", found=f"agrees with the servers of {len(skews)} feeds")

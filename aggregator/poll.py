"""Poll: fetch the feeds that are due, read them, store every entry they served.

Nothing is judged here. Hosts are asked one request at a time, with a pause between requests; a slow host delays nobody else.
A failed feed is a stored poll with a reason, never an exception. Finished polls are written in batches; one that the store refuses
is stored as a failed poll and takes no other with it.
"""

import asyncio
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import structlog

from aggregator.core.fingerprints import body_hash
from aggregator.core.intake import decide, identities
from aggregator.core.timing import next_poll_at
from aggregator.core.urls import host_of
from aggregator.errors import StoreError
from aggregator.models import Failed, FailureKind, FeedSpec, Fetched, FetchOutcome, FetchRequest, NotModified, ParsedFeed
from aggregator.ports import FeedReader, Fetcher, Store
from aggregator.records import FeedState, Poll, PollRecord, Response

log = structlog.get_logger(__name__)

LEASE = timedelta(minutes=10)
"""Longer than any fetch and parse may take by their own deadlines."""
ACCEPT = (
    "application/rss+xml, application/atom+xml, application/rdf+xml, application/feed+json, "
    "application/xml;q=0.9, text/xml;q=0.9, */*;q=0.1"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Polling:
    """Hold what polling works with; `spacing` is the pause in seconds between two requests to one host."""

    store: Store
    fetcher: Fetcher
    reader: FeedReader
    feeds: Mapping[str, FeedSpec]
    clock: Callable[[], datetime]
    concurrency: int = 32
    batch: int = 50
    spacing: float = 1.0


async def poll_due(
    polling: Polling,
    *,
    only: Collection[str] | None = None,
    limit: int = 500,
    progress: Callable[[Poll], None] = lambda poll: None,
) -> tuple[Poll, ...]:
    """Poll every due feed, or those in `only` at once, and give one line of history each.

    A feed that somebody else is polling is left out. Raises `StoreError` where the store keeps nothing at all.
    """
    states = await asyncio.to_thread(polling.store.claim_feeds, polling.clock(), LEASE, limit, only)
    done: asyncio.Queue[PollRecord] = asyncio.Queue()
    room = asyncio.Semaphore(polling.concurrency)
    try:
        async with asyncio.TaskGroup() as group:
            for queue in _by_host(states).values():
                group.create_task(_poll_host(polling, queue, room, done))
            written = group.create_task(_write(polling, done, len(states), progress))
    except ExceptionGroup as failures:  # callers catch errors, not groups of them; the first one ended the rest
        raise failures.exceptions[0] from failures
    return written.result()


async def _write(polling: Polling, done: asyncio.Queue[PollRecord], expected: int, progress: Callable[[Poll], None]) -> tuple[Poll, ...]:
    """Store finished polls, as many at once as are ready."""
    polls: list[Poll] = []
    while len(polls) < expected:
        batch = [await done.get()]
        while len(batch) < polling.batch and not done.empty():
            batch.append(done.get_nowait())
        for poll in await asyncio.to_thread(_keep, polling, batch):
            _tell(polling.feeds.get(poll.feed_id), poll)
            progress(poll)
            polls.append(poll)
    return tuple(polls)


def _keep(polling: Polling, batch: Sequence[PollRecord]) -> Sequence[Poll]:
    """Store a batch; where the store refuses it, store each poll by itself."""
    try:
        return polling.store.record_polls(batch)
    except StoreError:
        return [poll for record in batch for poll in _keep_one(polling, record)]


def _keep_one(polling: Polling, record: PollRecord) -> Sequence[Poll]:
    try:
        return polling.store.record_polls([record])
    except StoreError as error:
        if record.outcome == "failed":
            raise
        log.error("what a feed served could not be stored", feed=record.feed_id, reason=str(error))
        return polling.store.record_polls([_refused(polling, record, error)])


def _refused(polling: Polling, record: PollRecord, error: StoreError) -> PollRecord:
    """Turn a poll that cannot be stored into a failed one; the store keeps the validators as they were."""
    feed = polling.feeds.get(record.feed_id)
    failure = Failed(kind=FailureKind.TEMPORARY, message=f"what the feed served could not be stored: {error}", status=record.status)
    due = next_poll_at(feed, 1, failure, record.finished_at) if feed else record.next_due_at
    return replace(record, outcome="failed", next_due_at=due, intakes=(), failure=failure)


def _by_host(states: Sequence[FeedState]) -> Mapping[str, list[FeedState]]:
    hosts: dict[str, list[FeedState]] = {}
    for state in states:
        hosts.setdefault(host_of(state.url), []).append(state)
    return hosts


async def _poll_host(polling: Polling, states: Sequence[FeedState], room: asyncio.Semaphore, done: asyncio.Queue[PollRecord]) -> None:
    for position, state in enumerate(states):
        if position:
            await asyncio.sleep(polling.spacing)
        async with room:
            await done.put(await _poll_feed(polling, state))


async def _poll_feed(polling: Polling, state: FeedState) -> PollRecord:
    feed, started_at = _spec(polling, state), polling.clock()
    try:
        outcome = await polling.fetcher.fetch(
            FetchRequest(url=state.url, etag=state.etag, last_modified=state.last_modified, accept=ACCEPT)
        )
        return await _record(polling, feed, state, started_at, outcome)
    except Exception as error:  # one feed must not stop the others; the poll is stored with the reason
        log.exception("poll failed unexpectedly", feed=feed.id)
        failure = Failed(kind=FailureKind.TEMPORARY, message=f"internal error: {type(error).__name__}; see the log")
        return _failed(polling, feed, state, started_at, failure)


async def _record(polling: Polling, feed: FeedSpec, state: FeedState, started_at: datetime, outcome: FetchOutcome) -> PollRecord:
    if isinstance(outcome, Failed):
        return _failed(polling, feed, state, started_at, outcome)
    if isinstance(outcome, NotModified):
        return _quiet(polling, feed, state, started_at, outcome)
    if body_hash(outcome.body) == state.body_hash:
        return _quiet(polling, feed, state, started_at, outcome)
    parsed = await polling.reader.read(feed, outcome.url, outcome.headers, outcome.body, started_at)
    if not parsed.entries:
        failure = Failed(kind=FailureKind.SOFT, message=parsed.error or "the feed holds no entries", status=outcome.status)
        return _failed(polling, feed, state, started_at, failure)
    return await _read(polling, feed, started_at, outcome, parsed)


async def _read(polling: Polling, feed: FeedSpec, started_at: datetime, outcome: Fetched, parsed: ParsedFeed) -> PollRecord:
    known = await asyncio.to_thread(polling.store.known_entries, feed.id, set(identities(parsed.entries)))
    now = polling.clock()
    dates = [entry.published_at for entry in parsed.entries if entry.published_at]
    return PollRecord(
        feed_id=feed.id,
        started_at=started_at,
        finished_at=now,
        outcome="ok",
        next_due_at=next_poll_at(feed, 0, None, now),
        intakes=decide(feed.id, parsed.entries, known),
        entries=len(parsed.entries),
        undated=len(parsed.entries) - len(dates),
        status=outcome.status,
        size=len(outcome.body),
        etag=outcome.etag,
        last_modified=outcome.last_modified,
        body_hash=body_hash(outcome.body),
        note=parsed.error or "; ".join(parsed.notes) or None,
        newest_published_at=max(dates, default=None),
        response=Response(url=outcome.url, status=outcome.status, headers=outcome.headers, body=outcome.body, fetched_at=now),
    )


def _quiet(polling: Polling, feed: FeedSpec, state: FeedState, started_at: datetime, outcome: Fetched | NotModified) -> PollRecord:
    """Record an answer that holds nothing new; a 304 may renew the validators, and leaves out those that stay."""
    now = polling.clock()
    same_bytes = isinstance(outcome, Fetched)
    return PollRecord(
        feed_id=feed.id,
        started_at=started_at,
        finished_at=now,
        outcome="unchanged" if same_bytes else "not_modified",
        next_due_at=next_poll_at(feed, 0, None, now),
        status=200 if same_bytes else 304,
        etag=outcome.etag if same_bytes else outcome.etag or state.etag,
        last_modified=outcome.last_modified if same_bytes else outcome.last_modified or state.last_modified,
        body_hash=state.body_hash,
    )


def _failed(polling: Polling, feed: FeedSpec, state: FeedState, started_at: datetime, failure: Failed) -> PollRecord:
    """Record a failure; the validators stay as they were, so that a recovered feed is read whole or not at all."""
    now = polling.clock()
    return PollRecord(
        feed_id=feed.id,
        started_at=started_at,
        finished_at=now,
        outcome="failed",
        next_due_at=next_poll_at(feed, state.failures + 1, failure, now),
        status=failure.status,
        etag=state.etag,
        last_modified=state.last_modified,
        body_hash=state.body_hash,
        failure=failure,
    )


def _spec(polling: Polling, state: FeedState) -> FeedSpec:
    """Give the feed's configuration; a feed that left feeds.yaml between claim and poll is polled once more as it was."""
    known = polling.feeds.get(state.feed_id)
    return known or FeedSpec(id=state.feed_id, name=state.feed_id, url=state.url, publisher=state.feed_id, family=state.feed_id)


def _tell(feed: FeedSpec | None, poll: Poll) -> None:
    name = feed.name if feed else poll.feed_id
    if poll.outcome == "failed":
        log.warning("feed could not be polled", feed=poll.feed_id, name=name, reason=poll.message)
    elif poll.new or poll.revised:
        log.info("feed polled", feed=poll.feed_id, entries=poll.entries, new=poll.new, revised=poll.revised, note=poll.message)
    else:
        log.debug("feed polled, nothing new", feed=poll.feed_id, outcome=poll.outcome)

"""Poll: fetch the feeds that are due, read them, store every entry they served.

Nothing is judged here. Hosts are asked one request at a time, with a pause between requests, also by polls that run side by side; a slow
host delays nobody else, and one whose name leads nowhere is looked up once a round. One that asks for peace gets it for all its feeds, in
later rounds too; only a feed that is polled by name before it is due is asked all the same. Leases are renewed while a host's feeds wait
for their turn, and a feed that somebody else polled meanwhile is left out. A failed feed is a stored poll with a reason, never an
exception. Finished polls are written in batches; one that the store refuses is stored as a failed poll and takes no other with it.
"""

import asyncio
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import structlog

from aggregator.core.conclusions import Asked, address_of, conclude_deferred, conclude_failed, conclude_quiet, conclude_read, refused
from aggregator.core.fingerprints import body_hash
from aggregator.core.intake import identities
from aggregator.core.urls import host_of
from aggregator.doorsteps import PATIENCE, Doorsteps, OpenGate, Turns
from aggregator.errors import ReaderError, StoreError
from aggregator.journey import Journey
from aggregator.memory import Returning
from aggregator.models import Failed, FailureKind, FeedSpec, FetchOutcome, FetchRequest, NotModified
from aggregator.ports import FeedReader, Fetcher, Gate, Store
from aggregator.records import FeedState, KnownEntry, Poll, PollRecord

log = structlog.get_logger(__name__)

LEASE = timedelta(minutes=10)
"""More than twice as long as any fetch and parse may take by their own deadlines: at half of it a lease is renewed."""
UNREAD = timedelta(minutes=5)
"""After this a feed is asked again that no reader process could be started for."""
ACCEPT = (
    "application/rss+xml, application/atom+xml, application/rdf+xml, application/feed+json, "
    "application/xml;q=0.9, text/xml;q=0.9, */*;q=0.1"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Polling:
    """Hold what polling works with; `spacing` is the pause in seconds between two requests to one host.

    Requests of this process take turns at a host on its `doorsteps`, those of different processes at the `gate`. One that has lasted
    longer than `patience` seconds is no more one of the `concurrency` that are under way at once.
    """

    store: Store
    fetcher: Fetcher
    reader: FeedReader
    feeds: Mapping[str, FeedSpec]
    clock: Callable[[], datetime]
    concurrency: int = 32
    batch: int = 50
    spacing: float = 1.0
    patience: float = PATIENCE
    doorsteps: Doorsteps = field(default_factory=Doorsteps)
    gate: Gate = field(default_factory=OpenGate)

    @property
    def turns(self) -> Turns:
        """Give the turns at hosts, which whoever asks them shares."""
        return Turns(doorsteps=self.doorsteps, gate=self.gate, spacing=self.spacing)


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
    claimed_at = polling.clock()
    states = await asyncio.to_thread(polling.store.claim_feeds, claimed_at, LEASE, limit, only)
    # Bounded, and filled by who still sits: a document that is read waits in memory until it is written.
    done: asyncio.Queue[PollRecord | None] = asyncio.Queue(polling.batch)
    try:
        async with asyncio.TaskGroup() as group:
            for host, queue in _by_host(states).items():
                group.create_task(_poll_host(polling, _Errand(host, queue, claimed_at), done))
            written = group.create_task(_write(polling, done, len(states), progress))
    except ExceptionGroup as failures:  # callers catch errors, not groups of them; the first one ended the rest
        raise failures.exceptions[0] from failures
    return written.result()


async def _write(
    polling: Polling, done: asyncio.Queue[PollRecord | None], expected: int, progress: Callable[[Poll], None]
) -> tuple[Poll, ...]:
    """Store finished polls, as many at once as are ready; None stands for a feed that somebody else polled."""
    polls: list[Poll] = []
    returning = Returning()
    while expected:
        batch = [await done.get()]
        while len(batch) < polling.batch and not done.empty():
            batch.append(done.get_nowait())
        expected -= len(batch)
        records = [record for record in batch if record]
        for poll in await asyncio.to_thread(_keep, polling, records) if records else ():
            _tell(polling.feeds.get(poll.feed_id), poll)
            progress(poll)
            polls.append(poll)
        returning.now_and_then()
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
        return polling.store.record_polls([refused(polling.feeds.get(record.feed_id), record, str(error))])


def _by_host(states: Sequence[FeedState]) -> Mapping[str, list[FeedState]]:
    hosts: dict[str, list[FeedState]] = {}
    for state in states:
        hosts.setdefault(host_of(address_of(state)), []).append(state)
    return hosts


@dataclass(slots=True)
class _Errand:
    """Hold what is to be asked of one host, and since when its feeds are leased."""

    host: str
    waiting: list[FeedState]
    leased_at: datetime


async def _poll_host(polling: Polling, errand: _Errand, done: asyncio.Queue[PollRecord | None]) -> None:
    claimed_at, refused = errand.leased_at, False
    while errand.waiting:
        state = errand.waiting[0]
        asked_for = not refused and (state.next_due_at is None or state.next_due_at > claimed_at)
        peace = None if asked_for else polling.doorsteps.peace_of(errand.host, polling.clock())
        if peace is not None:
            del errand.waiting[0]
            await done.put(conclude_deferred(_asked(polling, state, polling.clock()), peace))
            continue
        journey = None
        async with polling.turns.turn(errand.host), polling.doorsteps.seat(polling.concurrency, polling.patience):
            for _ in range(await _renew(polling, errand)):
                await done.put(None)
            if errand.waiting:
                state = errand.waiting.pop(0)
                journey = Journey(_request(state))
                await _poll_feed(polling, state, journey, done)
        while journey and not journey.ended:
            async with polling.turns.turn(journey.host), polling.doorsteps.seat(polling.concurrency, polling.patience):
                await _poll_feed(polling, state, journey, done)
        refused = refused or bool(journey and journey.refused_by == errand.host)
        if journey and journey.unresolved:
            await _give_up(polling, errand, journey.unresolved, done)


async def _give_up(polling: Polling, errand: _Errand, failure: Failed, done: asyncio.Queue[PollRecord | None]) -> None:
    """Conclude for all feeds of a host that its name leads nowhere: each would wait for its turn, and for the name server, to learn it."""
    while errand.waiting:
        state = errand.waiting.pop(0)
        await done.put(conclude_failed(_asked(polling, state, polling.clock()), failure))


async def _renew(polling: Polling, errand: _Errand) -> int:
    """Lease once more what waits, where half of the lease has run; gives how many feeds somebody else took or polled meanwhile."""
    now = polling.clock()
    if now < errand.leased_at + LEASE / 2:
        return 0
    before = {state.feed_id: state for state in errand.waiting}
    fresh = await asyncio.to_thread(_leased_again, polling, errand, now)
    mine = [state for state in fresh if state.last_attempt_at == before[state.feed_id].last_attempt_at]
    if polled := {state.feed_id for state in fresh} - {state.feed_id for state in mine}:
        await asyncio.to_thread(polling.store.free_feeds, polled)
    order = list(before)
    errand.waiting = sorted(mine, key=lambda state: order.index(state.feed_id))
    errand.leased_at = now
    return len(before) - len(mine)


def _leased_again(polling: Polling, errand: _Errand, now: datetime) -> Sequence[FeedState]:
    feeds = [state.feed_id for state in errand.waiting]
    if now < errand.leased_at + LEASE:  # a lease that is over may be somebody else's by now, and is not ours to end
        polling.store.free_feeds(feeds)
    return polling.store.claim_feeds(now, LEASE, len(feeds), feeds)


def _request(state: FeedState) -> FetchRequest:
    return FetchRequest(url=address_of(state), etag=state.etag, last_modified=state.last_modified, accept=ACCEPT, follow=False)


async def _poll_feed(polling: Polling, state: FeedState, journey: Journey, done: asyncio.Queue[PollRecord | None]) -> None:
    """Ask the host whose turn it is, and hand on what came of the poll, unless the journey leads to another host."""
    started_at = journey.started_at = journey.started_at or polling.clock()
    try:
        outcome = await journey.ask(polling.fetcher, polling.doorsteps, polling.clock)
        if outcome is not None:
            await done.put(await _record(polling, state, started_at, outcome))
    except ReaderError as error:  # no fault of the feed, which is asked again soon
        log.error("a feed could not be read", feed=state.feed_id, reason=str(error))
        journey.ended = True
        await done.put(conclude_deferred(_asked(polling, state, started_at), UNREAD))
    except Exception as error:  # one feed must not stop the others; the poll is stored with the reason
        log.exception("poll failed unexpectedly", feed=state.feed_id)
        failure = Failed(kind=FailureKind.TEMPORARY, message=f"internal error: {type(error).__name__}; see the log")
        journey.ended = True
        await done.put(conclude_failed(_asked(polling, state, started_at), failure))


async def _record(polling: Polling, state: FeedState, started_at: datetime, outcome: FetchOutcome) -> PollRecord:
    if isinstance(outcome, Failed):
        return conclude_failed(_asked(polling, state, started_at), outcome)
    if isinstance(outcome, NotModified) or body_hash(outcome.body) == state.body_hash:
        return conclude_quiet(_asked(polling, state, started_at), outcome)
    feed = _spec(polling, state)
    parsed = await polling.reader.read(feed, outcome.url, outcome.headers, outcome.body, started_at, state.item_hashes)
    if not parsed.entries and not parsed.unchanged:
        failure = Failed(kind=FailureKind.SOFT, message=parsed.error or "the feed holds no entries", status=outcome.status)
        return conclude_failed(_asked(polling, state, started_at), failure)
    known: Mapping[str, KnownEntry] = {}
    if parsed.entries and state.last_success_at is not None:
        known = await asyncio.to_thread(polling.store.known_entries, feed.id, set(identities(parsed.entries, parsed.imprints)))
    return conclude_read(_asked(polling, state, started_at), outcome, parsed, known)


def _asked(polling: Polling, state: FeedState, started_at: datetime) -> Asked:
    return Asked(feed=_spec(polling, state), state=state, started_at=started_at, finished_at=polling.clock())


def _spec(polling: Polling, state: FeedState) -> FeedSpec:
    """Give the feed's configuration; a feed that left feeds.yaml between claim and poll is polled once more as it was."""
    known = polling.feeds.get(state.feed_id)
    return known or FeedSpec(id=state.feed_id, name=state.feed_id, url=state.url, publisher=state.feed_id, family=state.feed_id)


def _tell(feed: FeedSpec | None, poll: Poll) -> None:
    name = feed.name if feed else poll.feed_id
    if poll.outcome == "failed":
        log.warning("feed could not be polled", feed=poll.feed_id, name=name, reason=poll.message)
    elif poll.message and "_cut" in poll.message:  # something the feed served was not kept whole
        log.warning("feed served more than is kept", feed=poll.feed_id, name=name, entries=poll.entries, note=poll.message)
    elif poll.new or poll.revised:
        log.info("feed polled", feed=poll.feed_id, entries=poll.entries, new=poll.new, revised=poll.revised, note=poll.message)
    else:
        log.debug("feed polled, nothing new", feed=poll.feed_id, outcome=poll.outcome)
    for alarm in poll.raised:
        log.error("feed needs a look", feed=poll.feed_id, name=name, alarm=alarm.kind, reason=alarm.message)

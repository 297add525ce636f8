"""Conclusions: from what a fetch and a reading brought to the record that is stored: what to keep, when to come back, whom to tell.

A failure leaves what the last success taught; an answer without news teaches that there was none. A permanent redirect is followed
from the third poll on that saw it lead to the same readable feed; where the new address fails, the configured one is asked again.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from aggregator.core import watch
from aggregator.core.fingerprints import body_hash
from aggregator.core.intake import decide
from aggregator.core.pace import first_habits, later_habits, wish_of
from aggregator.core.timing import next_poll_at
from aggregator.core.watch import Break, Served
from aggregator.models import Failed, FailureKind, FeedSpec, Fetched, NotModified, ParsedFeed
from aggregator.records import Alarm, FeedState, Habits, Intake, KnownEntry, PollRecord, Response

MOVE_CONFIRMED = 3
GONE = 410
UNSTORED = "what the feed served could not be stored"
"""How the failure of a poll begins that the store refused."""
_OVER = ("failing", "gone")


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Hold what a poll began with and when it began and ended."""

    feed: FeedSpec
    state: FeedState
    started_at: datetime
    finished_at: datetime

    @property
    def elapsed(self) -> timedelta:
        """Give the time since the last success, zero before the first."""
        before = self.state.last_success_at
        return self.started_at - before if before else timedelta(0)


def address_of(state: FeedState) -> str:
    """Give the address to ask: the configured one, or where it moved for good."""
    habits = state.habits
    return habits.moved_to if habits.moved_to and habits.moved_seen >= MOVE_CONFIRMED else state.url


def conclude_failed(asked: Asked, failure: Failed) -> PollRecord:
    """Record a failure; the validators stay as they were, so that a recovered feed is read whole or not at all."""
    state, now = asked.state, asked.finished_at
    gone = failure.status == GONE
    # Only a refusal of the new address itself speaks against it.
    lost = failure.kind is not FailureKind.TEMPORARY and address_of(state) != state.url
    habits = replace(state.habits, moved_to=None, moved_seen=0) if lost else state.habits
    retired = gone and not lost
    return PollRecord(
        feed_id=asked.feed.id,
        asked_url=state.url,
        started_at=asked.started_at,
        finished_at=now,
        outcome="failed",
        next_due_at=None if retired else next_poll_at(asked.feed, state.failures + 1, failure, now),
        status=failure.status,
        etag=state.etag,
        last_modified=state.last_modified,
        body_hash=state.body_hash,
        failure=failure,
        habits=habits,
        alarms=tuple(_failing(asked, failure, retired=retired)),
    )


def conclude_deferred(asked: Asked, wait: timedelta) -> PollRecord:
    """Put a poll off because its host asked for peace while another feed of it was read."""
    now = asked.finished_at
    return PollRecord(
        feed_id=asked.feed.id,
        asked_url=asked.state.url,
        started_at=asked.started_at,
        finished_at=now,
        outcome="deferred",
        next_due_at=now + wait,
        habits=None,
    )


def conclude_quiet(asked: Asked, answer: Fetched | NotModified) -> PollRecord:
    """Record an answer that holds nothing new; a 304 may renew the validators, and leaves out those that stay."""
    state, same_bytes = asked.state, isinstance(answer, Fetched)
    habits, moved = _moved(state, answer.moved_to, _later(asked, 0))
    silent = watch.silence(asked.feed, habits, state.last_new_at, asked.finished_at)
    return PollRecord(
        feed_id=asked.feed.id,
        asked_url=state.url,
        started_at=asked.started_at,
        finished_at=asked.finished_at,
        outcome="unchanged" if same_bytes else "not_modified",
        next_due_at=_next(asked, habits, answer.headers),
        status=200 if same_bytes else 304,
        etag=answer.etag if same_bytes else answer.etag or state.etag,
        last_modified=answer.last_modified if same_bytes else answer.last_modified or state.last_modified,
        body_hash=state.body_hash,
        habits=habits,
        alarms=tuple(_alarm(asked, kind, message) for kind, message in (("silence", silent), ("moved", moved)) if message),
        cleared=_OVER,
    )


def conclude_read(asked: Asked, answer: Fetched, parsed: ParsedFeed, known: Mapping[str, KnownEntry]) -> PollRecord:
    """Record a document that was read: what of it is new or changed, and whether it connects to the one before."""
    state, now = asked.state, asked.finished_at
    intakes = decide(asked.feed.id, parsed.entries, known, parsed.imprints)
    served = _served(state, parsed, known, intakes)
    breaks = watch.break_of(state, served)
    new = sum(intake.entry_id is None for intake in intakes)
    habits, moved = _moved(state, answer.moved_to, _learned(asked, parsed, served, 0 if breaks is Break.TAKEOVER else new))
    alarms = _reading_alarms(asked, served, breaks, new)
    if not new and (silent := watch.silence(asked.feed, habits, state.last_new_at, now)):
        alarms = (*alarms, _alarm(asked, "silence", silent))
    if moved:
        alarms = (*alarms, _alarm(asked, "moved", moved))
    return PollRecord(
        feed_id=asked.feed.id,
        asked_url=state.url,
        started_at=asked.started_at,
        finished_at=now,
        outcome="ok",
        next_due_at=_next(asked, habits, answer.headers),
        intakes=watch.hold(intakes, state, breaks, now),
        entries=served.window,
        undated=sum(entry.published_at is None for entry in parsed.entries),
        status=answer.status,
        size=len(answer.body),
        etag=answer.etag,
        last_modified=answer.last_modified,
        body_hash=body_hash(answer.body),
        note="; ".join(filter(None, (parsed.error, *parsed.notes, *(alarm.message for alarm in alarms if alarm.cleared_at)))) or None,
        newest_published_at=max((entry.published_at for entry in parsed.entries if entry.published_at), default=None),
        habits=habits,
        item_hashes=parsed.item_hashes,
        alarms=alarms,
        cleared=(*_OVER, "silence") if new else _OVER,
        response=Response(url=answer.url, status=answer.status, headers=answer.headers, body=answer.body, fetched_at=now),
    )


def _served(state: FeedState, parsed: ParsedFeed, known: Mapping[str, KnownEntry], intakes: Sequence[Intake]) -> Served:
    """Give what the document served; an entry that is neither new nor a revision was known, and one read again may be a pinned one."""
    new = {id(intake.entry) for intake in intakes if intake.entry_id is None}
    again = [entry for entry in parsed.entries if id(entry) not in new] if known else []
    follows = watch.connects(state, parsed.item_hashes, parsed.unchanged, again)
    return Served(entries=parsed.entries, overlaps=follows, window=parsed.unchanged + len(parsed.entries))


def _next(asked: Asked, habits: Habits, headers: Mapping[str, str]) -> datetime:
    now = asked.finished_at
    return next_poll_at(asked.feed, 0, None, now, habits, wish_of(headers, habits.hints, now))


def _later(asked: Asked, new: int) -> Habits:
    return later_habits(asked.state.habits, new, asked.elapsed)


def _learned(asked: Asked, parsed: ParsedFeed, served: Served, new: int) -> Habits:
    habits = asked.state.habits
    site = watch.site_after(habits, parsed.entries)
    if habits.window and asked.state.last_success_at:
        habits = replace(_later(asked, new), window=served.window)
    else:
        dates = [entry.published_at for entry in parsed.entries if entry.published_at]
        habits = first_habits(habits, dates, served.window)
    return replace(habits, hints=parsed.hints, site=site)


def _moved(state: FeedState, target: str | None, habits: Habits) -> tuple[Habits, str | None]:
    """Count how often a permanent redirect led to the same place, and say once that it is followed from now on."""
    if target is None:
        stays = address_of(state) != state.url
        return (habits if stays else replace(habits, moved_to=None, moved_seen=0)), None
    seen = habits.moved_seen + 1 if target == habits.moved_to else 1
    habits = replace(habits, moved_to=target, moved_seen=seen)
    adopted = seen == MOVE_CONFIRMED
    return habits, f"moved for good to {target}, which is asked from now on; put it into feeds.yaml" if adopted else None


def _failing(asked: Asked, failure: Failed, *, retired: bool) -> Sequence[Alarm]:
    if retired:
        message = f"{failure.message}: it is asked no more; remove it, change its address, or poll it by name to try again"
        return (_alarm(asked, "gone", message),)
    count = asked.state.failures + 1
    # A page that answers and is not read any more mends itself no more than a refused address does.
    reshaped = asked.feed.kind == "listing" and failure.status is not None and failure.status < 300
    if count < watch.FAILING_AFTER and failure.kind is not FailureKind.PERMANENT and not reshaped:
        return ()
    return (_alarm(asked, "failing", f"{failure.message} ({'at once' if count == 1 else f'{count} polls in a row'})"),)


def _reading_alarms(asked: Asked, served: Served, breaks: Break, new: int) -> tuple[Alarm, ...]:
    if breaks is Break.GAP:
        return (_alarm(asked, "gap", watch.gap_message(asked.state, served)),)
    if breaks is Break.TAKEOVER:
        return (_alarm(asked, "takeover", watch.takeover_message(asked.state, served)),)
    if watch.is_flood(new, asked.state, asked.finished_at):
        return (_alarm(asked, "flood", f"{new} new entries at once; those beyond the usual are held"),)
    return ()


def _alarm(asked: Asked, kind: str, message: str) -> Alarm:
    now = asked.finished_at
    stands = kind in ("silence", "failing", "gone")
    return Alarm(kind=kind, feed_id=asked.feed.id, message=message, raised_at=now, cleared_at=None if stands else now)


def refused(asked_feed: FeedSpec | None, record: PollRecord, problem: str) -> PollRecord:
    """Turn a poll that cannot be stored into a failed one; the store keeps the validators and hashes as they were."""
    failure = Failed(kind=FailureKind.TEMPORARY, message=f"{UNSTORED}: {problem}", status=record.status)
    due = next_poll_at(asked_feed, 1, failure, record.finished_at) if asked_feed else record.next_due_at
    return replace(
        record, outcome="failed", next_due_at=due, intakes=(), failure=failure, habits=None, item_hashes=None, alarms=(), cleared=()
    )

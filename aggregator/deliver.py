"""Deliver: decide what each subscription is told, and hand it over.

Deciding and sending are two steps. Deciding freezes a digest, its items and one delivery per address in one transaction that also
advances the subscription, so a crash leaves either nothing or all of it. Sending claims one delivery by lease, sends, records the
receipt. Exactly once wherever the protocol allows; killed between the receiver's "250" or "200" and our commit, the message goes
out again under the same Message-ID or idempotency key.
"""

import asyncio
import hashlib
from collections.abc import Callable, Coroutine, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import structlog

from aggregator.core.alerts import held_until
from aggregator.core.digests import DAYS, Gathered, Window, compose
from aggregator.core.timing import DELIVERY_RETRIES, latest_due_at, next_attempt_at, next_due_at
from aggregator.errors import AggregatorError, DeliveryError, UsageError
from aggregator.models import Digest, Receipt, SubscriptionSpec, TopicSpec
from aggregator.ports import Channel, Message, Store
from aggregator.records import Address, ClaimedDelivery, Closure, SubscriptionState

log = structlog.get_logger(__name__)

LEASE = timedelta(minutes=10)
"""Longer than any channel's own time-outs add up to."""
LAST_SECONDS = 6.0
"""How long a message on its way is waited for when the service stops."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivering:
    """Hold what delivering works with.

    `addresses` resolves a subscription's recipients; no address means that nobody is configured yet, and its window stays open.
    `label` gives a concept's name in a language. `session` is entered while messages go out, for channels that keep a connection.
    """

    store: Store
    channels: Mapping[str, Channel]
    subscriptions: Mapping[str, SubscriptionSpec]
    topics: Sequence[TopicSpec]
    addresses: Callable[[SubscriptionSpec], Sequence[Address]]
    label: Callable[[str, str], str]
    clock: Callable[[], datetime]
    parallel: int = 4
    session: Callable[[], AbstractAsyncContextManager[None]] = nullcontext


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """Tell how one attempt ended: `error` is None when the receiver took the message."""

    claimed: ClaimedDelivery
    error: str | None = None
    retry_at: datetime | None = None


def decide_due(delivering: Delivering) -> tuple[int, ...]:
    """Decide a digest for every subscription that is due, and give the new digests' ids."""
    now = delivering.clock()
    decided: list[int] = []
    _mend_due_dates(delivering, now)
    for state in delivering.store.due_subscriptions(now):
        try:
            digest_id = _decide(delivering, state, now)
        except Exception as error:  # one subscription must not stop the others; it stays due and is tried again
            unexpected = not isinstance(error, AggregatorError)
            log.error("a digest could not be decided", subscription=state.subscription, reason=str(error), exc_info=unexpected)
            continue
        decided += [digest_id] if digest_id is not None else []
    return tuple(decided)


def decide_now(delivering: Delivering, subscription: str) -> int | None:
    """Decide one subscription's digest at once, due or not."""
    state = delivering.store.subscription_state(subscription)
    return _decide(delivering, state, delivering.clock()) if state else None


def preview(delivering: Delivering, subscription: SubscriptionSpec, at: datetime | None = None) -> Digest:
    """Compose the digest that would go out now, or at a given moment; nothing is stored.

    At a moment in the past the window ends with what was observed by then, and begins where the digest before it ended. Stories told
    since then in their present version are not told again.
    """
    store = delivering.store
    state = store.subscription_state(subscription.id) or SubscriptionState(subscription=subscription.id, after_seq=0, next_due_at=None)
    if at is None:
        return _compose(delivering, subscription, _gathered(delivering, subscription, state, store.judged_through()))
    use = replace(delivering, clock=lambda: at)
    before = store.digest_before(subscription.id, at)
    through = min(store.judged_through(), store.observed_through(at))
    if at < delivering.clock():
        after = before.through_seq if before else 0
        state = replace(state, after_seq=after, next_due_at=None, last_digest_at=before.decided_at if before else None)
    return _compose(use, subscription, _gathered(use, subscription, state, through))


def render_again(delivering: Delivering, digest_id: int, delivery_id: int) -> tuple[bytes, bool | None]:
    """Render a delivery again as its channel sent it, and tell whether it is the same to the byte; None where that is not known.

    Raises `UsageError` where there is no such delivery, or its channel is not configured.
    """
    row, digest = delivering.store.delivery(delivery_id), delivering.store.digest(digest_id)
    if row is None or digest is None or row.delivery.digest_id != digest_id:
        raise UsageError(f"digest {digest_id} has no delivery {delivery_id}")
    channel = delivering.channels.get(row.delivery.channel)
    if channel is None:
        raise UsageError(f"channel {row.delivery.channel!r} is not configured: set what it needs in the environment")
    message = channel.render(digest, row.delivery)
    body = whole_of(message)
    return body, body_hash(message) == row.body_hash if row.body_hash else None


async def send_due(delivering: Delivering, progress: Callable[[Sent], None] = lambda sent: None) -> tuple[Sent, ...]:
    """Send every delivery that is due, a few at a time; a failed one is put back by date.

    Raises `StoreError` where the store fails, but not before the messages on their way are through: one that is broken off would
    go out twice.
    """
    results: list[Sent] = []

    async def work() -> None:
        while claimed := await asyncio.to_thread(delivering.store.claim_delivery, delivering.clock(), LEASE):
            sent = await _finished(_send(delivering, claimed))
            progress(sent)
            results.append(sent)

    workers = [asyncio.create_task(work()) for _ in range(delivering.parallel)]
    async with delivering.session():
        try:
            ended = await asyncio.gather(*workers, return_exceptions=True)
        except asyncio.CancelledError:  # the workers are cancelled too; each ends when its message is through
            await asyncio.wait(workers)
            raise
    for error in ended:
        if error is not None:
            raise error
    return tuple(results)


async def _finished(sending: Coroutine[Any, Any, Sent]) -> Sent:
    """Let a message on its way come through when we are told to stop: broken off before its receipt, it would go out twice."""
    task = asyncio.create_task(sending)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait([task], timeout=LAST_SECONDS)
        task.cancel()
        raise


def _decide(delivering: Delivering, state: SubscriptionState, now: datetime) -> int | None:
    subscription = delivering.subscriptions.get(state.subscription)
    addresses = open_addresses(delivering, subscription) if subscription else ()
    if subscription is None or not addresses:
        return None
    due = next_due_at(subscription.schedule, now)
    gathered = _gathered(delivering, subscription, state, delivering.store.judged_through())
    digest = _compose(delivering, subscription, gathered)
    if digest.kind == "alert" and digest.items and _held(subscription, gathered, digest, now):
        return None
    if digest.items or (due is not None and subscription.when_empty == "send"):
        digest_id = delivering.store.record_digest(digest, addresses, due, now)
        if digest_id is not None:  # None: another process decided this window first
            log.info("digest decided", subscription=subscription.id, digest=digest_id, stories=len(digest.items))
        return digest_id
    delivering.store.advance_subscription(subscription.id, state.after_seq, digest.through_seq, due, now)
    return None


def open_addresses(delivering: Delivering, subscription: SubscriptionSpec) -> Sequence[Address]:
    """Give the addresses that are configured and not closed."""
    closed = {closure.address for closure in delivering.store.closures(subscription.id)}
    return tuple(address for address in delivering.addresses(subscription) if address not in closed)


def _mend_due_dates(delivering: Delivering, now: datetime) -> None:
    """Undo what a clock that ran ahead left behind: a digest due in a year."""
    latest = {name: latest_due_at(subscription.schedule, now) for name, subscription in delivering.subscriptions.items()}
    for name in delivering.store.mend_due_dates({name: due_at for name, due_at in latest.items() if due_at}):
        log.warning("a digest was due implausibly late; its date is mended", subscription=name, due_at=latest[name])


def _held(subscription: SubscriptionSpec, gathered: Gathered, digest: Digest, now: datetime) -> bool:
    """Tell whether an alert has to wait; its window stays open, so it goes out with what comes meanwhile."""
    told = {item.story_id for item in digest.items}
    changed = [story.changed_at for story in gathered.stories if story.story_id in told and story.changed_at]
    score = max(item.score for item in digest.items)
    return held_until(subscription, score, min(changed, default=None), gathered.window.since, now) is not None


def _gathered(delivering: Delivering, subscription: SubscriptionSpec, state: SubscriptionState, judged: int) -> Gathered:
    """Gather the window from where the subscription stands to the last judged revision; read in one transaction."""
    store, topics, after = delivering.store, subscription.topics, state.after_seq
    through = max(judged, after)
    alert = subscription.schedule.every == "immediate"
    with store.transaction():
        return Gathered(
            window=Window(after_seq=after, through_seq=through, since=state.last_digest_at),
            stories=store.window_stories(subscription.id, topics, after, through),
            counts=store.window_counts(topics, after, through),
            feeds=store.feed_health(),
            continuing=() if alert else store.window_continuing(subscription.id, topics, after, through),
            opened=() if alert else store.stories_opened(topics, delivering.clock() - timedelta(days=DAYS)),
            due_at=state.next_due_at,
        )


def _compose(delivering: Delivering, subscription: SubscriptionSpec, gathered: Gathered) -> Digest:
    return compose(subscription, delivering.topics, gathered, delivering.label, delivering.clock())


async def _send(delivering: Delivering, claimed: ClaimedDelivery) -> Sent:
    try:
        receipt = await _hand_over(delivering, claimed)
    except DeliveryError as error:
        return await asyncio.to_thread(_not_sent, delivering, claimed, error)
    except Exception as error:  # one delivery must not stop the others; it is tried again by date
        log.exception("delivery failed unexpectedly", delivery=claimed.delivery.id)
        failure = DeliveryError(f"internal error: {type(error).__name__}; see the log")
        return await asyncio.to_thread(_not_sent, delivering, claimed, failure)
    await asyncio.to_thread(delivering.store.record_sent, claimed, receipt, delivering.clock())
    log.info("delivered", subscription=claimed.delivery.subscription, channel=claimed.delivery.channel, key=claimed.delivery.key)
    return Sent(claimed=claimed)


async def _hand_over(delivering: Delivering, claimed: ClaimedDelivery) -> Receipt:
    channel = delivering.channels.get(claimed.delivery.channel)
    if channel is None:  # it may come back with the next start, so the message waits for it
        raise DeliveryError(f"channel {claimed.delivery.channel!r} is not configured: set what it needs in the environment")
    if claimed.delivery.attempts > len(DELIVERY_RETRIES) + 1:
        raise DeliveryError("every attempt so far broke off without an answer", permanent=True)
    message = channel.render(claimed.digest, claimed.delivery)
    receipt = await channel.send(claimed.delivery, message)
    return replace(receipt, body_hash=body_hash(message))


def whole_of(message: Message) -> bytes:
    """Give the message itself among its parts: the mail, the payload, or what there is."""
    return next((message.parts[suffix] for suffix in (".eml", ".json", ".txt") if suffix in message.parts), b"")


def body_hash(message: Message) -> str:
    """Give the SHA-256 of a message."""
    return hashlib.sha256(whole_of(message)).hexdigest()


def _not_sent(delivering: Delivering, claimed: ClaimedDelivery, error: DeliveryError) -> Sent:
    now, attempts = delivering.clock(), claimed.delivery.attempts
    retry_at = None if error.permanent else next_attempt_at(max(attempts, 1), error.retry_after, now)
    with delivering.store.transaction():
        held = delivering.store.record_not_sent(claimed, str(error), retry_at, now)
        if held and error.closes:
            _close(delivering, claimed, error, now)
    tell = log.warning if retry_at else log.error
    tell(
        "delivery failed" if retry_at else "delivery is dead, nobody will be told: look at it and send it again",
        subscription=claimed.delivery.subscription,
        channel=claimed.delivery.channel,
        reason=str(error),
        retry_at=retry_at,
    )
    return Sent(claimed=claimed, error=str(error), retry_at=retry_at)


def _close(delivering: Delivering, claimed: ClaimedDelivery, error: DeliveryError, now: datetime) -> None:
    """Close an address that its receiver says does not exist, so that nothing more is sent there, and tell the operator."""
    delivery = claimed.delivery
    address = Address(channel=delivery.channel, recipient=delivery.recipient)
    closure = Closure(subscription=delivery.subscription, address=address, cause="refused", detail=str(error), closed_at=now)
    if delivering.store.close_address(closure):
        log.error(
            "an address is closed, it gets nothing more: correct it, or open it again with `aggregator digest resend`",
            subscription=delivery.subscription,
            channel=delivery.channel,
            reason=str(error),
        )

"""Deliver: decide what each subscription is told, and hand it over.

Deciding and sending are two steps. Deciding freezes a digest, its items and one delivery per address in one transaction that also
advances the subscription, so a crash leaves either nothing or all of it. Sending claims one delivery by lease, sends, records the
receipt. Exactly once wherever the protocol allows; killed between the receiver's "250" or "200" and our commit, the message goes
out again under the same Message-ID or idempotency key.
"""

import asyncio
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog

from aggregator.core.digests import Gathered, Window, compose
from aggregator.core.timing import DELIVERY_RETRIES, next_attempt_at, next_due_at
from aggregator.errors import AggregatorError, DeliveryError
from aggregator.models import Digest, Receipt, SubscriptionSpec, TopicSpec
from aggregator.ports import Channel, Store
from aggregator.records import Address, ClaimedDelivery, SubscriptionState

log = structlog.get_logger(__name__)

LEASE = timedelta(minutes=10)
"""Longer than any channel's own time-outs add up to."""
LAST_SECONDS = 6.0
"""How long a message on its way is waited for when the service stops."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivering:
    """Hold what delivering works with.

    `addresses` resolves a subscription's recipients; no address means that nobody is configured yet, and its window stays open.
    `label` gives a concept's name in a language.
    """

    store: Store
    channels: Mapping[str, Channel]
    subscriptions: Mapping[str, SubscriptionSpec]
    topics: Sequence[TopicSpec]
    addresses: Callable[[SubscriptionSpec], Sequence[Address]]
    label: Callable[[str, str], str]
    clock: Callable[[], datetime]
    parallel: int = 4


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


def preview(delivering: Delivering, subscription: SubscriptionSpec) -> Digest:
    """Compose the digest that would go out now; nothing is stored."""
    state = delivering.store.subscription_state(subscription.id)
    return _composed(delivering, subscription, state or SubscriptionState(subscription=subscription.id, after_seq=0, next_due_at=None))


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
    addresses = delivering.addresses(subscription) if subscription else ()
    if subscription is None or not addresses:
        return None
    due = next_due_at(subscription.schedule, now)
    digest = _composed(delivering, subscription, state)
    if digest.items or (due is not None and subscription.when_empty == "send"):
        digest_id = delivering.store.record_digest(digest, addresses, due, now)
        if digest_id is not None:  # None: another process decided this window first
            log.info("digest decided", subscription=subscription.id, digest=digest_id, stories=len(digest.items))
        return digest_id
    delivering.store.advance_subscription(subscription.id, state.after_seq, digest.through_seq, due, now)
    return None


def _composed(delivering: Delivering, subscription: SubscriptionSpec, state: SubscriptionState) -> Digest:
    """Compose the window from where the subscription stands to the last judged revision; read in one transaction."""
    store = delivering.store
    with store.transaction():
        through = max(store.judged_through(), state.after_seq)
        gathered = Gathered(
            window=Window(after_seq=state.after_seq, through_seq=through, since=state.last_digest_at),
            stories=store.window_stories(subscription.id, subscription.topics, state.after_seq, through),
            counts=store.window_counts(subscription.topics, state.after_seq, through),
            feeds=store.feed_health(),
        )
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
    return await channel.send(claimed.delivery, channel.render(claimed.digest, claimed.delivery))


def _not_sent(delivering: Delivering, claimed: ClaimedDelivery, error: DeliveryError) -> Sent:
    now, attempts = delivering.clock(), claimed.delivery.attempts
    retry_at = None if error.permanent else next_attempt_at(max(attempts, 1), error.retry_after, now)
    delivering.store.record_not_sent(claimed, str(error), retry_at, now)
    tell = log.warning if retry_at else log.error
    tell(
        "delivery failed" if retry_at else "delivery is dead, nobody will be told: look at it and send it again",
        subscription=claimed.delivery.subscription,
        channel=claimed.delivery.channel,
        reason=str(error),
        retry_at=retry_at,
    )
    return Sent(claimed=claimed, error=str(error), retry_at=retry_at)

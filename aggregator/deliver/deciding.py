"""Deciding: a subscription that is due gets a digest, or its window is passed over, or it waits.

A digest, its items, one delivery per open address and the subscription's advance are one transaction of the store. An alert that has
to wait (quiet hours, cooldown, gathering) leaves its window open.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import structlog

from aggregator.core.alerts import held_until
from aggregator.core.digests import DAYS, Gathered, Window, compose
from aggregator.core.timing import latest_due_at, next_due_at
from aggregator.deliver.work import Delivering
from aggregator.errors import AggregatorError
from aggregator.models import Digest, SubscriptionSpec
from aggregator.records import Address, SubscriptionState

log = structlog.get_logger(__name__)


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


def _decide(delivering: Delivering, state: SubscriptionState, now: datetime) -> int | None:
    subscription = delivering.subscriptions.get(state.subscription)
    addresses = open_addresses(delivering, subscription) if subscription else ()
    if subscription is None or not addresses:
        return None
    # Else an article could leave a story between reading the window and passing it, with nobody to say that it was not told.
    with delivering.store.standing_still():
        return _decide_for(delivering, subscription, (state, addresses), now)


def _decide_for(
    delivering: Delivering, subscription: SubscriptionSpec, place: tuple[SubscriptionState, Sequence[Address]], now: datetime
) -> int | None:
    (state, addresses), due = place, next_due_at(subscription.schedule, now)
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
    """Give the addresses that are configured and not closed; who unsubscribed has done so in every spelling of the mailbox."""
    closures = delivering.store.closures(subscription.id)
    closed = {closure.address for closure in closures}
    left = {
        closure.address.recipient.casefold() for closure in closures if closure.cause == "unsubscribed" and "@" in closure.address.recipient
    }
    found = delivering.addresses(subscription)
    return tuple(address for address in found if address not in closed and address.recipient.casefold() not in left)


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
    store, topics, after = delivering.store, subscription.asked, state.after_seq
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

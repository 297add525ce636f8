"""Alarms: what an operator has to know of, because nobody else would notice.

The dead-man's switch is among them: a digest that was due and did not go raises an alarm whatever kept it. Alarms are computed from the
ledger each time they are asked for, so none is lost with a process; they show on the status page, in ``/readyz``, in `aggregator
doctor`, once in the log, and once in a message to the operator.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from aggregator.core.notices import OPERATOR
from aggregator.deliver import Delivering, open_addresses, tell_operator
from aggregator.models import Notice, SubscriptionSpec
from aggregator.records import Alarm as FeedAlarm
from aggregator.records import Closure, DeliveryRow, SubscriptionState

log = structlog.get_logger(__name__)

GRACE = timedelta(minutes=30)
"""How late a digest may be decided."""
PATIENCE = timedelta(hours=2)
"""How long a decided message may wait for its receiver."""
REMEMBERED = timedelta(days=14)
"""How long a dead letter is an alarm; it stays in the ledger for ever."""
RECENT = timedelta(days=1)
"""How long ago a feed's alarm may have been raised that is over already and is told all the same."""
_SHOWN = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Alarm:
    """Hold one alarm: `kind` is "overdue", "unsent", "unset", "dead", "closed" or "nobody"; `about` tells two of a kind apart."""

    kind: str
    subscription: str
    about: str
    since: datetime
    text: str


def alarms(delivering: Delivering) -> tuple[Alarm, ...]:
    """Give every alarm that holds now, the worst kinds first."""
    now = delivering.clock()
    return (*_overdue(delivering, now), *_unsent(delivering, now), *_unset(delivering, now), *_closed(delivering), *_dead(delivering, now))


def notices(raised: Sequence[Alarm], feeds: Sequence[FeedAlarm]) -> tuple[Notice, ...]:
    """Give alarms of deliveries and of feeds as the operator is told of them; those of messages to the operator would tell themselves."""
    of_deliveries = (
        Notice(
            key=f"{alarm.kind} {alarm.subscription} {alarm.about} {alarm.since.isoformat()}",
            text=f"{alarm.subscription}: {alarm.text}",
            since=alarm.since,
        )
        for alarm in raised
        if alarm.subscription != OPERATOR
    )
    of_feeds = (
        Notice(
            key=f"{alarm.kind} {alarm.feed_id} {alarm.raised_at.isoformat()}",
            text=f"feed {alarm.feed_id}: {alarm.message}",
            since=alarm.raised_at,
        )
        for alarm in feeds
    )
    return (*of_deliveries, *of_feeds)


class Watchman:
    """Log each alarm once when it is raised, and once when it is over; tell the operator of each that is raised."""

    def __init__(self) -> None:
        self._raised: dict[tuple[str, str, str], Alarm] = {}

    def watch(self, delivering: Delivering) -> Sequence[Alarm]:
        """Compare the alarms of now with those of the last time, and log the difference."""
        current = {(alarm.kind, alarm.subscription, alarm.about): alarm for alarm in alarms(delivering)}
        for key in current.keys() - self._raised.keys():
            alarm = current[key]
            log.error("alarm", kind=alarm.kind, subscription=alarm.subscription, since=alarm.since, text=alarm.text)
        for key in self._raised.keys() - current.keys():
            log.info("alarm is over", kind=key[0], subscription=key[1])
        self._raised = current
        tell_operator(delivering, notices(tuple(current.values()), delivering.store.alarms(since=delivering.clock() - RECENT)))
        return tuple(current.values())


def _overdue(delivering: Delivering, now: datetime) -> Iterator[Alarm]:
    for state in delivering.store.due_subscriptions(now - GRACE):
        subscription = delivering.subscriptions.get(state.subscription)
        if subscription and state.next_due_at and open_addresses(delivering, subscription):
            yield _late(subscription, state, state.next_due_at)


def _late(subscription: SubscriptionSpec, state: SubscriptionState, due_at: datetime) -> Alarm:
    last = f"the last one went {state.last_digest_at:%Y-%m-%d %H:%M} UTC" if state.last_digest_at else "none went so far"
    text = f"a digest was due {due_at:%Y-%m-%d %H:%M} UTC and did not go; {last}; look into the log for what stops it"
    return Alarm(kind="overdue", subscription=subscription.id, about=due_at.isoformat(), since=due_at, text=text)


def _unsent(delivering: Delivering, now: datetime) -> Iterator[Alarm]:
    for status in ("pending", "retry", "sending"):
        for row in delivering.store.deliveries(status=status, limit=_SHOWN):
            if row.decided_at and row.decided_at < now - PATIENCE:
                yield _of(
                    row, row.decided_at, "unsent", f"{_whom(row)} waits since it was decided: {row.detail or 'nobody tried to send it'}"
                )


def _unset(delivering: Delivering, now: datetime) -> Iterator[Alarm]:
    """Tell who gets nothing because a variable was lost, or is missing beside others; what never worked sleeps, and is no alarm.

    One that is missing beside others has no beginning in the ledger; it begins with the week, and so is told again each week.
    """
    for subscription in delivering.subscriptions.values():
        names = ", ".join(delivering.unset(subscription))
        if not names:
            continue
        found = delivering.addresses(subscription)
        if found and found[0].channel == subscription.channel:
            text = f"{names} is not set: whom it names gets nothing by {subscription.channel}; set it and restart"
            yield Alarm(kind="unset", subscription=subscription.id, about=names, since=_week(now), text=text)
        elif not found and (last := delivering.store.last_sent_at(subscription.id, subscription.channel)):
            text = (
                f"{names} is not set, and {subscription.channel} went out until {last:%Y-%m-%d %H:%M} UTC; news waits: set it and restart"
            )
            yield Alarm(kind="nobody", subscription=subscription.id, about=names, since=last, text=text)


def _week(now: datetime) -> datetime:
    return (now - timedelta(days=now.weekday())).replace(hour=0, minute=0, second=0, microsecond=0)


def _dead(delivering: Delivering, now: datetime) -> Iterator[Alarm]:
    gone = {_key(closure) for closure in delivering.store.closures()}
    for row in delivering.store.deliveries(status="dead", limit=_SHOWN):
        delivery = row.delivery
        is_open = (delivery.subscription, delivery.channel, delivery.recipient) not in gone
        if is_open and row.decided_at and row.decided_at > now - REMEMBERED:
            yield _of(
                row,
                row.decided_at,
                "dead",
                f"{_whom(row)} was given up: {row.detail}; `aggregator digest resend {delivery.id}` sends it again",
            )


def _closed(delivering: Delivering) -> Iterator[Alarm]:
    for closure in delivering.store.closures():
        subscription = delivering.subscriptions.get(closure.subscription)
        if subscription and closure.cause == "refused" and closure.address in delivering.addresses(subscription):
            alone = not open_addresses(delivering, subscription)
            text = f"{closure.address.channel} to {closure.address.recipient} is closed: {closure.detail}"
            more = "; nobody is left to write to" if alone else ""
            about = f"{closure.address.channel} {closure.address.recipient}"
            kind = "nobody" if alone else "closed"
            yield Alarm(kind=kind, subscription=subscription.id, about=about, since=closure.closed_at, text=text + more)


def _of(row: DeliveryRow, since: datetime, kind: str, text: str) -> Alarm:
    return Alarm(kind=kind, subscription=row.delivery.subscription, about=str(row.delivery.id), since=since, text=text)


def _whom(row: DeliveryRow) -> str:
    return f"digest {row.delivery.digest_id} by {row.delivery.channel} to {row.delivery.recipient}"


def _key(closure: Closure) -> tuple[str, str, str]:
    return closure.subscription, closure.address.channel, closure.address.recipient

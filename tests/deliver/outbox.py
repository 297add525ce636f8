"""Channels that remember or refuse, subscriptions to send to, and stories to tell."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import time
from typing import Any
from zoneinfo import ZoneInfo

from aggregator.core.timing import next_due_at
from aggregator.deliver import Delivering
from aggregator.models import Delivery, Digest, Receipt, Schedule, SubscriptionSpec, TopicSpec
from aggregator.ports import Channel, Message, Store
from aggregator.records import Address, DeliveryRow
from tests.conftest import Clock
from tests.store.samples import FEED, OTHER_FEED, entry, intake, matched, opened, take_in, unmatched

TOPIC = TopicSpec(id="workers", name="Workers abroad", anchor="country", themes={"labour": 1.0})
DAILY = Schedule(every="day", at=time(7, 30), time_zone=ZoneInfo("Asia/Seoul"))
DIGEST = SubscriptionSpec(
    id="morning", name="Morning digest", channel="email", recipients=("a@example.org",), topics=("workers",), schedule=DAILY
)
ALERTS = replace(DIGEST, id="alerts", name="Alerts", channel="slack", schedule=Schedule(every="immediate"), when_empty="silent")
HERE = Address(channel="email", recipient="a@example.org")
THERE = Address(channel="email", recipient="b@example.org")
HOOK = Address(channel="slack", recipient="env:HOOK")


class Crash(BaseException):
    """Stand for a killed process: nothing catches it."""


@dataclass(frozen=True)
class Page:
    """Hold a message as a channel rendered it."""

    parts: Mapping[str, bytes]


@dataclass
class RecordingChannel:
    """Take every message over and remember it, with its key."""

    sent: list[Delivery] = field(default_factory=list)
    pages: list[bytes] = field(default_factory=list)

    def render(self, digest: Digest, delivery: Delivery) -> Message:
        told = [f"{item.story_id}.{item.version} {item.headline}" for item in digest.items]
        return Page({".txt": "\n".join([f"{digest.name} {digest.through_seq} {delivery.key}", *told]).encode()})

    async def send(self, delivery: Delivery, message: Message) -> Receipt:
        self.sent.append(delivery)
        self.pages.append(message.parts[".txt"])
        return Receipt(detail=f"250 taken {delivery.key}")

    @property
    def recipients(self) -> list[str]:
        return [delivery.recipient for delivery in self.sent]


@dataclass
class FailingChannel(RecordingChannel):
    """Raise what `error` gives for a delivery, and take over the others."""

    error: Callable[[Delivery], BaseException | None] = lambda delivery: None

    async def send(self, delivery: Delivery, message: Message) -> Receipt:
        error = self.error(delivery)
        if error is not None:
            raise error
        return await super().send(delivery, message)


def failing(error: BaseException, *recipients: str) -> FailingChannel:
    """Give a channel that fails for these recipients, or for all."""
    return FailingChannel(error=lambda delivery: error if not recipients or delivery.recipient in recipients else None)


def delivering(
    store: Store,
    clock: Clock,
    channel: Channel,
    *subscriptions: SubscriptionSpec,
    to: Sequence[Address] = (HERE,),
    **changes: Any,
) -> Delivering:
    """Declare feeds and subscriptions, and give what delivers to them; every channel is the same one."""
    specs = subscriptions or (DIGEST,)
    store.sync_feeds([FEED, OTHER_FEED], clock())
    store.sync_subscriptions(specs, {spec.id: next_due_at(spec.schedule, clock()) for spec in specs}, clock())
    use = Delivering(
        store=store,
        channels={"email": channel, "slack": channel},
        subscriptions={spec.id: spec for spec in specs},
        topics=(TOPIC,),
        addresses=lambda subscription: to,
        label=lambda concept, language: "",
        clock=clock,
    )
    return replace(use, **changes)  # the caller names fields of Delivering


def tell(store: Store, clock: Clock, *names: str, topics: Sequence[str] = ("workers",)) -> None:
    """Store and judge an entry a name, each of which opens a story."""
    for name in names:
        for revision in take_in(store, intake(name, served=entry(name, title=f"Workers {name}")), at=clock()):
            store.record_judged(matched(revision, opened(), topics=topics, text=f"Some 2,000 people {name}"))


def say_nothing(store: Store, clock: Clock, *names: str) -> None:
    """Store and judge entries that match nothing."""
    for name in names:
        for revision in take_in(store, intake(name), at=clock()):
            store.record_judged(unmatched(revision))


def states(store: Store) -> dict[str, str]:
    """Give the status of the newest deliveries by recipient."""
    return {row.delivery.recipient: row.status for row in reversed(store.deliveries())}


def row(store: Store, recipient: str = "a@example.org") -> DeliveryRow:
    return next(found for found in store.deliveries() if found.delivery.recipient == recipient)


def headlines(store: Store, subscription: str = "morning") -> list[list[str]]:
    """Give the headlines of every digest of a subscription, oldest digest first."""
    return [[item.headline for item in digest.items] for _, digest in reversed(store.digests(subscription))]

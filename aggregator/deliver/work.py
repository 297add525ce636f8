"""What delivering works with, and how an attempt ended."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from aggregator.core.receipt_book import MemoryBook
from aggregator.models import SubscriptionSpec, TopicSpec
from aggregator.ports import Channel, ReceiptBook, Store
from aggregator.records import Address, ClaimedDelivery

LEASE = timedelta(minutes=10)
"""Longer than any channel's own time-outs add up to, and as long again for what waits its turn."""
MOST_ON_THE_WAY = 8
"""Messages that are on their way at once; as many may be taken by their receivers and unknown to the ledger when a process is killed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivering:
    """Hold what delivering works with.

    `addresses` resolves a subscription's recipients; no address means that nobody is configured yet, and its window stays open.
    `label` gives a concept's name in a language. `session` is entered while messages go out, for channels that keep a connection;
    `parallel` messages are on their way at once. `operator` is told of alarms.
    `unset` names the variables that a subscription needs and that hold nothing. A receipt that the ledger cannot take is offered again for
    `receipt_patience`, which ends before the lease of what was sent with a claim that was still fresh; it stands in the `book` until then,
    and nothing more is sent.
    """

    store: Store
    channels: Mapping[str, Channel]
    subscriptions: Mapping[str, SubscriptionSpec]
    topics: Sequence[TopicSpec]
    addresses: Callable[[SubscriptionSpec], Sequence[Address]]
    label: Callable[[str, str], str]
    clock: Callable[[], datetime]
    parallel: int = MOST_ON_THE_WAY
    operator: Sequence[Address] = ()
    session: Callable[[], AbstractAsyncContextManager[None]] = nullcontext
    unset: Callable[[SubscriptionSpec], Sequence[str]] = lambda subscription: ()
    receipt_patience: timedelta = LEASE * 0.4
    book: ReceiptBook = field(default_factory=MemoryBook)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """Tell how one attempt ended: `error` is None when the receiver took the message."""

    claimed: ClaimedDelivery
    error: str | None = None
    retry_at: datetime | None = None

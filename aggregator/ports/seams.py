"""What the use cases ask of network, reader processes and channels."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol

from aggregator.models import (
    Delivery,
    Digest,
    FeedSpec,
    FetchOutcome,
    FetchRequest,
    ParsedFeed,
    PostOutcome,
    Receipt,
)
from aggregator.records import ClaimedDelivery, NotedReceipt


class Fetcher(Protocol):
    """Get one URL from the network, guarded and bounded; expected failures come back as values, never as exceptions."""

    async def fetch(self, request: FetchRequest) -> FetchOutcome: ...


class Gate(Protocol):
    """Let the processes of an installation take turns at a host; a turn ends with the process that holds it."""

    async def enter(self, host: str) -> None:
        """Wait for the host's turn, and take it."""
        ...

    def leave(self, host: str, pause: float) -> None:
        """Give the turn back; the next may take it after so many seconds."""
        ...

    async def holds(self, host: str) -> bool:
        """Tell whether a turn that was taken is still held."""
        ...


class Poster(Protocol):
    """Post one body to one URL, guarded and bounded; never follows a redirect, never tries twice."""

    async def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> PostOutcome: ...


class FeedReader(Protocol):
    """Read a feed's bytes by its kind within a deadline; never raises for what the bytes hold."""

    async def read(
        self, feed: FeedSpec, url: str, headers: Mapping[str, str], body: bytes, now: datetime, known: bytes = b""
    ) -> ParsedFeed:
        """Read a document; items whose hashes are in `known`, as an earlier reading gave them, are left out and counted."""
        ...


class ReceiptBook(Protocol):
    """Know what this process has on its way, and note what receivers took until the ledger has it.

    What is noted outlives the process that noted it, where the book is kept in a file. `trouble` says why the ledger takes no
    receipts; None where it does. `unused` are claims that the ledger could not take back.
    """

    trouble: str | None
    unused: list[ClaimedDelivery]

    @property
    def under_way(self) -> frozenset[int]:
        """Give the deliveries that are on their way, or taken and not yet in the ledger."""
        ...

    def ready(self) -> None:
        """Make room for receipts; raises `StoreError` where there is none, and then nothing may be sent."""
        ...

    def begin(self, claimed: ClaimedDelivery) -> None:
        """Reserve the room for a receipt."""
        ...

    def note(self, claimed: ClaimedDelivery, receipt: Receipt, now: datetime) -> None:
        """Note that a receiver took a message; neither waits nor fails."""
        ...

    def end(self, delivery_id: int) -> None:
        """Forget a delivery: its receipt is in the ledger, or there is none."""
        ...

    def noted(self) -> Sequence[NotedReceipt]:
        """Give what is noted and not yet in the ledger."""
        ...


class Message(Protocol):
    """Hold what a channel is about to send: a preview of it by file suffix (".eml", ".html", ".txt", ".json")."""

    @property
    def parts(self) -> Mapping[str, bytes]: ...


class Channel(Protocol):
    """Turn a digest into one message for one recipient, and hand it over.

    `render` is pure: the same digest and delivery give the same bytes. `send` raises `DeliveryError`.
    """

    def render(self, digest: Digest, delivery: Delivery) -> Message: ...

    async def send(self, delivery: Delivery, message: Message) -> Receipt: ...

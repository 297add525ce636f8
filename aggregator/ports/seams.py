"""What the use cases ask of network, reader processes and channels."""

from collections.abc import Mapping
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

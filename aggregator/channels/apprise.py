"""Apprise: a digest as text to any of the hundred services that the Apprise library knows.

The recipient's variable holds an Apprise address (``tgram://token/chat``), which is a secret. The library speaks to the services itself,
by its own HTTP: our guard does not stand before it, so only addresses that the operator wrote are used, and never one from a feed. It
says no more than whether a message was taken; a refusal is therefore tried again by date until it is a dead letter. There is no key to
tell a repetition by: after a time-out the message may arrive again.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from aggregator.channels.letter import write
from aggregator.channels.page import lay_out
from aggregator.channels.recipients import PREFIX, resolved
from aggregator.channels.wording import clean, subject
from aggregator.core.excerpts import cut
from aggregator.errors import DeliveryError
from aggregator.models import Delivery, Digest, Receipt
from aggregator.ports import Message

LONGEST_TEXT = 30_000
"""Characters; the library divides what is too long for its service."""


@dataclass(frozen=True, slots=True)
class AppriseMessage:
    """Hold a rendered text, its title in the first line."""

    parts: Mapping[str, bytes] = field(repr=False)


@dataclass(frozen=True, slots=True)
class AppriseChannel:
    """Notify through Apprise; `secret` looks the address up by name."""

    secret: Callable[[str], str | None]
    public_url: str | None = None

    def render(self, digest: Digest, delivery: Delivery) -> AppriseMessage:
        """Render title and text."""
        text = write(lay_out(digest, self.public_url)).text
        return AppriseMessage({".txt": f"{clean(subject(digest), 200)}\n\n{cut(text, LONGEST_TEXT)}".encode(errors="replace")})

    async def send(self, delivery: Delivery, message: Message) -> Receipt:
        """Notify once; the library works in a thread of its own."""
        name = clean(delivery.recipient.removeprefix(PREFIX), 60)
        if not delivery.recipient.startswith(PREFIX):
            raise DeliveryError("An Apprise recipient is a secret; write env:NAME and keep its address in NAME.", permanent=True)
        address = resolved(delivery.recipient, self.secret)
        if not address:
            raise DeliveryError(f"{name} is not set; put the Apprise address there and restart.")
        title, _, text = message.parts[".txt"].decode().partition("\n\n")
        if not await asyncio.to_thread(_notify, address, title, text, name):
            raise DeliveryError(f"The service behind {name} did not take the message; check its address and try it by hand.")
        return Receipt(detail="Apprise handed it over")


def _notify(address: str, title: str, text: str, name: str) -> bool:
    """Hand one message to the library; it is imported here, since only who uses it installs it."""
    try:
        import apprise
    except ImportError:
        raise DeliveryError("Apprise is not installed: pip install 'aggregator[apprise]', and restart.") from None
    logging.getLogger("apprise").setLevel(logging.CRITICAL)  # its lines name addresses
    service = apprise.Apprise()
    if not service.add(address):
        raise DeliveryError(f"{name} holds no address that Apprise understands.", permanent=True)
    return bool(service.notify(title=title, body=text, body_format=apprise.NotifyFormat.TEXT))

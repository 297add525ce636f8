"""Channels: a digest becomes one message for one recipient, and one of two things happens to it.

`render` is pure: the same digest and delivery give the same bytes, so a retry repeats what was sent before. `send` hands over
once and returns a receipt, or raises `DeliveryError`, which says whether trying again can help. A channel neither waits nor retries.
`wording` and `page` hold what all channels share; a new channel is a module with its class here, and a line in `CHANNELS`.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from aggregator.channels.apprise import AppriseChannel
from aggregator.channels.email import EmailChannel
from aggregator.channels.feed import FeedChannel
from aggregator.channels.file import FileChannel
from aggregator.channels.slack import SlackChannel
from aggregator.channels.webhook import WebhookChannel
from aggregator.ports import Channel

__all__ = ["CHANNELS", "AppriseChannel", "EmailChannel", "FeedChannel", "FileChannel", "SlackChannel", "WebhookChannel"]

CHANNELS: Final[Mapping[str, type[Channel]]] = MappingProxyType(
    {
        "apprise": AppriseChannel,
        "email": EmailChannel,
        "feed": FeedChannel,
        "file": FileChannel,
        "slack": SlackChannel,
        "webhook": WebhookChannel,
    }
)

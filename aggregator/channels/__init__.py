"""Channels: a digest becomes one message for one recipient, and one of two things happens to it.

`render` is pure: the same digest and delivery give the same bytes, so a retry repeats what was sent before. `send` hands over
once and returns a receipt, or raises `DeliveryError`, which says whether trying again can help. A channel neither waits nor retries.
`wording` and `page` hold what all channels share; a new channel is a module and a line in `_HOMES`.
A channel is loaded when it is first asked for: a poll needs their names only.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from aggregator.channels.apprise import AppriseChannel
    from aggregator.channels.email import EmailChannel
    from aggregator.channels.feed import FeedChannel
    from aggregator.channels.file import FileChannel
    from aggregator.channels.slack import SlackChannel
    from aggregator.channels.webhook import WebhookChannel

__all__ = ["CHANNELS", "AppriseChannel", "EmailChannel", "FeedChannel", "FileChannel", "SlackChannel", "WebhookChannel"]

CHANNELS = ("apprise", "email", "feed", "file", "slack", "webhook")
_HOMES = {f"{name.capitalize()}Channel": name for name in CHANNELS}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(name)
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)

"""The four seams of the house: fetcher, feed reader, store, channel.

Use cases know these protocols only; `aggregator.app` picks the concrete parts.
"""

from aggregator.ports.desk import DeskStore, ReaderStore
from aggregator.ports.seams import Channel, FeedReader, Fetcher, Gate, Message, Poster
from aggregator.ports.store import Store

__all__ = [
    "Channel",
    "DeskStore",
    "FeedReader",
    "Fetcher",
    "Gate",
    "Message",
    "Poster",
    "ReaderStore",
    "Store",
]

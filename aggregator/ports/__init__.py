"""The seams of the house: fetcher, feed reader, store, receipt book, channel.

Use cases know these protocols only; `aggregator.app` picks the concrete parts.
"""

from aggregator.ports.desk import DeskStore, ReaderStore
from aggregator.ports.seams import Channel, FeedReader, Fetcher, Gate, Message, Poster, ReceiptBook
from aggregator.ports.store import Store
from aggregator.ports.stories import Decisions

__all__ = [
    "Channel",
    "Decisions",
    "DeskStore",
    "FeedReader",
    "Fetcher",
    "Gate",
    "Message",
    "Poster",
    "ReaderStore",
    "ReceiptBook",
    "Store",
]

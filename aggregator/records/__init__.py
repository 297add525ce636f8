"""What crosses the store's door: frozen records that use cases and the store exchange.

No row, no connection and no SQL type passes that door; dates are aware UTC, JSON columns arrive as tuples of our own records.
"""

from aggregator.records.judged import Archived, Judged, LedgerLine, NearMiss, StoredRevision, Understood
from aggregator.records.paged import Look, PageVisit
from aggregator.records.polled import Alarm, FeedState, Habits, Intake, KnownEntry, Poll, PollRecord, Response
from aggregator.records.stories import (
    Bond,
    Move,
    Neighbourhood,
    Overlap,
    Placement,
    Row,
    Standing,
    StoryEvent,
    StoryRecord,
    StorySketch,
    Telling,
    Traits,
)
from aggregator.records.told import (
    Address,
    ClaimedDelivery,
    Closure,
    DeliveryRow,
    NotedReceipt,
    Outcome,
    Overview,
    StoryMaterial,
    SubscriptionState,
    ToldArticle,
    WindowCounts,
)

__all__ = [
    "Address",
    "Alarm",
    "Archived",
    "Bond",
    "ClaimedDelivery",
    "Closure",
    "DeliveryRow",
    "FeedState",
    "Habits",
    "Intake",
    "Judged",
    "KnownEntry",
    "LedgerLine",
    "Look",
    "Move",
    "NearMiss",
    "Neighbourhood",
    "NotedReceipt",
    "Outcome",
    "Overlap",
    "Overview",
    "PageVisit",
    "Placement",
    "Poll",
    "PollRecord",
    "Response",
    "Row",
    "Standing",
    "StoredRevision",
    "StoryEvent",
    "StoryMaterial",
    "StoryRecord",
    "StorySketch",
    "SubscriptionState",
    "Telling",
    "ToldArticle",
    "Traits",
    "Understood",
    "WindowCounts",
]

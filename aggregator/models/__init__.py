"""The words of the house: frozen records that rooms hand to each other.

Configured things end in `Spec`, stored things in `State` or stand as plain nouns, results are past participles.
Every `*_at` is an aware UTC datetime. Nothing here does IO or decides anything.
"""

from aggregator.models.configured import Configuration, FeedSpec, QuietHours, Schedule, SmtpServer, SubscriptionSpec, TopicSpec
from aggregator.models.fetched import (
    Enclosure,
    Entry,
    Failed,
    FailureKind,
    FeedHints,
    Fetched,
    FetchOutcome,
    FetchRequest,
    Imprint,
    NotModified,
    Page,
    ParsedFeed,
    Posted,
    PostOutcome,
    Removed,
)
from aggregator.models.judged import Article, Evidence, Fact, Judgement, Reason, Role
from aggregator.models.told import Coverage, Delivery, Digest, FeedHealth, Item, Notice, Outlet, Receipt

__all__ = [
    "Article",
    "Configuration",
    "Coverage",
    "Delivery",
    "Digest",
    "Enclosure",
    "Entry",
    "Evidence",
    "Fact",
    "Failed",
    "FailureKind",
    "FeedHealth",
    "FeedHints",
    "FeedSpec",
    "FetchOutcome",
    "FetchRequest",
    "Fetched",
    "Imprint",
    "Item",
    "Judgement",
    "NotModified",
    "Notice",
    "Outlet",
    "Page",
    "ParsedFeed",
    "PostOutcome",
    "Posted",
    "QuietHours",
    "Reason",
    "Receipt",
    "Removed",
    "Role",
    "Schedule",
    "SmtpServer",
    "SubscriptionSpec",
    "TopicSpec",
]

"""Digests: turn what a window brought into one message, and state what the window saw.

A window is half-open on the ingest sequence, so nothing falls between two digests. Each story is told once, under the first of
the subscription's topics that it matches (`items`). Stories come by topic, then score, then first sight. The books always balance
(`books`).
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from aggregator.core.books import Gathered, Window, balance
from aggregator.core.items import Reader, tell
from aggregator.core.timing import missed_times
from aggregator.models import Digest, Item, SubscriptionSpec, TopicSpec
from aggregator.records import StoryMaterial

__all__ = ["DAYS", "HELD_BACK", "Gathered", "Window", "compose"]

BELOW_SUBSCRIPTION = "below_subscription_threshold"
OTHER_LANGUAGE = "other_language"
OTHER_SOURCE = "other_source"
OTHER_QUERY = "other_query"
HELD_BACK = {
    OTHER_QUERY: "not both of the subscription's topics and its query",
    OTHER_SOURCE: "from none of the subscription's sources",
    BELOW_SUBSCRIPTION: "too weak for this subscription",
    OTHER_LANGUAGE: "in none of the subscription's languages",
}

CONTINUING = 12
DAYS = 14
LATE = timedelta(hours=1)
"""A digest later than this says so."""


def compose(
    subscription: SubscriptionSpec,
    topics: Sequence[TopicSpec],
    gathered: Gathered,
    labels: Callable[[str, str], str],
    now: datetime,
) -> Digest:
    """Compose the digest of a window for one subscription; `labels` gives a concept's label in a language.

    Raises `AggregatorError` where the window's counts do not balance.
    """
    names = {topic.id: topic.name for topic in topics}
    reader = Reader(subscription, {topic: names.get(topic, topic) for topic in subscription.topics or subscription.asked}, labels)
    alert = subscription.schedule.every == "immediate"
    late_since = _late_since(gathered.due_at, now)
    told, parted, held = _sorted_out(gathered.stories, reader)
    return Digest(
        subscription=subscription.id,
        name=subscription.name,
        kind="alert" if alert else "digest",
        after_seq=gathered.window.after_seq,
        through_seq=gathered.window.through_seq,
        since=gathered.window.since,
        decided_at=now,
        time_zone=subscription.schedule.time_zone.key,
        language=subscription.language,
        topic_names=reader.topic_names,
        items=tuple(sorted(told, key=lambda item: _place(item, subscription))),
        coverage=balance(gathered, len(told) - parted, parted, held),
        continuing=() if alert else _continuing(gathered.continuing, reader),
        due_at=late_since,
        missed=missed_times(subscription.schedule, late_since, now) if late_since else 0,
        days=() if alert else _days(gathered.opened, now.astimezone(subscription.schedule.time_zone)),
    )


def _sorted_out(stories: Sequence[StoryMaterial], reader: Reader) -> tuple[list[Item], int, dict[str, list[StoryMaterial]]]:
    """Part what is told from what is held back, by the reason; the number is of the told stories that were parted from others."""
    told: list[Item] = []
    parted = 0
    held: dict[str, list[StoryMaterial]] = {}
    for story in stories:
        item = tell(story, reader)
        reason = _held_back(story, item, reader.subscription)
        if reason:
            held.setdefault(reason, []).append(story)
        else:
            told.append(item)
            parted += story.parted
    return told, parted, held


def _late_since(due_at: datetime | None, now: datetime) -> datetime | None:
    return due_at if due_at and now - due_at > LATE else None


def _continuing(stories: Sequence[StoryMaterial], reader: Reader) -> tuple[Item, ...]:
    """Tell which stories others took up, the most reported first, without what was told of them before."""
    items = [(story, tell(story, reader)) for story in stories]
    wanted = [item for story, item in items if not _held_back(story, item, reader.subscription)]
    brief = [replace(item, kind="continues", excerpt="", excerpt_marks=(), changes=(), facts=(), why=()) for item in wanted]
    return tuple(sorted(brief, key=lambda item: (-len(item.outlets), -item.score, item.story_id))[:CONTINUING])


def _days(opened: Sequence[datetime], today: datetime) -> tuple[int, ...]:
    """Count stories by the day they were opened on in the reader's zone, over the last `DAYS` days."""
    ages = Counter((today.date() - moment.astimezone(today.tzinfo).date()).days for moment in opened)
    return tuple(ages[age] for age in range(DAYS - 1, -1, -1))


def _held_back(story: StoryMaterial, item: Item, subscription: SubscriptionSpec) -> str | None:
    """Say why a subscription does not want a story, or None."""
    if subscription.query and not item.why:
        return OTHER_QUERY
    if item.score < subscription.threshold:
        return BELOW_SUBSCRIPTION
    if subscription.sources and not {article.telling.feed_id for article in story.articles} & set(subscription.sources):
        return OTHER_SOURCE
    spoken = {article.telling.language.split("-")[0] for article in story.articles}
    wanted = {language.split("-")[0] for language in subscription.languages}
    return OTHER_LANGUAGE if wanted and not wanted & spoken else None


def _place(item: Item, subscription: SubscriptionSpec) -> tuple[int, float, float, int]:
    first_seen = item.first_seen_at.timestamp() if item.first_seen_at else 0.0
    return subscription.asked.index(item.topics[0]), -item.score, first_seen, item.story_id

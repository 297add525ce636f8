"""Books: what a window saw, in numbers that add up: seen = unmatched + matched, matched = folded + told."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from aggregator.errors import AggregatorError
from aggregator.models import Coverage, FeedHealth
from aggregator.records import StoryMaterial, WindowCounts


@dataclass(frozen=True, slots=True)
class Window:
    """Name the stretch (`after_seq`, `through_seq`] of the ingest sequence; `since` is the date of the digest before."""

    after_seq: int
    through_seq: int
    since: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Gathered:
    """Hold what the store knows of a window; `stories` have news for the subscription, `counts` are of its topics.

    `continuing` were told before and are reported by further articles; `opened` are the dates of the last days' stories.
    """

    window: Window
    stories: Sequence[StoryMaterial]
    counts: WindowCounts
    feeds: Sequence[FeedHealth]
    continuing: Sequence[StoryMaterial] = ()
    opened: Sequence[datetime] = ()
    due_at: datetime | None = None


def balance(gathered: Gathered, told: int, parted: int, held: Mapping[str, Sequence[StoryMaterial]]) -> Coverage:
    """Balance the books: stories held back count as unmatched for this subscription, and every other match is told or folded.

    `parted` stories are told as well; their revisions were counted as folded when they came.
    """
    reasons = dict(gathered.counts.unmatched_by_reason)
    matched = gathered.counts.matched
    for reason, stories in held.items():
        revisions = min(sum(_revisions(story, gathered.window) for story in stories), matched - told)
        reasons[reason] = reasons.get(reason, 0) + revisions
        matched -= revisions
    unmatched = sum(reasons.values())
    if gathered.counts.seen != unmatched + matched or told > matched or min(reasons.values(), default=0) < 0:
        raise AggregatorError(_imbalance(gathered, told))
    return Coverage(
        seen=gathered.counts.seen,
        unmatched=unmatched,
        matched=matched,
        folded=matched - told,
        told=told,
        unmatched_by_reason=reasons,
        feeds=tuple(gathered.feeds),
        parted=parted,
    )


def _imbalance(gathered: Gathered, told: int) -> str:
    window, counts = gathered.window, gathered.counts
    return (
        f"The books of the window {window.after_seq} to {window.through_seq} do not balance: {counts.seen} seen, "
        f"{sum(counts.unmatched_by_reason.values())} unmatched, {counts.matched} matched, {told} stories to tell. "
        "Nothing was sent; this is a mistake of the program: please report it with these numbers."
    )


def _revisions(story: StoryMaterial, window: Window) -> int:
    return sum(window.after_seq < article.telling.seq <= window.through_seq for article in story.articles)

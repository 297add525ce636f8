"""The coverage statement: what was watched, in words and in numbers that add up."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from aggregator.channels.phrases import say, say_count
from aggregator.channels.wording import clean, date_and_time, reason_words
from aggregator.models import Coverage, Digest, FeedHealth

FAILING_FEEDS = 20
REASONS = 12
STATUSES = {
    "ok": "ok",
    "late": "late",
    "silent": "silent",
    "failing": "failing",
    "never": "not polled yet",
    "retired": "gone for good",
    "disabled": "switched off",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """Hold one feed that does not deliver, and why."""

    name: str
    error: str
    since: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """Hold the coverage statement in words and numbers."""

    feeds: str
    troubles: tuple[Trouble, ...]
    troubles_more: int
    seen: int
    unmatched: int
    matched: int
    folded: int
    told: int
    reasons: tuple[tuple[str, int], ...]
    gap: str = ""
    parted: int = 0


def sums_of(statement: Statement, language: str) -> tuple[str, str]:
    """Write the two sums of the books; stories whose revisions an earlier window counted are named behind the second."""
    names = ("seen", "unmatched", "matched", "folded", "told", "parted")
    numbers = {name: f"{getattr(statement, name):,}" for name in names}
    seen = say(language, "{seen} seen = {unmatched} unmatched + {matched} matched", **numbers)
    matched = say(language, "{matched} matched = {folded} folded into stories + {told} told here", **numbers)
    parted = "; " + say(language, "told here as well, part of another story until now: {parted}", **numbers)
    return seen, matched + (parted if statement.parted else "")


def statement_of(coverage: Coverage, digest: Digest) -> Statement:
    """State what a digest's window saw, in the digest's language."""
    failing = [feed for feed in coverage.feeds if feed.status == "failing"]
    reasons = sorted(coverage.unmatched_by_reason.items(), key=lambda pair: (-pair[1], pair[0]))
    named = [(reason_words(code, digest.language), count) for code, count in reasons if count]
    return Statement(
        feeds=_feeds_line(coverage.feeds, digest.language),
        troubles=tuple(_trouble(feed, digest) for feed in failing[:FAILING_FEEDS]),
        troubles_more=max(len(failing) - FAILING_FEEDS, 0),
        seen=coverage.seen,
        unmatched=coverage.unmatched,
        matched=coverage.matched,
        folded=coverage.folded,
        told=coverage.told,
        parted=coverage.parted,
        reasons=_reasons(named, say(digest.language, "other reasons")),
        gap=_gap(failing, digest),
    )


def _gap(failing: Sequence[FeedHealth], digest: Digest) -> str:
    """Name the feed that has been without an answer for longest."""
    oldest = min(failing, key=lambda feed: (feed.last_success_at is not None, feed.last_success_at), default=None)
    if oldest is None or len(failing) < 2:
        return ""
    trouble = _trouble(oldest, digest)
    return say(digest.language, "Oldest gap: {name}, {since}.", name=trouble.name, since=trouble.since)


def _reasons(reasons: list[tuple[str, int]], others: str) -> tuple[tuple[str, int], ...]:
    """Keep the most frequent reasons; the rest go into one line, so that the numbers still add up."""
    rest = sum(count for _, count in reasons[REASONS:])
    return tuple(reasons[:REASONS] + ([(others, rest)] if rest else []))


def _feeds_line(feeds: Sequence[FeedHealth], language: str) -> str:
    counts = {status: sum(feed.status == status for feed in feeds) for status in STATUSES}
    shown = [(STATUSES[status], count) for status, count in counts.items() if count or status in ("ok", "failing")]
    parts = [say(language, f"{{count}} {word}", count=f"{count:,}") for word, count in shown]
    return f"{say_count(language, len(feeds), 'feed')}: {', '.join(parts)}"


def _trouble(feed: FeedHealth, digest: Digest) -> Trouble:
    last: datetime | None = feed.last_success_at
    when = date_and_time(last, digest.time_zone, digest.language) if last else ""
    since = say(digest.language, "last read {when}", when=when) if last else say(digest.language, "never read yet")
    return Trouble(
        name=clean(feed.name, 80) or clean(feed.feed_id, 80),
        error=clean(feed.error or say(digest.language, "no reason recorded"), 240),
        since=since,
    )

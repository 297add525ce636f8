"""Digests: turn what a window brought into one message, and state what the window saw.

A window is half-open on the ingest sequence, so nothing falls between two digests. Each story is told once, under the first of
the subscription's topics that it matches. Its headline is the best witness's: an origin or independent report before an echo,
in the reader's language where there is one. Stories come by topic, then score, then first sight. The books always balance:
seen = unmatched + matched, matched = folded + told.
"""

import unicodedata
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from aggregator.core.excerpts import Excerpt, Mark, cut, excerpt
from aggregator.core.measures import in_words
from aggregator.core.timing import missed_times
from aggregator.errors import AggregatorError
from aggregator.models import Coverage, Digest, Evidence, Fact, FeedHealth, Item, Judgement, Outlet, Role, SubscriptionSpec, TopicSpec
from aggregator.records import StoryMaterial, ToldArticle, WindowCounts

BELOW_SUBSCRIPTION = "below_subscription_threshold"
OTHER_LANGUAGE = "other_language"
OTHER_SOURCE = "other_source"
HELD_BACK = {
    OTHER_SOURCE: "from none of the subscription's sources",
    BELOW_SUBSCRIPTION: "too weak for this subscription",
    OTHER_LANGUAGE: "in none of the subscription's languages",
}

FIGURES = 3
CONTINUING = 12
DAYS = 14
LATE = timedelta(hours=1)
"""A digest later than this says so."""
CONCEPTS = 4
QUOTES = 2
QUOTE_LENGTH = 40
_STRENGTHS = {"strong": 3, "weak": 2, "anchor": 1}
_WITNESSES = {Role.ORIGIN: 0, Role.INDEPENDENT: 0, Role.OFFICIAL: 1, Role.UNKNOWN: 1, Role.ECHO: 2, Role.COPY: 3}


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


@dataclass(frozen=True, slots=True)
class _Reader:
    """Hold who reads: the subscription, its topics' names, and the labels of concepts."""

    subscription: SubscriptionSpec
    topic_names: Mapping[str, str]
    labels: Callable[[str, str], str]

    def matches(self, article: ToldArticle) -> dict[str, Judgement]:
        """Give the article's matches with the subscription's topics, in the order of the subscription."""
        matched = {judgement.topic: judgement for judgement in article.judgements if judgement.matched}
        return {topic: matched[topic] for topic in self.subscription.topics if topic in matched}


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
    reader = _Reader(subscription, {topic: names.get(topic, topic) for topic in subscription.topics}, labels)
    alert = subscription.schedule.every == "immediate"
    late_since = _late_since(gathered.due_at, now)
    told: list[Item] = []
    held: dict[str, list[StoryMaterial]] = {}
    for story in gathered.stories:
        item = _item(story, reader)
        reason = _held_back(story, item, subscription)
        if reason:
            held.setdefault(reason, []).append(story)
        else:
            told.append(item)
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
        coverage=_coverage(gathered, len(told), held),
        continuing=() if alert else _continuing(gathered.continuing, reader),
        due_at=late_since,
        missed=missed_times(subscription.schedule, late_since, now) if late_since else 0,
        days=() if alert else _days(gathered.opened, now.astimezone(subscription.schedule.time_zone)),
    )


def _late_since(due_at: datetime | None, now: datetime) -> datetime | None:
    return due_at if due_at and now - due_at > LATE else None


def _continuing(stories: Sequence[StoryMaterial], reader: _Reader) -> tuple[Item, ...]:
    """Tell which stories others took up, the most reported first, without what was told of them before."""
    items = [(story, _item(story, reader)) for story in stories]
    wanted = [item for story, item in items if not _held_back(story, item, reader.subscription)]
    brief = [replace(item, kind="continues", excerpt="", excerpt_marks=(), changes=(), facts=(), why=()) for item in wanted]
    return tuple(sorted(brief, key=lambda item: (-len(item.outlets), -item.score, item.story_id))[:CONTINUING])


def _days(opened: Sequence[datetime], today: datetime) -> tuple[int, ...]:
    """Count stories by the day they were opened on in the reader's zone, over the last `DAYS` days."""
    ages = Counter((today.date() - moment.astimezone(today.tzinfo).date()).days for moment in opened)
    return tuple(ages[age] for age in range(DAYS - 1, -1, -1))


# --- the books --------------------------------------------------------------------------------------------------


def _coverage(gathered: Gathered, told: int, held: Mapping[str, Sequence[StoryMaterial]]) -> Coverage:
    """Balance the books: stories held back count as unmatched for this subscription, and every other match is told or folded."""
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


def _held_back(story: StoryMaterial, item: Item, subscription: SubscriptionSpec) -> str | None:
    """Say why a subscription does not want a story, or None."""
    if item.score < subscription.threshold:
        return BELOW_SUBSCRIPTION
    if subscription.sources and not {article.telling.feed_id for article in story.articles} & set(subscription.sources):
        return OTHER_SOURCE
    spoken = {article.telling.language.split("-")[0] for article in story.articles}
    wanted = {language.split("-")[0] for language in subscription.languages}
    return OTHER_LANGUAGE if wanted and not wanted & spoken else None


def _place(item: Item, subscription: SubscriptionSpec) -> tuple[int, float, float, int]:
    first_seen = item.first_seen_at.timestamp() if item.first_seen_at else 0.0
    return subscription.topics.index(item.topics[0]), -item.score, first_seen, item.story_id


# --- one story --------------------------------------------------------------------------------------------------


def _item(story: StoryMaterial, reader: _Reader) -> Item:
    """Tell one story in the words of its best witness."""
    lead = _lead(story, reader)
    best = _best_matches(story, lead, reader)
    shown = _excerpt(lead, reader.matches(lead))
    return Item(
        story_id=story.story_id,
        version=story.version,
        kind="new" if story.told_version is None else "update",
        topics=tuple(best) or reader.subscription.topics[:1],
        headline=" ".join(lead.telling.title.split()) or lead.url,
        url=lead.url,
        language=lead.telling.language,
        outlets=tuple(_outlets(story, lead)),
        why=tuple(_why(topic, judgement, reader) for topic, judgement in best.items()),
        score=max((match.score for article in story.articles for match in reader.matches(article).values()), default=0.0),
        excerpt=shown.text,
        excerpt_marks=shown.marks,
        changes=() if story.told_version is None else story.changes,
        facts=_figures(story, lead, reader.subscription.language),
        published_at=lead.published_at,
        first_seen_at=min(article.first_seen_at for article in story.articles),
    )


def _lead(story: StoryMaterial, reader: _Reader) -> ToldArticle:
    """Choose the article that speaks for the story."""

    def rank(article: ToldArticle) -> tuple[bool, int, bool, bool, bool, datetime, int]:
        telling, witness = article.telling, _WITNESSES[article.telling.role]
        foreign = telling.language.split("-")[0] != reader.subscription.language.split("-")[0]
        not_lead = telling.article_id != story.lead_article_id
        not_origin = telling.role is not Role.ORIGIN
        return not reader.matches(article), witness, foreign, not_lead, not_origin, telling.told_at, telling.article_id

    return min(story.articles, key=rank)


def _best_matches(story: StoryMaterial, lead: ToldArticle, reader: _Reader) -> dict[str, Judgement]:
    """Give for each matched topic the judgement to show: the lead's own where it has one, else the strongest."""
    others = sorted(story.articles, key=lambda article: article is not lead)
    best: dict[str, Judgement] = {}
    for topic in reader.subscription.topics:
        candidates = [matches[topic] for article in others if topic in (matches := reader.matches(article))]
        if candidates:
            best[topic] = candidates[0] if topic in reader.matches(lead) else max(candidates, key=lambda one: one.score)
    return best


def _outlets(story: StoryMaterial, lead: ToldArticle) -> Iterator[Outlet]:
    """Name every article of the story: the lead first, then by worth as a witness, then by time."""
    names = {article.telling.article_id: article.telling.outlet for article in story.articles}

    def rank(article: ToldArticle) -> tuple[bool, int, datetime, int]:
        telling = article.telling
        return article is not lead, _WITNESSES[telling.role], telling.told_at, telling.article_id

    for article in sorted(story.articles, key=rank):
        telling = article.telling
        yield Outlet(
            name=telling.outlet,
            role=telling.role,
            title=telling.title,
            url=article.url,
            language=telling.language,
            published_at=article.published_at,
            echo_of=names.get(telling.echo_of) if telling.echo_of is not None else None,
        )


def _figures(story: StoryMaterial, lead: ToldArticle, language: str) -> tuple[str, ...]:
    """Give up to three figures, the lead's own first, each once whatever language it is written in, and readable in the reader's."""
    ordered = sorted(story.articles, key=lambda article: (article is not lead, _WITNESSES[article.telling.role]))
    quotes: dict[str, str] = {}
    for article in ordered:
        for figure in article.figures:
            quotes.setdefault(figure.concept, _readable(figure, article.telling.language, language))
    return tuple(dict.fromkeys(quotes.values()))[:FIGURES]


def _readable(figure: Fact, written: str, language: str) -> str:
    """Quote a figure, with its meaning behind it where the reader's language is another."""
    meaning = in_words(figure, language) if written.split("-")[0] != language.split("-")[0] else None
    return f"{figure.quote} ({meaning})" if meaning and meaning != figure.quote else figure.quote


def _excerpt(lead: ToldArticle, matches: Mapping[str, Judgement]) -> Excerpt:
    """Show the lead's text around the words that counted; evidence of another text than this one marks nothing."""
    text = lead.telling.text
    marks = [
        Mark(evidence.start, evidence.end, _STRENGTHS.get(evidence.strength, 1))
        for judgement in matches.values()
        for evidence in judgement.evidence
        if evidence.field == "text" and _spelled(text[evidence.start : evidence.end]) == _spelled(evidence.quote)
    ]
    return excerpt(text, marks)


def _spelled(words: str) -> str:
    return " ".join(unicodedata.normalize("NFC", words).casefold().split())


# --- why it is told ---------------------------------------------------------------------------------------------


def _why(topic: str, judgement: Judgement, reader: _Reader) -> str:
    """Say in one line which concepts a topic found, strongest first, with the words that matched."""
    quotes: dict[str, list[str]] = {}
    for evidence in sorted(judgement.evidence, key=lambda one: -_STRENGTHS.get(one.strength, 0)):
        words = quotes.setdefault(evidence.concept, [])
        quote = _quote(evidence)
        if quote and quote.casefold() not in {word.casefold() for word in words}:
            words.append(quote)
    parts = [_named(concept, words, reader) for concept, words in list(quotes.items())[:CONCEPTS]]
    left = len(quotes) - len(parts)
    more = f" and {left} more" if left > 0 else ""
    return f"{reader.topic_names[topic]}: {', '.join(parts)}{more}" if parts else reader.topic_names[topic]


def _quote(evidence: Evidence) -> str:
    return cut(" ".join(evidence.quote.split()), QUOTE_LENGTH)


def _named(concept: str, words: Sequence[str], reader: _Reader) -> str:
    label = reader.labels(concept, reader.subscription.language) or concept.rsplit("/", 1)[-1].replace("_", " ")
    quoted = ", ".join(f"“{word}”" for word in words[:QUOTES])
    return f"{label} ({quoted})" if quoted else label

"""Items: one story of a digest, told in the words of its best witness, with figures and reasons a reader can follow.

The best witness is an origin or independent report before an echo, in the reader's language where there is one. What feeds wrote keeps
its language; concepts, figures and changes are told in the reader's.
"""

import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from aggregator.core.changes import change_words
from aggregator.core.excerpts import Excerpt, Mark, cut, excerpt
from aggregator.core.measures import in_words
from aggregator.models import Evidence, Fact, Item, Judgement, Outlet, Role, SubscriptionSpec
from aggregator.records import StoryMaterial, ToldArticle

FIGURES = 3
CONCEPTS = 4
QUOTES = 2
QUOTE_LENGTH = 40
_STRENGTHS = {"strong": 3, "weak": 2, "anchor": 1}
_WITNESSES = {Role.ORIGIN: 0, Role.INDEPENDENT: 0, Role.OFFICIAL: 1, Role.UNKNOWN: 1, Role.ECHO: 2, Role.COPY: 3}
_MORE = {"ko": " 외 {}건", "zh": "等，另{}项", "ja": "ほか{}件", "ru": " и ещё {}"}


@dataclass(frozen=True, slots=True)
class Reader:
    """Hold who reads: the subscription, its topics' names, and the labels of concepts."""

    subscription: SubscriptionSpec
    topic_names: Mapping[str, str]
    labels: Callable[[str, str], str]

    @property
    def language(self) -> str:
        """Give the reader's language without its region."""
        return self.subscription.language.split("-")[0]

    def matches(self, article: ToldArticle) -> dict[str, Judgement]:
        """Give the article's matches with the subscription's topics, in the order of the subscription; none where its query fails."""
        matched = {judgement.topic: judgement for judgement in article.judgements if judgement.matched}
        own = self.subscription.own_topic
        if own and own.id not in matched:
            return {}
        return {topic: matched[topic] for topic in self.shown if topic in matched}

    @property
    def shown(self) -> Sequence[str]:
        """Give the topics under which stories are told: the query's own only where there is no other."""
        return self.subscription.topics or self.subscription.asked


def tell(story: StoryMaterial, reader: Reader) -> Item:
    """Tell one story in the words of its best witness."""
    lead = _lead(story, reader)
    best = _best_matches(story, lead, reader)
    shown = _excerpt(lead, reader.matches(lead))
    return Item(
        story_id=story.story_id,
        version=story.version,
        kind="new" if story.told_version is None else "update",
        topics=tuple(best) or tuple(reader.shown[:1]),
        headline=" ".join(lead.telling.title.split()) or lead.url,
        url=lead.url,
        language=lead.telling.language,
        outlets=tuple(_outlets(story, lead)),
        why=tuple(_why(topic, judgement, reader) for topic, judgement in best.items()),
        score=max((match.score for article in story.articles for match in reader.matches(article).values()), default=0.0),
        excerpt=shown.text,
        excerpt_marks=shown.marks,
        changes=_changes(story, reader),
        facts=_figures(story, lead, reader.subscription.language),
        published_at=lead.published_at,
        first_seen_at=min(article.first_seen_at for article in story.articles),
        article_id=lead.telling.article_id,
    )


def _changes(story: StoryMaterial, reader: Reader) -> tuple[str, ...]:
    """Tell what changed since the story was told; who reads of it for the first time is told no change."""
    if story.told_version is None:
        return ()
    return tuple(change_words(change, reader.language, reader.labels) for change in story.changes)


def _lead(story: StoryMaterial, reader: Reader) -> ToldArticle:
    """Choose the article that speaks for the story."""

    def rank(article: ToldArticle) -> tuple[bool, int, bool, bool, bool, datetime, int]:
        telling, witness = article.telling, _WITNESSES[article.telling.role]
        foreign = telling.language.split("-")[0] != reader.subscription.language.split("-")[0]
        not_lead = telling.article_id != story.lead_article_id
        not_origin = telling.role is not Role.ORIGIN
        return not reader.matches(article), witness, foreign, not_lead, not_origin, telling.told_at, telling.article_id

    return min(story.articles, key=rank)


def _best_matches(story: StoryMaterial, lead: ToldArticle, reader: Reader) -> dict[str, Judgement]:
    """Give for each matched topic the judgement to show: the lead's own where it has one, else the strongest."""
    others = sorted(story.articles, key=lambda article: article is not lead)
    best: dict[str, Judgement] = {}
    for topic in reader.shown:
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
            article_id=telling.article_id,
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


def _why(topic: str, judgement: Judgement, reader: Reader) -> str:
    """Say in one line which concepts a topic found, strongest first, with the words that matched."""
    quotes: dict[str, list[str]] = {}
    for evidence in sorted(judgement.evidence, key=lambda one: -_STRENGTHS.get(one.strength, 0)):
        words = quotes.setdefault(evidence.concept, [])
        quote = _quote(evidence)
        if quote and quote.casefold() not in {word.casefold() for word in words}:
            words.append(quote)
    parts = [_named(concept, words, reader) for concept, words in list(quotes.items())[:CONCEPTS]]
    left = len(quotes) - len(parts)
    more = _MORE.get(reader.language, " and {} more").format(left) if left > 0 else ""
    return f"{reader.topic_names[topic]}: {', '.join(parts)}{more}" if parts else reader.topic_names[topic]


def _quote(evidence: Evidence) -> str:
    return cut(" ".join(evidence.quote.split()), QUOTE_LENGTH)


def _named(concept: str, words: Sequence[str], reader: Reader) -> str:
    label = reader.labels(concept, reader.subscription.language) or concept.rsplit("/", 1)[-1].replace("_", " ")
    quoted = ", ".join(f"“{word}”" for word in words[:QUOTES])
    return f"{label} ({quoted})" if quoted else label

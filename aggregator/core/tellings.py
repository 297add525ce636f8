"""Tellings: a judged article as the story step compares it."""

from aggregator.records import Judged, Telling


def telling_of(judged: Judged) -> Telling:
    """Give what a judged article tells; it stands in no story yet."""
    revision, article = judged.revision, judged.article
    return Telling(
        article_id=revision.article_id,
        seq=revision.seq,
        feed_id=revision.feed_id,
        outlet=article.outlet or article.feed.publisher,
        family=article.feed.family,
        language=article.language or article.feed.language,
        title=article.title,
        text=article.text,
        text_hash=judged.text_hash,
        told_at=article.published_at or revision.observed_at,
        concepts=judged.concepts,
        topics=tuple(judgement.topic for judgement in judged.judgements if judgement.matched),
        traits=judged.traits,
    )

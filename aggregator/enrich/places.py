"""Find the places of the story: names of the gazetteer, once per concept in title and text.

A dateline's city is none, nor the place in the name of a company or a school. A name that is an everyday word too counts only in a
sentence that also holds a country, a country's adjective or another place that is no such word.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace

from aggregator.enrich.dateline import datelines, in_dateline
from aggregator.enrich.folding import sentence_span
from aggregator.enrich.gazetteer import ANCHOR, load_gazetteer
from aggregator.enrich.names import Mention
from aggregator.models import Article, Fact


async def find_places(article: Article) -> Article:
    """Add the places that title and text name."""
    fields = (("title", article.title), ("text", article.text))
    found = [fact for field, text in fields for fact in _in_field(field, text, article)]
    return replace(article, facts=(*article.facts, *found))


def first_of_each(kind: str, field: str, text: str, mentions: Iterable[Mention]) -> Iterator[Fact]:
    """Make one fact of each concept, from the place where it is named first."""
    seen: set[str] = set()
    for mention in mentions:
        if mention.concept not in seen:
            seen.add(mention.concept)
            yield Fact(
                kind=kind,
                concept=mention.concept,
                field=field,
                start=mention.start,
                end=mention.end,
                quote=text[mention.start : mention.end],
            )


def _in_field(field: str, text: str, article: Article) -> Iterator[Fact]:
    houses = ((fact.start, fact.end) for fact in article.facts if fact.field == field and fact.concept.startswith("house/"))
    filed = (*(datelines(text) if field == "text" else ()), *houses)
    mentions = [
        mention
        for mention in load_gazetteer().find(text)
        if mention.concept.startswith(("place/", ANCHOR)) and not in_dateline(filed, mention.start)
    ]
    anchored = {sentence_span(text, mention.start) for mention in mentions if not mention.ambiguous}
    places = (
        mention
        for mention in mentions
        if mention.concept.startswith("place/") and (not mention.ambiguous or sentence_span(text, mention.start) in anchored)
    )
    return first_of_each("place", field, text, places)

"""Find the places of the story: names of the gazetteer, once per concept in title and text.

A dateline's city is none, nor the place in the name of a company or a school, nor where an
analyst sits ("a Washington-based analyst"). A name that is an everyday word too counts only in a
sentence that also holds a country, a country's adjective or another place that is no such word, or where Russian
writes it with a capital.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace

from aggregator.enrich.dateline import datelines, in_dateline
from aggregator.enrich.folding import sentence_span
from aggregator.enrich.gazetteer import ANCHOR, load_gazetteer
from aggregator.enrich.names import Mention
from aggregator.models import Article, Fact

_ONLY_BASED = re.compile(
    r"-based (?:[a-z-]+ ){0,3}?(?:analysts?|experts?|think[ -]tanks?|researchers?|observers?|outlets?|websites?|news"
    r"|monitors?|groups?|ngos?|organi[sz]ations?"
    r"|activists?|lawyers?|daily|newspapers?)\b|-based (?=[A-Z])"
)
_CYRILLIC_CAPITAL = re.compile(r"[А-ЯЁ]")
_INSIDE = re.compile(r"[а-яё,] ")
_MADE_IN = re.compile(r"[Mm]ade [Ii]n $")


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
        if mention.concept.startswith(("place/", ANCHOR)) and not in_dateline(filed, mention.start) and not _of_others(text, mention)
    ]
    anchored = {sentence_span(text, mention.start) for mention in mentions if not mention.ambiguous}
    places = (
        mention
        for mention in mentions
        if mention.concept.startswith("place/")
        and (not mention.ambiguous or sentence_span(text, mention.start) in anchored or _capital(text, mention.start))
    )
    return first_of_each("place", field, text, places)


def _capital(text: str, start: int) -> bool:
    """Tell whether a Russian name stands with a capital inside its sentence, where the everyday word has none: в Находке."""
    return bool(_CYRILLIC_CAPITAL.match(text, start) and _INSIDE.match(text, max(0, start - 2)))


def _of_others(text: str, mention: Mention) -> bool:
    """Tell whether a place only tells where an observer sits, or where goods say they come from."""
    if _ONLY_BASED.match(text, mention.end):
        return True
    return bool(_MADE_IN.search(text, max(0, mention.start - 8), mention.start))

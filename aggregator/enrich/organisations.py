"""Find the organisations and spokespersons of the subject, once per concept in title and text.

A name that means other things too ("Office 39", "RGB") counts only in an article that names North Korea, and an office with a
floor behind it is an address. Bodies that no list knows are told by how their names are made. Where a whole article names the ministry
that speaks for a state, "the authorities" and "the government" are told no more: they are the same, less exactly.
"""

import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from aggregator.enrich.attribution import SCHOOL
from aggregator.enrich.bodies import bodies
from aggregator.enrich.gazetteer import load_gazetteer
from aggregator.enrich.names import Mention
from aggregator.enrich.places import first_of_each
from aggregator.models import Article, Fact

_NORTH = frozenset(("place/north-korea", "anchor/north-korea", "place/pyongyang"))
_NAMED = ("organisation/", "actor/", "outlet/", "person/")
_ADDRESS = re.compile(r",? (?:[0-9]{1,2}(?:st|nd|rd|th)|[a-z]{3,8}) floor\b|, [0-9]+ [A-Z]")
_SPEAKS = re.compile(r"[Mm]inistry|외교부|외무성|외무부|外交部|外務省|外务省|МИД|[Мм]инистерств")
_STATE = re.compile(
    r"(?:authorities|government|regime|당국|정부|정권|当局|當局|政府|政权|政権|[Вв]ласт[а-я]+|[Пп]равительств[а-я]+)(?: [А-Я][а-я]+)?$"
)
_WHOLE = 1_000


async def find_organisations(article: Article) -> Article:
    """Add the organisations and persons that title and text name."""
    return replace(article, facts=(*article.facts, *_found(article)))


def _found(article: Article) -> Iterator[Fact]:
    gazetteer = load_gazetteer()
    fields = (("title", article.title), ("text", article.text))
    anchored = article.feed.assume_country or any(mention.concept in _NORTH for _, text in fields for mention in gazetteer.find(text))
    for field, text in fields:
        known = [
            mention
            for mention in gazetteer.find(text)
            if mention.concept.startswith(_NAMED) and (not mention.ambiguous or (anchored and not _ADDRESS.match(text, mention.end)))
        ]
        for kind in ("organisation", "person"):
            yield from first_of_each(kind, field, text, (mention for mention in known if mention.concept.startswith(f"{kind}/")))
        actors = [mention for mention in known if mention.concept.startswith("actor/")]
        told = sorted((*actors, *_bodies(text, article, known)), key=lambda mention: mention.start)
        yield from _exact(text, tuple(first_of_each("actor", field, text, told)), known)


def _bodies(text: str, article: Article, known: Iterable[Mention]) -> Iterator[Mention]:
    taken = [
        (mention.start, mention.end)
        for mention in known
        if not mention.concept.startswith("person/") and not (mention.concept.startswith("outlet/") and SCHOOL.match(text, mention.end))
    ]
    for body in bodies(text, article.language or article.feed.language, load_gazetteer().find(text)):
        before = bisect_left(taken, (body.end,))  # names never overlap: only the last that starts before its end may share words
        if not before or taken[before - 1][1] <= body.start:
            kind = "house" if body.house else "body"
            concept = f"actor/{body.id}" if body.id else f"{kind}/{_slug(text[body.start : body.end])}"
            yield Mention(concept, body.start, body.end, ambiguous=False)


def _exact(text: str, told: Sequence[Fact], known: Iterable[Mention]) -> Iterator[Fact]:
    """Leave out the state at large where a whole text names the ministry that speaks for one."""
    names = (*(fact.quote for fact in told), *(text[mention.start : mention.end] for mention in known))
    exact = len(text) >= _WHOLE and any(_SPEAKS.search(name) for name in names)
    return (fact for fact in told if not (exact and _STATE.search(fact.quote)))


def _slug(name: str) -> str:
    return "-".join(re.findall(r"\w+", name.lower()))

"""Find the dates of events and resolve them against the day of publication: "on the 9th", 지난달, 去年8月, "в понедельник".

A date is as precise as its words: day, week, month or year. What only the day of publication can tell ("last August") stays without a
value where that day is unknown, unless a saved page
tells another date in full. The phrases stand in `dating`; what a date may not be (a resolution's year in brackets, a
dateline, a figure's digits) is left out here.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime
from itertools import islice
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from aggregator.enrich.calendar import resolve
from aggregator.enrich.dateline import datelines, in_dateline
from aggregator.enrich.dating import DATED, Phrase
from aggregator.enrich.folding import fold, sentence_span
from aggregator.models import Article, Fact

_GUESS = re.compile(r"\b(?:maybe|perhaps|might)\b")
"""A year of which somebody only guesses is no date of an event."""
_MOST = 200
_NO_DATES = frozenset(("figure", "duration", "provision"))


@dataclass(frozen=True, slots=True)
class _Field:
    """Hold a field with its folded twin, and what no date may stand in."""

    name: str
    text: str
    folded: str
    taken: tuple[tuple[int, int], ...]


async def find_dates(article: Article) -> Article:
    """Add the dates that title and text name."""
    language = article.language or article.feed.language
    published = _published(article, language)
    fields = (("title", article.title), ("text", article.text))
    found = [fact for field, text in fields for fact in islice(_in_field(_field(field, text, article), language, published), _MOST)]
    return replace(article, facts=(*article.facts, *found))


def _field(name: str, text: str, article: Article) -> _Field:
    figures = tuple((fact.start, fact.end) for fact in article.facts if fact.field == name and fact.kind in _NO_DATES and not fact.implied)
    return _Field(name, text, fold(text), (*figures, *(datelines(text) if name == "text" else ())))


def _in_field(field: _Field, language: str, published: date | None) -> Iterator[Fact]:
    phrases = DATED.get(language)
    if phrases is None:
        return
    for phrase in phrases.find(field.folded):
        if _misread(field, phrase):
            continue
        start, end = sentence_span(field.text, phrase.start)
        if "ry" in phrase.parts and _GUESS.search(field.folded, start, end):
            continue
        resolved = resolve(phrase, published, phrases.future(field.folded[start:end]))
        if resolved is None:
            continue
        value, precision = resolved
        yield Fact(
            kind="date",
            concept=f"date/{value or 'unknown'}",
            field=field.name,
            start=phrase.start,
            end=phrase.end,
            quote=field.text[phrase.start : phrase.end],
            value=value,
            precision=precision,
        )


def _misread(field: _Field, phrase: Phrase) -> bool:
    """Tell whether these words are no date: part of a figure, of a dateline, or a month's name that is an everyday word here."""
    if any(start < phrase.end and phrase.start < end for start, end in field.taken) or in_dateline(field.taken, phrase.start):
        return True
    return phrase.capital is not None and not field.text[phrase.capital].isupper()


def _published(article: Article, language: str) -> date | None:
    """Give the day of publication where the outlet is at home."""
    at: datetime | None = article.published_at
    if at is None:
        return _latest_told(article, language) if article.page else None
    try:
        return at.astimezone(ZoneInfo(article.feed.time_zone)).date()
    except (ZoneInfoNotFoundError, ValueError, OverflowError):
        return at.date()


def _latest_told(article: Article, language: str) -> date | None:
    """Give the latest date that an undated page tells in full, its captions included: it was published then or not long after."""
    phrases = DATED.get(language)
    told = [article.text, *(line.text for line in article.page.removed)] if article.page and phrases else []
    days = [
        date.fromisoformat(value if len(value) == 10 else f"{value}-28")
        for text in told
        for phrase in (islice(phrases.find(fold(text)), _MOST) if phrases else ())
        if "y" in phrase.parts and "m" in phrase.parts and (resolved := resolve(phrase, None, future=False)) and (value := resolved[0])
    ]
    return max(days, default=None)

"""Write an article's facts as plain data for people and machines: the form of ``aggregator extract --json``.

Every fact carries `text`, `start` and `end` into its field; of the title only where the text does not tell the same.
"""

from collections import Counter
from collections.abc import Mapping
from typing import Any

from aggregator.enrich.dateline import datelines, in_dateline
from aggregator.enrich.folding import sentence_span
from aggregator.enrich.gazetteer import load_gazetteer
from aggregator.models import Article, Fact

_UNITS = frozenset(("person", "percent", "ton", "visa", "permit", "vessel", "factory", "company", "hour", "day", "month", "year", "won"))
_LONGEST_SENTENCE = 600
_MOST_OF_A_KIND = 200
_MOST = {"responses": 100, "people": 100, "unverified": 50}
"""As many facts of a kind as the steps take from one field, where fewer than `_MOST_OF_A_KIND`."""
_KINDS = {
    "figure": "figures",
    "duration": "figures",
    "place": "places",
    "organisation": "organisations",
    "actor": "organisations",
    "outlet": "organisations",
    "person": "people",
    "provision": "provisions",
    "attribution": "attributions",
    "unverified": "unverified",
    "response": "responses",
    "date": "dates",
}


def facts_report(article: Article, field: str = "text") -> Mapping[str, list[dict[str, Any]]]:
    """Give the facts of one field by kind, in reading order."""
    report: dict[str, list[dict[str, Any]]] = {kind: [] for kind in dict.fromkeys(_KINDS.values())}
    text = article.title if field == "title" else article.text
    filed = datelines(text)
    for fact in sorted((fact for fact in article.facts if fact.field == field), key=lambda fact: (fact.start, fact.end)):
        if fact.kind in _KINDS and not (fact.kind == "outlet" and in_dateline(filed, fact.start)):
            located = {"text": fact.quote, "start": fact.start, "end": fact.end}
            report[_KINDS[fact.kind]].append({**located, **_particulars(fact), "sentence": _sentence(text, fact)})
    return report


def facts_cut(article: Article) -> list[str]:
    """Name the kinds of which a field told as many facts as are ever kept of one: there may be more in it."""
    counts = Counter((fact.field, _KINDS[fact.kind]) for fact in article.facts if fact.kind in _KINDS and fact.kind != "place")
    return sorted({kind for (_, kind), count in counts.items() if count >= _MOST.get(kind, _MOST_OF_A_KIND)})


def _sentence(text: str, fact: Fact) -> str:
    """Give the sentence of a fact, of a very long one what stands around the fact, with "…" where it was cut."""
    start, end = sentence_span(text, fact.start)
    end = max(end, fact.end)
    if end - start <= _LONGEST_SENTENCE:
        return text[start:end].strip()
    margin = max(0, (_LONGEST_SENTENCE - (fact.end - fact.start)) // 2)
    first, last = max(start, fact.start - margin), min(end, fact.start + _LONGEST_SENTENCE, fact.end + margin)
    return f"{'…' if first > start else ''}{text[first:last].strip()}{'…' if last < end else ''}"


def public_unit(unit: str) -> str:
    """Give a figure's unit as it is told outside: a currency's code ("won" where nothing says whose), a listed unit, or "other"."""
    return unit if unit in _UNITS or (len(unit) == 3 and unit.isupper()) else "other"


def _particulars(fact: Fact) -> dict[str, Any]:
    if fact.kind in ("figure", "duration"):
        values = {"low": fact.low, "high": fact.high, "unit": public_unit(fact.unit or "")}
        return {**values, "qualifier": fact.qualifier, "period": fact.period, "what": fact.what, **_noted(fact)}
    if fact.kind == "provision":
        return {"id": fact.name or fact.concept, "implied": fact.implied, "typo": fact.note is not None, "note": fact.note}
    if fact.kind in ("attribution", "response"):
        answers = fact.kind == "response"
        return {"kind": fact.value, "who": fact.name} if answers else {"kind": fact.value, "name": fact.name}
    if fact.kind == "unverified":
        return {"who": fact.name, "what": fact.what}
    if fact.kind == "date":
        return {"value": fact.value, "precision": fact.precision}
    if fact.kind == "place":
        return {"id": fact.concept.partition("/")[2], **_placed(fact.concept)}
    return {"id": fact.concept.partition("/")[2], "name": fact.name or fact.quote}


def _noted(fact: Fact) -> dict[str, Any]:
    return {"note": fact.note} if fact.note else {}


def _placed(concept: str) -> dict[str, Any]:
    place = load_gazetteer().places.get(concept)
    if place is None:
        return {"name": None}
    return {"name": place.name, "level": place.level, "country": place.country, "latitude": place.latitude, "longitude": place.longitude}

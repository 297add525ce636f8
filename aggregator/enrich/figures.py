"""Find figures: a number together with what it counts, such as ``person:200``, ``USD:3000000`` or ``person:50000-100000``.

A number that counts nothing we know is no figure: years, dates, times, ages, telephone and paragraph numbers. Resolution numbers
become provisions. A share in words ("half of the", 三分之一) is a percentage, "doubled" a multiple. A vague amount is the span it can
mean: "tens of thousands" is 10,000 to 99,999.
"""

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate, islice

from aggregator.enrich.durations import durations
from aggregator.enrich.folding import fold, sentence_span
from aggregator.enrich.gazetteer import load_gazetteer
from aggregator.enrich.numbers import amount, numbers
from aggregator.enrich.provisions import provisions
from aggregator.enrich.qualifiers import shade
from aggregator.enrich.ranges import RANGE, Number
from aggregator.enrich.shares import of_a_whole, shares
from aggregator.enrich.things import MEASURES, thing
from aggregator.enrich.units import Counted, counted
from aggregator.enrich.won import OPEN_WON, whose_won
from aggregator.models import Article, Fact

MOST_FIGURES = 200
_PART_OF = re.compile(r" (?:out )?of (?:the |its |their |these |those |some |about |more than )*| из (?:этих |тех |всех )?")
_COMPARED = re.compile(
    r"(?:\b(?:up|down|rising|rose|falling|fell|an increase|a decrease|compared (?:with|to)|against|versus|instead of)(?: from)?"
    r"|против|вместо|по сравнению с) (?:about |some |just |only |roughly |nearly |around )?$"
)
_AND_BETWEEN = re.compile(r" and (?:about |some )?\$?")
_BETWEEN = re.compile(r"\bbetween (?:about |some |around )?[a-z.]{0,4}[$€£]? ?$")
# "One worker", "the two countries" tell nothing; what is measured instead of counted may be small.
_SMALLEST_COUNT, _SMALLEST_BY_UNIT = 2, {"country": 3, "ton": 0, "barrel": 0, "percent": 0, "won": 0, "dollar": 0}
_MOST_NORTHERN_WON = 1_000_000
"""Prices and wages of the North's markets are below it; what South Korea grants or fines is above."""


@dataclass(frozen=True, slots=True)
class _Field:
    """Hold a field with its folded twin."""

    name: str
    text: str
    folded: str
    language: str


async def find_figures(article: Article) -> Article:
    """Add the figures and the cited resolutions of title and text."""
    language = article.language or article.feed.language
    found = [*_in_field("title", article, language), *_in_field("text", article, language)]
    return replace(article, facts=(*article.facts, *found))


def _in_field(name: str, article: Article, language: str) -> Iterator[Fact]:
    text, other = (article.title, article.text) if name == "title" else (article.text, article.title)
    field = _Field(name, text, fold(text), language)
    cited = tuple(islice(provisions(name, text, other), MOST_FIGURES))
    yield from cited
    yield from islice(_figures(field, cited), MOST_FIGURES)


def _figures(field: _Field, cited: Sequence[Fact]) -> Iterator[Fact]:
    told = tuple(fact for fact in cited if not fact.implied)
    found = [*_outside(((fact.start, fact.end) for fact in told), numbers(field.folded))]
    parts = [*shares(field.folded), *((number, "percent") for number in of_a_whole(field.folded, found))]
    spans = [(number.start, number.end) for number, _ in parts]
    free = [*_outside(spans, found)]
    uncounted: list[Number] = []
    for number, unit in _counted(field, free):
        fact = _fact(field, number, unit) if unit else None
        if fact and (fact.unit != "item" or fact.what):
            yield fact
        elif not fact:
            uncounted.append(number)
    for number, name in durations(field.folded, uncounted):
        yield replace(_fact(field, number, Counted(name, number.start, number.end)), kind="duration")
    for number, name in parts:
        yield _fact(field, number, Counted(name, number.start, number.end))


def _outside(spans: Iterable[tuple[int, int]], found: Iterable[Number]) -> Iterator[Number]:
    """Give the numbers that start in none of the spans; a long text has thousands of either."""
    reached = sorted(spans)
    ends = tuple(accumulate((end for _, end in reached), max))
    starts = [start for start, _ in reached]
    for number in found:
        before = bisect_right(starts, number.start)
        if not before or ends[before - 1] <= number.start:
            yield number


def _counted(field: _Field, found: Sequence[Number]) -> Iterator[tuple[Number, Counted | None]]:
    """Give every number with what it counts, two ends of a range that both tell their unit as one."""
    taken, last = 0, None
    for number, following in zip(found, (*found[1:], None), strict=False):
        if number.start < taken:
            continue
        unit = counted(field.folded, number, field.language)
        if unit and following:
            number, unit = _spanned(field, number, unit, following)
        unit = _won(field, number, unit) if unit else None
        if unit and unit.unit == "tenth":
            number, unit = _of_tenths(number), replace(unit, unit="percent")
        if unit is None or number.high < _smallest(unit.unit):
            unit = _part_of(field, number, following) or _compared(field, number, last)
        if unit:
            taken, last = unit.end, unit
        yield number, unit


def _spanned(field: _Field, number: Number, unit: Counted, following: Number) -> tuple[Number, Counted]:
    """Read "20% to 30%" and "between 20% and 30%" as one range."""
    folded, link = field.folded, (unit.end, following.start)
    between = _AND_BETWEEN.fullmatch(folded, *link) and _BETWEEN.search(folded[max(0, unit.start - 24) : unit.start])
    if following.low <= number.high or link[0] > link[1] or not (between or RANGE.fullmatch(folded, *link)):
        return number, unit
    end = counted(folded, following, field.language)
    if end is None or end.unit != unit.unit:
        return number, unit
    return replace(number, high=following.high, end=following.end), Counted(unit.unit, unit.start, end.end)


def _compared(field: _Field, number: Number, last: Counted | None) -> Counted | None:
    """Count "7,617 permits, up from 1,114" alike."""
    near = last is not None and number.start - last.end <= 80 and not any(end in field.folded[last.end : number.start] for end in ".;\n")
    if last is None or not near or number.high < 100 or not _COMPARED.search(field.folded[max(0, number.start - 40) : number.start]):
        return None
    return Counted(last.unit, number.start, number.end)


def _won(field: _Field, number: Number, unit: Counted) -> Counted:
    """Take won for the North's where the sentence tells a price in a Northern town: "rice in Hyesan rose to 9,800 won"."""
    if unit.unit != "won" or number.high >= _MOST_NORTHERN_WON:
        return unit
    gazetteer, (start, end) = load_gazetteer(), sentence_span(field.text, number.start)
    known = (gazetteer.places.get(mention.concept) for mention in gazetteer.find(field.text) if start <= mention.start < end)
    towns = {place.country for place in known if place and place.level in ("city", "region", "capital")}
    return replace(unit, unit="KPW") if towns == {"KP"} else unit


def _part_of(field: _Field, number: Number, following: Number | None) -> Counted | None:
    """Count "1,200 of the 3,000 workers" in what the whole is counted in."""
    if following is None or not _PART_OF.fullmatch(field.folded, number.end, following.start) or number.high >= following.high:
        return None
    whole = counted(field.folded, following, field.language)
    return Counted(whole.unit, number.start, number.end) if whole and whole.unit not in MEASURES else None


def _of_tenths(number: Number) -> Number:
    """Turn 七成 and 3割 into 70 and 30 percent."""
    return replace(number, low=number.low * 10, high=min(number.high * 10, 100))


def _smallest(unit: str) -> int:
    return 0 if unit.isupper() else _SMALLEST_BY_UNIT.get(unit, _SMALLEST_COUNT)


def _fact(field: _Field, number: Number, unit: Counted) -> Fact:
    if unit.unit == "won":
        unit = replace(unit, unit=whose_won(field.text, field.folded, unit, field.language))
    value = amount(number.low) if number.low == number.high else f"{amount(number.low)}-{amount(number.high)}"
    exact = shade(field.folded, unit.start, unit.end, number)
    return Fact(
        kind="figure",
        concept=f"{unit.unit}:{value}",
        field=field.name,
        start=unit.start,
        end=unit.end,
        quote=field.text[unit.start : unit.end],
        low=number.low,
        high=number.high,
        unit=unit.unit,
        qualifier=exact.qualifier,
        period=exact.period,
        what=thing(field.text, number, unit, field.language),
        note=OPEN_WON if unit.unit == "won" else None,
    )

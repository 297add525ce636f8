"""Find figures: a number together with what it counts, such as ``person:200``, ``USD:3000000`` or ``person:50000-100000``.

A number that counts nothing we know is no figure: years, dates, times, ages, telephone and paragraph numbers. Resolution numbers
become provisions. A share in words ("half of the", 三分之一) is a percentage, "doubled" a multiple. A vague amount is the span it can
mean: "tens of thousands" is 10,000 to 99,999.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice

from aggregator.enrich.durations import durations
from aggregator.enrich.folding import Hints, fold
from aggregator.enrich.gazetteer import read_cues
from aggregator.enrich.numbers import RANGE, Number, amount, numbers
from aggregator.enrich.provisions import provisions
from aggregator.enrich.qualifiers import shade
from aggregator.enrich.units import Counted, counted
from aggregator.models import Article, Fact

MOST_FIGURES = 200
_MEASURES = frozenset(("percent", "won", "dollar", "ton", "barrel", "multiple", "hour", "day", "month", "year"))
_LONGEST_THING = 48
_THING = re.compile(r"[^,.;:!?()\n。，、；：！？「」“”\"]{1,48}")
_WORDS_OF_UNIT = re.compile(r"[^\n]+")
_FOR_HOW_LONG = re.compile(r"^ ?(?:(?:a|per|each|every) (?:hour|day|week|month|year)|в (?:час|день|месяц|год))\b")
_PART_OF = re.compile(r" (?:out )?of (?:the |its |their |these |those |some |about |more than )*| из (?:этих |тех |всех )?")
# Korean names what it counts before the number: 북한 노동자 200여 명.
_COUNTER_ALONE = re.compile(r"(?:여|余|餘|多)? ?[명곳건척개名人位]")
_WORDS_BEFORE = re.compile(r"(?:[가-힣]+ )?(?<![가-힣])(?!(?:약|최대|최소|대략|각각|모두|총|연간|매년) $)[가-힣]+ $")
_PEOPLE_BEHIND = re.compile(
    r"(?:의 |の|的)?((?:朝鲜|北朝鮮|朝鮮|中国|북한 )?(?:工人|劳工|勞工|干部|幹部|労働者|労務者|女性|男性|官员|学生|学員|士兵|兵士|技術者"
    r"|노동자|근로자|여성|남성|간부|학생|군인|기술자))"
)
_NO_THING = re.compile(r"(?:to|and|or|was|were|is|are|home|from|in|ежегодно)\b|[でがはを를을이가은는]|左右|以上$|대$")
# "One worker", "the two countries" tell nothing; what is measured instead of counted may be small.
_SMALLEST_COUNT, _SMALLEST_BY_UNIT = 2, {"country": 3, "ton": 0, "barrel": 0, "percent": 0, "won": 0, "dollar": 0}


@dataclass(frozen=True, slots=True)
class _Field:
    """Hold a field with its folded twin."""

    name: str
    text: str
    folded: str


async def find_figures(article: Article) -> Article:
    """Add the figures and the cited resolutions of title and text."""
    language = article.language or article.feed.language
    found = [*_in_field("title", article, language), *_in_field("text", article, language)]
    return replace(article, facts=(*article.facts, *found))


def _in_field(name: str, article: Article, language: str) -> Iterator[Fact]:
    text, other = (article.title, article.text) if name == "title" else (article.text, article.title)
    field = _Field(name, text, fold(text))
    cited = tuple(islice(provisions(name, text, other), MOST_FIGURES))
    yield from cited
    yield from islice(_figures(field, cited, language), MOST_FIGURES)


def _figures(field: _Field, cited: Sequence[Fact], language: str) -> Iterator[Fact]:
    taken = 0
    shares = tuple(_shares(field))
    free = [number for number in numbers(field.folded) if not any(fact.start <= number.start < fact.end for fact in (*cited, *shares))]
    uncounted: list[Number] = []
    for number, following in zip(free, (*free[1:], None), strict=False):
        unit = counted(field.folded, number, language) if number.start >= taken else None
        if unit and unit.unit == "tenth":
            number, unit = _of_tenths(number), replace(unit, unit="percent")
        if unit and number.high >= _smallest(unit.unit):
            taken = unit.end
            yield _fact(field, number, unit)
        elif number.start >= taken:
            part = _part_of(field, number, following, language) if following else None
            if part:
                yield _fact(field, number, part)
            else:
                uncounted.append(number)
    for number, name in durations(field.folded, uncounted):
        yield replace(_fact(field, number, Counted(name, number.start, number.end)), kind="duration")
    yield from shares


def _part_of(field: _Field, number: Number, following: Number, language: str) -> Counted | None:
    """Count "1,200 of the 3,000 workers" in what the whole is counted in."""
    if not _PART_OF.fullmatch(field.folded, number.end, following.start) or number.high >= following.high:
        return None
    whole = counted(field.folded, following, language)
    return Counted(whole.unit, number.start, number.end) if whole and whole.unit not in _MEASURES else None


def _of_tenths(number: Number) -> Number:
    """Turn 七成 and 3割 into 70 and 30 percent."""
    return replace(number, low=number.low * 10, high=min(number.high * 10, 100))


def _smallest(unit: str) -> int:
    return 0 if unit.isupper() else _SMALLEST_BY_UNIT.get(unit, _SMALLEST_COUNT)


def _fact(field: _Field, number: Number, unit: Counted) -> Fact:
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
        what=_counted_thing(field, number, unit),
    )


def _counted_thing(field: _Field, number: Number, unit: Counted) -> str | None:
    """Give the words for what is counted: those behind the number, or behind the unit where the unit is a measure."""
    measures = unit.unit.isupper() or unit.unit in _MEASURES
    start = unit.end if measures else min(number.end, unit.end)
    words = _THING.match(field.text, start, start + _LONGEST_THING) if measures else _WORDS_OF_UNIT.match(field.text, start, unit.end)
    thing = _FOR_HOW_LONG.sub("", words.group()).strip(" -") if words else ""
    if _COUNTER_ALONE.fullmatch(thing):
        before = _WORDS_BEFORE.search(field.text, max(0, number.start - 24), number.start)
        behind = _PEOPLE_BEHIND.match(field.text, unit.end)
        thing = behind[1] if behind else before.group().strip() if before else ""
    return None if measures and _NO_THING.match(thing) else thing or None


def _shares(field: _Field) -> Iterator[Fact]:
    """Give shares and multiples in words; "a fifth or even a third" is one range."""
    waiting: tuple[Number, str] | None = None
    for match in _HINTS.around(_PHRASE, field.folded, 24, 48):
        unit, value = _MEANINGS[int((match.lastgroup or "p0")[1:])]
        number = Number(match.start(), match.end(), value, value)
        if waiting and waiting[1] == unit and waiting[0].low < value and RANGE.fullmatch(field.folded, waiting[0].end, number.start):
            number, waiting = replace(number, start=waiting[0].start, low=waiting[0].low), None
        if waiting:
            yield _fact(field, waiting[0], Counted(waiting[1], waiting[0].start, waiting[0].end))
        waiting = number, unit
    if waiting:
        yield _fact(field, waiting[0], Counted(waiting[1], waiting[0].start, waiting[0].end))


def _phrases() -> tuple[re.Pattern[str], tuple[tuple[str, float], ...]]:
    phrases = read_cues()["phrases"]
    patterns = (f"(?P<p{number}>{'|'.join(phrase['words'])})" for number, phrase in enumerate(phrases))
    meanings = tuple((phrase["unit"], float(phrase["value"])) for phrase in phrases)
    return re.compile(rf"(?<![a-zа-я0-9])(?:{'|'.join(patterns)})(?![a-zа-я0-9])"), meanings


_PHRASE, _MEANINGS = _phrases()
_HINTS = Hints(read_cues()["phrase_hints"])

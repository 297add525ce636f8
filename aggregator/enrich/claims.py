"""Find who is credited for what a text says: a source in China, an official, an expert, a document, satellite imagery, another outlet.

The phrases stand in `vocabulary/claims.yaml`, the outlets are those the step before found. Where two credits overlap the more telling
one stays: a name before a nameless "official". A named person is told as a person too.
"""

import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import islice

from aggregator.enrich.dateline import datelines, in_dateline
from aggregator.enrich.folding import Hints, fold, sentence_span
from aggregator.enrich.gazetteer import load_gazetteer, read_claims
from aggregator.enrich.persons import persons, speaks_himself
from aggregator.enrich.speakers import credit, institutions, outlets
from aggregator.models import Article, Fact

_MOST = 200
_BESIDE = 2
"""A title right before a name belongs to the name."""
_OF_PEOPLE = frozenset(("named_official", "named_expert", "anonymous_official"))
_LED = re.compile(r"(?:led by|headed by|including|met(?: with)?|hosted by|accompanied by|greeted by|alongside|visit by)(?: \w+){0,2} $")
"""Somebody who only leads or meets is not the one who speaks."""
_LONGEST_CREDIT = 80
_SILENT = "silent"
_CAPITALS = frozenset(("en", "ru"))
"""Only capitals tell the name of somebody who says nothing beside a title."""
_NAME_FOLLOWS = 34
_NOT_A_NAME = frozenset(
    (
        *(
            "외교부",
            "통일부",
            "국방부",
            "러시아",
            "중국",
            "북한",
            "미국",
            "한국",
            "정부",
            "유엔",
            "일본",
            "이어",
            "그는",
            "그러나",
            "한편",
            "대통령실",
            "또한",
        ),
        *("先生", "和专", "外交部", "中国", "韩国", "大学", "政府", "今天", "昨天"),
        *("中国外務省", "外務省", "韓国", "ロシア", "中国", "大学"),
    )
)


@dataclass(frozen=True, slots=True)
class _Phrase:
    """Hold one way to credit somebody; `said` needs a word of speaking in the sentence, `lonely` no other credit in it."""

    kind: str
    said: bool
    lonely: bool


@dataclass(frozen=True, slots=True)
class _Phrases:
    """Hold all phrases of a list in one pattern, each under its group's number."""

    pattern: re.Pattern[str]
    hints: Hints
    phrases: Sequence[_Phrase]
    start: re.Pattern[str] | None

    def _matches(self, text: str, start: int, end: int, hints: Sequence[int]) -> Iterator[re.Match[str]]:
        """Try the pattern where a credit can start and one of the hints follows soon."""
        if self.start is None:
            yield from self.pattern.finditer(text, start, end)
            return
        through = start
        for candidate in self.start.finditer(text, start, end):
            position = candidate.start()
            following = bisect_left(hints, position)
            near = following < len(hints) and hints[following] - position <= _LONGEST_CREDIT
            match = self.pattern.match(text, position, end) if near and position >= through else None
            if match:
                through = match.end()
                yield match

    def find(self, text: str, folded: str, searched: str) -> Iterator[tuple[re.Match[str], _Phrase, str | None]]:
        """Give the matches with their phrase, and the name in them where there is one; `searched` is folded where the phrases are.

        The sentences are those of `text`: its capitals tell "St. Louis" from the end of one.
        """
        spans, hints = self.hints.sentences(text, folded), self.hints.positions(folded)
        for match in islice((match for span in spans for match in self._matches(searched, *span, hints)), _MOST):
            number = int((match.lastgroup or "p0")[1:])
            names = match.groupdict()
            yield match, self.phrases[number], names.get(f"n{number}")


async def find_claims(article: Article) -> Article:
    """Add the credits of title and text, and the people they name."""
    language = article.language or article.feed.language
    fields = (("title", article.title), ("text", article.text))
    found = [fact for field, text in fields for fact in _in_field(field, text, language, article)]
    return replace(article, facts=(*article.facts, *found))


def said(language: str, sentence: str) -> bool:
    """Tell whether a folded sentence holds a word of speaking."""
    pattern = _say().get(language)
    return bool(pattern and pattern.search(sentence))


def _in_field(field: str, text: str, language: str, article: Article) -> Iterator[Fact]:
    folded = fold(text)
    filed = datelines(text) if field == "text" else ()
    found = [
        *_people(field, text, folded, article),
        *_named(field, text, folded, language),
        *outlets(field, text, folded, article),
        *_nameless(field, text, folded, language, article),
    ]
    found += institutions(field, text, folded, article, found)
    kept: list[Fact] = []
    for fact in found:
        if not in_dateline(filed, fact.start) and not any(_overlap(fact, other) for other in kept):
            kept.append(fact)
    kept = [_only_told_of(fact, text, folded, language, kept) for fact in kept]
    known = {(fact.field, fact.start) for fact in article.facts if fact.kind == "person"}
    spoke = [fact for fact in kept if fact.note != _SILENT]
    yield from sorted(_sociable(text, spoke), key=lambda fact: fact.start)
    bodies = frozenset(fact.quote for fact in article.facts if fact.kind in ("organisation", "actor"))
    people = tuple(_introduced(field, text, kept, known, bodies))
    yield from people
    told = {*known, *((fact.field, fact.start) for fact in people)}
    names = {fact.quote for fact in people}
    yield from (one for one in persons(field, text, language) if (one.field, one.start) not in told and one.quote not in names)


def _only_told_of(fact: Fact, text: str, folded: str, language: str, kept: Sequence[Fact]) -> Fact:
    """Silence a named official of whom state media only tell what he did."""
    if fact.value != "named_official":
        return fact
    start, end = sentence_span(text, fact.start)
    told_by = any(other.value == "state_media" and start <= other.start < end for other in kept)
    return replace(fact, note=_SILENT) if told_by and not speaks_himself(folded, fact.end, end, language) else fact


def _overlap(one: Fact, other: Fact) -> bool:
    """Tell whether two credits are one: where they share words, or one names the person that the other only describes."""
    beside = _BESIDE if {one.value, other.value} <= _OF_PEOPLE else 0
    return one.start < other.end + beside and other.start < one.end + beside


def _sociable(text: str, kept: Sequence[Fact]) -> Iterator[Fact]:
    """Leave out what only says that somebody stays nameless, where the sentence credits somebody anyway."""
    spans = [sentence_span(text, fact.start) for fact in kept]
    for fact, span in zip(kept, spans, strict=True):
        if fact.note != "lonely" or spans.count(span) == 1:
            yield replace(fact, note=None)


def _people(field: str, text: str, folded: str, article: Article) -> Iterator[Fact]:
    """Credit the spokespersons of the vocabulary where their sentence says that they speak."""
    language = article.language or article.feed.language
    for fact in article.facts:
        if fact.field == field and fact.kind == "person" and fact.concept != "person/kim-jong-un":
            start, end = sentence_span(text, fact.start)
            if said(language, folded[start:end]):
                yield credit(field, text, (fact.start, fact.end), "named_official", fact.concept.partition("/")[2])


def _named(field: str, text: str, folded: str, language: str) -> Iterator[Fact]:
    phrases = _load("named").get(language)
    for match, phrase, name in phrases.find(text, folded, text) if phrases else ():
        start, end = sentence_span(text, match.start())
        speaks = not phrase.said or said(language, folded[start:end])
        if name and name not in _NOT_A_NAME and (speaks or language in _CAPITALS):
            named = credit(field, text, match.span(), phrase.kind, name)
            yield named if speaks and not _LED.search(folded[start : match.start()]) else replace(named, note=_SILENT)


def _nameless(field: str, text: str, folded: str, language: str, article: Article) -> Iterator[Fact]:
    phrases = _load("attributions").get(language)
    people = [fact.start for fact in article.facts if fact.kind == "person" and fact.field == field]
    for match, phrase, _ in phrases.find(text, folded, folded) if phrases else ():
        start, end = sentence_span(text, match.start())
        if phrase.kind == "anonymous_official" and any(_runs_on(text, match.end(), person) for person in people):
            continue  # "the official representative of the ministry, Mao Ning" is not nameless
        if not phrase.said or said(language, folded[start:end]):
            fact = credit(field, text, match.span(), phrase.kind, None)
            yield replace(fact, note="lonely") if phrase.lonely else fact


def _runs_on(text: str, end: int, person: int) -> bool:
    return 0 <= person - end <= _NAME_FOLLOWS and not re.search(r"[.,;:，。、]", text[end:person])


def _introduced(field: str, text: str, credited: Iterable[Fact], known: set[tuple[str, int]], bodies: frozenset[str]) -> Iterator[Fact]:
    """Tell the people whom a one names with their title, where the vocabulary does not know them."""
    seen: set[str] = set()
    gazetteer = load_gazetteer()
    for one in (one for one in credited if one.name not in bodies):
        name = one.name
        start = text.find(name, one.start, one.end) if name and one.kind == "attribution" and one.value != "other_outlet" else -1
        if (
            not name
            or start < 0
            or name in seen
            or (field, start) in known
            or any(m.concept.startswith("person/") for m in gazetteer.find(name))
        ):
            continue
        seen.add(name)
        slug = "-".join(name.lower().split())
        yield Fact(kind="person", concept=f"person/{slug}", field=field, start=start, end=start + len(name), quote=name, name=name)


@cache
def _say() -> Mapping[str, re.Pattern[str]]:
    return {language: re.compile(pattern) for language, pattern in read_claims()["say"].items()}


@cache
def _load(section: str) -> Mapping[str, _Phrases]:
    claims = read_claims()
    hints, starts = claims["titles" if section == "named" else "hints"], {} if section == "named" else claims["starts"]
    return {language: _compiled(entries, hints[language], starts.get(language)) for language, entries in claims[section].items()}


def _compiled(entries: Sequence[Mapping[str, object]], hints: Sequence[str], start: str | None) -> _Phrases:
    """Join the patterns of a language into one; the group of each is numbered, since `lastgroup` tells which one matched."""
    patterns = [str(entry["pattern"]).replace("(?P<name>", f"(?P<n{number}>") for number, entry in enumerate(entries)]
    joined = "|".join(f"(?P<p{number}>{pattern})" for number, pattern in enumerate(patterns))
    phrases = [_Phrase(str(entry["kind"]), bool(entry.get("said")), bool(entry.get("lonely"))) for entry in entries]
    return _Phrases(re.compile(joined), Hints(hints), phrases, re.compile(start) if start else None)

"""Find how officials answer: denied, no knowledge, declined, confirmed, and who it is that answers.

A denial or a confirmation counts only beside an official actor (a ministry, an embassy, a spokesperson, a government): a source that
confirms something is an attribution. The phrases stand in `vocabulary/claims.yaml`.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from itertools import islice

from aggregator.enrich.folding import Hints, fold, sentence_span
from aggregator.enrich.gazetteer import read_claims
from aggregator.models import Article, Fact

_MOST = 100
_REACH = 160
_PRONOUNS = frozenset(("he", "she", "they", "it"))
_NOT_OFFICIAL = re.compile(
    r"\bsources?\b[^.]{0,20}$|소식통[은는이도]? ?[^.]{0,12}$|消息人士[^。，]{0,6}$|消息筋[^。、]{0,6}$|источник\w*[^.,]{0,12}$"
)


@dataclass(frozen=True, slots=True)
class _Answers:
    """Hold the phrases of a language, kinds by group number, and the words for official actors."""

    hints: Hints
    pattern: re.Pattern[str]
    kinds: tuple[tuple[str, bool], ...]
    actor: re.Pattern[str]


async def find_responses(article: Article) -> Article:
    """Add the official answers that title and text report."""
    answers = _load().get(article.language or article.feed.language)
    if answers is None:
        return article
    fields = (("title", article.title), ("text", article.text))
    found = [fact for field, text in fields for fact in _in_field(field, text, answers, article)]
    return replace(article, facts=(*article.facts, *found))


def _in_field(field: str, text: str, answers: _Answers, article: Article) -> Iterator[Fact]:
    folded = fold(text)
    told: set[tuple[int, str]] = set()
    spans = answers.hints.sentences(text, folded)
    for match in islice((match for span in spans for match in answers.pattern.finditer(folded, *span)), _MOST):
        kind, official = answers.kinds[int((match.lastgroup or "k0")[1:])]
        start, end = sentence_span(text, match.start())
        who = _who(field, (start, match.start(), end), article, official) or _actor(
            text, folded, (start, match.start(), end), answers, official
        )
        if who is None or (start, kind) in told or (official and _NOT_OFFICIAL.search(folded[start : match.start()])):
            continue
        told.add((start, kind))
        quote = match.group()
        yield Fact(
            kind="response",
            concept=f"response/{kind}",
            field=field,
            start=match.start(),
            end=match.start() + len(quote),
            quote=text[match.start() : match.end()],
            value=kind,
            name=who,
        )


def _who(field: str, span: tuple[int, int, int], article: Article, official: bool) -> str | None:
    """Name the official or organisation of the vocabulary that stands in the sentence, the nearest before the answer first."""
    start, position, end = span
    near = [fact for fact in article.facts if _may_answer(fact, field) and start <= fact.start < end]
    if not near and not official:
        near = [fact for fact in article.facts if _may_answer(fact, field) and start - 2 * _REACH <= fact.start < start]
    before = [fact for fact in near if fact.start <= position]
    chosen = max(before, key=lambda fact: fact.start) if before else min(near, key=lambda fact: fact.start, default=None)
    return chosen.name or chosen.quote if chosen else None


def _may_answer(fact: Fact, field: str) -> bool:
    known = fact.kind in ("organisation", "person") or fact.concept.startswith("body/")
    return known and fact.field == field and "kim-jong" not in fact.concept


def _actor(text: str, folded: str, span: tuple[int, int, int], answers: _Answers, official: bool) -> str | None:
    """Name the actor by the sentence's own words; an answer that any official may give needs none in the sentence itself."""
    start, position, end = span
    ahead = list(answers.actor.finditer(folded, max(start, position - _REACH), position))
    chosen = ahead[-1] if ahead else answers.actor.search(folded, position, min(end, position + _REACH))
    if chosen and chosen.group() not in _PRONOUNS:
        return text[chosen.start() : chosen.end()]
    if official:
        return None
    earlier = [match for match in answers.actor.finditer(folded, max(0, start - 2 * _REACH), start) if match.group() not in _PRONOUNS]
    if earlier:
        return text[earlier[-1].start() : earlier[-1].end()]
    return text[chosen.start() : chosen.end()] if chosen else None


@cache
def _load() -> Mapping[str, _Answers]:
    claims = read_claims()
    hints, actors = claims["answer_hints"], claims["actors"]
    return {language: _answers(entries, actors[language], hints[language]) for language, entries in claims["responses"].items()}


def _answers(entries: list[dict[str, object]], actor: str, hints: list[str]) -> _Answers:
    joined = "|".join(f"(?P<k{number}>{entry['pattern']})" for number, entry in enumerate(entries))
    border = r"(?<![a-zа-я])" if "[a-zа-я" not in actor else ""
    right = r"(?![a-z])"
    kinds = tuple((str(entry["kind"]), bool(entry.get("official"))) for entry in entries)
    return _Answers(Hints(hints), re.compile(joined), kinds, re.compile(rf"{border}{actor}{right}"))

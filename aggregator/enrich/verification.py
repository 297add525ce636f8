"""Find where a text says that it could not verify a claim: who could not, and of what.

"Reuters could not independently verify the claim that …", 독자적으로 확인하지 못했다, 无法独立核实, 独自に確認できていない,
не смог независимо подтвердить. Words that say "independently" count whoever it is; without them only a newsroom counts, or in English
a claim that "could not be verified": police that cannot confirm a name say nothing about their report. The patterns stand in
`vocabulary/claims.yaml`.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import islice

from aggregator.enrich.folding import Hints, fold, sentence_span
from aggregator.enrich.gazetteer import load_gazetteer, outlet_concept, read_claims
from aggregator.models import Article, Fact

_MOST = 50
_LONGEST = 160
_NAMED = ("outlet/", "organisation/", "actor/", "body/")
_ALONE = re.compile(r"independen|독자|독립|자체|独立|獨立|独自|自行|независим")
_OBJECT_BEHIND = frozenset(("en", "ru", "zh"))
_PASSIVE = re.compile(r"(?:ed|possible|available)(?: independently)?$|되지|得到|[获獲经經]|され")
_SUBJECT = re.compile(r"((?!(?:It|He|She|They|But|And|However)\b)[A-ZА-ЯЁ][\w.'’&-]+(?: [A-ZА-ЯЁ][\w.'’&-]*){0,4}) $")
_BY = re.compile(r" by (?:the )?")
_BEHIND = re.compile(r" ?([^.;:!?,。！？，；\n]{2,160})")
_STRAY = re.compile(r" (?:made|after|because|but|while|when|due|although|as|и|но|так как|поскольку)\b.*")
_NO_OBJECT = re.compile(r"(?:by|but|and|as|because|due|while|when|in|on|и|но|в|на|так)\b|的")
_CLAUSE = re.compile(r".*[,;:，；：、]| (?:but|and|that|although|но|что|и) ")
_PARTICLE = re.compile(r"(?:에 대해서?|에 대한|을|를|은|는|이|가|도|의|について|を|は|が|の|も|)[ ]?$")
_TOPIC = re.compile(r"^(?:은|는|이|가|도|측은|は|も|が|、)[ ]?")


@dataclass(frozen=True, slots=True)
class _Doubt:
    """Hold how a language says it: where to look, the words, those of a newsroom for itself, and those of a claim."""

    hints: Hints
    pattern: re.Pattern[str]
    own: re.Pattern[str]
    claim: re.Pattern[str] | None


@dataclass(frozen=True, slots=True)
class _Found:
    """Hold one place that may say it, in its sentence."""

    text: str
    start: int
    end: int
    match: re.Match[str]

    @property
    def before(self) -> str:
        """Give the sentence up to the words."""
        return self.text[self.start : self.match.start()]

    @property
    def behind(self) -> str:
        """Give the sentence from the end of the words."""
        return self.text[self.match.end() : self.end]


async def find_unverified(article: Article) -> Article:
    """Add what title and text say could not be verified."""
    doubt = _load().get(article.language or article.feed.language)
    if doubt is None:
        return article
    fields = (("title", article.title), ("text", article.text))
    found = [fact for field, text in fields for fact in _in_field(field, text, doubt, article)]
    return replace(article, facts=(*article.facts, *found)) if found else article


def _in_field(field: str, text: str, doubt: _Doubt, article: Article) -> Iterator[Fact]:
    folded = fold(text)
    spans = doubt.hints.sentences(text, folded)
    for match in islice((match for span in spans for match in doubt.pattern.finditer(folded, *span)), _MOST):
        found = _Found(text, *sentence_span(text, match.start()), match)
        who, newsroom, through = _who(found, doubt, article)
        if _ALONE.search(match.group()) or newsroom or (doubt.claim and doubt.claim.search(fold(found.before))):
            what = _what(found, through, article.language or article.feed.language)
            yield _fact(field, found, who, what)


def _fact(field: str, found: _Found, who: str | None, what: str | None) -> Fact:
    start, end = found.match.span()
    return Fact(
        kind="unverified",
        concept=f"unverified/{who}" if who else "unverified",
        field=field,
        start=start,
        end=end,
        quote=found.text[start:end],
        value="unverified",
        name=who,
        what=what,
    )


def _who(found: _Found, doubt: _Doubt, article: Article) -> tuple[str | None, bool, int]:
    """Give who could not verify, whether that is a newsroom, and where in the sentence the name ends that stands before the words."""
    agent = _BY.match(found.behind)
    if agent:
        named = _names(found.behind[agent.end() :], article)
        return (*named[0][:2], 0) if named else (None, False, 0)
    if _PASSIVE.search(fold(found.match.group())):
        return None, False, 0
    named = _names(found.before, article)
    if named:
        return named[-1]
    own = list(doubt.own.finditer(fold(found.before)))
    if not own:
        subject = _SUBJECT.search(found.before)
        return (subject[1], False, subject.end()) if subject else (None, False, 0)
    newsroom = article.outlet or article.feed.publisher
    slug = (outlet_concept(newsroom) or newsroom).removeprefix("outlet/") if newsroom else None
    return slug or found.before[slice(*own[-1].span())], True, own[-1].end()


def _names(words: str, article: Article) -> Sequence[tuple[str, bool, int]]:
    """Give the outlets and bodies that words name, in their order."""
    listed = [
        (mention.concept.partition("/")[2], mention.concept.startswith("outlet/"), mention.end)
        for mention in load_gazetteer().find(words)
        if mention.concept.startswith(_NAMED)
    ]
    told = {fact.quote: fact for fact in article.facts if fact.kind == "outlet" or fact.concept.startswith("body/")}
    further = [
        (fact.concept.partition("/")[2] if fact.kind == "outlet" else quote, fact.kind == "outlet", words.rfind(quote) + len(quote))
        for quote, fact in told.items()
        if quote in words
    ]
    return sorted((*listed, *further), key=lambda one: one[2])


def _what(found: _Found, through: int, language: str) -> str | None:
    """Give what could not be verified: the words between, behind, or before those that say so."""
    between = next((name for name, words in found.match.groupdict().items() if words), None)
    if between:
        return _PARTICLE.sub("", found.text[slice(*found.match.span(between))]) or None
    behind = _BEHIND.match(found.behind) if language in _OBJECT_BEHIND else None
    if behind and not _NO_OBJECT.match(behind[1]):
        return _STRAY.sub("", behind[1]).strip()[:_LONGEST] or None
    before = _TOPIC.sub("", found.before[through:]) if through else found.before
    return _PARTICLE.sub("", _CLAUSE.sub("", before[-_LONGEST:]).strip()).strip(" \"'“”") or None


@cache
def _load() -> Mapping[str, _Doubt]:
    return {language: _doubt(written) for language, written in read_claims()["unverified"].items()}


def _doubt(written: Mapping[str, str | list[str]]) -> _Doubt:
    claim = written.get("claim")
    pattern, own = (re.compile(str(written[name])) for name in ("pattern", "own"))
    return _Doubt(Hints(written["hints"]), pattern, own, re.compile(str(claim)) if claim else None)

"""Find cited provisions: UN resolutions with their paragraphs, single and in lists, US and EU law; and those only described.

Forms: ``Resolution 2397 (2017)``, ``UNSCR 2397``, ``S/RES/2397``, ``Resolutions 2371, 2375 and 2397``, ``paragraph 8 of resolution 2397``,
``결의 제2397호 8항``, ``第2397号决议第8段``, ``決議2397号``, ``пункт 8 резолюции 2397``,
``Section 321(b) of CAATSA``, ``EU 2017/1509``, ``EO 13810``. Only numbers that are North Korea resolutions count.
2379 (2017) is about evidence of crimes in Iraq, but also a misprint of 2397 met in the press: where the text is about North Korea,
sanctions or a ban it is told as 2397, and flagged; elsewhere it is none of ours. A described
provision ("all member states to repatriate workers by the end of 2019") is implied; where the text cites the same
provision in that sentence, it is not. All of this is a topic tag, never a legal finding.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from itertools import takewhile

from aggregator.enrich.folding import Hints, fold, sentence_span
from aggregator.enrich.gazetteer import read_claims
from aggregator.models import Fact

MISPRINTS: Mapping[str, str] = {"2379": "2397"}
RESOLUTIONS = frozenset(
    (
        *(1695, 1718, 1874, 1928, 1985, 2050, 2087, 2094, 2141, 2207, 2270, 2276, 2321),
        *(2345, 2356, 2371, 2375, 2397, 2407, 2464, 2515, 2569, 2627, 2680),
        *map(int, MISPRINTS),
    )
)
_OURS = re.compile(
    r"north korea|n\. ?korea|dprk|pyongyang|sanction|kim jong|caatsa|북한|대북|제재|조선|평양|朝鲜|朝鮮|北韩|北韓|制裁|平壤|平壌|кндр"
    r"|северн\w+ коре|северокоре|санкци|пхеньян|\b2397\b"
    # What the misprinted resolution does: it bans, and sends workers home.
    r"|\bban(?:s|ned|ning)?\b|prohibit|repatriat|금지|송환|노동자|禁|遣返|送還|запре[тщ]|репатри"
)
_EVIDENCE_OF_CRIMES = re.compile(
    r"\bisi[ls]\b|islamic state|da'?esh|\bunitad\b|이슬람국가|伊斯兰国|伊斯蘭國|イスラム国|\bигил\b|исламск\w+ государств"
)
_NUMBER = r"(?:no\. ?|№ ?|제 ?|第)?\d{4}(?!\d)(?: ?\(\d{4}(?:年|년)?\))?(?:호|号|號)?(?: ?\(\d{4}(?:年|년)?\))?"
_LIST = rf"{_NUMBER}(?:(?:,? and |,? и |, ?|·|、|及|和|와 ?|과 ?| ?및 ?|と|/|-){_NUMBER}){{0,8}}"
_CITED = re.compile(
    r"(?:resolutions?|unscrs?|unsc res\.?|s/res/|결의안?|决议|決議"
    rf"|резолюци[а-я]{{1,3}}(?: сб оон| совета безопасности(?: оон)?| оон)?) ?(?:{_LIST})"
    r"|(?:第 ?)?\d{4}(?: ?\(\d{4}\))?(?:号|號)?(?:(?:、|,|和|及|与|與)(?:第 ?)?\d{4}(?:号|號)?){0,8}(?:号|號)?(?:决议|決議)"
    r"|\d{4}호 ?결의"
)
_DIGITS = re.compile(r"(?<![\d(])\d{4}(?![\d)])")
_PARAGRAPH_BEFORE = re.compile(
    r"(?:operative )?(?:paragraph|para\.?|clause|section|пункт[а-я]{0,2}|п\.) (?P<n>\d{1,2})\)? (?:of (?:the )?"
    r"|in (?:the )?)?(?:un(?:ited nations)? )?(?:security council )?"
    r"(?:совета безопасности )?$"
)
_PARAGRAPH_AFTER = re.compile(
    r"(?: ?\(\d{4}\))?,? ?(?:of \d{4},? )?(?:의 |の|的)?(?:(?:op(?:erative)? )?(?:paragraph|para\.?|paras\.?|пункт[а-я]{0,2}|п\.) ?"
    r"|제 ?|第 ?)?(?P<n>\d{1,2})"
    r"(?P<mark>항|段|項|条|款)?(?![0-9])"
)
_LAWS: Sequence[tuple[str, str]] = (
    (
        "CAATSA 321(b)",
        r"(?:section |sec\. |§ ?)?321 ?\(b\)(?: of (?:the )?(?:caatsa|countering america's adversaries through sanctions act))?"
        r"|caatsa,? (?:section |sec\. |§ ?)?321(?: ?\(b\))?",
    ),
    ("CAATSA 302(b)", r"(?:section |sec\. )302 ?\(b\)(?: of (?:the )?caatsa)?|caatsa,? (?:section |sec\. )?302 ?\(b\)"),
    ("CAATSA", r"\bcaatsa\b|countering america's adversaries through sanctions act|제재를 통한 (?:미국의 )?적(?:대세력|성국) 대응법"),
    ("EU 2017/1509", r"(?:(?:council )?regulation )?(?:\((?:eu|ес)\) ?|eu |ес )?(?:no\.? ?|№ ?)?2017/1509"),
    ("EU 2016/849", r"(?:(?:council )?decision )?(?:\(cfsp\) ?|eu )?2016/849"),
    ("NKSPEA", r"\bnkspea\b|north korea sanctions and policy enhancement act|대북제재(?:와 |·)?정책강화법|대북제재강화법"),
    ("BRINK Act", r"(?:otto warmbier )?(?:north korea nuclear sanctions and enforcement|brink) act|웜비어법|브링크 ?액트"),
    *(
        (f"EO {number}", rf"(?:executive order|e\.?o\.?|행정명령|行政命令|大統領令|исполнительн\w+ указ\w*) ?(?:no\.? ?|제 ?|第)?{number}")
        for number in (13382, 13551, 13570, 13687, 13722, 13810)
    ),
)
_LAW = re.compile("|".join(f"(?P<l{number}>{pattern})" for number, (_, pattern) in enumerate(_LAWS)))
_LAW_HINTS = Hints(
    (
        *("caatsa", "2017/1509", "2016/849", "nkspea", "policy enhancement", "정책강화법", "제재강화법", "brink", "웜비어", "브링크"),
        *(
            "13382",
            "13551",
            "13570",
            "13687",
            "13722",
            "13810",
            "321(b)",
            "321 (b)",
            "302(b)",
            "302 (b)",
            "adversaries",
            "적대세력",
            "적성국",
        ),
    )
)
_NUMBERS = Hints(str(number) for number in RESOLUTIONS)


def provisions(field: str, text: str, context: str = "") -> Iterator[Fact]:
    """Give a fact of kind "provision" for each provision cited or described in a field, with concepts like ``resolution/2397``.

    `context` is what else belongs to the text, such as its title; it tells only whether a number may be a misprint.
    """
    folded = fold(text)
    cited = [*_resolutions(field, text, folded, context), *_laws(field, text, folded)]
    yield from sorted(cited, key=lambda fact: fact.start)
    yield from _described(field, text, folded, cited)


def _resolutions(field: str, text: str, folded: str, context: str) -> Iterator[Fact]:
    for match in _NUMBERS.around(_CITED, folded, 60, 160):
        found = [number for number in _DIGITS.finditer(match.group()) if int(number.group()) in RESOLUTIONS]
        found = [number for number in found if number.group() not in MISPRINTS or _is_misprint(text, folded, match.start(), context)]
        for number in found:
            paragraph = _paragraph(folded, match) if len(found) == 1 else None
            start, end = match.start() + number.start(), match.start() + number.end()
            if len(found) == 1:
                start, end = (min(match.start(), paragraph[1]), max(match.end(), paragraph[2])) if paragraph else match.span()
            yield _resolution(field, text, (start, end), number.group(), paragraph[0] if paragraph else None)


def _is_misprint(text: str, folded: str, position: int, context: str) -> bool:
    """Tell whether a text means another resolution than it prints: it is about our subject, its sentence not about the printed one."""
    ours = _OURS.search(folded) or _OURS.search(fold(context))
    return bool(ours) and not _EVIDENCE_OF_CRIMES.search(folded, *sentence_span(text, position))


def _resolution(field: str, text: str, span: tuple[int, int], printed: str, paragraph: str | None) -> Fact:
    meant = MISPRINTS.get(printed, printed)
    return Fact(
        kind="provision",
        concept=f"resolution/{meant}",
        field=field,
        start=span[0],
        end=span[1],
        quote=text[span[0] : span[1]],
        name=f"UNSCR {meant} para {paragraph}" if paragraph else f"UNSCR {meant}",
        note=f"printed as {printed}, probably {meant}" if meant != printed else None,
    )


def _paragraph(folded: str, match: re.Match[str]) -> tuple[str, int, int] | None:
    """Give number, start and end of the paragraph named beside a resolution."""
    lead = max(0, match.start() - 80)
    before = _PARAGRAPH_BEFORE.search(folded[lead : match.start()])
    if before:
        return before["n"], lead + before.start(), match.end()
    after = _PARAGRAPH_AFTER.match(folded, match.end())
    if after and (after["mark"] or "p" in after.group() or "п" in after.group()):
        return after["n"], match.start(), after.end()
    return None


def _laws(field: str, text: str, folded: str) -> Iterator[Fact]:
    for match in (match for span in _LAW_HINTS.sentences(text, folded) for match in _LAW.finditer(folded, *span)):
        name = _LAWS[int((match.lastgroup or "l0")[1:])][0]
        concept = f"provision/{name.lower().replace(' ', '-')}"
        yield Fact(
            kind="provision",
            concept=concept,
            field=field,
            start=match.start(),
            end=match.end(),
            quote=text[match.start() : match.end()],
            name=name,
        )


def _described(field: str, text: str, folded: str, cited: Sequence[Fact]) -> Iterator[Fact]:
    """Give the provisions that a sentence describes and does not cite; the words from the first sign to the last are the quote."""
    found: set[str] = set()
    hints, described = _descriptions()
    for start, end in hints.sentences(text, folded):
        if any(start <= fact.start < end for fact in cited):
            continue
        sentence = folded[start:end]
        for name, words, signs in described:
            if not any(word in sentence for word in words):
                continue
            hits = list(takewhile(bool, (sign.search(sentence) for sign in signs)))
            if name in found or len(hits) < len(signs):
                continue
            found.add(name)
            first, last = min(hit.start() for hit in hits if hit), max(hit.end() for hit in hits if hit)
            span = (start + first, start + last)
            number = re.match(r"UNSCR (\d{4})", name)
            concept = f"resolution/{number[1]}" if number else f"provision/{name.lower().replace(' ', '-')}"
            yield Fact(
                kind="provision",
                concept=concept,
                field=field,
                start=span[0],
                end=span[1],
                quote=text[span[0] : span[1]],
                name=name,
                implied=True,
            )


@cache
def _descriptions() -> tuple[Hints, tuple[tuple[str, tuple[str, ...], tuple[re.Pattern[str], ...]], ...]]:
    described = read_claims()["described"]
    return Hints(read_claims()["described_hints"]), tuple(
        (entry["id"], tuple(entry["words"]), tuple(map(re.compile, entry["all"]))) for entry in described
    )

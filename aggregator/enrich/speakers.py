"""Credit outlets and institutions: newsrooms that are cited, and ministries or services that say something themselves.

An outlet that was only told something, or that could not verify it, says nothing itself. An institution is credited only in a sentence
that credits nobody else, or only outlets that pass its words on.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cache

from aggregator.enrich.folding import sentence_span
from aggregator.enrich.gazetteer import outlet_concept, read_claims
from aggregator.models import Article, Fact

STATE_MEDIA = frozenset(
    f"outlet/{name}"
    for name in (
        "kcna",
        "rodong-sinmun",
        "uriminzokkiri",
        "xinhua",
        "cctv",
        "global-times",
        "peoples-daily",
        "tass",
        "ria-novosti",
        "choson-sinbo",
    )
)
_LISTENS = re.compile(
    r"(?:告诉|告訴|向|对《?|對《?|told|telling|spoke (?:to|with)|interview (?:with|by)|interviewed by|рассказал\w* "
    r"|сообщил\w* )(?: the)? ?[\"']?$"
)
_LISTENED = re.compile(
    r"^(?:에|에게|와의 [^.]{0,20}(?:통화|인터뷰)에서|과의 [^.]{0,20}(?:통화|인터뷰)에서) [^.]{0,60}(?:말했|전했|밝혔|털어놨|설명했|알려)"
    r"|^に(?:対し)?[^。]{0,20}(?:話し|語っ|明かし|伝え|証言)"
)
_DOUBT_BEHIND = 30
_ACCORDING = re.compile(r"(?:according to|citing|据|據|по данным|по информации|по оценк(?:е|ам)|со ссылкой на)(?: the)? ?$")
_ACCORDING_BEHIND = re.compile(r"^(?:에 따르면|에 의하면|によると|によれば)")
_STATE = re.compile(
    r"[Mm]inistry|[Pp]rosecutors|[Pp]olice|[Mm]ilitary|Force|Army|Navy|Department|Service|Agency|Bureau|Office|Council|Kremlin|White House"
    r"|Embassy|embassy|Treasury|NIS|Team|MSMT|Panel"
    r"|부$|성$|원$|청$|국$|실$|팀$|패널|안보리|대사관|총서"
    r"|部$|院$|省$|庁$|厅$|廳$|局$|署$|组$|組$|チーム|パネル|大使馆|大使館|安理会|安保理"
    r"|МИД|МВД|ФСБ|Мин[а-я]+|Министерств|[Сс]лужб|[Уу]правлен|[Гг]рупп|Кремл|Рос[а-я]+|[Пп]осольств|Совбез"
)


def credit(field: str, text: str, span: tuple[int, int], kind: str, name: str | None) -> Fact:
    """Make the fact that somebody is credited, by the words of its span."""
    start, end = span
    quote = text[start:end].rstrip()
    concept = f"{kind}/{name}" if name else kind
    return Fact(kind="attribution", concept=concept, field=field, start=start, end=start + len(quote), quote=quote, value=kind, name=name)


def outlets(field: str, text: str, folded: str, article: Article) -> Iterator[Fact]:
    """Credit the outlets that are cited; one that was only told something, or that could not verify it, says nothing itself."""
    doubts = [(fact.start, fact.name) for fact in article.facts if fact.kind == "unverified" and fact.field == field]
    for fact in article.facts:
        if fact.kind == "outlet" and fact.field == field:
            start, end = sentence_span(text, fact.start)
            behind = folded[fact.end : end]
            if any(0 <= doubt - fact.end <= _DOUBT_BEHIND and name in fact.concept for doubt, name in doubts if name):
                continue
            known = outlet_concept(fact.quote) or fact.concept
            kind = "state_media" if known in STATE_MEDIA else "other_outlet"
            told = credit(field, text, (fact.start, fact.end), kind, fact.concept.partition("/")[2])
            yield replace(told, note="lonely") if _LISTENS.search(folded[start : fact.start]) or _LISTENED.match(behind) else told


def institutions(field: str, text: str, folded: str, article: Article, credited: Sequence[Fact]) -> Iterator[Fact]:
    """Credit a ministry or a service that says something itself, where a sentence credits nobody else, or only outlets that pass it on."""
    language = article.language or article.feed.language
    speaks = _speaks().get(language)
    taken = {sentence_span(text, fact.start) for fact in credited}
    by_outlets = taken - {sentence_span(text, fact.start) for fact in credited if fact.value not in ("other_outlet", "state_media")}
    for fact in article.facts:
        if speaks is None or fact.field != field or fact.kind not in ("organisation", "actor") or not _is_state(fact):
            continue
        start, end = sentence_span(text, fact.start)
        cited = _ACCORDING.search(folded[start : fact.start]) or _ACCORDING_BEHIND.match(folded[fact.end : end])
        speaking = cited or speaks.match(folded[fact.end : end])
        if speaking and ((start, end) not in taken or (start, end) in by_outlets):
            taken.add((start, end))
            by_outlets.discard((start, end))
            yield credit(field, text, (fact.start, fact.end), "named_official", fact.name or fact.quote)


def _is_state(fact: Fact) -> bool:
    return bool(_STATE.search(fact.quote)) and not fact.concept.startswith("house/")


@cache
def _speaks() -> Mapping[str, re.Pattern[str]]:
    return {language: re.compile(pattern) for language, pattern in read_claims()["speaks"].items()}

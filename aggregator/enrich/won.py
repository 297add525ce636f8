"""Tell the North's won (KPW) from the South's (KRW) by what the text says; where it does not say, the won stays open.

The nearest words before a figure that name a won decide (조선원, 한국 돈, "South Korean won", северокорейских вон), then a price in a
Korean text that stands in brackets behind a foreign one, then the last place named before it in its sentence: a town of the North, or
anywhere in the South. The North's country name alone decides nothing, for its workers abroad are paid in any money.
"""

import re

from aggregator.enrich.folding import sentence_span
from aggregator.enrich.gazetteer import load_gazetteer
from aggregator.enrich.units import Counted

OPEN_WON = "the text does not say whether this is the North's won or the South's"
_NAMED = re.compile(
    r"(?P<KPW>(?:north korean|n\. korean|dprk) (?:won|currency)|북한 ?(?:돈|원)|조선 ?(?:돈|원)|北朝鮮の?(?:ウォン|通貨)|(?<!北)朝鮮ウォン"
    r"|朝鲜(?:货币|币)|северокорейск\w+ вон)"
    r"|(?P<KRW>(?:south korean|s\. korean|(?<!north )(?<!n\. )korean) won|한국 ?(?:돈|원)"
    r"|한화|우리 ?돈|韓国の?(?:ウォン|通貨)|韩国(?:货币|币)"
    r"|южнокорейск\w+ вон)"
)
_BEHIND = re.compile(r"[а-я]* (?:(?P<KPW>кндр|северной кореи)|(?P<KRW>южной кореи|республики корея))")
_CONVERTED = re.compile(r"(?:위안|달러|유로|엔|루블|元|\$|usd|파운드)[^()（）\n]{0,6}[(（] ?(?:약|대략|최대|현재 환율로)? ?$")
_MARKET = re.compile(
    r"코스피|코스닥|원/달러|달러/원|원·달러|통일부|국정원|국가정보원|개성공단|kospi|won[-/]dollar|ウォン相場|統一省|统一部"
)
_COUNTED = re.compile(r"(?:[0-9십백천만억]|million|billion|thousand|тысяч|млн|млрд) ?$")
_REACH, _REACH_BEHIND, _FARTHEST = 20, 20, 300


def whose_won(text: str, folded: str, unit: Counted, language: str) -> str:
    """Give "KPW", "KRW", or "won" where the text leaves it open."""
    start, end = sentence_span(text, unit.start)
    start, end = max(start, unit.start - _FARTHEST), min(end, unit.end + _FARTHEST)
    named = [match for match in _NAMED.finditer(folded, max(start, unit.start - _REACH), unit.end) if _belongs(folded, match, unit)]
    if named:
        return str(named[-1].lastgroup)
    behind = _BEHIND.match(folded, unit.end, min(end, unit.end + _REACH_BEHIND))
    if behind:
        return str(behind.lastgroup)
    if language == "ko" and _CONVERTED.search(folded, start, unit.start):
        return "KRW"
    if _MARKET.search(folded, start, end):
        return "KRW"
    return _by_place(text[start:end], unit.start - start) or "won"


def _belongs(folded: str, name: re.Match[str], unit: Counted) -> bool:
    """Tell whether a name of money is this figure's: one that follows another number is that one's."""
    return name.start() >= unit.start or not _COUNTED.search(folded, max(0, name.start() - 12), name.start())


def _by_place(sentence: str, position: int) -> str | None:
    """Give the money of the last place before a position that decides it, else of the first behind."""
    found = [(mention.start, money) for mention in load_gazetteer().find(sentence) if (money := _money(mention.concept))]
    before = [money for start, money in found if start < position]
    return before[-1] if before else found[0][1] if found else None


def _money(concept: str) -> str | None:
    place = load_gazetteer().places.get(concept)
    if place is None or (place.country == "KP" and place.level == "country"):
        return None
    return {"KP": "KPW", "KR": "KRW"}.get(place.country or "")

"""Find cited resolutions of the UN Security Council, single and in lists, in five languages.

Forms: ``Resolution 2397 (2017)``, ``UNSCR 2397``, ``S/RES/2397``, ``Resolutions 2371, 2375 and 2397``, ``결의 제2397호``, ``第2397号决议``,
``決議2397号``, ``резолюция 2397``. Only numbers that are North Korea resolutions count.
"""

import re
from collections.abc import Iterator

from aggregator.enrich.folding import fold
from aggregator.models import Fact

# 2379 is no sanctions resolution but a misprint of 2397 met in the press; it is told as printed.
RESOLUTIONS = frozenset(
    (
        *(1695, 1718, 1874, 1928, 1985, 2050, 2087, 2094, 2141, 2207, 2270, 2276, 2321),
        *(2345, 2356, 2371, 2375, 2379, 2397, 2407, 2464, 2515, 2569, 2627, 2680),
    )
)
_NUMBER = r"(?:no\. ?|№ ?|제 ?|第)?\d{4}(?!\d)(?: ?\(\d{4}\))?(?:호|号|號)?"
_LIST = rf"{_NUMBER}(?:(?:,? and |,? и |, ?|·|、|及|和|와 ?|과 ?| ?및 ?|と|/|-){_NUMBER}){{0,8}}"
_CITED = re.compile(
    r"(?:resolutions?|unscrs?|unsc res\.?|s/res/|결의안?|决议|決議"
    rf"|резолюци[а-я]{{1,3}}(?: сб оон| совета безопасности(?: оон)?)?) ?(?:{_LIST})"
    r"|(?:第 ?)?\d{4}(?: ?\(\d{4}\))?(?:号|號)?(?:(?:、|,|和|及|与|與)(?:第 ?)?\d{4}(?:号|號)?){0,8}(?:号|號)?(?:决议|決議)"
    r"|\d{4}호 ?결의"
)
_FOUR_DIGITS = re.compile(r"[0-9]{4}")
_DIGITS = re.compile(r"(?<![\d(])\d{4}(?![\d)])")


def provisions(field: str, text: str) -> Iterator[Fact]:
    """Give a fact of kind "provision" for each resolution cited in a field, with concepts like ``resolution/2397``."""
    folded = fold(text)
    if not any(int(number) in RESOLUTIONS for number in _FOUR_DIGITS.findall(folded)):
        return
    for match in _CITED.finditer(folded):
        for number in _DIGITS.finditer(match.group()):
            start, end = match.start() + number.start(), match.start() + number.end()
            if int(number.group()) in RESOLUTIONS:
                concept = f"resolution/{number.group()}"
                yield Fact(kind="provision", concept=concept, field=field, start=start, end=end, quote=text[start:end])

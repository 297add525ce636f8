"""Find what a number counts: the unit before or behind it, in five languages.

English and Russian put a few words between number and unit ("300 young North Korean workers"); Korean, Chinese and Japanese put
a counter right behind the number (170명, 四十艘), at most with the nationality between.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from aggregator.enrich.gazetteer import read_cues
from aggregator.enrich.ranges import Number

_MOST_WORDS = 6
_NEXT_WORD = re.compile(r"(?: or so)?(?:[ -]['\"]?|, (?=of ))([a-zа-я][a-zа-я'.]{0,30})")
_STOPS = frozenset((*read_cues()["stops"], *(word for words in read_cues()["numbers"].values() for word in words)))
_AGED = re.compile(r"летн(?:ий|яя|ее|ие|его|ей|ему|им|их|юю|ими)$")
_ABBREVIATIONS = frozenset(("u.s.", "n.", "s.", "долл.", "руб.", "чел."))
_CURRENCY_BEFORE = re.compile(
    r"(?:(?P<code>usd|cny|rmb|krw|kpw|jpy|eur|gbp|rub) ?|(?<![a-z])(?P<other>hk|nt|a|c|s|au|ca|nz)\$"
    r"|(?P<dollar>(?:u\.?s\.? ?)?\$) ?|(?P<sign>[€£¥₩₽]) ?)$"
)
_SIGNS = {"€": "EUR", "£": "GBP", "₩": "KRW", "₽": "RUB", "¥": "JPY"}
_CODES = {"rmb": "CNY"}
_DOLLARS = {"hk": "HKD", "nt": "TWD", "a": "AUD", "au": "AUD", "c": "CAD", "ca": "CAD", "s": "SGD", "nz": "NZD"}
_OTHER_DOLLARS = frozenset(("hong", "kong", "canadian", "australian", "singapore", "taiwan", "zealand"))
_NATIONALITY = (
    r"(?:(?:朝鲜|北韩|北韓|朝鮮|北朝鮮|中国|中國|俄罗斯|俄羅斯|韩国|韓國|台湾|台灣|美国|美國|북한|중국|러시아|외국|해외|外国|海外|派遣|遠距|远程)"
    r"(?:籍|の|의|인)? ?)?"
)
_APPROXIMATION = r"(?:여|余|餘|多|來|来|强|強|數|数|이상|가까운|以上|近く|超)?"
_YEAR = re.compile(r"(?:19|20)[0-9]{2}$")
_AFTER_PREPOSITION = re.compile(r"(?:\b(?:in|since|by|until|from|of|during|early|late|before|after|and)|[в-]) $")
_ORDINAL = re.compile(r"(?:第|제 ?|no\. ?|№ ?|#|[0-9]-[0-9]{1,4}-|(?<![a-zа-я])[a-zа-я]{1,3}-)$")
_AFTER_MONTH = re.compile(r"(?:jan|feb|mar|apr|may|june?|july?|aug|sept?|oct|nov|dec)[a-z]*\.? $")
_NUMBERING = re.compile(r"\bnumber(?:s|ed|ing)?(?: (?:at|up to|about|around|some|roughly|nearly|over|more than|between|an estimated))* $")
_DESCRIBED = re.compile(
    r"[^\W\d_，。、]{0,16}?(?P<noun>厂|公司|企业|企業|餐厅|餐馆|饭店|银行|签证|许可证|会社|工場|レストラン)"
    r"|의? [가-힣]{0,8}?(?P<korean>업체|회사|기업|공장|식당|은행)"
)
_ESTIMATED = re.compile(
    r"(?P<noun>(?:[a-z.]+ ){0,2}[a-z]+), (?:(?:who|which) )?(?:(?:is|are|was|were) )?(?:variously |now |officially )?"
    r"(?:estimated|believed|thought|reckoned|put|said|reported)(?: to (?:be|number|total))?(?: at)?"
    r"(?: (?:between|about|around|some|roughly|nearly|up to|as many as|at least|more than|over))* $",
    re.IGNORECASE,
)
_ENDS = re.compile(r"[,.;)\n]|$| (?:in|at|by|from|but|and|people|abroad)\b")
_STRONG = re.compile(r"-(?:strong|member|person|man|woman)(?: [a-z]+)?(?![a-z])")
"""A body by how many it has: "the 12-strong team"."""
_MOVED = re.compile(
    r" (?:of them )?(?:(?:have|has|had|were|was|are|is|be|still|already|now) ){0,3}(?:been )?(?:crossed|arrived|fled"
    r"|escaped|defected|repatriated|deported"
    r"|dispatched|expelled|died|killed|arrested|detained|interned|hired|employed|recruited|returned (?:home|to)|came home|went home)\b"
)
"""What only people do or suffer, right behind a number that names nothing."""
_AGENT = re.compile(r"[a-z]{2,}(?:ers|ors|ists|ees|men|women|ians|mates|wives)")
_AGENT_RU = re.compile(r"[а-я]{2,}(?:щик|чик|ист|щиц|овц)(?:а|и|у|е|ов|ам|ами|ах|ы)?")
_NO_AGENTS = frozenset(read_cues()["no_agents"])
_COLLECTIVE = re.compile(r"(?:двое|трое|четверо|пятеро|шестеро|семеро)")
_SUBJECT = re.compile(r"(비자|사증|허가|査証|ビザ|許可)(?:은|는|이|가|는 |は|が)[^.。\n]{0,40}$")
_LOOK_BACK, _LOOK_AHEAD, _SUBJECT_BACK, _ESTIMATED_BACK = 12, 24, 48, 96
_AFTER_DIGITS = frozenset(("배",))
"""Counters that are also nouns: behind a number word, 두 배 may be two ships."""


@dataclass(frozen=True, slots=True)
class Counted:
    """Hold the unit of a number and where number and unit stand together."""

    unit: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class _Units:
    """Hold the vocabulary of units: words of the West by exact form and by stem, counters of the East, and generic counters' nouns."""

    words: Mapping[str, str]
    stems: Mapping[str, str]
    counters: Mapping[str, str]
    nouns: Mapping[str, str]
    counter_pattern: re.Pattern[str]
    noun_pattern: re.Pattern[str]

    def of_word(self, word: str) -> str | None:
        """Give the unit of an English or Russian word in any of its forms."""
        if word in self.words:
            return self.words[word]
        stem = next((self.stems[word[:size]] for size in range(len(word), 2, -1) if word[:size] in self.stems), None)
        return stem or ("person" if _is_agent(word) else None)


def _is_agent(word: str) -> bool:
    """Tell whether a word is made like a name of people at work: welders, interpreters, сварщиков."""
    return bool(_AGENT.fullmatch(word) or _AGENT_RU.fullmatch(word)) and word not in _NO_AGENTS


def counted(folded: str, number: Number, language: str) -> Counted | None:
    """Give what a number counts, or None where it counts nothing we know (a year, a date, a paragraph)."""
    before = folded[max(0, number.start - _LOOK_BACK) : number.start]
    if _ORDINAL.search(before) or (number.plain and number.high <= 31 and _AFTER_MONTH.search(before)):
        return None
    money = _currency(before, language)
    if money:
        unit, length = money
        return Counted(unit, number.start - length, number.end)
    return _by_counter(folded, number) or _by_word(folded, number, before) or _by_sentence(folded, number)


def _currency(before: str, language: str) -> tuple[str, int] | None:
    """Give currency and length of the sign or code that ends the text before a number."""
    match = _CURRENCY_BEFORE.search(before)
    if not match:
        return None
    if match["code"]:
        unit = _CODES.get(match["code"], match["code"].upper())
    elif match["sign"]:
        unit = "CNY" if match["sign"] == "¥" and language == "zh" else _SIGNS[match["sign"]]
    else:
        unit = _DOLLARS[match["other"]] if match["other"] else "USD"
    return unit, len(match.group())


def _by_counter(folded: str, number: Number) -> Counted | None:
    """Read a counter behind the number; a generic one takes its meaning from a noun behind or before it."""
    match = _UNITS.counter_pattern.match(folded, number.end, number.end + _LOOK_AHEAD)
    if not match:
        return None
    if match["counter"] in _AFTER_DIGITS and not folded[number.end - 1].isdigit():
        return None
    unit = _UNITS.counters[match["counter"]] if match["counter"] else _of_generic(folded, number, match)
    return Counted(unit, number.start, match.end()) if unit and unit != "none" else None


def _of_generic(folded: str, number: Number, match: re.Match[str]) -> str | None:
    if match["noun"]:
        return _UNITS.nouns[match["noun"]]
    ahead = _DESCRIBED.match(folded, match.end()) if match["generic"] else None
    if ahead:
        noun = ahead["noun"] or ahead["korean"]
        return _UNITS.nouns.get(noun, "factory" if noun.endswith("厂") else "company")
    nouns = list(_UNITS.noun_pattern.finditer(folded, max(0, number.start - _LOOK_BACK), number.start))
    if match["generic"] and nouns:
        return _UNITS.nouns[nouns[-1].group()]
    subject = (
        _SUBJECT.search(folded, max(0, number.start - _SUBJECT_BACK), number.start) if match["generic"] in ("건", "件", "여건") else None
    )
    return _UNITS.nouns[subject[1]] if subject else None


def _by_word(folded: str, number: Number, before: str) -> Counted | None:
    """Read on, past adjectives, to the first word that is a unit, and on to a second one that follows it ("factory workers")."""
    year = number.plain and bool(_YEAR.match(folded[number.start : number.end]))
    if year and _AFTER_PREPOSITION.search(before):
        return None
    body = _STRONG.match(folded, number.end)
    if body:
        return Counted("person", number.start, body.end())
    found: Counted | None = None
    passed: list[str] = []
    for word, end in _words(folded, number.end):
        unit = _UNITS.of_word(word)
        if unit is None and (found or year):
            break
        if unit:
            found = Counted(_specified(unit, passed), number.start, end)
            if not passed and folded[number.end] == "-":
                break  # "a 300-worker plant" has 300 workers
        passed.append(word)
    return found


def _words(folded: str, position: int) -> Iterator[tuple[str, int]]:
    """Give the words behind a number with their ends, up to one that cannot stand between number and unit."""
    for count in range(_MOST_WORDS):
        match = _NEXT_WORD.match(folded, position)
        if not match:
            return
        word = match.group(1)
        stripped = word.rstrip(".'").removesuffix("'s")
        if stripped in _STOPS or _AGED.match(stripped) or (stripped == "of" and count):
            return
        yield stripped, match.start(1) + len(word.rstrip(".'"))
        if word.endswith(".") and word not in _ABBREVIATIONS:
            return
        position = match.end()


def _specified(unit: str, passed: list[str]) -> str:
    return "dollar" if unit == "USD" and _OTHER_DOLLARS & set(passed) else unit


def _by_sentence(folded: str, number: Number) -> Counted | None:
    """Take "are estimated to number up to 100,000 in China" for people."""
    if _COLLECTIVE.fullmatch(folded, number.start, number.end):
        return Counted("person", number.start, number.end)
    numbering = number.low >= 100 and _NUMBERING.search(folded[max(0, number.start - 60) : number.start])
    year = number.plain and _YEAR.match(folded[number.start : number.end])
    aged = re.search(r"\baged? $", folded[max(0, number.start - 8) : number.start])
    moved = number.high >= 10 and not year and not aged and _MOVED.match(folded, number.end)
    if numbering or moved:
        return Counted("person", number.start, number.end)
    noun = estimated(folded, number) if number.low >= 100 and not year else None
    unit = _UNITS.of_word(folded[slice(*noun)].rpartition(" ")[2]) if noun else None
    return Counted(unit, number.start, number.end) if unit else None


def estimated(folded: str, number: Number) -> tuple[int, int] | None:
    """Give where the words stand that "estimated at between 90,000 and 100,000" is said of, three at most."""
    found = _ESTIMATED.search(folded, max(0, number.start - _ESTIMATED_BACK), number.start)
    return found.span("noun") if found and _ENDS.match(folded, number.end) else None


def _load() -> _Units:
    cues = read_cues()
    words: dict[str, str] = {}
    stems: dict[str, str] = {}
    counters: dict[str, str] = {}
    nouns: dict[str, str] = {}
    for unit, forms in cues["units"].items():
        for word in forms.get("words", ()):
            (stems if word.endswith("*") else words)[word.rstrip("*")] = unit
        counters.update(dict.fromkeys(forms.get("counters", ()), unit))
        nouns.update(dict.fromkeys(forms.get("nouns", ()), unit))
    generic, noun, counter = _alternatives(cues["generic"]), _alternatives(nouns), _alternatives(counters)
    plain = rf"(?P<counter>{counter})|(?:(?:{generic})(?:의|の| )?{_NATIONALITY})?(?P<noun>{noun})|(?P<generic>{generic})"
    pattern = rf"{_APPROXIMATION} ?{_NATIONALITY}(?:{plain})"
    return _Units(words, stems, counters, nouns, re.compile(pattern), re.compile(noun))


def _alternatives(words: Iterable[str]) -> str:
    """Write an alternation in which the longest word wins, for 人民币 begins with 人; a Latin letter ends where no other follows."""
    ends = {word: "(?![a-z])" if word[-1].isascii() and word[-1].isalpha() else "" for word in words}
    return "|".join(re.escape(word) + ends[word] for word in sorted(ends, key=len, reverse=True))


_UNITS = _load()

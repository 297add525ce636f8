"""Recognise number expressions in five languages: digits, digits with 万/억/million, ideographs, words, and vague amounts.

Works on folded text (`aggregator.enrich.folding`). What is counted is not decided here. Every repeat is bounded, so that a
megabyte of digits costs as much as a megabyte of anything else.
"""

import re
from collections.abc import Iterator
from dataclasses import replace

import ahocorasick_rs

from aggregator.enrich.approximations import FRACTION, FRACTION_STARTS, LISTED_PAIR, NATIVE_RANGES, ODD, fraction, neighbours, odd
from aggregator.enrich.gazetteer import read_cues
from aggregator.enrich.ranges import Number, joined

_HAN_DIGITS = {**{digit: value for value, digit in enumerate("〇一二三四五六七八九")}, "零": 0, "两": 2, "兩": 2}
_HANGUL_DIGITS = {digit: value for value, digit in enumerate("일이삼사오육칠팔구", start=1)}
_TENS = {**dict.fromkeys("十십", 10), **dict.fromkeys("百백", 100), **dict.fromkeys("千천", 1000)}
_MYRIADS = {**dict.fromkeys("万萬만", 10**4), **dict.fromkeys("億亿억", 10**8), **dict.fromkeys("兆조", 10**12)}
_EAST_ASIAN = frozenset((*_HAN_DIGITS, *_HANGUL_DIGITS, *_TENS, *_MYRIADS))
_SHORT_SCALES = {"k": 10**3, "m": 10**6, "b": 10**9}
_ROUND = {"десят": 10, "сот": 100, "тысяч": 10**3, "миллион": 10**6, "dozen": 10, "hundred": 100, "thousand": 10**3, "million": 10**6}


def _word_values() -> dict[str, float]:
    return {word: value for value, words in read_cues()["numbers"].items() for word in words}


_WORDS = _word_values()
_ONES = dict.fromkeys(("one", "один", "одна", "одного", "одной", "одному", "одним", "одну"), 1.0)
"""Read only behind a ten (forty-one): alone they count too little to tell."""
_TENS_SPELT = "|".join(
    word for word, value in _WORDS.items() if 20 <= value < 100 and not "가" <= word[0] <= "힣" and not word.startswith("пол")
)
_SPELT = sorted((word for word in _WORDS if not "가" <= word[0] <= "힣"), key=len, reverse=True)
_NATIVE = sorted((*NATIVE_RANGES, *(word for word in _WORDS if "가" <= word[0] <= "힣")), key=len, reverse=True)
_SCALES = sorted((word for word in _SPELT if _WORDS[word] >= 100 and word not in ("сто", "ста")), key=len, reverse=True)

_UNITS = "십백천만억조十百千万萬億亿兆"
_IDEOGRAPHS = "〇零一二两兩三四五六七八九十百千万萬億亿兆"
_ALONE = r"(?<![0-9a-zа-я_^])(?<![0-9][.,:/])"
_PLAIN = (
    rf"{_ALONE}(?:[0-9]{{1,3}}(?:,[0-9]{{3}}){{1,5}}(?:\.[0-9]{{1,2}})?"
    r"|[0-9]{1,3}(?: [0-9]{3}){1,4}|[0-9]{1,15}(?:[.,][0-9]{1,2})?)(?![0-9]|[,.:/][0-9])"
)
_MIXED = (
    rf"{_ALONE}[0-9]{{1,9}}(?:,[0-9]{{3}}){{0,3}}(?:\.[0-9]{{1,3}})?(?:[여余餘多](?=[만万萬억億亿천백]))?[{_UNITS}]"
    rf"(?: ?[0-9][0-9,]{{0,8}}[{_UNITS}]|[0-9,{_IDEOGRAPHS}십백천만억조일이삼사오육칠팔구]){{0,12}}"
)
_IDIOM = r"(?!万一|萬一|千万[不别要勿请]|千萬[不別要勿請])"
_IDEOGRAPHIC = (
    rf"{_IDIOM}(?:(?:{ODD})|(?:{LISTED_PAIR})[{_UNITS}]{{1,3}}|[{_IDEOGRAPHS}](?:[{_IDEOGRAPHS}0-9]|[余餘多](?=[万萬億亿])){{0,16}})"
)
_HANGUL = r"(?<![가-힣])(?:일이|이삼|삼사|사오|오육|육칠|칠팔|팔구|[일이삼사오육칠팔구])?[십백천만억][일이삼사오육칠팔구십백천만억]{0,8}"
_VAGUE_EAST = r"(?:(?<![가-힣])수|[数數几幾上])[십백천만억十百千万萬億亿]{1,2}"
_VAGUE_WEST = (
    r"(?<![a-zа-я])(?:(?:several|a few|many|a couple of) )?"
    r"(?:tens|hundreds?|dozens?|thousands?|millions|десят(?:ки|ков|ками|ках)|сот(?:ни|ен|нями|нях)|тысячи|тысячами|миллионы)"
    r"(?: of (?:thousands|millions)| (?:тысяч|миллионов))?(?![a-zа-я])"
)
_WESTERN_WORD = rf"(?:(?:{_TENS_SPELT})[ -](?:{'|'.join(_ONES)})(?![a-zа-я])|{'|'.join(_SPELT)})"
_WESTERN = rf"(?<![a-zа-я]){_WESTERN_WORD}(?:[ -](?:and )?{_WESTERN_WORD}){{0,8}}(?![a-zа-я])"
_NATIVE_WORDS = rf"(?<![가-힣])(?:{'|'.join(_NATIVE)}){{1,2}}(?= ?[명척배개곳대채건동벌장마켤])"
_NATIVE_WORD = re.compile("|".join(_NATIVE))
_SCALE = re.compile(rf"[ -]?({'|'.join(_SCALES)})(?![a-zа-я])\.?|([kmb])(?![a-z0-9])")
_NUMBER = re.compile(
    rf"(?P<fraction>{FRACTION})|(?P<pair>{_ALONE}(?:{LISTED_PAIR})[{_UNITS}]{{1,2}})|(?P<mixed>{_MIXED})|(?P<plain>{_PLAIN})|(?P<vague>{_VAGUE_EAST}|{_VAGUE_WEST})|(?P<ideographic>{_IDEOGRAPHIC}|{_HANGUL})"
    rf"|(?P<native>{_NATIVE_WORDS})|(?P<words>{_WESTERN})"
)
_ONE_OF = {"сотни": 100.0, "тысячи": 1_000.0}
_COMPARES = re.compile(r"(?<![а-я])(?:более|больше|свыше|около|порядка|менее|меньше|до) $")
"""Behind these the genitive is of one hundred: "более сотни" is a hundred at least, "сотни рабочих" are some hundreds."""
_WORD_SCALES = frozenset((12, *(10**power for power in (2, 3, 6, 9, 12))))
_HANGUL_UNITS = frozenset("십백천만억")
_FIGURE_START = re.compile(rf"[0-9]+|[수數数几幾上]|[{_IDEOGRAPHS}]+|[십백천만억]+")
_DIGITS = re.compile(r"[0-9]+")
_WORD_STARTS = ahocorasick_rs.AhoCorasick(
    [
        *_SPELT,
        *_NATIVE,
        *FRACTION_STARTS,
        *"½⅓⅔¼¾",
        "several ",
        "a few ",
        "many ",
        "a couple of ",
        "tens",
        "millions",
        "десят",
        "сот",
        "миллионы",
    ],
    matchkind=ahocorasick_rs.MatchKind.LeftmostLongest,
)


def numbers(folded: str) -> tuple[Number, ...]:
    """Give the number expressions of a folded text in their order, ranges joined into one."""
    found: list[Number] = []
    for match in _matches(folded):
        number = _read(folded, match) if not found or match.start() >= found[-1].end else None  # a scale belongs to its digits
        if number:
            found.append(number)
    return tuple(joined(folded, found))


def amount(value: float) -> str:
    """Write a value for a concept: without decimals where it has none, else with at most two."""
    return str(int(value)) if value == int(value) else f"{value:.2f}".rstrip("0")


def _matches(folded: str) -> Iterator[re.Match[str]]:
    """Try the grammar only where a number can start; trying it at every character takes five times as long."""
    position = 0
    for start in sorted({*_figure_starts(folded), *(start for _, start, _ in _WORD_STARTS.find_matches_as_indexes(folded))}):
        match = _NUMBER.match(folded, start) if start >= position else None
        if match:
            position = match.end()
            yield match


def _figure_starts(folded: str) -> Iterator[int]:
    for match in (_DIGITS if folded.isascii() else _FIGURE_START).finditer(folded):
        start = match.start()
        lead = 0
        while folded[start] in _HANGUL_UNITS and lead < min(start, 2) and folded[start - lead - 1] in _HANGUL_DIGITS:
            lead += 1
        yield start - lead


def _read(folded: str, match: re.Match[str]) -> Number | None:
    kind, words = match.lastgroup, match.group()
    start, end = match.span()
    if kind == "vague":
        one = _ONE_OF.get(words) if _COMPARES.search(folded, max(0, start - 12), start) else None
        return _exactly(start, end, one) if one else _vague(start, end, words)
    if kind == "plain":
        return _scaled(folded, start, end, _digits(words))
    if kind == "native":
        return _native(start, end, words)
    if kind == "words":
        return _worded(start, end, words)
    return _exactly(start, end, fraction(words) or 0.0) if kind == "fraction" else _written(start, words.rstrip(", "))


def _native(start: int, end: int, words: str) -> Number | None:
    """Read Korean's own numerals: 열다섯 is 15, 두세 2 to 3."""
    found = [NATIVE_RANGES.get(word) or (_WORDS[word], _WORDS[word]) for word in _NATIVE_WORD.findall(words)]
    low, high = (float(sum(bounds[side] for bounds in found)) for side in (0, 1))
    return Number(start, end, low, high, mantissa=low) if high else None


def _worded(start: int, end: int, words: str) -> Number | None:
    """Read number words; two that a hyphen joins without making one number are a range: две-три тысячи."""
    first, hyphen, rest = words.partition("-")
    following = re.split(r"[ -]", rest)[0]
    second = _ONES.get(following, _WORDS.get(following, 0.0)) if hyphen else 0.0
    low = _WORDS.get(first, 0.0)
    compound = second in _WORD_SCALES or (low >= 20 and second < 10)
    if low < second and not compound:
        scale = _spelt(rest) / second
        return Number(start, end, low * scale, second * scale, mantissa=second)
    value = _spelt(words)
    scales = [_WORDS[word] for word in re.split(r"[ -]", words) if _WORDS.get(word) in _WORD_SCALES]
    number = _exactly(start, end, value)
    return replace(number, mantissa=value / scales[-1] if scales else value, bare=not scales) if number else None


def _written(start: int, written: str) -> Number | None:
    """Read a number in the East's numerals, or digits and numerals mixed."""
    end = start + len(written)
    pair = neighbours(written) or odd(written)
    if pair:
        low, high = map(_east_asian, pair)
        return Number(start, end, low, high, mantissa=low)
    numeral = re.sub("[여余餘多]", "", written)
    number = _exactly(start, end, _east_asian(numeral))
    if number is None:
        return None
    digit = numeral[0] if numeral[0] in _HAN_DIGITS else ""
    mantissa = _leading_digits(numeral) or float(_HAN_DIGITS.get(digit, 0))
    return replace(number, mantissa=mantissa, bare=numeral == digit, about=numeral != written)


def _exactly(start: int, end: int, value: float) -> Number | None:
    return Number(start, end, value, value, mantissa=value) if value else None


def _scaled(folded: str, start: int, end: int, value: float) -> Number:
    """Multiply digits by the word behind them: 1.5 million, 10 тыс., $382m."""
    scale = _SCALE.match(folded, end)
    if not scale:
        return Number(start, end, value, value, plain=True, mantissa=value)
    factor = _WORDS[scale.group(1)] if scale.group(1) else _SHORT_SCALES[scale.group(2)]
    return Number(start, scale.end(), value * factor, value * factor, mantissa=value)


def _digits(written: str) -> float:
    compact = written.replace(" ", "")
    if re.fullmatch(r"[0-9]{1,3}(?:,[0-9]{3})+(?:\.[0-9]+)?", compact):
        return float(compact.replace(",", ""))
    return float(compact.replace(",", "."))


def _leading_digits(written: str) -> float:
    match = re.match(r"[0-9,]+(?:\.[0-9]+)?", written)
    return float(match.group().replace(",", "")) if match else 0.0


def _east_asian(written: str) -> float:
    """Add up a number with ideographic or Hangul units: 1万2000, 三百七十万, 1억5천만, 二百."""
    total, section, current = 0.0, 0.0, None
    for token in re.findall(r"[0-9][0-9,]*(?:\.[0-9]+)?|.", written.replace(" ", "")):
        if token[0].isascii():
            current = float(token.replace(",", "").rstrip(".") or 0)
        elif token in _TENS:
            section, current = section + (1.0 if current is None else current) * _TENS[token], None
        elif token in _MYRIADS:
            section = section + (current or 0.0) or 1.0
            total, section, current = total + section * _MYRIADS[token], 0.0, None
        else:
            digit = _HAN_DIGITS.get(token, _HANGUL_DIGITS.get(token, 0))
            current = digit if current is None else current * 10 + digit
    return total + section + (current or 0.0)


def _spelt(words: str) -> float:
    """Add up number words: "two hundred and fifty", "двести тысяч"."""
    total, section = 0.0, 0.0
    for word in re.findall(r"[a-zа-я]+", words):
        value = _WORDS.get(word, _ONES.get(word))
        if value is None:
            continue
        if value >= 1000:
            total, section = total + (section or 1.0) * value, 0.0
        elif word in ("hundred", "dozen") and section:
            section *= value
        else:
            section += value
    return total + section


def _vague(start: int, end: int, words: str) -> Number | None:
    """Give the span of "tens of thousands" (10,000 to 99,999), 수백, 数千, десятки тысяч; a lone "thousand" is a number word."""
    if re.fullmatch(r"(?:hundred|thousand|dozen|million)", words):
        return _exactly(start, end, float(_WORDS[words]))
    unit = _vague_unit(words)
    return Number(start, end, unit, unit * 10 - 1, vague=True)


def _vague_unit(words: str) -> float:
    if words[-1] in _EAST_ASIAN:
        return _east_asian(words[1:])
    unit = 10.0 if words.startswith("tens") else 1.0
    for word in words.split():
        unit *= next((value for stem, value in _ROUND.items() if word.startswith(stem)), 1)
    return unit

"""Dates: which days, months and years a text names, in five languages, and which of them an edit replaced by others.

"6 April" and "April 6" are one day. A month counts without its day and a year without both; "may" and "march" are months only
where a preposition, a day or a year stands beside them, and four digits are a year only where they cannot be a count.
"""

import re
from collections.abc import Iterator

_FEW = 2
"""Dates replaced at most; where more differ, the text was cut or went on."""
_READ = 20_000
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_RUSSIAN = ("янв", "фев", "мар", "апр", "ма", "июн", "июл", "авг", "сен", "окт", "ноя", "дек")
_SIGNS = ("一", "二", "三", "四", "五", "六", "七", "八", "九", "十", "十一", "十二")
_LATIN = "(?:jan|feb|mar|apr|may|june?|july?|aug|sept?|oct|nov|dec)[a-z]*"
_CYRILLIC = (
    "(?:январ[яьею]|феврал[яьею]|март(?:а|е|у|ом)?|апрел[яьею]|ма[йяею]|июн[яьею]|июл[яьею]|август(?:а|е|у|ом)?"
    "|сентябр[яьею]|октябр[яьею]|ноябр[яьею]|декабр[яьею])"
)
_BEFORE = "(?:in|since|until|till|by|of|from|through|during|last|this|next|early|late|mid|before|after|between|and|to)"
_DAY = re.compile(
    rf"\b(?P<m1>{_LATIN})\.? (?P<d1>\d{{1,2}})\b|\b(?P<d2>\d{{1,2}}) (?P<m2>{_LATIN}|{_CYRILLIC})\b"
    r"|(?P<m3>\d{1,2})[월月] ?(?P<d3>\d{1,2})[일日]|\b\d{4}-(?P<m4>\d{2})-(?P<d4>\d{2})\b|\b(?P<d5>\d{2})\.(?P<m5>\d{2})\.\d{4}\b",
    re.IGNORECASE,
)
_MONTH = re.compile(
    r"\b(?P<m1>January|February|April|June|July|August|September|October|November|December)\b"
    rf"|\b(?i:{_BEFORE})[ -](?P<m2>March|May|Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept?|Oct|Nov|Dec)\b|\b(?P<m3>March|May) (?:19|20)\d\d\b"
    rf"|(?<!\d)(?P<m4>1[0-2]|0?[1-9]) ?[月월]|(?<![一二三四五六七八九十])(?P<m5>十[一二]?|[一二三四五六七八九])月"
    rf"|\b(?P<m6>(?i:{_CYRILLIC}))\b"
)
_YEAR = re.compile(
    rf"\b(?i:{_BEFORE}|{_LATIN}\.?|{_LATIN}\.? \d{{1,2}},) (?P<y1>(?:19|20)\d\d)\b(?=$|[.,;:)\s])"
    r"(?! (?:[a-z]+ )?(?:workers|people|men|women|tons|dollars))"
    r"|(?<!\d)(?P<y2>(?:19|20)\d\d) ?[年년]|\b(?P<y3>(?:19|20)\d\d)(?:-\w+)? (?:год|г\.)|\b(?P<y4>(?:19|20)\d\d)-\d\d-\d\d\b"
    r"|\b\d\d\.\d\d\.(?P<y5>(?:19|20)\d\d)\b"
)
_Named = dict[tuple[int, ...], str]


def replaced_dates(before: str, after: str) -> tuple[str, str] | None:
    """Give the days, or the months, or the years that were replaced by as many others, as they are written."""
    for kind in (_days, _months, _years):
        ours, theirs = kind(before[:_READ]), kind(after[:_READ])
        lost, gained = [ours[date] for date in ours if date not in theirs], [theirs[date] for date in theirs if date not in ours]
        if lost and len(lost) == len(gained) <= _FEW:
            return ", ".join(lost), ", ".join(gained)
    return None


def _days(text: str) -> _Named:
    return _first_wordings(((_month(_one_of(match, "m")), int(_one_of(match, "d"))), match.group()) for match in _DAY.finditer(text))


def _months(text: str) -> _Named:
    named = [((month,), wording) for (month, _), wording in _days(text).items()]
    return _first_wordings((*named, *(((_month(_one_of(match, "m")),), match.group()) for match in _MONTH.finditer(text))))


def _years(text: str) -> _Named:
    return _first_wordings(((int(_one_of(match, "y")),), _one_of(match, "y")) for match in _YEAR.finditer(text))


def _first_wordings(found: Iterator[tuple[tuple[int, ...], str]] | tuple[tuple[tuple[int, ...], str], ...]) -> _Named:
    named: _Named = {}
    for date, wording in found:
        named.setdefault(date, wording)
    return named


def _one_of(match: re.Match[str], kind: str) -> str:
    return next(value for name, value in match.groupdict().items() if name[0] == kind and value)


def _month(name: str) -> int:
    if name.isdecimal():
        return int(name)
    if name in _SIGNS:
        return _SIGNS.index(name) + 1
    said = name.casefold()
    starts = ((start, number) for months in (_MONTHS, _RUSSIAN) for number, start in enumerate(months, 1))
    return max((len(start), number) for start, number in starts if said.startswith(start))[1]

"""The words for dates in five languages, one pattern a language.

A template names its parts by groups: y year, m month, d day, n a number, ry, rm, rw, rd a year, month, week or day told relative to
now, wd a weekday, u a unit, end the end of a year. Longer templates stand first.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from aggregator.enrich.folding import Hints

_Y = r"(?P<y>(?:19|20)\d\d)"
_D = r"(?P<d>3[01]|[12]\d|0?[1-9])"
_M = r"(?P<m>1[0-2]|0?[1-9])"
_HAN = r"(?:[一二三四五六七八九]?十[一二三四五六七八九]?|[一二三四五六七八九])"
_MH = rf"(?P<m>1[0-2]|0?[1-9]|{_HAN})"
_DH = rf"(?P<d>3[01]|[12]\d|0?[1-9]|{_HAN})"
_EN_M = (
    r"(?P<m>jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?"
    r"|nov(?:ember)?|dec(?:ember)?)"
)
_RU_M = r"(?P<m>янв|фев|мар|апр|ма[яйе]|июн|июл|авг|сен|окт|ноя|дек)[а-я]*"
_RU_RY = r"(?:(?P<ry>прошл|минувш|следующ|эт|текущ|нынешн|будущ)[а-я]{2,4} года)"
_EN_N = r"(?P<n>an?|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|\d{1,3})"
_NOT_NTH = (
    r"(?! (?:floor|anniversary|congress|session|round|street|branch|century|time|meeting|plenary|day|year|division|brigade"
    r"|person|parallel|party))"
)
_NOT_DAY = "(?!报(?!道)|報(?!道|じ)|[本元圆圓电電间間内內讯訊均益前常子军軍媒方韩韓美中朝企籍记記後目曜分程系語语0-9])"
_TEMPLATES: Mapping[str, Sequence[str]] = {
    "en": (
        rf"\b{_Y}-(?P<m>\d\d)-(?P<d>\d\d)\b",
        rf"\b{_EN_M}\.? {_D}(?:st|nd|rd|th)?,? {_Y}\b",
        rf"\b{_D}(?:st|nd|rd|th)?(?: of)? {_EN_M}\.?,? {_Y}\b",
        rf"\b{_EN_M}\.? {_D}(?:st|nd|rd|th)?,?(?: of)? (?P<ry>last|this|next) year\b",
        rf"\b{_D}(?:st|nd|rd|th)?(?: of)? {_EN_M}\.?,?(?: of)? (?P<ry>last|this|next) year\b",
        rf"\b{_EN_M}\.? {_D}(?:st|nd|rd|th)?\b(?![,.:]?\d)",
        rf"(?<![\d.,:-]){_D}(?:st|nd|rd|th)?(?: of)? {_EN_M}\b\.?",
        rf"\b(?:mid-|early |late )?{_EN_M}\.?(?: of)?,? {_Y}\b",
        rf"\b(?:in |from |between |since )?{_EN_M}(?= (?:and|to|or|through|until) [a-z]{{3,9}}\.? {_Y})",
        rf"\b{_EN_M} (?:of )?(?P<ry>last|this|next) year\b",
        rf"\b(?P<rm>last|next|this past|this) {_EN_M}\b",
        rf"\b(?:in|since|until|by|from|during|before|after|early|late|of|around)(?: early| late| mid)?[ -](?:mid-)?{_EN_M}\b"
        r"(?!,? \d| (?:of )?(?:last|this|next) year)",
        rf"\b(?:the )?(?P<end>end of) {_Y}\b",
        r"\b(?:the )?(?P<end>end of) (?P<ry>last|this|next) year\b",
        r"\b(?P<rw>last|this|next|past|previous) week\b",
        rf"\b(?P<rm>last|this|next) month,? on the {_D}(?:st|nd|rd|th)\b",
        rf"\bon the {_D}(?:st|nd|rd|th) of (?P<rm>last|this|next) month\b",
        r"\b(?P<rm>last|this|next|past|previous) month\b",
        r"(?<!earlier )(?<!later )\b(?P<ry>last|this|next|past|previous) year\b(?! of)",
        r"\b(?:(?:on|by|since|until|late|early) )?(?P<rw>last|next|this|coming)? ?(?P<wd>mon|tues|wednes|thurs|fri|satur|sun)day\b",
        rf"\b{_EN_N} (?P<u>day|week|month|year)s? ago\b",
        rf"\b(?:on|since|from|until|by|of) the {_D}(?:st|nd|rd|th)\b{_NOT_NTH}",
        r"\b(?P<rd>yesterday|today|tomorrow)\b",
        rf"\b(?:in|since|by|until|till|from|during|before|after|early|late|of|between|to|through|for|and|year|spring|summer|autumn"
        rf"|fall|winter"
        rf"|mid) {_Y}\b(?![-/,.]\d| (?:to|and) (?!(?:19|20)\d\d\b)\d)",
        rf"\b{_Y}(?= (?:election|report|summit|resolution|survey|season|agreement|adoption)\b)",
    ),
    "ko": (
        rf"{_Y}년 ?{_M}월 ?{_D}일",
        rf"{_Y}년 ?{_M}월",
        rf"{_Y}년 ?(?P<end>연말|말)",
        rf"{_Y}년(?! ?(?:된|전|묵은|간|동안))",
        r"(?P<ry>지난해|재작년|작년|올해|금년|내년) ?(?P<end>연말|말)(?!씀|하|했|레)",
        rf"(?P<ry>지난해|재작년|작년|올해|금년|내년) ?{_M}월(?: ?{_D}일)?",
        rf"(?P<rm>지난달|전달|이달|이번 ?달|다음 ?달|내달) ?(?:{_D}일)?",
        rf"(?<!\d){_M}월 ?{_D}일",
        rf"(?:지난 ?|오는 ?)?(?<![\d.~-]){_M}월(?!호|드|요|급|[~-])",
        rf"(?P<rw>지난|오는)? ?(?<![\d.월]){_D}일(?!간|동안| 동안|째|부터 \d|자리|정|본|반|상|하|치|당|[가-힣]{{0,2}}시간| ?\d)",
        r"(?P<rw>지난주|이번 ?주|다음 ?주) ?(?:(?P<wd>[월화수목금토일])요일)?",
        r"(?P<rw>지난|오는)? ?(?P<wd>[월화수목금토일])요일",
        r"(?P<ry>지난해|재작년|작년|올해|금년|내년)(?! ?\d{1,3}[세살])",
        r"(?P<n>\d{1,3}|한|두|세|네) ?(?P<u>일|주|개월|달|년) 전(?!쟁)",
        r"(?<![가-힣])(?P<rd>어제|그제|오늘|내일|전날)(?!날|[ ]?밤|부터)",
    ),
    "zh": (
        rf"{_Y}年{_MH}月{_DH}[日号號]",
        rf"{_Y}年{_MH}月",
        rf"{_Y}年(?P<end>年?底|末)(?:之?前|以前)?",
        rf"{_Y}年(?!前|代|历史|的历史)",
        r"(?P<ry>去年|今年|明年|前年|本年)(?P<end>年底|年末|底)",
        rf"(?P<ry>去年|今年|明年|前年|本年)(?! ?(?:\d{{1,3}}|[一二三四五六七八九十]{{1,3}})[岁歲])(?:{_MH}月)?(?:{_D}[日号號])?",
        rf"(?P<rm>上个?月|上個月|本月|这个月|這個月|下个?月|下個月)(?:{_D}[日号號])?",
        rf"(?<![\d个個]){_MH}月{_DH}[日号號]",
        rf"(?<![\d个個~至-]){_M}月(?!号|號|[~至-])",
        r"(?P<rw>上|下|本|这|這)?(?:周|星期|礼拜|禮拜|週)(?P<wd>[一二三四五六日天])(?![^\W\d_]?(?:月|年))",
        r"(?P<rw>上周|上週|上星期|本周|本週|这周|下周|下週)",
        rf"(?<![\d月.-]){_D}日{_NOT_DAY}",
        r"(?P<n>\d{1,3}|[一二两兩三四五六七八九十]{1,3})(?P<u>天|日|周|星期|个月|個月|年)(?:之|以)?前",
        r"(?P<rd>昨天|昨日|前天|今天|今日|明天)",
    ),
    "ja": (
        rf"(?P<era>令和|平成|昭和)(?P<ey>\d{{1,2}}|元)年(?:{_M}月(?:{_D}日)?)?",
        rf"{_Y}年{_M}月{_D}日",
        rf"{_Y}年{_M}月",
        rf"{_Y}年(?P<end>末|の?暮れ|の終わり)",
        rf"{_Y}年(?!前|代|間|の歴史)",
        r"(?P<ry>一昨年|昨年|去年|今年|来年)(?:の)?(?P<end>年末|末|の?暮れ)",
        rf"(?P<ry>一昨年|昨年|去年|今年|来年)(?!で?\d{{1,3}}[歳才])(?:の)?(?:{_M}月)?(?:{_D}日)?",
        rf"(?P<rm>先々月|先月|今月|来月)(?:{_D}日)?",
        rf"(?<!\d){_MH}月{_DH}日",
        rf"(?<![\dか~一二三四五六七八九十正数-]){_MH}月(?!号|[~-])",
        rf"(?<![\d月.週-])(?<!月に)(?<!週に){_D}日{_NOT_DAY}(?!だけ|あたり|当たり|以内|以上)",
        r"(?P<rw>先週|今週|来週)?の?(?P<wd>[月火水木金土日])曜日?",
        r"(?P<rw>先週|今週|来週)",
        r"(?P<n>\d{1,3})(?P<u>日|週間|[かカヶ]月|年)前",
        r"(?P<rd>一昨日|昨日|今日|明日)",
    ),
    "ru": (
        rf"(?<!\d){_D}(?:-го)? {_RU_M} {_Y}(?: ?(?:года|г\.?))?",
        rf"(?<![а-я]){_RU_M} {_Y}(?: ?(?:года|г\.?))?",
        rf"(?<!\d){_D}(?:-го)? {_RU_M}(?![а-я])(?: {_RU_RY})?",
        rf"(?<![а-я])(?:в|с|до|к|по|за) (?:начал[аеу] |конц[аеу] |середин[аеы] )?{_RU_M}(?![а-я]| \d{{4}})(?: {_RU_RY})?",
        rf"(?<![а-я])(?P<end>конца|конце|концу) {_Y}(?: ?(?:года|году|г\.?))?",
        rf"(?<![а-я])(?:(?:к|в|до|с) )?(?P<end>конца|конце|концу) {_RU_RY}",
        rf"(?<!\d){_Y} ?(?:год[ауе]?|годом|г\.)(?![а-я])",
        r"(?<![а-я])(?:в|на|с) (?P<ry>прошл|минувш|следующ|эт|текущ|нынешн|будущ)[а-я]{2,3} году?(?![а-я])",
        r"(?<![а-я])(?:в|с|до) (?P<rm>прошл|минувш|следующ|эт|текущ|нынешн)[а-я]{2,4} месяц[а-я]*",
        r"(?<![а-я])(?:на|с) (?P<rw>прошл|минувш|следующ|будущ|эт)[а-я]{2,3} недел[а-я]",
        r"(?<![а-я])(?:в|во|с|до|к) (?:(?P<rw>прошл|минувш|следующ|ближайш)[а-я]{2,3} )?(?P<wd>понедельник|вторник|сред"
        r"|четверг|пятниц|суббот"
        r"|воскресень)[а-я]*",
        r"(?<![а-я])(?P<n>\d{1,3}|два|две|три|четыре|пять|неделю)? ?(?P<u>день|дня|дней|недел|месяц|год|лет)[а-я]* назад",
        r"(?<![а-я])(?P<rd>позавчера|вчера|сегодня|завтра)(?![а-я])",
    ),
}
_STARTS = {
    "en": r"(?<![a-z0-9])(?:\d|(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec|mid|early|late)[a-z.]*[ -]"
    r"|(?:in|since|until|till|by|from|during|before|after|of|around|between|to|through|for|and|year|spring|summer|autumn|fall|winter|on)"
    r" (?=\d|[jfmasond][a-z]{2}|mid|early|late|the \d|[mtwfs][a-z]+day|last|next|this)"
    r"|(?:the )?end of (?:\d|last|this|next)|(?:last|this|next|past|previous|coming) |yesterday|today|tomorrow|[mtwfs][a-z]{2,5}day"
    r"|(?:an?|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve) (?:day|week|month|year))",
    "ko": r"(?<!\d)\d|전날|내달|지난|오는|이번|이달|다음|전달|재?작년|올해|금년|내년|[월화수목금토일]요일|[한두세네] ?(?:일|주|개월|달|년)"
    r"|어제|그제|오늘|내일",
    "zh": r"(?<!\d)\d|[去今明前本上下这這昨]|[周星礼禮週][一二三四五六日天期拜]|[一二两兩三四五六七八九十]",
    "ja": r"(?<!\d)\d|(?<![一二三四五六七八九十])[一二三四五六七八九十]{1,2}月|[昨去今来先一明月火水木金土日]|令和|平成|昭和",
    "ru": r"(?<![а-я\d])(?:\d|(?:янв|фев|мар|апр|ма[яйе]|июн|июл|авг|сен|окт|ноя|дек)|(?:в|во|на|с|до|к|по|за) |конц|позавчера"
    r"|вчера|сегодня|завтра"
    r"|(?:два|две|три|четыре|пять|неделю|день|дня|дней|недел|месяц|год|лет)[а-я ])",
}
_FIRST_WORDS = (
    *("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec", "mid", "early", "late"),
    *("in ", "since ", "until ", "till ", "by ", "from ", "during ", "before ", "after ", "of ", "around ", "between ", "to ", "through "),
    *(
        "for ",
        "and ",
        "year ",
        "spring ",
        "summer ",
        "autumn ",
        "fall ",
        "winter ",
        "on ",
        "the end of",
        "end of",
        "last ",
        "this ",
        "next ",
    ),
    *("past ", "previous ", "coming ", "yesterday", "today", "tomorrow", "mon", "tues", "wednes", "thurs", "fri", "satur", "sun"),
    *("a ", "an ", "one ", "two ", "three ", "four ", "five ", "six ", "seven ", "eight ", "nine ", "ten ", "eleven ", "twelve "),
)
"""Every English date starts with one of these, or with a digit."""
_DIGITS = re.compile(r"[0-9]+")
_FUTURE = {
    "en": r"\b(?:will|plans?|planned|planning|expected|expects?|to be|upcoming"
    r"|scheduled|due|approach\w*|would|next|set to"
    r"|intend\w*|deadline|by)\b",
    "ko": r"예정|계획|할 것|오는|앞두|방침|전망|다음|내년|열린다|파견된다|까지",
    "zh": r"将|將|计划|計劃|预计|預計|准备|準備|拟|即将|明年|下月|前将|举行",
    "ja": r"予定|計画|見通し|見込み|方針|来年|来月|開かれる|派遣される|までに",
    "ru": r"будет|будут|планиру|ожида|намерен|предстоя|приедут|поедут|следующ|отмечается|состоится",
}
_GROUP = re.compile(r"\(\?P<([a-z]+)>")


@dataclass(frozen=True, slots=True)
class Phrase:
    """Hold a date's words: where they stand, their parts by name, and the offset of a month's first letter that must be a capital."""

    start: int
    end: int
    parts: Mapping[str, str]
    capital: int | None = None


@dataclass(frozen=True, slots=True)
class Phrases:
    """Hold the date phrases of a language in one pattern, and the words that point to the future."""

    pattern: re.Pattern[str]
    start: re.Pattern[str]
    pointing: re.Pattern[str]
    capitals: bool
    first: Hints | None = None

    def find(self, folded: str) -> Iterator[Phrase]:
        """Give the dates in a folded text; the costly pattern is tried only where a date can start."""
        through = 0
        for start in self._starts(folded):
            match = self.pattern.match(folded, start) if start >= through else None
            if match:
                through = match.end()
                yield self._phrase(match)

    def _starts(self, folded: str) -> Iterator[int]:
        """Give where a date can start; where a list of first words is known, only there is looked."""
        if self.first is None:
            yield from (match.start() for match in self.start.finditer(folded))
            return
        digits = (match.start() for match in _DIGITS.finditer(folded))
        for position in sorted({*digits, *self.first.positions(folded)}):
            if self.start.match(folded, position):
                yield position

    def _phrase(self, match: re.Match[str]) -> Phrase:
        """Read a match of the pattern; of its group names the number is dropped."""
        groups = {
            name.rstrip("0123456789"): value for name, value in match.groupdict().items() if value is not None and not name.startswith("k")
        }
        capital = None
        if self.capitals and "m" in groups:
            capital = next(match.start(name) for name, value in match.groupdict().items() if value and name.rstrip("0123456789") == "m")
            capital = capital if groups["m"].isalpha() else None
        lead = len(match.group()) - len(match.group().lstrip())
        return Phrase(match.start() + lead, match.end(), groups, capital)

    def future(self, sentence: str) -> bool:
        """Tell whether a folded sentence speaks of what is to come."""
        return bool(self.pointing.search(sentence))


def _numbered(template: str, number: int) -> str:
    """Make the group names of a template its own, since one pattern holds all templates."""
    return _GROUP.sub(lambda group: f"(?P<{group[1]}{number}>", template)


def _compiled(language: str) -> Phrases:
    templates = _TEMPLATES[language]
    numbered = (f"(?P<k{number}>{_numbered(template, number)})" for number, template in enumerate(templates))
    first = Hints(_FIRST_WORDS) if language == "en" else None
    return Phrases(re.compile("|".join(numbered)), re.compile(_STARTS[language]), re.compile(_FUTURE[language]), language == "en", first)


DATED: Mapping[str, Phrases] = {language: _compiled(language) for language in _TEMPLATES}

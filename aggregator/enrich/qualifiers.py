"""Tell how exact a figure is and for how long it counts: "about 200", "up to 70 percent", 2천여 명, 月約3000元, "$3,000 a year".

`shade` reads a few characters before and behind a figure on folded text. A vague amount is an order of magnitude, two different ends
are a range, whatever words stand beside it.
"""

import re
from dataclasses import dataclass

from aggregator.enrich.ranges import Number

_BEFORE = {
    "up_to": r"(?:up to|as many as|as much as|at most|no more than|not more than|a maximum of|maximum of|fewer than|less than|under"
    r"|below)"
    r"|최대|최고|많게는|不超过|不超過|不到|不足|长达|長達"
    r"|最多|至多|高达|高達|多达|多達|最高で?|最大で?|(?<![а-я])(?:до|не более|максимум|менее|меньше|не больше)",
    "at_least": r"(?:at least|more than|over|no fewer than|no less than|not less than|upwards of|exceed(?:ing|ed|s)|topp(?:ed"
    r"|ing)|surpass(?:ed|ing|es)|in excess of|a minimum of)"
    r"|최소|적어도|至少|超过|超過|逾|超|少なくとも|(?<![а-я])(?:более|больше|свыше|не менее|как минимум|минимум|превы(?:сил|шает"
    r"|шал)[аио]?|перевалил[аио]? за)(?: чем)?",
    "about": r"(?:about|around|some|roughly|approximately|nearly|almost|close to|circa|an? estimated|estimated|perhaps|~)"
    r"|약|대략|거의|어림잡아|约合|約合|约|約|大约|大約|大概|近|将近|將近|接近|估计|およそ|ほぼ|推定|(?<![а-я])(?:около|примерно"
    r"|приблизительно|порядка|почти|где-то)",
}
_AFTER = {
    "at_least": r"(?:[을를이가은는도] ?)?(?:이상|넘게|넘는|넘고|넘어|넘었|넘긴|넘겼|넘을|넘은|넘기|초과|웃도|웃돌|상회)"
    r"|以上|[をも]?(?:超(?!え?市|えな|えず)|上回(?!らな))|(?:or more\b)"
    r"|и более",
    "up_to": r"(?:이하|미만|이내)|以下|以内|以內|未満|未满|未滿|に満たない|にも満たない|に届かない|(?:도|이"
    "|가) ?(?:채 )?(?:안 (?:된|되|됐)|못 (?:된|되|미)|되지)|에 못 미",
    "about": r"(?:(?<=[0-9십백천만억조])여|(?<=[0-9십백천만억조] )여(?= ?명)|"
    r"가량|정도|안팎|남짓|가까이|가까운|쯤|내외)|余|餘|多(?=[名人家元艘个個美])|左右|上下|前後|程度|ほど|近く|くらい"
    r"|ぐらい|余り|あまり|or so\b",
}
_UNIT_BETWEEN = (
    r"[ ]?(?:명|名|人|건|개|척|t|톤|トン|吨|[가-힣]{0,2}(?:달러|위안|원|루블)|[一-龥]{0,2}[元円]|ドル|ウォン|%|成|割|퍼센트"
    r"|社|隻|艘|家|カ所|か所|両|台|枚|箱|頭|戸|本|機)?(?:의)? ?"
)
_BEFORE_PATTERN = re.compile("|".join(rf"(?P<{name}>(?<![a-z])(?:{words}))" for name, words in _BEFORE.items()))
_GAP = re.compile(
    r" ?(?:[^，。、,.0-9a-zа-я]{1,8}的|the |an? |as |в (?:размере )?|有|为|為|是|需要?|缺少?|损失|拥有|雇用?|派出|派遣|达到?"
    r"|月|年|월|연|일인당 |1인당 )? ?$"
)
_AFTER_PATTERN = re.compile(rf"{_UNIT_BETWEEN}(?:" + "|".join(f"(?P<{name}>{words})" for name, words in _AFTER.items()) + ")")
_PERIODS = {
    "day": r"(?:a|per|each|every) day(?! (?:earlier|ago|later|before|old))|daily|\\bwork(?:ing )?day|рабочий день"
    "|смена длится|/day|하루|일당|매일|每天|每日|日薪|一天|1日|毎日|日給|в день|ежедневно|в сутки",
    "month": r"(?:a|per|each|every) month(?! (?:earlier|ago|later|before|old))|monthly|/month|매달|매월"
    "|월(?: 평균)?(?= ?[0-9약최])|월급|한 ?달에|달마다|每月|每个月"
    r"|한 ?달(?= ?(?:평균|최대|약|에)?[ 0-9])|월평균"
    r"|月薪|月收入|月給|毎月|一(?:个|個)月(?=只|才|能|可|要|最多|大约|约|平均|就|也|仅)|月額|ひと月"
    r"|月(?=約|约|[0-9])(?<![0-9]月)|в месяц|ежемесячно",
    "year": r"(?:a|per|each|every) year(?! (?:earlier|ago|later|before|old))|annually|annual|yearly|per annum|/year"
    "|연간|매년|해마다|연(?= ?[0-9약최])"
    r"|(?<!작년 )(?<!지난 )(?<!올 )한 해|每年|年薪"
    r"|年均|(?<![0-9一二三四五六七八九十])年間|毎年|年額|в год|ежегодно",
    "once": r"one-time|one-off|lump sum|일시불|한꺼번에|一次性|一時金|一括|единовременн|разов",
}
_PERIOD_PATTERN = re.compile("|".join(f"(?P<{name}>{words})" for name, words in _PERIODS.items()))
_PAID = re.compile(r" (?:(?:is|are|was|were|being) )?(?:[a-z]{3,}ed|paid|sent|given|left|came|went|fled) ")
_REACH_BEFORE, _REACH_AFTER, _PERIOD_AFTER = 32, 16, 22
_PERIOD_BEFORE = 44
_TAKEN = re.compile(r"[0-9] ?(?!인당|人当たり|人あたり)[^\W\d_]{1,10} $")
"""A period right behind another figure is that one's own: "of 2,500 yuan a month they hand over 1,800"."""
_CHANGED = re.compile(
    r"(?:подешевел|подорожал|вырос|возрос|упал|снизил|увеличил|сократил|повысил|поднял|опустил|достиг|дошл)[а-я]* (?:[а-я]+ )?до $"
)
_PAYS = re.compile(
    r"[^.,;:0-9\n]{0,24}\b(?:pays?|paid|earns?|charges?|costs?|gives?|gave|sends?)\b[^.,;:0-9\n]{0,36} (?:a"
    r"|per|each|every) (day|month|year)\b"
)
_PAY_PERIOD = re.compile(r"월급|月給|月薪|月収|日当|日薪|일당|年薪")
_SHARE = re.compile(r"(?:%|割|成|percent|퍼센트)[^\W\d_]{0,4}$")
_LASTING = re.compile(r"(?<!for )(?<!just )(?<!well )\bover $")
_LENGTH = re.compile(r"(?:years?|months?|weeks?|days?|hours?)$")
"""A share of monthly pay has no period; "over six years" is a stretch, not more than six."""
_DIGIT = re.compile(r"[0-9一二三四五六七八九](?! ?(?:인당|人当たり|人あたり|人平均))")
_CLAUSE = re.compile(r"[.;:!?。！？；、，\n]|,(?![0-9])")


@dataclass(frozen=True, slots=True)
class Shade:
    """Hold how exact a figure is, and the period it counts for."""

    qualifier: str | None
    period: str | None


def shade(folded: str, start: int, end: int, number: Number) -> Shade:
    """Give qualifier and period of the figure at `start` to `end` whose number is `number`."""
    return Shade(_qualifier(folded, start, end, number), _period(folded, start, end))


def _qualifier(folded: str, start: int, end: int, number: Number) -> str | None:
    if number.vague:
        return "order_of_magnitude"
    if number.low != number.high:
        return "range"
    if number.about:
        return "about"
    before = folded[max(0, start - _REACH_BEFORE) : start]
    close = [match for match in _BEFORE_PATTERN.finditer(before) if _GAP.fullmatch(before, match.end())]
    if close and (_CHANGED.search(before) or (_LASTING.search(before) and _LENGTH.search(folded[start:end]))):
        return None
    if close:
        return close[-1].lastgroup
    behind = _AFTER_PATTERN.match(folded, number.end, number.end + _REACH_AFTER)
    if behind is None or behind.end() < number.end:
        return None
    return behind.lastgroup


def _period(folded: str, start: int, end: int) -> str | None:
    before = folded[max(0, start - _PERIOD_BEFORE) : start]
    cut = max((match.end() for match in _CLAUSE.finditer(before)), default=0)
    after = _CLAUSE.split(folded[end : end + _PERIOD_AFTER], maxsplit=1)[0]
    behind = _PERIOD_PATTERN.search(after) if not re.match(r" ?[0-9]", after) else None
    paid = _PAID.match(after)
    if behind and behind.start() <= (paid.end() if paid else 4):
        return behind.lastgroup
    pays = _PAYS.match(folded, end)
    if pays:
        return pays[1]
    ahead = [match for match in _PERIOD_PATTERN.finditer(folded, start - len(before) + cut, min(end, start + 3)) if match.start() < start]
    # A number between the two has the period for itself: "2,800 yuan a month, of which they keep 700".
    if (
        not ahead
        or _DIGIT.search(folded, ahead[-1].end(), start)
        or _TAKEN.search(folded[max(0, ahead[-1].start() - 16) : ahead[-1].start()])
        or (_SHARE.search(folded[start:end]) and _PAY_PERIOD.fullmatch(ahead[-1].group()))
    ):
        return None
    return ahead[-1].lastgroup

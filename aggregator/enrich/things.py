"""Tell what a figure counts, by the text's own words: "340 Korean welders", 무연탄 6천800톤, 女性労働者約800人, 六百四十份工作签证.

The words stand behind the number, or behind the unit where that is a measure; Korean and Japanese mostly put them before it, Chinese
behind its classifier. A counter, a verb or a particle is no thing.
"""

import re

from aggregator.enrich.ranges import Number
from aggregator.enrich.units import Counted, estimated

MEASURES = frozenset(("percent", "won", "dollar", "ton", "barrel", "multiple", "hour", "day", "month", "year"))
_LONGEST = 48
_BEHIND_MEASURE = re.compile(r"[^,.;:!?()\n。，、；：！？「」“”\"]{1,48}")
_WORDS_OF_UNIT = re.compile(r"[^\n]+")
_FOR_HOW_LONG = re.compile(r"^ ?(?:(?:a|per|each|every) (?:hour|day|week|month|year)|в (?:час|день|месяц|год))\b")
_NO_THING = re.compile(
    r"(?:to|and|or|was|were|is|are|home|from|in|at|by|on|for|as|with|off|out|up|per|each|every|had|has|have|earlier|later|more|less|left"
    r"|behind|shows?|goes|went|a|an|the|that|which|who|until|before|after|since|than|into|back|when|but|only|worth|alone|ежегодно|и|в|на|за"
    r"|по|из|с|к|до|от|под|при|для|ежемесячно|каждый|которые|или|однако|а|но|у)\b|[でがはをにとのものへだ를을이가은는도만씩까부에]|和|という|(?:이다|였다|라고)|(?:으로|로|에서|까지|부터|이라고|수준[가-힣]*|정도[가-힣]*|가량[가-힣]*|안팎[가-힣]*)(?![가-힣])|左右|以上$|대$"
)
_COUNTERS = (
    r"여건|여개|인명|군데|개사|[명곳건척개장대통동채벌량社名人位件个個家间間座张張份辆輛栋棟幢台架两両头頭箱着枚軒隻艘]"
    r"|か所|カ所|ヶ所|箇所|カ国|か国|人次"
)
_COUNTER_ALONE = re.compile(rf"(?:여|余|餘|多|数|來|来)? ?(?:{_COUNTERS})")
_COUNTER_FIRST = re.compile(
    r"(?:여|余|餘|多|来|來)? ?(?:名|位|个|個|家|间|間|座|张|張|份|辆|輛|栋|棟|幢|台|架|头|頭|箱|艘|隻|件|人)(?=[^\W\d_])"
)
_APPROXIMATE = r"(?:約|およそ|計|延べ|약|최대|최소|대략|각각|모두|총|연간|매년|총 |추정 )?"
# Korean and Japanese name what they count before the number: 북한 노동자 200여 명, プログラマー35人.
_WORDS_BEFORE = re.compile(
    rf"((?:[가-힣]+ )?(?<![가-힣])(?!(?:약|최대|최소|대략|각각|모두|총|연간|매년|하루|매달|매월|지난|올해|또|등|다른|한|그) )[가-힣]*?"
    rf"[가-힣])(?<![은는이가을를에의로와과서도만게며면고])(?:들)? {_APPROXIMATE} ?$"
)
_JAPANESE_BEFORE = re.compile(rf"((?:[一-龥]+の)?(?:[一-龥ァ-ヺー]+|元[一-龥]+))の?(?<![年月日時分計約]){_APPROXIMATE}$")
_CLAUSE_BEFORE = re.compile(r"([가-힣]{2,8}|[一-龥ァ-ヺー]{2,8})(?:은|는|이|가|は|が)[^,.。、\n]{0,28}$")
_PEOPLE_BEHIND = re.compile(
    r"(?:의 |の|的)?((?:朝鲜|北韩|北韓|北朝鮮|朝鮮|中国|中國|俄罗斯|韩国|韓國|북한 |중국 "
    r"|러시아 )?(?:[一-龥]{0,6}?(?:工人|女工|劳工|勞工|民工|干部|幹部|労働者|労務者"
    r"|女性|男性|妇女|官员|官員|学生|学员|士兵|兵士|技術者|技师|人员|人員|司机|翻译|翻譯|领班|居民|商人|代表|囚犯|乘客|护士|医生|教师|厨师|船员|船員|员工|員工|個人|个人)"
    r"|[가-힣]{0,6}(?:노동자|근로자|여성|남성|간부|학생|군인|기술자|인력|인원|직원|주민|선원)))"
)
# Chinese names for people end in what they are: 两名高管, 约1000名工兵, 数十名朝鲜矿工.
_PEOPLE_END = "[工员員兵管者手师師人民官客商匠妇婦童犯友徒警监]"
_CALLED_BEHIND = re.compile(rf"(?<=[名位])((?![一-龥]?[的是在从說说])[一-龥]{{1,6}}?{_PEOPLE_END}(?!{_PEOPLE_END}))")
_CALLED_BEFORE = re.compile(rf"([一-龥]{{0,3}}?[一-龥]{_PEOPLE_END})(?:约|約|共|共计|总计|近|超过|逾)?$")
# Behind other classifiers, up to what cannot belong to a noun.
_BEHIND_CLASSIFIER = re.compile(
    r"(?:의 |の| )?([一-龥가-힣]{0,10}?(?:업체|회사|기업|공장|식당|은행|厂房|厂|营房|楼房?|大楼|宿舍|大巴|巴士|客车"
    r"|汽车|列车|火车|船只?|货轮|设备|机器|手机|电脑|假发|服装(?![企公厂工业])|制服|企业|公司|业者|業者|会社|機|車"
    r"|建物|机|导弹|火箭弹|炮弹|无人机|直升机|商店|店|医院|学校|餐厅|餐馆|酒店|签证|許可|许可))"
)
# What only says of whom, where or in which money: 이 중 200명, 훈춘의 공장 200명, 조선원 10만원.
_NO_THING_BEFORE = re.compile(
    r"(?:^|[^가-힣])(?:이|그|저|이들|그들|우리|북한|한국|조선|중국|러시아|미국)? ?(?:중|가운데|돈|원|화폐|현재|당시|이후|이전|기준)$"
    r"|이중$|조선원$"
    r"|^인당|^평균$|^(?:このうち|そのうち|うち|当時|現在)$"
)
_SITES = re.compile(r"(?:공장|회사|업체|식당|은행|농장|현장|지역|단지|작업장|광산|탄광|工場|会社|企業|店|食堂|銀行|農場|現場|地域|鉱山)$")
"""Where people are, which is never what they are."""
_LEAD = re.compile(r"^of (?:the |these |those |its |their |all |our |your )?")
_LATIN = re.compile(r"[A-Za-zА-Яа-яё]")


def thing(text: str, number: Number, unit: Counted, language: str) -> str | None:
    """Give the words for what is counted, or None where the text tells none beside the figure."""
    measures = unit.unit.isupper() or unit.unit in MEASURES
    start = unit.end if measures else min(number.end, unit.end)
    words = _BEHIND_MEASURE.match(text, start, start + _LONGEST) if measures else _WORDS_OF_UNIT.match(text, start, unit.end)
    told = _LEAD.sub("", _FOR_HOW_LONG.sub("", words.group()).strip(" -")) if words else ""
    if not measures and _LATIN.search(told[:1]):
        return told
    before = _before(text, number.start) if language in ("ko", "ja") else _called(text, number.start) if language == "zh" else None
    if before and (unit.unit == "person" or unit.unit.isupper()) and _SITES.search(before):
        before = None
    if measures:
        return before if before and not _LATIN.match(told) else None if _NO_THING.match(told) else told or None
    return _eastern(text, (number, unit), _COUNTER_FIRST.sub("", told), before)


def _eastern(text: str, found: tuple[Number, Counted], told: str, before: str | None) -> str | None:
    """Give the noun behind a counter, or before the number."""
    number, unit = found
    if told and not _COUNTER_ALONE.fullmatch(told):
        return told
    spoken_of = estimated(text, number) if unit.end == number.end else None
    if spoken_of:
        return text[slice(*spoken_of)]
    behind = _PEOPLE_BEHIND.match(text, unit.end) or _BEHIND_CLASSIFIER.match(text, unit.end)
    if unit.unit == "person" and not behind:
        behind = _CALLED_BEHIND.match(text, unit.end)
    if behind or before:
        return behind[1] if behind else before
    if unit.unit in ("visa", "permit", "item"):
        subject = _CLAUSE_BEFORE.search(text, max(0, number.start - 48), number.start)
        return subject[1] if subject else None
    return None


def _called(text: str, start: int) -> str | None:
    found = _CALLED_BEFORE.search(text, max(0, start - 12), start)
    return found[1] if found else None


def _before(text: str, start: int) -> str | None:
    ahead = text[max(0, start - 24) : start]
    found = _WORDS_BEFORE.search(ahead) or _JAPANESE_BEFORE.search(ahead)
    return found[1].strip() if found and not _NO_THING_BEFORE.search(found[1]) else None

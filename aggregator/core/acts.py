"""Acts: what a headline says was done, in five languages, as ids that are the same in all of them.

One place, one week and one set of people make many events: somebody arrives, is received, signs, leaves. What sets them apart is the
verb. The phrases are ours, the verbs that headlines of this beat are made of; a headline may name several acts, or none we know.
"""

import re

_ACTS = {
    "arrive": r"\b(?:arriv\w+|visit(?:s|ed)?\b|lands? in)|도착|방문|방북|방러|입국|抵达|抵達|访问|訪問|到访|到着|訪朝|入国"
    r"|прибы\w+|приех\w+|приед\w+|посети\w+|визит\w*",
    "return": r"\b(?:repatriat\w+|returns?\b|returned|hand(?:s|ed)? over|(?:go|goes|went|sent|bused|fly|flew|flown) home"
    r"|leave[sd]?\b|left\b|depart\w*)|송환|귀국|귀환|출국|철수|遣返|送还|回国|返国|离开|离境|撤离|撤回|送還|返還|帰国"
    r"|出国|離れ|верну\w+|уеха\w+|покину\w+|покида\w+",
    "expel": r"\b(?:expel\w*|deport\w*)|추방|驱逐|驅逐|追放|退去|высл\w+|высыла\w+|депортир\w+|выдвор\w+",
    "meet": r"\b(?:meets?\b|met\b|talks?\b|discuss\w*|summit)|회담|만나|만남|논의|협의|면담|회동|회견|会谈|會談|会晤|会见|讨论"
    r"|晤|会見|会談|協議|面会|会い|встре[тч]\w+|переговор\w*|обсуд\w+|обсужд\w+",
    "agree": r"\b(?:sign(?:s|ed)?\b|agree[sd]?\b|agreement|deal\b|pact\b|treaty)|서명|합의|협정|체결|조약|签署|签订|协议|协定"
    r"|署名|合意|締結|協定|подпис\w+|соглаш\w+",
    "arrest": r"\b(?:arrest\w*|detain\w*|nab\w*)|체포|구금|적발|逮捕|拘留|抓获|拘捕|拘束|摘発|арест\w+|задержа\w+",
    "charge": r"\b(?:charged\b|charges\b|indict\w*|prosecut\w*|sue[sd]?\b|lawsuit|complaint)|기소|고발|제소|고소|起诉|指控|被控"
    r"|控告|起訴|提訴|告発|обвин\w+|жалоб\w*|пожалова\w+|иск\b",
    "plead": r"\b(?:plead\w*|pled\b|admit\w*|confess\w*)|시인|자백|认罪|承认|認め|призна\w+",
    "sentence": r"\b(?:sentenc\w+|convict\w*|jail\w*|prison term|fine[sd]?\b|guilty verdict|gets? \w+ (?:months|years))|선고|유죄"
    r"|징역|벌금|실형|判处|判刑|罚款|定罪|判決|有罪|実刑|罰金|приговор\w*|оштраф\w+|осужд[её]н\w*",
    "sanction": r"\b(?:sanction(?:s|ed)\b(?! (?:monitor|panel|team|watch|committee|breach|evasion|regime|resolution|patrol"
    r"|mission))|blacklist\w*|freez\w*|froze\w*)|제재 ?(?:$|대상|명단|지정)|독자제재|동결|制裁(?!委|监|監|パ|チ)|冻结"
    r"|凍結|ввел\w* санкц\w+|заморо\w+",
    "seize": r"\b(?:seiz\w+|confiscat\w*|intercept\w*|impound\w*)|압류|압수|나포|扣押|扣|查获|没收|押収|差し押さえ|拿捕|изъя\w+"
    r"|конфиск\w+",
    "die": r"\b(?:die[sd]?\b|dead\b|deaths?\b|killed\b|kills\b|fatal\w*)|사망|숨져|숨진|추락사|별세|死亡|身亡|丧生|遇难|死者"
    r"|погиб\w*|умер\w*|скончал\w*",
    "burn": r"\b(?:fire (?:at|in|hits?|kills|breaks)|night fire|blaze\b|burn(?:s|ed)\b)|화재|失火|火灾|大火|着火|火災|出火"
    r"|пожар\w*|горе\w+|сгоре\w+",
    "strike": r"\b(?:strikes?\b|protest(?:s|ed)?\b|riot\w*|stop work|unrest)|파업|시위|폭동|작업 ?거부|罢工|抗议|骚乱|暴动|暴動"
    r"|スト\b|抗議|作業拒否|бунт\w*|басту\w*|забастов\w*",
    "pay": r"\b(?:pays\b|paid\b)|지급|支付|发放|補发|支払|выплат\w+",
    "open": r"\b(?:opens?\b|opened|opening|reopen\w*|unveil\w*|inaugurat\w*|break ground)|개관|개장|개막|준공|개통|재개|착공"
    r"|开馆|开幕|开通|揭幕|重开|開館|開業|開通|再開|着工|откры\w+",
    "close": r"\b(?:closes?\b|closed\b|shuts?\b|shutter\w*)|폐업|폐쇄|문 ?닫|关门|关闭|停业|倒闭|閉店|閉鎖|閉館|закры\w+",
    "test": r"\b(?:test-?fir\w+|launch(?:es|ed)\b|fires?\b (?=\w*\s?missile|ballistic)|missile (?:test|launch))|발사|시험|发射"
    r"|试射|発射|試射|запуст\w+|испыт\w+",
    "deny": r"\b(?:den(?:y|ies|ied)|dismiss\w*|reject\w*|downplay\w*)|부인|일축|반박|否认|否認|驳斥|否定|опроверг\w*|отрица\w*"
    r"|отверг\w*",
    "condemn": r"\b(?:slam\w*|condemn\w*|denounc\w*|blast(?:s|ed)\b|accus\w*|lash\w*)|비난|규탄|반발|谴责|指责|抨击|非難|осуди\w+"
    r"|раскритик\w+",
    "appoint": r"\b(?:appoint\w*|names?\b (?=new))|임명|任命|назнач\w+",
    "urge": r"\b(?:urge[sd]?\b|calls? (?:for|on)\b|called (?:for|on)\b|asks?\b|appeal\w*)|촉구|요청|호소|敦促|呼吁|要求|求め"
    r"|促す|призва\w+|прос[ия]т\w*",
    "vow": r"\b(?:vow\w*|pledg\w*|reaffirm\w*|promis\w*|continue support|keep backing)|다짐|약속|천명|承诺|誓言|表明|誓う"
    r"|пообеща\w+",
    "warn": r"\b(?:warn\w*)|경고|警告|предупре\w+",
    "praise": r"\b(?:prais\w*|hail\w*|honou?r(?:s|ed)\b|commemorat\w*|salut\w*)|찬양|치하|기려|赞扬|讚揚|称赞|称賛|похвал\w*",
    "send": r"\b(?:send(?:s|ing)?\b|sent\b(?! home)|dispatch\w*|deploy\w*|redeploy\w*)|파견|투입|송출|派遣|输出|输送|派出|派兵"
    r"|направ\w+|отправ\w+",
    "hire": r"\b(?:hir(?:e|es|ed|ing)\b|recruit\w*|select\w*|employ(?:s|ed|ing)?\b)|채용|모집|선발|招募|招聘|引进|雇佣|采用"
    r"|採用|募集|選抜|受け入れ|наня\w*|набира\w*|привле\w+",
    "flee": r"\b(?:fled\b|flee\w*|escap\w*|defect\w*|walks? off|walked off|missing\b)|탈출|탈북|이탈|실종|逃跑|逃离|出逃|脱北"
    r"|逃走|離脱|失踪|сбежа\w+|побег\w*|бежа\w+",
    "hack": r"\b(?:hack(?:s|ed|ing)?\b|breach(?:es|ed)?\b|leak(?:s|ed)?\b|heist\b|steals?\b|stole\b|stolen\b)|해킹|탈취|유출"
    r"|窃取|盗取|流出|взлом\w+|похи[тщ]\w+",
    "inspect": r"\b(?:inspect\w*|raid\w*|probe[sd]?\b|investigat\w*|search(?:es|ed)\b)|점검|단속|조사|수사|检查|搜查|调查|查处"
    r"|査察|捜査|調査|捜索|провер\w+|рассле\w+|обыск\w*",
    "suspend": r"\b(?:suspend\w*|halt\w*|postpon\w*|on hold|scrap(?:s|ped)\b|cancel\w*)|보류|중단|연기|취소|暂停|搁置|推迟|取消"
    r"|停止|延期|保留|приостан\w+|отложи\w+|отмени\w+",
}
_PATTERNS = {act: re.compile(pattern) for act, pattern in _ACTS.items()}


ACT, FIRST = "act/", "first/"
"""What an act starts with among the cues of a telling, and the one that its headline names first."""


def acts_of(title: str) -> frozenset[str]:
    """Name the acts of a headline, and once more the first of them, which is what the headline is about."""
    said = title.lower()
    found = sorted((match.start(), act) for act, pattern in _PATTERNS.items() if (match := pattern.search(said)))
    return frozenset((*(f"{ACT}{act}" for _, act in found), *(f"{FIRST}{act}" for _, act in found[:1])))

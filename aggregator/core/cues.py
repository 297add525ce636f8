"""Cues: what the wording of a text says of where it has its news from.

``own``: somebody is quoted or named as the source, and knows something. ``anonymous``: the source has no name. ``firsthand``: the
outlet's own people asked or saw. ``hearsay``: it retells claims or reports without saying whose. ``unverified``: the outlet says that it
could not confirm. ``response``: somebody answers, denies or declines to comment. ``ahead``: the headline announces. ``update``: the
headline says that it tells an earlier report anew. Five languages; the phrases are ours, after what desks of this beat write.
"""

import re

from aggregator.core.answers import without_answers
from aggregator.core.terms import looks_ahead

REACH = 3_000
"""Characters of the text that are searched."""
_CUES = {
    "own": r"\b(?:said|says|told|according to|confirmed|showed?|shows|announced)\b"
    r"|말했|밝혔|전했|설명했|따르면|확인됐|파악됐|입수한|발표했|취재|증언|보여 ?줬|만난|본지|본보"
    r"|表示|透露|称|稱|据|據|显示|顯示|宣布|指出|公布|取得|告诉|告訴|看到|本报|本報|获悉|獲悉"
    r"|語った|述べた|明らか|によると|によれば|分かった|発表|公表|聞いた|取材"
    r"|\b(?:сообщил\w*|сказал\w*|рассказал\w*|заявил\w*|подтвердил\w*|по данным|по словам|следует из)",
    "firsthand": r"\btold (?:this|our) (?:news)?paper\b|\bseen by this (?:news)?paper\b"
    r"|본지 ?(?:특파원|기자|가|는|취재)|본보 ?(?:특파원|기자)"
    r"|本[紙报報]记?記?者|本紙(?:の取材|記者)|本[报報](?:获悉|獲悉)|\bнаш(?:ему|его) корреспондент\w*",
    "anonymous": r"\b(?:anonym\w+|unnamed|source (?:in|familiar|with)|a source|sources? (?:said|told)|on condition of)\b|소식통|익명"
    r"|消息人士|知情人士|不愿透露姓名|匿名|情報筋|関係筋|消息筋|\bисточник\w*|анонимн\w*",
    "hearsay": r"\b(?:reportedly|media (?:reports?|outlets)|unconfirmed reports?|(?:press|news) reports|according to (?:claims|reports)"
    r"|allegations|rumou?rs)|보도에|보도와 관련|알려졌다|전해졌다|报道称|有报道|據報|报道,|との報道|と報じ|という報道|伝えられ"
    r"|по сообщениям|сообщалось",
    "unverified": r"could not (?:be )?(?:independently )?(?:verif\w+|confirm\w*)"
    r"|(?:not|un)(?: been)? ?able to (?:independently )?(?:verif|confirm)"
    r"|(?:\bnot|can't|couldn't|hasn't|haven't) (?:been )?independently (?:verif|confirm|corrobor)"
    r"|확인되지 않|확인하지 못|확인할 수 없|독[자립]적으로 [^.\n]{0,20}(?:확인|검증)[^.\n]{0,8}[못없않]"
    r"|(?:无法|無法|未能|尚未|未获|没有)[^，。\n]{0,16}(?:独立|獨立)[^，。\n]{0,6}(?:核实|核實|证实|證實|验证|確認|确认)"
    r"|未能(?:核实|證實|证实)|独自に[^。\n]{0,16}(?:確認|検証)[^。\n]{0,8}(?:いな|きな|きず)|確認できていない"
    r"|не (?:удалось|смог\w*|может|могут) (?:независимо )?(?:подтвердить|проверить)|независимо (?:подтвердить|проверить)",
    "response": r"\b(?:den(?:y|ies|ied)|dismiss\w*|reject\w*|baseless|not aware|no comment|declin\w+ to comment|cannot confirm|refut\w*)\b"
    r"|brush\w* off|not heard|부인|들은 바 없|확인해 줄 수 없|사실무근|일축|否认|否認|不了解|不掌握|无可奉告|毫无根据"
    r"|承知していない|否定|確認できない|コメント|опроверг\w*|отрица\w*|не подтвер\w*|не комментир\w*",
}
# Searched in lower case: matching without regard to case takes twice the time.
_PATTERNS = {cue: re.compile(pattern) for cue, pattern in _CUES.items()}

_SOURCES = frozenset({"own", "anonymous"})


_UPDATE = re.compile(
    r"\A\W{0,2}(?:\d(?:st|nd|rd|th) )?(?:LEAD|LD|UPDATED?|WRAPUP)\b"
    r"|[(\[【〔](?:종합\d?보?|상보|수정|2보|3보|更新|改訂|続報|обновлен\w*|дополнен\w*)[)\]】〕]"
)


def cues_of(title: str, text: str) -> frozenset[str]:
    """Give the cues of a text."""
    read = f"{title}\n{text[:REACH]}".lower()
    told = without_answers(read)
    found = {cue for cue, pattern in _PATTERNS.items() if pattern.search(told if cue in _SOURCES else read)}
    headline = {"ahead": looks_ahead(title), "update": bool(_UPDATE.search(title))}
    return frozenset(found | {cue for cue, said in headline.items() if said})

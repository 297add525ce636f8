"""Answers: does a report tell an event, or that somebody denies it, knows nothing of it or will not comment?

A ministry that calls a report groundless is no second source for it. What counts is the headline and the sentence after it: a full
report that ends with "the ministry declined to comment" is still a report. Five languages; the phrases are ours.
"""

import re
from collections.abc import Collection

from aggregator.core.terms import own_words
from aggregator.models import Article, Fact

ANSWER = "answer"
"""The cue of a report of which the headline or the first sentence is an answer."""
OFFICIAL = "officials"
"""The cue of such a report where a government, or a body or person that we know, gives the answer."""
_OPENING = 400
_KINDS = frozenset({"denied", "declined", "no_knowledge"})
_CLAIM = r"reports?\b|claims?\b|allegations?|accusations?|charges?\b|stor(?:y|ies)\b|accounts?\b|rumou?rs?|talk\b|assertions?|as (?:\w+ )?"
_PHRASES = (
    r"\b(?:den(?:y|ies|ied)|denying|denial)\b(?! (?:\w+ )?(?:entry|access|visas?|permits?|permission|asylum|bail)\b)",
    rf"\b(?:reject|dismiss|refut|disput|rebut|rubbish|brush|shrug|play|laugh)\w*\b[^.\n]{{0,60}}?\b(?:{_CLAIM})",
    r"\b(?:baseless|groundless|unfounded|untrue|fabricat(?:ed|ions?)|pure fiction|fake news|disinformation|smears?)\b",
    r"\bfalse (?:report|claim|story|information|rumou?r)|\bnot (?:true|the case)\b|\bno (?:such|truth|basis|evidence|comment|knowledge"
    r"|information|record)\b|\b(?:not|n't) (?:been )?(?:aware|informed|know)\b|\bunaware\b|\bnot heard\b",
    r"\b(?:declin|refus)\w+ (?:to )?(?:\w+ )?(?:comment|confirm|answer|discuss|say|respond)|\b(?:can ?not|can't|could not"
    r"|unable to|not able to"
    r"|neither|did not|does not|will not|won't|would not|yet to) (?:\w+ )?(?:confirm|comment|verify)|\b(?:not|un)[ -]?confirmed by\b",
    r"부인(?:했|하|해|한 |$|[\"'”’)\]])|일축|사실무근|사실(?:이|과|도)? (?:아니|아닌|다르|다른|없)|반박|허위 ?(?:라|이|보도"
    r"|사실)|근거(?:가|도)? ?없"
    r"|날조|(?:확인|확인해|확인된|아는|들은|밝힐|말할)[가-힣 ]{0,6} ?(?:없|어렵|불가|거부)|확인(?:하지|되지|해 ?주지) (?:않"
    r"|못)|(?:알지|파악하지) 못"
    r"|(?:논평|언급|답변|즉답|확인)[을를]? ?(?:거부|거절|자제|삼가|피|회피|하지 않)|금시초문|노코멘트",
    r"否认|否認|驳斥|駁斥|反驳|毫无根据|毫無根據|没有根据|無根據|无稽|不属实|不屬實|不实|(?:不是|并非|非)事实|与事实不符"
    r"|與事實不符|子虚乌有|捏造|谣言"
    r"|不了解|不掌握|不清楚|不知情|没有听说|未听说|沒有聽說|无可奉告|拒绝(?:就[^,。,]{0,20})?(?:置评|评论|回应|证实|透露)"
    r"|不予(?:置评|评论|证实)"
    r"|(?:未|无法|不能|没有)(?:予以?)?(?:证实|證實|确认|確認)|不便评论",
    r"否定(?!的)|否認|反論|事実(?:では|と|で)(?:は)?(?:ない|なく|異な)|事実無根|根拠(?:が|の|は|も)?な|捏造|でっち上げ"
    r"|承知してい(?:な|ませ)"
    r"|把握してい(?:な|ませ)|確認でき(?:な|ず|ませ)|確認してい(?:な|ませ)|コメント(?:を|は)?(?:せず|拒|控|避|しな|でき)"
    r"|ノーコメント|明言(?:せず|を避|しな)"
    r"|(?:知らな|聞いていな)",
    r"\b(?:опроверг\w*|опровержен\w+|отрица\w+|отверг\w*|не подтвер\w+|не (?:стал\w* )?комментир\w+"
    r"|отказал\w+ (?:от )?(?:комментар|комментир)\w*"
    r"|без комментариев|не соответству\w+ действительност\w+|(?:не ?известно|не знаю?т?|не слышал\w*) об?\b|не располага\w+"
    r"|не владе\w+ информац\w+"
    r"|нет (?:такой |никакой |этой )?информац\w+|фейк\w*|вымыс\w+|ложь\w*|ложн\w+|выдумк\w+|беспочвенн\w+|необоснованн\w+|безосновательн\w+"
    r"|не имеет (?:под собой )?основани\w+|не в курсе)",
)
_ANSWERS = re.compile("|".join(_PHRASES), re.MULTILINE)
_GOVERNMENT = re.compile(
    r"\b(?:ministr(?:y|ies)|minister|foreign office|spokes(?:man|woman|person|people)|government|governor|embass(?:y|ies)|consulate|kremlin"
    r"|white house|state department|officials?|authorit(?:y|ies)|administration|cabinet|prime minister|president|ambassador)\b"
    r"|외교부|통일부|국방부|외무성|국무부|국정원|[가-힣]{1,4}부(?= (?:대변인|당국|장관|관계자))|대변인|정부|당국|대사관"
    r"|영사관|대통령실|크렘린|주정부|백악관"
    r"|(?:^|[\s,'\"“‘])(?:中|美|日|러|韓|北)(?=[,\s·])|外交部|中方|俄方|美方|朝方|韩方|日方|外务省|外務省|发言人|發言人"
    r"|報道官|報道担当|政府|当局|當局|大使馆|大使館"
    r"|领事馆|領事館|大統領府|官房長官|克里姆林宫|国务院|统一部|統一省|クレムリン|国務省"
    r"|\b(?:мид\b|минобороны|минтруд\w*|министерств\w+|министр\w*|кремл\w+|правительств\w+|администраци\w+|посольств\w+"
    r"|консульств\w+|пресс-секретар\w+"
    r"|губернатор\w*|власт(?:и|ей|ях|ям)\b|ведомств\w+|госдеп\w*)",
)
_SENTENCE = re.compile(r"(?<=[.!?][\s\"'”’»])\s*|(?<=[。！？])\s*|\n+")
_BODIES = ("organisation/", "person/", "body/")


def answer_cues(article: Article, concepts: Collection[str]) -> frozenset[str]:
    """Give the cues of an article that tells an answer, empty for one that tells an event; `concepts` tell towns from countries."""
    body = own_words(article.title, article.text).replace(article.title, "\n")[:_OPENING]
    opening = [sentence.lower() for sentence in _sentences(body)]
    said = [article.title.lower(), *opening[:1]]
    answered = [sentence for sentence in said if _ANSWERS.search(sentence)]
    if not answered and not any(_is_answer(fact) for fact in article.facts if fact.field == "title"):
        return frozenset()
    named = [fact for fact in article.facts if fact.field == "title"]
    if any(fact.concept.startswith(_BODIES) for fact in named):
        return frozenset({ANSWER, OFFICIAL})
    in_body = not opening or any(map(_ANSWERS.search, opening))
    official = in_body and (any(map(_GOVERNMENT.search, said)) or any(_is_answer(fact) or _governs(fact, concepts) for fact in named))
    return frozenset({ANSWER, OFFICIAL} if official else {ANSWER})


def without_answers(text: str) -> str:
    """Leave out the sentences that answer: who says that it knows nothing is no source for what is told."""
    return " ".join(sentence for sentence in _sentences(text) if not _ANSWERS.search(sentence)) if _ANSWERS.search(text) else text


def _sentences(text: str) -> list[str]:
    return [sentence for sentence in _SENTENCE.split(text) if sentence and not sentence.isspace()]


def _is_answer(fact: Fact) -> bool:
    return fact.kind == "response" and fact.value in _KINDS


def _governs(fact: Fact, concepts: Collection[str]) -> bool:
    """Tell whether a place may stand for its government: a country, its capital or a province does, a town does not."""
    return fact.kind == "place" and fact.concept != "place/north-korea" and fact.concept not in concepts

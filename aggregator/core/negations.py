"""Negations: does a sentence say no, and does it put one name in another's place, in five languages?

"Not only Dandong" and "cannot say no" hold the words of a no and say none, so such turns are taken out first.
"""

import re

_NEGATIONS = re.compile(
    r"\b(?:not|no|never|cannot|den(?:y|ies|ied)|reject\w*|withdr[ae]w\w*|retract\w*)\b|n['’]t\b|않|못하|부인|아니|철회|否认|否認|没有|沒有"
    r"|没(?!收)|未(?![来來婚])|不(?:会|會|再|是|准|允许|允許|承认|承認|同意)|否定"
    r"|撤回|ない|なかった|(?<![必まわ])ず(?=$|[、。\s])|\b(?:не|нет|опроверг\w*|отрица\w*)\b",
    re.IGNORECASE,
)
_TURNS = re.compile(
    r"\bnot (?:only|just|merely|solely|simply|least|to mention)\b|\bno (?:doubt|wonder|matter|fewer than|less than|more than|sooner)\b"
    r"|\bno\.? ?\d|\b(?:can ?not|can['’]t|could not|couldn['’]t|won['’]t|will not) (?:say|take) [\"'“‘]?no\b"
    r"|뿐(?:만)?(?:이|은)? ?아니|않을 수 없|(?:노|아니오|안 ?된다)[’'”\"]?(?:라고)? (?:말(?:하지)? ?)?못하|거절(?:하지)? ?못하"
    r"|不(?:只|仅|僅|光|单|單)是|(?:不能|不会|不會|没有办法|无法|無法|难以|難以)[说說][“「\"]?不"
    r"|(?:だけ|のみ|ばかり)で(?:は|も)?な(?:い|く)|だけじゃない|のみならず|かかわらず|少なからず|(?:に|間)違いない|かもしれない"
    r"|(?:ノー|NO|嫌)[」』]?とは?言え(?:ない|ず)|断れ(?:ない|ず)"
    r"|\bне (?:только|просто|лишь|менее|более|раз)\b|\bне (?:може[тм]|могут|мог|могли|в силах) (?:сказать [«\"]?нет\b|отказать\w*)",
    re.IGNORECASE,
)
_INSTEAD = re.compile(
    r", (?:and )?not (?:in |at |from |near )?[A-Z]|\b[Nn]ot (?:in |at |from |near )?[A-Z][\w-]+,? but (?!also)"
    r"|\b(?:rather than|instead of) (?:in |at |from |near )?[A-Z]"
    r"|(?<![뿐만])[이가] 아(?:니라|니고|닌)|(?<![뿐만이가]) 아(?:니라|닌)"
    r"|(?:不是|[并並]非)[^。]{1,20}而是|而不是|而非|(?<!だけ)(?<!のみ)(?<!ばかり)で(?:は)?なく"
    r"|, а не\b|\bне (?!только|просто|лишь)[^.,]{1,30}, а (?!также|и )"
)


def says_no(text: str) -> bool:
    """Tell whether a text denies something."""
    return bool(_NEGATIONS.search(_TURNS.sub(" ", text)))


def puts_right(sentence: str) -> bool:
    """Tell whether a sentence says one thing in the place of another: "in Hunchun, not Dandong"."""
    return bool(_INSTEAD.search(sentence))

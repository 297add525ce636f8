"""Find the marks that newsrooms put into titles: leads, urgencies, exclusives, in five languages.

A mark is what stands in brackets and holds nothing but a known word, "(2nd LD)", "[단독]", "【速報】", or a known word and a colon at the
start, "快讯：". English words count in the newsroom's capitals only: "(LEAD)" is a mark, "(lead)" is a metal.
"""

import re

_WORDS = "|".join(
    (
        r"(?:\d{1,2}(?:st|nd|rd|th) )?(?:LD|LEAD)(?:-[A-Z]+)?|URGENT|UPDATED?(?: \d{1,2})?|CORRECTED|CORRECTION",
        r"EXCLUSIVE|BREAKING(?: NEWS)?|EDITORIAL",
        r"Exclusive|Breaking|Urgent|Updated?|Correction|Yonhap (?:Feature|Interview)|News (?:Focus|Analysis)|Photo|Video",
        r"단독|속보|긴급|정정|\d보|(?:\S{1,6} )?종합(?: ?\d?보)?|사설|칼럼|기고|인터뷰|르포|포토|영상|전문|해설|분석|기획",
        r"速報|独自|詳報|続報|訂正|更新|社説|写真|動画",
        r"快[讯訊]|[独獨]家|突[发發]|[详詳][讯訊]|[简簡][讯訊]|[综綜]合|更正|社[论論]|[视視][频頻]",
        r"СРОЧНО|Срочно|МОЛНИЯ|Молния|ОБНОВЛЕНО|Обновлено|ЭКСКЛЮЗИВ|Эксклюзив|ВИДЕО|Видео|ФОТО|Фото",
    )
)
_BRACKETED = re.compile(rf"[(\[【〔（［〈<]\s?(?:{_WORDS})\s?[)\]】〕）］〉>]")
_LEADING = re.compile(rf"^(?:{_WORDS})\s?[:：|｜]")


def find_marks(title: str) -> tuple[str, ...]:
    """Give the marks of a title as they stand in it, each once, in their order."""
    found = [match.group() for pattern in (_LEADING, _BRACKETED) for match in pattern.finditer(title)]
    return tuple(dict.fromkeys(found))

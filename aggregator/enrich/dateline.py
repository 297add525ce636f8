"""Find the dateline of an agency report: where it was filed and by whom. The city in it is no place of the story.

Forms: ``SEOUL, July 9 (Yonhap) --``, ``HANOI — ``, ``(베이징=연합뉴스)``, ``[서울=뉴시스]``, ``【ソウル聯合ニュース】``,
``韩联社首尔7月9日电``, ``（首尔9日综合电）``, ``МОСКВА, 9 июля. /ТАСС/.``,
``Владивосток. 9 июля. ИНТЕРФАКС -``. It stands at the start of one of the first paragraphs.
"""

import re

_PARAGRAPHS = 6
_REACH = 3_000
_LONGEST = 120
_AGENCY = r"(?:聯合ニュース|共同|時事|朝鮮通信|ロイター|AFP|AP|タス|新華社)"
_RUSSIAN = r"(?:ИНТЕРФАКС|Интерфакс|ТАСС|РИА Новости|ИА REGNUM|[А-ЯЁA-Z][А-ЯЁA-Z.-]{2,15}|[А-ЯЁ][а-яё]+\.[Rr][Uu])"
_CABLE = r"(?:综合|綜合|专|專|外|特|联合|聯合)?[电電訊讯](?![话話影视視脑腦])"
_FORMS = re.compile(
    "|".join(
        (
            r"[A-Z][\w.'’ ,/-]{1,60}?\([\w./ -]{2,30}\) ?[-–—]{1,2}",
            r"[A-Z][A-Z.'’/ -]{2,40}(?:, [A-Z][a-z]{2,8}\.?(?: \d{1,2})?){0,2}\.? ?(?:[-–—]{1,2}(?= )|/[A-Z]{2,12}/)",
            r"[А-ЯЁ][А-ЯЁ -]{2,40}(?:, \d{1,2} [а-я]{3,8}\.?)? ?"
            r"(?:/[А-ЯЁA-Z]{2,12}/|[.–—-]{1,2} ?(?:РИА Новости|ИНТЕРФАКС|Интерфакс|ТАСС)|[–—-] )",
            rf"[А-ЯЁ][а-яёА-ЯЁ-]+(?: [А-ЯЁ][а-яё-]+){{0,2}}[.,] \d{{1,2}} [а-я]{{3,8}}\.? ?(?:[-–—/] ?)?{_RUSSIAN}/?(?: ?[-–—]|\.)",
            rf"[（(【\[][^）)\]】\n\d]{{0,20}}(?:\d{{1,2}}月)?\d{{1,2}}日{_CABLE}[）)\]】]",
            rf"(?:本[报報][^\n，。\d]{{0,12}}|[^\W\d_]{{2,5}})(?:\d{{1,2}}月)?\d{{1,2}}日{_CABLE}(?=[ \u3000：:）)(（])",
            r"[(\[][^=()\[\]\n]{1,30}=[^=()\[\]\n]{1,30}[)\]]",
            rf"[【〔［\[（(][^】〕］\]）)\n]{{1,20}}?(?:{_AGENCY}[^】〕］\]）)\n]{{0,12}}|[=＝][^】〕］\]）)\n]{{1,20}})[】〕］\]）)]",
            r"[（(【\[]?(?:韩联社|韓聯社|新华社|新華社|中新社|中央社|俄新社|塔斯社|路透社|法新社|美联社|共同社)"
            r"(?:[^\n。，,]{0,30}?[电電訊讯](?![话話影视視脑腦])|[^\n。，,]{0,20}?\d{1,2}日(?:报道|報導|報道)(?=[】）)\]：: ]))[】）)\]]?",
        )
    )
)
# A picture credit has an equals sign in brackets too: [사진=연합뉴스], [Image source=Yonhap News].
_CREDIT = re.compile(r"^.{0,2}(?:image|photo|picture|source|사진|자료|출처|영상|그래픽|写真|图|圖)", re.IGNORECASE)


def datelines(text: str) -> tuple[tuple[int, int], ...]:
    """Give start and end of the datelines at the start of the first paragraphs."""
    found: list[tuple[int, int]] = []
    position = 0
    for _ in range(_PARAGRAPHS):
        match = _FORMS.match(text, position, min(position + _LONGEST, len(text)))
        if match and not _CREDIT.match(match.group()):
            found.append(match.span())
        position = text.find("\n", position) + 1
        if not 0 < position < _REACH:
            break
        position += len(text[position : position + 8]) - len(text[position : position + 8].lstrip("\n"))
    return tuple(found)


def in_dateline(spans: tuple[tuple[int, int], ...], start: int) -> bool:
    """Tell whether an offset lies inside one of the datelines."""
    return any(first <= start < last for first, last in spans)

"""Undo wrong or narrow character encodings of East Asian and Russian feeds before a parser guesses Windows-1252.

Four cases only; everything else is left to the parser:

* a byte order mark of UTF-16 or UTF-32 is believed;
* a legacy label (euc-kr, shift_jis, gb2312, big5) is read as its vendors' superset, or as UTF-8 where the bytes are UTF-8;
* a document that claims UTF-8 but holds some broken bytes stays UTF-8, with U+FFFD for those;
* a document that claims UTF-8 and is not is tried in the encodings of the feed's language.
"""

import re

_SUPERSETS = {
    "euc-kr": "cp949",
    "euckr": "cp949",
    "ks_c_5601-1987": "cp949",
    "ksc5601": "cp949",
    "cp949": "cp949",
    "shift_jis": "cp932",
    "shift-jis": "cp932",
    "sjis": "cp932",
    "x-sjis": "cp932",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "big5": "big5hkscs",
}
_BY_LANGUAGE = {"ko": ("cp949",), "ja": ("cp932", "euc_jp"), "zh": ("gb18030", "big5hkscs"), "ru": ("cp1251",)}
_DECLARED = re.compile(rb"""^\s*<\?xml[^>]*?encoding\s*=\s*["']([A-Za-z0-9._-]+)["'][^>]*\?>""")
_DECLARATION = re.compile(r"^\s*<\?xml[^>]*\?>")
_CHARSET = re.compile(r"""charset\s*=\s*["']?([A-Za-z0-9._-]+)""", re.IGNORECASE)
_MARKS = ((b"\xff\xfe\x00\x00", "utf-32"), (b"\x00\x00\xfe\xff", "utf-32"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))
_UTF8_LABELS = ("", "utf-8", "utf8", "us-ascii")
_TOLERATED_DAMAGE = 0.05


def readable(body: bytes, content_type: str, language: str) -> tuple[bytes, str, str | None]:
    """Give the body and content type to parse, as they are or turned into UTF-8, and then the encoding it came in."""
    label = _label(body, content_type)
    found = _wide(body)
    if found is None and label in _SUPERSETS:
        found = _first_strict(body, ("utf-8", _SUPERSETS[label]))
    elif found is None and label in _UTF8_LABELS and not _is_utf8(body):
        found = _repaired(body, _BY_LANGUAGE.get(language[:2].lower(), ()))
    if found is None:
        return body, content_type, None
    return _DECLARATION.sub("", found[0], count=1).encode(), "application/xml; charset=utf-8", found[1]


def _wide(body: bytes) -> tuple[str, str] | None:
    """Read UTF-32 or UTF-16 by its byte order mark, which is certain where any declaration inside is not."""
    return _first_strict(body, tuple(codec for mark, codec in _MARKS if body.startswith(mark))[:1])


def _label(body: bytes, content_type: str) -> str:
    """Give the encoding that the transport or the document declares; the transport wins (RFC 7303 section 3)."""
    named = _CHARSET.search(content_type)
    if named:
        return named.group(1).lower()
    declared = _DECLARED.match(body[:400])
    return declared.group(1).decode("ascii").lower() if declared else ""


def _is_utf8(body: bytes) -> bool:
    return body.isascii() or _first_strict(body, ("utf-8",)) is not None


def _first_strict(body: bytes, codecs: tuple[str, ...]) -> tuple[str, str] | None:
    for codec in codecs:
        try:
            return body.decode(codec), codec
        except UnicodeDecodeError:
            continue
    return None


def _repaired(body: bytes, codecs: tuple[str, ...]) -> tuple[str, str] | None:
    text = body.decode("utf-8", "replace")
    foreign = sum(not character.isascii() for character in text)
    if text.count("\ufffd") <= foreign * _TOLERATED_DAMAGE:
        return text, "utf-8"
    return None if body.startswith((b"\xff\xfe", b"\xfe\xff")) else _first_strict(body, codecs)

"""Turn a page's bytes into text, whatever its headers say.

UTF-8 wins wherever the bytes are UTF-8; then the declared encodings, then those of the five languages, the one that leaves the fewest
characters nobody writes. A Western label is what servers say that were told nothing: it yields to any other that is declared, and to
text that is plainly East Asian or Cyrillic. UTF-8 read as Latin-1 and encoded again is turned back.
"""

import re
from collections.abc import Iterator

from aggregator.enrich.eastern import eastern_encoding

_BOMS = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))
_DECLARED = re.compile(rb"""(?:charset|encoding)\s*=\s*["']?\s*([A-Za-z0-9_.:-]{2,30})""")
_LIKELY = ("cp949", "gb18030", "shift_jis", "euc_jp", "big5", "windows-1251", "koi8-r", "cp1252")
_ALIASES = {
    "euc-kr": "cp949",
    "ks_c_5601-1987": "cp949",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "iso-8859-1": "cp1252",
    "shift-jis": "cp932",
}
_WESTERN = frozenset(("cp1252", "windows-1252", "latin-1", "latin1", "iso8859-1", "iso-8859-15", "us-ascii", "ascii"))
_WRITTEN = re.compile(r"[가-힣぀-ヿ一-鿿а-яА-Яa-zA-Z]")
_TWICE = re.compile(r"(?:Ã[\u0080-¿]|â\u0080|â€|Ð[\u0080-¿°-¿]|ì[\u0080-¿]|ë[\u0080-¿])")
_ACCENTED_WORD = re.compile("[À-ÿ]{4,}")
_HEAD = 4_096


def decode(body: bytes, content_type: str = "") -> str:
    """Decode a page; bytes that no encoding explains become replacement characters, never an error."""
    for mark, name in _BOMS:
        if body.startswith(mark):
            return body.decode(name, errors="replace")
    try:
        return _turned_back(body.decode("utf-8"))
    except UnicodeDecodeError:
        pass
    for name in sorted(_declared(body, content_type), key=_WESTERN.__contains__):
        try:
            return _unless_mislabelled(body, body.decode(name)) if name in _WESTERN else body.decode(name)
        except (UnicodeDecodeError, LookupError):
            continue
    return _guessed(body, next(_declared(body, content_type), ""))


def _declared(body: bytes, content_type: str) -> Iterator[str]:
    for source in (content_type.encode("ascii", "ignore"), body[:_HEAD]):
        match = _DECLARED.search(source)
        if match:
            name = match.group(1).decode("ascii").lower()
            if name not in ("utf-8", "utf8"):
                yield _ALIASES.get(name, name)


def _unless_mislabelled(body: bytes, text: str) -> str:
    """Give a text that its server calls Western, or what it is instead."""
    eastern = eastern_encoding(body)
    return body.decode(eastern) if eastern else _cyrillic(body, text)


def _cyrillic(body: bytes, text: str) -> str:
    """Read a page in Cyrillic that its server calls Western: words of nothing but accented letters are no Western language's."""
    sample = text[:20_000]
    runs = "".join(_ACCENTED_WORD.findall(sample))
    if len(runs) < 40 or 2 * len(runs) < sum("À" <= letter <= "ÿ" for letter in sample):
        return text
    # Small letters, of which a text has most, stand in the upper half of one code page and in the lower of the other.
    name = "windows-1251" if 2 * sum(letter >= "à" for letter in runs) > len(runs) else "koi8-r"
    return body.decode(name, errors="replace")


def _guessed(body: bytes, declared: str) -> str:
    """Choose the encoding that leaves the fewest replacement characters and the most letters; broken UTF-8 is mostly UTF-8."""
    eastern = None if declared and declared not in _WESTERN else eastern_encoding(body)
    if eastern:
        return body.decode(eastern)
    candidates = dict.fromkeys(("utf-8", *((declared,) if declared else ()), *_LIKELY))
    return max((_read(body, name) for name in candidates), key=_sense)


def _read(body: bytes, name: str) -> str:
    try:
        return body.decode(name, errors="replace")
    except LookupError:
        return ""


def _sense(text: str) -> float:
    sample = text[:20_000]
    return (len(_WRITTEN.findall(sample)) - 20 * sample.count("\ufffd")) / max(len(sample), 1)


def _turned_back(text: str) -> str:
    """Undo UTF-8 that was read as Latin-1 and encoded once more."""
    if len(_TWICE.findall(text[:20_000])) < 4:
        return text
    for name in ("cp1252", "latin-1"):
        try:
            return text.encode(name).decode("utf-8")
        except (UnicodeEncodeError, UnicodeDecodeError):
            continue
    return text

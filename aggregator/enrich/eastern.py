"""Find the East Asian encoding of bytes that are called something else, or nothing.

Every byte string is some text in most of these encodings, so validity proves little; but each language has a few characters that make
up a good part of whatever is written in it, and East Asian text runs on, where accents stand alone.
"""

import re

_SAMPLE = 40_000
_COMMON = {
    "cp949": frozenset("이다는의가에을한고로를인지은기하사서도부대전해자정수일나리시"),
    "euc_jp": frozenset("のにはをたがでとしるいなもれられかっこする年日一国大者"),
    "shift_jis": frozenset("のにはをたがでとしるいなもれられかっこする年日一国大者"),
    "gb18030": frozenset("的一是不了在人有我这中大国为上和年工们到说报日月会发对方"),
    "big5": frozenset("的一是不了在人有我這中大國為上和年工們到說報日月會發對方"),
}
_RUN = re.compile("[가-힣぀-ヿ一-鿿、。]{3,}")
_LEAST_COMMON, _LEAST_RUNNING = 0.12, 0.5


def eastern_encoding(body: bytes) -> str | None:
    """Give the encoding in which bytes are East Asian text without any fault, or None."""
    high = re.search(rb"[\x80-\xff]", body)
    if high is None:
        return None
    return max(((share, name) for name in _COMMON if (share := _share(body, name)) >= _LEAST_COMMON), default=(0.0, None))[1]


def _share(body: bytes, name: str) -> float:
    """Give the share of a language's commonest characters among all that are not ASCII; 0 where the bytes are not in its encoding."""
    try:
        text = body.decode(name)
    except UnicodeDecodeError:
        return 0.0
    foreign = [letter for letter in text if letter > "\x7f"][:_SAMPLE]
    running = sum(map(len, _RUN.findall(text)))
    if len(foreign) < 6 or running < _LEAST_RUNNING * min(len(foreign), running + len(foreign)):
        return 0.0
    return sum(letter in _COMMON[name] for letter in foreign) / len(foreign)

"""Write a search in the topic language, so that what was searched for once can be watched for.

The two ask differently for forms of words: a search stems, a topic writes what it takes. So a word becomes its stem with any ending
(``sanctions`` is ``sanction*``, ``рабочих`` is ``рабоч*``), or, where it is a stem itself and any ending would be too much, the endings
of English. Chinese, Japanese and Korean words are found inside others by both. Everything is written small, since capitals mean
something there.
"""

import re
from collections.abc import Iterator
from itertools import takewhile

from aggregator.core.analyser import is_cjk, stem, tokens
from aggregator.core.queries import Either, Every, Near, Phrase, Wanted

SHORTEST_STEM = 4
"""Letters of a beginning that may have any ending."""
_ENDINGS = "(|s|es|ed|ing)"
_BARE = re.compile(r"[^\W_]+\*?")


def as_topic_query(wanted: Wanted | None, *properties: str) -> str:
    """Write a search; `properties` such as ``language:ko`` must hold as well."""
    parts = (_nested(wanted) if properties else _written(wanted),) if wanted is not None else ()
    return " AND ".join((*parts, *properties))


def _written(wanted: Wanted) -> str:
    match wanted:
        case Phrase():
            return _phrase(wanted)
        case Near(left=left, right=right, distance=distance):
            return f"{_phrase(left)} NEAR/{distance} {_phrase(right)}"
        case Either(parts=parts):
            return " OR ".join(map(_nested, parts))
        case Every(parts=parts, without=without):
            return " AND ".join((*map(_nested, parts), *(f"NOT {_nested(part)}" for part in without)))


def _nested(wanted: Wanted) -> str:
    return _written(wanted) if isinstance(wanted, Phrase) else f"({_written(wanted)})"


def _phrase(phrase: Phrase) -> str:
    *words, last = _words(phrase.typed)
    begins = phrase.prefix and not is_cjk(last)
    text = " ".join((*map(_forms, words), f"{last}*" if begins else _forms(last)))
    return text if _BARE.fullmatch(text) else f'"{text}"'


def _words(text: str) -> Iterator[str]:
    """Give the words of a text as typed, small; the overlapping terms of a run are one."""
    start = end = -1
    for token in tokens(text):
        if start >= 0 and token.start >= end:
            yield text[start:end].casefold()
            start = -1
        start, end = token.start if start < 0 else start, max(end, token.end)
    if start >= 0:
        yield text[start:end].casefold()


def _forms(word: str) -> str:
    """Give a word in all its forms."""
    stemmed = stem(word)
    common = "".join(one for one, _ in takewhile(lambda pair: pair[0] == pair[1], zip(word, stemmed, strict=False)))
    if is_cjk(word) or not word.isalpha() or not re.match(r"[a-z\u0400-\u04ff]", word):
        return word
    if len(word) < SHORTEST_STEM:
        return word
    if len(common) >= SHORTEST_STEM and (stemmed != word or not word.isascii()):
        return f"{common}*"
    return f"{common}{_ENDINGS}" if common == stemmed and word.isascii() else word

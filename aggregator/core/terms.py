"""Terms: the words by which two texts of one language are compared, in every script.

Latin words lose their commonest endings and Russian ones all but their first letters, so that inflected forms meet; Korean, Chinese
and Japanese have no borders that help, so two neighbouring characters make a term. No list of stop words is kept: what is common
weighs nothing anyway, see `aggregator.core.rarity`.
"""

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from itertools import islice

LEAD = 500
"""Characters of the text that count: an event is told in the first paragraphs, the rest is background shared by all."""
_WORD = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]+|[\uac00-\ud7af]+|[^\W_\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]+")
_EASTERN = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
_CYRILLIC = re.compile(r"[а-яё]")
_ENDING = re.compile(r"(?<=\w{3})(?:ies|es|s|ing|ed|ions?|al|ly)$")
_POSSESSIVE = re.compile(r"['’]s\b")
_SHORT_LATIN, _RUSSIAN_STEM, _LONGEST = 4, 5, 40
_AHEAD = re.compile(
    r"(?<![\w-])(?:will|plans?|aims?|set to|upcoming)\b"
    r"|예정|계획|추진|앞두|앞둔|将|將|拟|擬|计划|計劃|計画|予定|方針"
    r"|\b(?:намерен\w*|планиру\w*|собира\w*|хот[яи]т|будет|будут)\b",
    re.IGNORECASE,
)
_TO = re.compile(r"\bto (?=[a-z]{2})(?!the\b|an?\b|its?\b|his\b|her\b|their\b|our\b|this\b|that\b|all\b|be\b|date\b|death\b|\w+ing\b)")
"""The infinitive that stands for the future in English headlines: "Seoul to send aid"."""
_DONE = re.compile(
    r"\b(?!(?:its|his|this|as|news|talks|series|forces|sanctions)\b)[a-z]+(?:s|ed)\b(?! (?:of|and|from|for|in|at|with|to)\b)(?= )"
    r"|\b(?:in|at|on|that|who|how|what|where|when|why|How|What|Where|When|Why|not|due|according|back|bid|push|next|thanks|is|are|was|were|has|have|had)\b[^,;:]*$"
    r"|\b(?:hold|sign|open|meet|visit|tour|send|urge|vow|pledge|agree|call|boost|join|use)\b"
    r"|[;:—–]"
)
"""What before an infinitive makes it another verb's, or one of purpose: "urges Seoul to" and "in Pyongyang to" announce nothing."""


MOST_TERMS = 120
"""Different terms of a text that count; the first ones do."""

_HEADLINE, _SIGNED = 20, 30
"""Letters of a headline that can be recognised, and of what follows it where an outlet's name does."""
_FILED = re.compile(
    r"\A\s*(?:[^\n()]{0,60}\([^()\n]{2,40}\) ?(?:--|[—–=-])\s*"
    r"|[(\[【〔][^\n)\]】〕]{2,40}[)\]】〕](?:[^\n=]{0,20}=)?|[A-ZА-Я][^\n/]{2,40}/[^/\n]{2,20}/[. ])"
)


def without_dateline(text: str) -> str:
    """Take the place and agency off the start of a report: they say where it was filed, and all reports of a bureau share them."""
    return _FILED.sub("", text, count=1)


def own_words(title: str, text: str) -> str:
    """Give a report without its dateline; nothing of one that only repeats its headline, as search engines' feeds do."""
    said, headline = text.strip(), title.strip()
    if len(headline) >= _HEADLINE and said[: len(headline)].casefold() == headline.casefold() and len(said) - len(headline) <= _SIGNED:
        return ""
    return without_dateline(text)


@lru_cache(maxsize=256)
def terms_of(text: str) -> tuple[str, ...]:
    """Give the comparable terms of a text, each once, in the order they are met."""
    folded = _POSSESSIVE.sub("", unicodedata.normalize("NFKC", text[: 4 * LEAD]).casefold())
    return tuple(islice(dict.fromkeys(term[:_LONGEST] for word in _WORD.findall(folded) for term in _terms(word)), MOST_TERMS))


def looks_ahead(title: str) -> bool:
    """Tell whether a headline announces: what is planned and what was done are two events."""
    if _AHEAD.search(title):
        return True
    found = _TO.search(title)
    return found is not None and not _DONE.search(title[: found.start()])


def _terms(word: str) -> Iterator[str]:
    if _EASTERN.match(word):
        yield from (word[start : start + 2] for start in range(max(1, len(word) - 1)))
    elif _CYRILLIC.match(word):
        yield word[:_RUSSIAN_STEM]
    else:
        yield _ENDING.sub("", word) if len(word) > _SHORT_LATIN else word

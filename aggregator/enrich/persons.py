"""Find people whom no list knows, by how their names are made: Kim Yong Bok, Kang Dong-wan, 박태성 내각총리, 总理朴泰成, Пак Тхэ Сон.

A name alone says that somebody is spoken of, not that he speaks: credits are found elsewhere. The patterns stand in
`vocabulary/persons.yaml`. A name that goes on (Kim Il Sung Square) is another thing's.
"""

import re
from collections.abc import Iterator, Mapping
from functools import cache
from itertools import islice

from aggregator.enrich.folding import Hints
from aggregator.enrich.gazetteer import load_gazetteer, read_persons
from aggregator.models import Fact

_MOST = 100
_BEFORE, _BEHIND = 40, 40
_BEHIND_CONCEPTS = ("person/", "outlet/", "place/")


def persons(field: str, text: str, language: str) -> Iterator[Fact]:
    """Give the people that a field names by a form of their language, each once."""
    pattern, hints = _patterns().get(language, (None, None))
    if pattern is None or hints is None:
        return
    seen: set[str] = set()
    for match in islice(hints.around(pattern, text, _BEFORE, _BEHIND), _MOST):
        name = match["name"]
        if name not in seen and not any(mention.concept.startswith(_BEHIND_CONCEPTS) for mention in load_gazetteer().find(name)):
            seen.add(name)
            start, slug = match.start("name"), "-".join(name.lower().split())
            yield Fact(kind="person", concept=f"person/{slug}", field=field, start=start, end=start + len(name), quote=name, name=name)


def speaks_himself(folded: str, end: int, until: int, language: str) -> bool:
    """Tell whether words of speaking follow a name within its sentence."""
    pattern = _own_words().get(language)
    return pattern is None or bool(pattern.match(folded, end, until))


@cache
def _patterns() -> Mapping[str, tuple[re.Pattern[str], Hints]]:
    told = read_persons()
    return {language: (re.compile(pattern), Hints(told["hints"][language])) for language, pattern in told["patterns"].items()}


@cache
def _own_words() -> Mapping[str, re.Pattern[str]]:
    return {language: re.compile(pattern) for language, pattern in read_persons()["own_words"].items()}

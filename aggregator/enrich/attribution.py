"""Find the outlets a text cites: an outlet's name beside a word of citing, "according to Yonhap", 연합뉴스에 따르면, 据韩联社报道.

No citation is the outlet naming itself, a picture credit, or a bare name. An agency in the dateline, or alone in the last line,
is one where another outlet carries its text.
"""

import re
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import islice

from aggregator.enrich.dateline import datelines, in_dateline
from aggregator.enrich.folding import Hints, fold, sentence_span
from aggregator.enrich.gazetteer import ANCHOR, load_gazetteer, outlet_concept, read_cues, read_outlet_patterns
from aggregator.enrich.names import Mention, Name, NameIndex
from aggregator.enrich.places import first_of_each
from aggregator.models import Article, Fact

_REACH_BEFORE, _REACH_AFTER = 70, 180
_MOST_MENTIONS = 500
_CALLED = re.compile(r"(?:газет|агентств|издани|телеканал|портал)[а-я]{0,3} $")
_OUTLET_HINTS = Hints(
    (
        *("Times", "Post", "Herald", "Journal", "Tribune", "Gazette", "Shimbun", "Ilbo", "News Agency", "Broadcasting"),
        *("신문", "일보", "통신", "방송", "日报", "晚报", "时报", "通讯社", "电视台", "新闻网", "新聞", "通信", "放送", "テレビ"),
        *("газет", "агентств", "издани", "телеканал", "портал"),
    )
)
SCHOOL = re.compile(r" (?:University|College|Foundation|Institute|Academy|Hospital)| ?대학|大学|大學| ?재단")
"""What makes an outlet's name part of another body's."""
_WORD = re.compile(r"[^\W_]+")
_GAP = r"[^.;:!?,\n]{0,40}"
_AFTER_NAME = re.compile(r"^[」』》〉\"'”’]?(?: ?[(（\[［][^()（）\[\]［］\n]{1,40}[)）\]］])?[)）\]］」』》〉\"'”’]{0,2}(?=[^\s,.])")
"""What stands between a name and its particle: the short form in brackets, a closing quote or bracket around the name."""


@dataclass(frozen=True, slots=True)
class _Cues:
    """Hold what makes a name a citation, before and after it, and what makes it a picture credit."""

    before: re.Pattern[str]
    after: re.Pattern[str]
    credit: re.Pattern[str]


async def find_attribution(article: Article) -> Article:
    """Add the outlets that title and text cite, once per outlet and field."""
    return _with_citations(article, load_gazetteer().find)


def attribution_by(configured: Iterable[Name]) -> Callable[[Article], Awaitable[Article]]:
    """Make the step for an installation: it also knows its configured outlets by the names under which others cite them."""
    index = NameIndex(configured)

    def find(text: str) -> tuple[Mention, ...]:
        return (*load_gazetteer().find(text), *index.find(text))

    async def find_attribution(article: Article) -> Article:
        return _with_citations(article, find)

    return find_attribution


def _with_citations(article: Article, find: Callable[[str], tuple[Mention, ...]]) -> Article:
    cited = (fact for field, text in (("title", article.title), ("text", article.text)) for fact in _cited(field, text, article, find))
    return replace(article, facts=(*article.facts, *cited))


def _cited(field: str, text: str, article: Article, find: Callable[[str], tuple[Mention, ...]]) -> Iterator[Fact]:
    own = {outlet_concept(name) for name in (article.feed.publisher, article.feed.family, article.outlet) if name}
    own.add(f"outlet/{article.feed.family}")
    folded = fold(text)
    filed = datelines(text) if field == "text" else ()
    mentions = find(text)
    known = [mention for mention in mentions if mention.concept.startswith("outlet/")]
    unknown = _unknown(text, article.language or article.feed.language, mentions)
    named = (mention for mention in (*known, *unknown) if mention.concept not in own)
    cites = (mention for mention in islice(named, _MOST_MENTIONS) if _cites(text, folded, mention, filed))
    return first_of_each("outlet", field, text, cites)


def _unknown(text: str, language: str, mentions: Sequence[Mention]) -> Iterator[Mention]:
    """Give what is named like an outlet and is none that the lists know."""
    pattern = _patterns().get(language)
    taken = [(mention.start, mention.end) for mention in mentions if not mention.concept.startswith(("place/", ANCHOR))]
    for match in islice(_OUTLET_HINTS.around(pattern, text, 64, 24), _MOST_MENTIONS) if pattern else ():
        start, end = match.span()
        called = language != "ru" or _CALLED.search(text, max(0, start - 24), start - 1)
        if called and not any(start < last and first < end for first, last in taken):
            slug = "-".join(_WORD.findall(match.group().lower()))
            yield Mention(f"outlet/{slug}", start, end, ambiguous=False)


@cache
def _patterns() -> Mapping[str, re.Pattern[str]]:
    return {language: re.compile(pattern) for language, pattern in read_outlet_patterns().items()}


def _cites(text: str, folded: str, mention: Mention, filed: tuple[tuple[int, int], ...]) -> bool:
    if in_dateline(filed, mention.start) or _signs(text, mention):
        return True
    start, end = sentence_span(text, mention.start)
    before = folded[max(start, mention.start - _REACH_BEFORE) : mention.start]
    after = folded[mention.end : min(end, mention.end + _REACH_AFTER)]
    if SCHOOL.match(text, mention.end):
        return False
    if _CUES.credit.search(before) or after.startswith((" 제공", " photo", "/photo", " file photo", " 자료사진")):
        return False
    return bool(_CUES.before.search(before) or _CUES.after.search(after) or _CUES.after.search(_AFTER_NAME.sub("", after)))


def _signs(text: str, mention: Mention) -> bool:
    """Tell whether the name stands alone in brackets as the text's last line."""
    last = text[text.rfind("\n", 0, mention.start) + 1 :].strip()
    return last.strip("()（）[]【】.") == text[mention.start : mention.end] and last[:1] in "(（[【"


def _load() -> _Cues:
    attribution = read_cues()["attribution"]
    before, after = "|".join(attribution["before"]), "|".join(attribution["after"])
    pictures = "|".join(map(re.escape, attribution["credits"]))
    return _Cues(
        before=re.compile(rf"(?:(?<![a-zа-я])(?:{before})){_GAP}$"),
        after=re.compile(after),
        credit=re.compile(rf"(?:{pictures}) ?(?:[:=/©|]|by ) ?[^.;!?]{{0,20}}$|[/©] ?$"),
    )


_CUES = _load()

"""Number expressions, and ranges: two of them with a word or a dash of range between them, in five languages."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

RANGE = re.compile(
    r" ?[-~] ?| to (?:as many as |as much as |about |over )?|에서(?: (?:최대|많게는))? ?| 내지 |から(?:最大)?|至|到(?:最多)?"
    r"|或| до | или | or |,? ?(?:perhaps|possibly|maybe|or)(?: even)? "
)
# The currency may be told at both ends: "$200 to $300 million".
_LINK = re.compile(rf"(?:{RANGE.pattern})(?:(?:us?)?[$€£¥₩₽])?")
_BETWEEN = re.compile(r"between (?:about |some |around )?(?:[a-z.]{0,4}\$ ?)?$")
_LONGEST_LINK = 24


@dataclass(frozen=True, slots=True)
class Number:
    """Hold a number expression; `plain` is True for bare digits, `mantissa` is what stood before a scale such as million.

    A `bare` number has no scale, though it may be a word; `about` is True where its own words say so (20余万).
    """

    start: int
    end: int
    low: float
    high: float
    plain: bool = False
    mantissa: float = 0.0
    vague: bool = False
    bare: bool = False
    about: bool = False


def joined(folded: str, found: Sequence[Number]) -> Iterator[Number]:
    """Give the number expressions of a folded text, two with a word of range between them as one."""
    skip = False
    for number, following in zip(found, [*found[1:], None], strict=False):
        if skip:
            skip = False
            continue
        joined = _range(folded, number, following) if following else None
        skip = joined is not None
        yield joined or number


def _range(folded: str, first: Number, second: Number) -> Number | None:
    link = folded[first.end : second.start]
    linked = bool(_LINK.fullmatch(link)) or (
        link in (" and ", " and $") and bool(_BETWEEN.search(folded[max(0, first.start - 20) : first.start]))
    )
    if len(link) > _LONGEST_LINK or not linked:
        return None
    low = first.low
    scaled = second.mantissa and not (second.plain or second.bare)
    if (first.plain or first.bare) and scaled and low < second.mantissa:
        low *= second.low / second.mantissa  # "50 to 100 thousand" starts at 50,000
    return Number(first.start, second.end, low, second.high, vague=first.vague) if low < second.high else None

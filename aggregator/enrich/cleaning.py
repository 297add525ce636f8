"""Take page chrome out of a page's lines, and keep what was taken with its reason.

The order: the headline and its doubles, what stands after the article's end, lines by exact pattern, captions by their credit, bylines
and dates into fields, lines told twice. Nothing is removed for merely being like the headline: a first sentence often is. Sub-headings
stay. Lines are compared NFC, with no-break spaces as spaces and runs of white space as one.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from aggregator.enrich.dateline import datelines
from aggregator.enrich.folding import compose
from aggregator.enrich.pagerules import LineRule, PageRules
from aggregator.models import Removed

_LONGEST_CHROME = 600
_HEAD = 12
_SPACES = re.compile(r"\s+")
_SENTENCE = re.compile(r"[.!?。！？…][\"”’')\]]?$|(?:다|요)\.$")
_NAME = re.compile(r"(?:[A-ZÀ-Ž][\w'’-]+)(?: [A-ZÀ-Ž][\w'’.-]+){1,3}|[가-힣]{2,4} 기자")
_CREDITS = frozenset(("caption", "credit"))


@dataclass(frozen=True, slots=True)
class Cleaned:
    """Hold the lines that are the article, the lines that are not, and what bylines told."""

    lines: tuple[str, ...]
    removed: tuple[Removed, ...]
    fields: Mapping[str, str]


@dataclass
class _Work:
    """Hold the lines while they are sorted; `reasons` stands beside each line, empty for a line that stays."""

    lines: list[str]
    reasons: list[str]
    fields: dict[str, str] = field(default_factory=dict)

    def drop(self, number: int, reason: str) -> None:
        self.reasons[number] = self.reasons[number] or reason

    def kept(self) -> list[int]:
        return [number for number, reason in enumerate(self.reasons) if not reason]


def clean(lines: Sequence[str], title: str, rules: PageRules, *, keep_datelines: bool = False) -> Cleaned:
    """Sort a page's lines into article and chrome; a title of "" is found among the first lines and told as the field "title"."""
    tidy = [line for line in (squeezed(line) for line in lines) if line]
    work = _Work(tidy, [""] * len(tidy))
    _drop_after_end(work, rules.ends)
    _drop_matching(work, rules.remove)
    _read_fields(work, rules.fields)
    _drop_captions(work)
    _drop_headlines(work, squeezed(title), rules.labels)
    _read_author(work)
    if not keep_datelines:
        _cut_dateline(work)
    told = [
        Removed(text=line, reason=reason) for line, reason in zip(work.lines, work.reasons, strict=True) if reason and reason != "title"
    ]
    dateline = work.fields.pop("dateline", None)
    removed = (*told, Removed(text=dateline, reason="dateline")) if dateline else tuple(told)
    return Cleaned(tuple(work.lines[number] for number in work.kept()), removed, work.fields)


def squeezed(line: str) -> str:
    """Give a line as it is compared: NFC, single spaces, none at its ends."""
    return _SPACES.sub(" ", compose(line)).strip()


def _drop_after_end(work: _Work, ends: Sequence[LineRule]) -> None:
    """Drop a line that ends the article and all behind it; in the first half of a page such a line is only a heading."""
    for number, line in enumerate(work.lines):
        rule = _matching(ends, line)
        if rule and number >= len(work.lines) / 2:
            for later in range(number, len(work.lines)):
                work.drop(later, rule.reason)
            return


def _drop_matching(work: _Work, rules: Sequence[LineRule]) -> None:
    for number in work.kept():
        rule = _matching(rules, work.lines[number])
        if rule:
            work.drop(number, rule.reason)


def _matching(rules: Sequence[LineRule], line: str) -> LineRule | None:
    if len(line) > _LONGEST_CHROME:
        return None
    return next((rule for rule in rules if rule.line.fullmatch(line)), None)


def _read_fields(work: _Work, rules: Sequence[LineRule]) -> None:
    for number in work.kept():
        for rule in rules:
            match = rule.line.fullmatch(work.lines[number]) if len(work.lines[number]) < 200 else None
            if match:
                work.drop(number, rule.reason)
                for name, value in match.groupdict().items():
                    if value:
                        work.fields.setdefault(name, value.strip())
                break


def _drop_captions(work: _Work) -> None:
    """Drop the caption that a page shows twice: before its credited twin, or twice before a line of credit."""
    for number, line in enumerate(work.lines[:-1]):
        following, reason = work.lines[number + 1], work.reasons[number + 1]
        if work.reasons[number] or len(line) > _LONGEST_CHROME:
            continue
        if reason == "caption" and following.startswith(line.rstrip(".")) and following != line:
            work.drop(number, "caption")
        elif following == line:
            credited = number + 2 < len(work.lines) and work.reasons[number + 2] in _CREDITS
            work.drop(number, "caption" if credited else "repeated")
            if credited:
                work.drop(number + 1, "caption")


def _drop_headlines(work: _Work, title: str, labels: Sequence[str]) -> None:
    """Drop the headline and its doubles among the first lines; a section's label may be glued to one ("NewsChina demands …")."""
    head = work.kept()[:_HEAD]
    if not head:
        return
    first = work.lines[head[0]]
    second = work.lines[head[1]] if len(head) > 1 else ""
    if not title:
        glued = first != second and first.endswith(second) and 0 < len(first) - len(second) <= 24 and len(second) > 20
        title = second if glued else first
        work.fields["title"] = title
        doubled = glued or first == second
    else:
        doubled = False
    for number in head:
        line = work.lines[number]
        if line == title:
            work.drop(number, "doubled_headline" if doubled else "title")
            doubled = True
        elif line.endswith(title) and _is_label(line.removesuffix(title).strip(), labels):
            work.drop(number, "doubled_headline")


def _is_label(lead: str, labels: Sequence[str]) -> bool:
    return lead in labels or (0 < len(lead) <= 24 and " " not in lead and lead[0].isupper() and not _SENTENCE.search(lead))


def _read_author(work: _Work) -> None:
    """Take a name that stands alone right before the page's date for the author's."""
    for number, reason in enumerate(work.reasons[:20]):
        if reason != "date" or not number or work.reasons[number - 1]:
            continue
        line = work.lines[number - 1]
        if _NAME.fullmatch(line) and len(line) <= 60:
            work.drop(number - 1, "byline")
            work.fields.setdefault("author", line)


def _cut_dateline(work: _Work) -> None:
    """Cut "SEOUL, July 9 (Yonhap) --" off the first paragraph."""
    kept = work.kept()
    for number in kept[:2]:
        spans = datelines(work.lines[number])
        if spans and spans[0][0] == 0 and spans[0][1] < len(work.lines[number]):
            end = spans[0][1]
            work.fields["dateline"] = work.lines[number][:end].strip()
            work.lines[number] = re.sub(
                r"^(?:[^\W\d_]{2,4} 기자|[^\W\d_]{2,4} 특파원)? ?[=]? ?", "", work.lines[number][end:].strip(" -–—")
            )
            return

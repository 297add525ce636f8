"""Views: what the pages show of the records, ready for templates; texts stay plain, templates escape them.

A link goes out only where it is an absolute http(s) address. Direction marks are taken out of one-line texts, so that no title turns
the line around.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from difflib import SequenceMatcher
from zoneinfo import ZoneInfo

from aggregator.core.urls import web_url
from aggregator.desk_records import FeedDay, RevisionDetail, StoryDetail, StoryRow
from aggregator.models import Fact, Role
from aggregator.records import ToldArticle

BARS = 24
LONGEST_COMPARED = 6_000
"""Characters of a revision that are compared with the one before."""
_WORDS = re.compile(r"[\u3041-\u30ff\u3400-\u9fff\uac00-\ud7a3]|[^\W\u3041-\u30ff\u3400-\u9fff\uac00-\ud7a3]+|\s+|[^\w\s]")
_TURNING = re.compile("[\u200e\u200f\u202a-\u202e\u2066-\u2069\x00-\x1f\x7f-\x9f\u2028\u2029]+")
_WITNESSES = {Role.ORIGIN: 0, Role.INDEPENDENT: 1, Role.UNKNOWN: 2, Role.ECHO: 3, Role.COPY: 4}


@dataclass(frozen=True, slots=True)
class Piece:
    """Hold a run of text; `kind` is "" or names why it is marked."""

    text: str
    kind: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ArticleLine:
    """Hold one article of a story."""

    article_id: int
    outlet: str
    role: str
    title: str
    language: str
    url: str | None
    told_at: datetime
    echo_of: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class StoryCard:
    """Hold a story of the list."""

    story_id: int
    version: int
    headline: str
    language: str
    url: str | None
    articles: Sequence[ArticleLine]
    confirmed: int
    topics: Sequence[str]
    figures: Sequence[str]
    words: Sequence[str]
    opened_at: datetime
    last_at: datetime
    bars: Sequence[int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """Hold what the articles say of one unit; `conflict` where two of them name different values."""

    unit: str
    cells: Sequence[tuple[str, Sequence[str]]]
    conflict: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """Place one article in the echo graph; `tail` is where the line from what it echoes begins."""

    x: int
    y: int
    line: ArticleLine
    tail: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Graph:
    """Hold the echo graph: what came first on the left, what repeats it to the right."""

    width: int
    height: int
    nodes: Sequence[Node]


def plain_line(text: str) -> str:
    """Write hostile text as one line that reads in its own direction only."""
    return " ".join(_TURNING.sub(" ", text).split())


def card(row: StoryRow) -> StoryCard:
    """Make a story's card."""
    lines = article_lines(row.material.articles)
    lead = next((line for line in lines if line.article_id == row.material.lead_article_id), lines[0] if lines else None)
    judgements = [judgement for article in row.material.articles for judgement in article.judgements]
    quotes = (plain_line(evidence.quote) for judgement in judgements for evidence in judgement.evidence if evidence.strength != "weak")
    figures = {figure.concept: plain_line(figure.quote) for article in row.material.articles for figure in article.figures}
    return StoryCard(
        story_id=row.material.story_id,
        version=row.material.version,
        headline=lead.title if lead else "(no article)",
        language=lead.language if lead else "en",
        url=lead.url if lead else None,
        articles=lines,
        confirmed=sum(line.role in ("origin", "independent") for line in lines),
        topics=tuple(dict.fromkeys(judgement.topic for judgement in judgements)),
        figures=tuple(figures.values())[:4],
        words=longest(quotes)[:8],
        opened_at=row.opened_at,
        last_at=row.last_at,
        bars=_bars([line.told_at for line in lines]),
    )


def article_lines(articles: Iterable[ToldArticle]) -> list[ArticleLine]:
    """List a story's articles, best witnesses first."""
    ordered = sorted(articles, key=lambda article: (_WITNESSES[article.telling.role], article.telling.told_at, article.telling.article_id))
    return [
        ArticleLine(
            article_id=article.telling.article_id,
            outlet=plain_line(article.telling.outlet),
            role=article.telling.role.value,
            title=plain_line(article.telling.title) or "(no title)",
            language=article.telling.language,
            url=web_url(article.url),
            told_at=article.telling.told_at,
            echo_of=article.telling.echo_of,
        )
        for article in ordered
    ]


def compared(detail: StoryDetail, lines: Sequence[ArticleLine]) -> list[Compared]:
    """Put the figures of a story's articles side by side, by unit."""
    units = Counter(fact.unit or "" for facts in detail.facts.values() for fact in facts if fact.kind == "figure")
    rows = []
    for unit, _ in units.most_common(12):
        said = {line.article_id: [fact for fact in detail.facts.get(line.article_id, ()) if _is_figure(fact, unit)] for line in lines}
        values = [{(fact.low, fact.high) for fact in facts} for facts in said.values() if facts]
        cells = [(line.outlet, tuple(dict.fromkeys(plain_line(fact.quote) for fact in said[line.article_id]))) for line in lines]
        conflict = len(values) > 1 and not set.intersection(*values)
        rows.append(Compared(unit=unit or "number", cells=cells, conflict=conflict))
    return rows


def named(detail: StoryDetail, label: Callable[[str], str]) -> Mapping[str, Sequence[str]]:
    """Name places, organisations, persons and cited outlets of a story, commonest first."""
    counts: dict[str, Counter[str]] = {}
    for facts in detail.facts.values():
        for kind, concept in {(fact.kind, fact.concept) for fact in facts if fact.kind != "figure"}:
            counts.setdefault(kind, Counter())[label(concept)] += 1
    return {kind: [name for name, _ in counted.most_common(12)] for kind, counted in sorted(counts.items())}


def graph(lines: Sequence[ArticleLine]) -> Graph:
    """Lay the echo graph out: a column for each step of repeating, a row for each article."""
    known = {line.article_id: line for line in lines}
    depths = {line.article_id: _depth(line, known) for line in lines}
    rows: dict[int, int] = {}
    places: dict[int, tuple[int, int]] = {}
    for line in sorted(lines, key=lambda line: (depths[line.article_id], line.told_at)):
        depth = depths[line.article_id]
        rows[depth] = rows.get(depth, 0) + 1
        places[line.article_id] = (20 + 230 * depth, 30 * rows[depth])
    nodes = [
        Node(x=places[line.article_id][0], y=places[line.article_id][1], line=line, tail=places.get(line.echo_of) if line.echo_of else None)
        for line in lines
    ]
    return Graph(width=20 + 230 * (max(depths.values(), default=0) + 1), height=30 * max(rows.values(), default=1) + 20, nodes=nodes)


def marked(text: str, spots: Iterable[tuple[int, int, str]]) -> list[Piece]:
    """Cut a text into runs at (start, end, kind); of overlapping spots the first wins."""
    pieces: list[Piece] = []
    done = 0
    for start, end, kind in sorted(spots):
        if done <= start < end <= len(text):
            pieces += [Piece(text[done:start]), Piece(text[start:end], kind)]
            done = end
    return [piece for piece in (*pieces, Piece(text[done:])) if piece.text]


def changes(revisions: Sequence[RevisionDetail], plain: Callable[[str], str]) -> Mapping[int, Sequence[Piece]]:
    """Tell for each revision what it changed in what its feed had served before, as runs marked "gone" or "new"."""
    found: dict[int, Sequence[Piece]] = {}
    before: dict[str, str] = {}
    for revision in reversed(revisions):
        text = plain_line(f"{revision.entry.title}\n{plain(revision.entry.content or revision.entry.summary)}")[:LONGEST_COMPARED]
        known = before.get(f"{revision.feed_id} {revision.entry.id or revision.entry.url}")
        if known is not None and known != text:
            found[revision.seq] = difference(known, text)
        before[f"{revision.feed_id} {revision.entry.id or revision.entry.url}"] = text
    return found


def difference(old: str, new: str, around: int = 6) -> Sequence[Piece]:
    """Show what changed between two texts by words, with a few words around each change."""
    was, now = _WORDS.findall(old), _WORDS.findall(new)
    pieces: list[Piece] = []
    for group in SequenceMatcher(None, was, now).get_grouped_opcodes(around):
        pieces.append(Piece(" … " if pieces else ""))
        for kind, a, b, c, d in group:
            if kind == "equal":
                pieces.append(Piece("".join(now[c:d])))
            pieces += [Piece("".join(part), name) for name, part in (("gone", was[a:b]), ("new", now[c:d])) if kind != "equal" and part]
    return [piece for piece in pieces if piece.text]


def by_day(cards: Sequence[StoryCard], zone: ZoneInfo) -> Mapping[date, Sequence[StoryCard]]:
    """Group cards by the day on which they last moved."""
    days: dict[date, list[StoryCard]] = {}
    for one in cards:
        days.setdefault(one.last_at.astimezone(zone).date(), []).append(one)
    return days


def feed_bars(days: Iterable[FeedDay], now: datetime, length: int = 14) -> Mapping[str, Sequence[int]]:
    """Give for each feed its new entries of the last days, oldest first."""
    first = now.date() - timedelta(days=length - 1)
    bars: dict[str, list[int]] = {}
    for day in days:
        at = (day.day - first).days
        if 0 <= at < length:
            bars.setdefault(day.feed_id, [0] * length)[at] = day.new
    return bars


def longest(quotes: Iterable[str]) -> tuple[str, ...]:
    """Give each wording once, without those that stand inside another one."""
    spelt = {quote.casefold(): quote for quote in quotes}
    return tuple(quote for folded, quote in spelt.items() if not any(folded in other and folded != other for other in spelt))


def _bars(times: Sequence[datetime]) -> tuple[int, ...]:
    """Spread moments over the life they span."""
    if not times:
        return ()
    first, span = min(times), max((max(times) - min(times)).total_seconds(), 1.0)
    counts = [0] * BARS
    for moment in times:
        counts[min(int((moment - first).total_seconds() / span * BARS), BARS - 1)] += 1
    return tuple(counts)


def _depth(line: ArticleLine, known: Mapping[int, ArticleLine]) -> int:
    depth, seen = 0, {line.article_id}
    while line.echo_of is not None and line.echo_of in known and line.echo_of not in seen:
        line = known[line.echo_of]
        seen.add(line.article_id)
        depth += 1
    return depth


def _is_figure(fact: Fact, unit: str) -> bool:
    return fact.kind == "figure" and (fact.unit or "") == unit

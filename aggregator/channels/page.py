"""The page: a digest laid out for reading, from which e-mail, file and Slack are written.

Texts are clean (see `wording`) but not escaped: the template or block that shows them does that. Nothing here knows a format.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from aggregator.channels.phrases import LANGUAGES, primary, say
from aggregator.channels.statement import Statement, statement_of
from aggregator.channels.wording import (
    clean,
    clean_piece,
    date_and_time,
    host_of,
    language_tag,
    outlets_line,
    role_words,
    summary,
    web_link,
)
from aggregator.models import Digest, Item, Outlet

ALSO_IN = 8
NOTICES = 50
CHART_HEIGHT = 36
_BLOCKS = "▁▂▃▄▅▆▇█"


@dataclass(frozen=True, slots=True)
class Piece:
    """Hold a run of an excerpt, marked where its words matched."""

    text: str
    marked: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Hold one more article of a story."""

    name: str
    role: str
    title: str
    language: str
    url: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """Hold one story as a reader meets it; `url` None means that the feed's link is not safe to click.

    `place` is where it stands in the digest, for who judges it; None where nothing says which article told it.
    """

    topic: str
    kind: str
    headline: str
    language: str
    url: str | None
    host: str
    when: str
    outlets: str
    changes: tuple[str, ...]
    facts: tuple[str, ...]
    why: tuple[str, ...]
    also_under: tuple[str, ...]
    badge: str
    excerpt: tuple[Piece, ...]
    also: tuple[Source, ...]
    also_more: int
    place: int | None = None


@dataclass(frozen=True, slots=True)
class Section:
    """Hold a topic's stories: `cards` in full, then `lines` in brief where a message has no room for more."""

    name: str
    cards: tuple[Card, ...]
    lines: tuple[Card, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Continued:
    """Hold a story told before that further outlets report now."""

    headline: str
    language: str
    url: str | None
    outlets: str


@dataclass(frozen=True, slots=True)
class Bar:
    """Hold one day of the chart: its count, and its height of at most `CHART_HEIGHT` pixels."""

    count: int
    height: int


@dataclass(frozen=True, slots=True)
class Told:
    """Hold one alarm and since when it stands."""

    text: str
    since: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Hold a whole message, ready for a template; `more` counts the stories it has no room for.

    `verdicts` begins the addresses under which readers say what was relevant.
    """

    name: str
    alert: bool
    summary: str
    when: str
    zone: str
    since: str
    sections: tuple[Section, ...]
    more: int
    statement: Statement
    public_url: str | None
    reference: str
    leave: bool = False
    verdicts: str | None = None
    language: str = "en"
    late: str = ""
    continuing: tuple[Continued, ...] = ()
    days: tuple[Bar, ...] = ()
    notices: tuple[Told, ...] = ()
    notices_more: int = 0

    @property
    def sparkline(self) -> str:
        """Draw the days in one line of text."""
        most = max((bar.count for bar in self.days), default=0)
        return "".join(_BLOCKS[(bar.count * (len(_BLOCKS) - 1) + most - 1) // most if most else 0] for bar in self.days)

    @property
    def empty(self) -> bool:
        """Tell a page without a single story."""
        return not self.sections and not self.more and not self.notices

    @property
    def lead(self) -> str:
        """Give the first headline, for the line that mail programs show beside the subject."""
        cards = [card for section in self.sections for card in (*section.cards, *section.lines)]
        return cards[0].headline if cards else "".join(notice.text for notice in self.notices[:1])


def lay_out(digest: Digest, public_url: str | None = None) -> Page:
    """Lay a digest out with every story in full, the same for every recipient."""
    cards = tuple(replace(_card(item, digest), place=None if item.article_id is None else at) for at, item in enumerate(digest.items))
    return Page(
        name=clean(digest.name, 120) or clean(digest.subscription, 120),
        alert=digest.kind == "alert",
        summary=summary(digest),
        when=_moment(digest.decided_at, digest),
        zone=clean(digest.time_zone, 60),
        since=_moment(digest.since, digest) if digest.since else "",
        sections=sections_of(cards),
        more=0,
        statement=statement_of(digest.coverage, digest),
        public_url=web_link(public_url) if public_url else None,
        reference=f"{clean(digest.subscription, 60)} {digest.after_seq}-{digest.through_seq}",
        language=digest.language if primary(digest.language) in LANGUAGES else "en",
        late=_late(digest),
        continuing=tuple(_continued(item, digest.language) for item in digest.continuing),
        days=_bars(digest.days),
        notices=tuple(Told(clean(notice.text, 400), _moment(notice.since, digest)) for notice in digest.notices[:NOTICES]),
        notices_more=max(len(digest.notices) - NOTICES, 0),
    )


def _moment(moment: datetime, digest: Digest) -> str:
    return date_and_time(moment, digest.time_zone, digest.language)


def _late(digest: Digest) -> str:
    """Say that a digest is late, and what it makes up for."""
    if digest.due_at is None:
        return ""
    late = say(digest.language, "This digest was due {when} and goes out late.", when=_moment(digest.due_at, digest))
    if not digest.missed:
        return late
    return f"{late} {say(digest.language, 'It also covers the digests missed since then: {count}.', count=digest.missed)}"


def _continued(item: Item, language: str) -> Continued:
    names = ", ".join(dict.fromkeys(clean(outlet.name, 60) for outlet in item.outlets[:ALSO_IN]))
    return Continued(
        headline=clean(item.headline, 160) or say(language, "(no headline)"),
        language=language_tag(item.language),
        url=web_link(item.url),
        outlets=say(language, "told before, now also in {outlets}", outlets=names),
    )


def _bars(days: Sequence[int]) -> tuple[Bar, ...]:
    """Scale the chart to its highest day; a day with a story is never flat."""
    most = max(days, default=0)
    return tuple(Bar(count, max(round(count * CHART_HEIGHT / most), 2) if count else 1) for count in days) if most else ()


def sections_of(cards: Sequence[Card], brief: Sequence[Card] = ()) -> tuple[Section, ...]:
    """Group cards by topic, in the order in which the topics first come."""
    topics = dict.fromkeys(card.topic for card in (*cards, *brief))
    return tuple(
        Section(topic, tuple(card for card in cards if card.topic == topic), tuple(card for card in brief if card.topic == topic))
        for topic in topics
    )


def _card(item: Item, digest: Digest) -> Card:
    url = web_link(item.url)
    topics = [clean(digest.topic_names.get(topic, topic), 120) for topic in item.topics]
    rest = [_source(outlet, digest.language) for outlet in item.outlets if outlet.url != item.url]
    return Card(
        topic=topics[0] if topics else "",
        kind="update" if item.kind == "update" else "new",
        headline=clean(item.headline) or say(digest.language, "(no headline)"),
        language=language_tag(item.language),
        url=url,
        host=host_of(url) if url else "",
        when=_when(item, digest),
        outlets=outlets_line(item, digest.language),
        changes=_lines(item.changes, 5, 240),
        facts=_lines(item.facts, 3, 160),
        why=_lines(item.why, 3, 400),
        also_under=tuple(topics[1:4]),
        badge=say(digest.language, "UPDATE" if item.kind == "update" else "NEW"),
        excerpt=_pieces(item.excerpt, item.excerpt_marks),
        also=tuple(rest[:ALSO_IN]),
        also_more=max(len(rest) - ALSO_IN, 0),
    )


def _lines(texts: Sequence[str], most: int, limit: int) -> tuple[str, ...]:
    return tuple(line for line in (clean(text, limit) for text in texts[:most]) if line)


def _source(outlet: Outlet, language: str) -> Source:
    return Source(
        name=clean(outlet.name, 60),
        role=role_words(outlet, language),
        title=clean(outlet.title, 160),
        language=language_tag(outlet.language),
        url=web_link(outlet.url),
    )


def _when(item: Item, digest: Digest) -> str:
    """Say when a story was published, and when it was seen first where that is another time to the reader."""
    language = digest.language
    dated = say(language, "published {when}", when=_moment(item.published_at, digest)) if item.published_at else ""
    published = dated or say(language, "no date given")
    seen = item.first_seen_at
    if seen is None or (item.published_at and abs(seen - item.published_at) < timedelta(hours=6)):
        return published
    return f"{published}; {say(language, 'first seen {when}', when=_moment(seen, digest))}"


def _pieces(text: str, marks: Sequence[tuple[int, int]]) -> tuple[Piece, ...]:
    """Divide an excerpt at its marks first, and clean the pieces then, so that marks stay on their words."""
    pieces: list[Piece] = []
    text, done = text[:400], 0
    for start, end in sorted(marks):
        start, end = max(start, done), min(end, len(text))
        if start < end:
            pieces += [Piece(clean_piece(text[done:start]), marked=False), Piece(clean_piece(text[start:end]), marked=True)]
            done = end
    pieces.append(Piece(clean_piece(text[done:]), marked=False))
    return tuple(piece for piece in pieces if piece.text)

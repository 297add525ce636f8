"""Blocks: a page as Slack's Block Kit, within Slack's limits and with nothing in it that Slack would act on.

Words from outside stand in plain-text objects, where ``*``, ``_``, ``~`` and backticks are only characters; the few mrkdwn
objects hold our own words, names from the configuration, and links. ``&``, ``<`` and ``>`` are escaped everywhere, in the
fall-back text too, so no mention and no disguised link comes alive.
Limits (docs.slack.dev/reference/block-kit): 50 blocks; header 150, section 3,000, context 10 elements; the sum over all blocks
is bounded near 13,200 without being documented (slackapi/bolt-js 2509), so we stay under 12,000.
"""

import re
from collections.abc import Iterator, Sequence

from slack_sdk.models.blocks import Block, ContextBlock, HeaderBlock, MarkdownTextObject, PlainTextObject, SectionBlock

from aggregator.channels.page import Card, Page
from aggregator.channels.phrases import say
from aggregator.channels.statement import Statement, sums_of
from aggregator.channels.wording import counted
from aggregator.core.excerpts import cut

MOST_BLOCKS = 50
MOST_CHARACTERS = 12_000
LONGEST_FALLBACK = 1_000
_HEADER = 150
_SECTION = 700
_CONTEXT = 900
NOTICES_SHOWN = 20
_CLOSING = 3
"""Blocks kept free for the line that counts what is left out, and for the coverage statement."""
_CLOSING_CHARACTERS = 2_600
_WORD_JOINER = "\u2060"
_BROADCAST = re.compile(r"@(?=(?:here|channel|everyone|group)\b)", re.IGNORECASE)
_FORMATTING = re.compile(r"[*_~`]")


def escape(text: str) -> str:
    """Escape the three characters that Slack reads as syntax, and take the life out of a bare ``@channel``."""
    quiet = _BROADCAST.sub("@" + _WORD_JOINER, text)
    return quiet.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def fitted(text: str, limit: int) -> str:
    """Give `text` escaped in at most `limit` characters; it is cut before it is escaped, so never inside an entity."""
    shown, room = cut(text, limit), limit
    while len(escape(shown)) > limit:
        room -= max(1, (len(escape(shown)) - limit) // 5)
        shown = cut(text, max(room, 1))
    return escape(shown)


def blocks_of(page: Page) -> list[Block]:
    """Lay a page out in blocks; stories that do not fit are counted at the end."""
    blocks: list[Block] = [
        HeaderBlock(text=_plain(_title(page), _HEADER)),
        ContextBlock(elements=[_plain(_dateline(page), 300)]),
    ]
    if page.notices:
        return [*blocks, *_notices(page)]
    told = 0
    for opening, story in _stories(page):
        if not _has_room([*blocks, *opening, *story]):
            break
        blocks += [*opening, *story]
        told += 1
    left = sum(len(section.cards) for section in page.sections) - told
    return [*blocks, *_closing(page, left)]


def _notices(page: Page) -> Iterator[Block]:
    """Tell alarms, as many as fit."""
    shown = page.notices[:NOTICES_SHOWN]
    for notice in shown:
        yield SectionBlock(text=_plain(f"{notice.text} ({say(page.language, 'since {when}', when=notice.since)})", 500))
    left = len(page.notices) - len(shown) + page.notices_more
    if left:
        yield ContextBlock(elements=[_plain(say(page.language, "and {count} more", count=left), 100)])


def fallback(page: Page) -> str:
    """Give the line that notifications and screen readers show."""
    return fitted(_title(page) + (f". {page.lead}" if page.lead else ""), LONGEST_FALLBACK)


def weight(blocks: Sequence[Block]) -> int:
    """Count the characters of all texts in blocks, as Slack receives them."""
    return sum(_weight(block.to_dict()) for block in blocks)


def _weight(value: object) -> int:
    if isinstance(value, dict):
        return sum(len(inner) if key == "text" and isinstance(inner, str) else _weight(inner) for key, inner in value.items())
    return sum(_weight(inner) for inner in value) if isinstance(value, list) else 0


def _has_room(blocks: Sequence[Block]) -> bool:
    return len(blocks) <= MOST_BLOCKS - _CLOSING and weight(blocks) <= MOST_CHARACTERS - _CLOSING_CHARACTERS


def _stories(page: Page) -> Iterator[tuple[list[Block], list[Block]]]:
    """Give each story's blocks with, before the first of its topic, the topic's name."""
    for section in page.sections:
        for index, card in enumerate(section.cards):
            opening: list[Block] = [] if index or not section.name else [SectionBlock(text=_marked(f"*{_unformatted(section.name, 150)}*"))]
            yield opening, _story(card, page.language)


def _story(card: Card, language: str) -> list[Block]:
    """Tell one story: kind, headline and changes to read at once; who, why and where in small print."""
    heading = "\n".join([f"{card.badge}  {card.headline}", *(f"{say(language, 'Changed')}: {change}" for change in card.changes)])
    lines = [card.outlets, card.when]
    lines += [f"{say(language, 'Figures')}: {'; '.join(card.facts)}"] if card.facts else []
    lines += [f"{say(language, 'Why')}: {line}" for line in card.why]
    small = [_plain("\n".join(line for line in lines if line), _CONTEXT)]
    link = (
        [_marked(f"<{link_target(card.url)}|{say(language, 'Read at {host}', host=_unformatted(card.host, 100))}>")]
        if card.url
        else [_plain(say(language, "The feed gave no web address that is safe to open."), 100)]
    )
    return [SectionBlock(text=_plain(heading, _SECTION)), ContextBlock(elements=[*small, *link])]


def link_target(url: str) -> str:
    """Give a web link as ``<url|label>`` can hold it (RFC 3986 section 2.1)."""
    encoded = url.replace("<", "%3C").replace(">", "%3E").replace("|", "%7C")
    return encoded.replace("&", "&amp;")


def _closing(page: Page, left: int) -> Iterator[Block]:
    if left:
        more = _left_out(left, page.language)
        label = say(page.language, "Read them on the web")
        where = f" <{link_target(page.public_url)}|{label}>" if page.public_url and len(page.public_url) < 500 else ""
        yield SectionBlock(text=_marked(more + where))
    yield ContextBlock(elements=[_plain(_coverage(page.statement, page.language), 1_800)])


def _left_out(left: int, language: str) -> str:
    if language == "en":
        return f"{counted(left, 'more story', 'more stories')} did not fit into this message."
    return say(language, "Stories left out of this message: {count}.", count=f"{left:,}")


def _coverage(statement: Statement, language: str) -> str:
    """Say what was watched, in the numbers of the e-mail's coverage statement."""
    troubles = [f"{trouble.name}: {trouble.error} ({trouble.since})" for trouble in statement.troubles[:3]]
    more = len(statement.troubles) - len(troubles) + statement.troubles_more
    lines = [
        "; ".join(sums_of(statement, language)) + ".",
        f"{statement.feeds}.",
        *troubles,
        *([say(language, "and {count} more", count=more)] if more else []),
        say(language, "No news is not no events: this watch sees what its feeds publish, and nothing else."),
    ]
    return "\n".join(lines)


def _title(page: Page) -> str:
    return f"{say(page.language, 'Alert') + ': ' if page.alert else ''}{page.name}: {page.summary}"


def _dateline(page: Page) -> str:
    since = f"; {say(page.language, 'Everything since {when}', when=page.since)}" if page.since else ""
    nothing = f". {say(page.language, 'No new story on your topics.')}" if page.empty else ""
    late = f". {page.late}" if page.late else ""
    return f"{page.when} ({page.zone}){since}{nothing}{late}"


def _plain(text: str, limit: int) -> PlainTextObject:
    return PlainTextObject(text=fitted(text, limit), emoji=False)


def _marked(text: str) -> MarkdownTextObject:
    return MarkdownTextObject(text=text, verbatim=True)


def _unformatted(text: str, limit: int) -> str:
    """Write configured words into mrkdwn: formatting characters, which it cannot escape, become spaces."""
    return fitted(_FORMATTING.sub(" ", text).strip() or "-", limit)

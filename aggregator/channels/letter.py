"""The letter: a page written as HTML and as plain text, within the size that mail programs show whole.

HTML is escaped by the template engine, its CSS moved into the elements, its colours answer dark mode; it loads nothing from
anywhere. Gmail hides what comes after about 102 kB, so stories that do not fit are told in brief, and then counted.
"""

import re
import textwrap
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache, partial
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from aggregator.channels.page import Page, sections_of
from aggregator.channels.phrases import say
from aggregator.channels.statement import sums_of
from aggregator.core.excerpts import cut

if TYPE_CHECKING:
    import css_inline

LONGEST_HTML = 90_000
"""Bytes."""
FOREMOST = 5
"""Stories told in full even where others have to be left out, if they fit at all."""
BRIEF = 140
"""Characters of a headline told in brief."""
WIDTH = 74
LEAVE_LINK = "https://leave.invalid/" + "0" * 120
"""Stands in a letter for the address under which its one recipient unsubscribes; as long as that can be."""
_GAPS = re.compile(r"\n{4,}")


@dataclass(frozen=True, slots=True)
class Letter:
    """Hold both writings of one page."""

    html: str
    text: str

    def to(self, leave_link: str | None) -> "Letter":
        """Give the letter with one recipient's address for unsubscribing."""
        if not leave_link:
            return self
        return Letter(html=self.html.replace(LEAVE_LINK, escape(leave_link)), text=self.text.replace(LEAVE_LINK, leave_link))


def write(page: Page) -> Letter:
    """Write a page; the HTML stays under `LONGEST_HTML` bytes."""
    fitted, html = _fitted(page)
    return Letter(html=html, text=_text(fitted))


def _fitted(page: Page) -> tuple[Page, str]:
    """Tell as many stories in full as fit, then as many in brief, and count the others."""
    cards = [card for section in page.sections for card in section.cards]

    def reduced(full: int, brief: int) -> tuple[Page, str]:
        shown = sections_of(cards[:full], cards[full : full + brief])
        smaller = replace(page, sections=shown, more=len(cards) - full - brief)
        return smaller, _html(smaller)

    whole = reduced(len(cards), 0)
    if _fits(whole):
        return whole
    full = _most(len(cards), lambda count: _fits(reduced(count, len(cards) - count)))
    if full is not None:
        return reduced(full, len(cards) - full)
    foremost = FOREMOST if _fits(reduced(FOREMOST, 0)) else 0
    return reduced(foremost, _most(len(cards) - foremost, lambda count: _fits(reduced(foremost, count))) or 0)


def _fits(written: tuple[Page, str]) -> bool:
    return len(written[1].encode()) <= LONGEST_HTML


def _most(count: int, fits: Callable[[int], bool]) -> int | None:
    """Find the greatest number up to `count` that fits, or None where not even 0 does."""
    if not fits(0):
        return None
    low, high = 0, count
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if fits(middle) else (low, middle - 1)
    return low


def _html(page: Page) -> str:
    html = _inliner().inline(_templates().get_template("digest.html").render(_given(page)))
    # The inliner puts what is left of the CSS first, but browsers look for the character set in the first 1,024 bytes.
    return html.replace("<head>", '<head><meta charset="utf-8">', 1)


def _given(page: Page) -> dict[str, object]:
    """Give a template what it needs: the page, our own words in its language, and the two sums of the books."""
    seen_sum, matched_sum = sums_of(page.statement, page.language)
    speak = partial(say, page.language)
    return {"page": page, "t": speak, "leave_link": LEAVE_LINK, "seen_sum": seen_sum, "matched_sum": matched_sum}


def _text(page: Page) -> str:
    text = _templates().get_template("digest.txt").render(_given(page))
    return _GAPS.sub("\n\n\n", text).strip() + "\n"


@cache
def _templates() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=select_autoescape(),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["wrapped"] = _wrapped
    environment.filters["brief"] = _brief
    environment.filters["number"] = _number
    return environment


@cache
def _inliner() -> "css_inline.CSSInliner":
    import css_inline  # not before a letter is written

    return css_inline.CSSInliner(keep_at_rules=True, load_remote_stylesheets=False)


def _wrapped(text: str, indent: str = "", first: str | None = None) -> str:
    """Wrap a paragraph between words, counting East Asian letters double; a long word such as a URL stays whole."""
    columns = sum(1 + (unicodedata.east_asian_width(character) in "WF") for character in text)
    return textwrap.fill(
        text,
        WIDTH * len(text) // max(columns, 1) if text else WIDTH,
        initial_indent=indent if first is None else first,
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
    )


def _brief(headline: str) -> str:
    return cut(headline, BRIEF)


def _number(number: int) -> str:
    return f"{number:,}"

"""Fullness: which entries say so little that their page is worth a visit."""

from collections.abc import Callable

from aggregator.core.teasers import is_teaser
from aggregator.models import Article, Entry

OPTION = "full_text"
"""The feed option: ``always`` fetches every short entry, ``never`` none; else the first judgement decides."""
REVISED = "page_revised"
"""The note on an entry whose content is the page itself, taken down when it was looked at again."""
SHORT = 1_200
"""Characters from which a feed's own text is enough."""


def needs_page(entry: Entry, article: Article, matches: Callable[[], bool]) -> bool:
    """Tell whether an entry's page is to be fetched; `matches` gives the first judgement where that decides."""
    rule = article.feed.options.get(OPTION, "")
    if entry.url is None or REVISED in entry.notes or rule == "never" or not is_short(article.text):
        return False
    return rule == "always" or matches()


def is_short(text: str) -> bool:
    """Tell whether a feed's body is less than an article: short, or breaking off."""
    return len(text) < SHORT or is_teaser(text)

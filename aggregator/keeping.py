"""Kept searches: what a reader looks for again and again, under a name, with a feed of its own.

A search belongs to the reader who kept it; a token reads and keeps what the user of its name does. The feed's address holds a key that
cannot be guessed, since feed readers log in by a token of any name.
"""

import re
import secrets
from collections.abc import Sequence
from datetime import datetime

from aggregator.core.queries import parse_query
from aggregator.desk_records import Hit, KeptSearch, SearchFilter
from aggregator.errors import UsageError
from aggregator.ports import DeskStore

MOST_KEPT = 100
LONGEST_NAME = 80
_LISTED = 50
_UNSPEAKABLE = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff]")


def keep(store: DeskStore, owner: str, name: str, asked: tuple[str, SearchFilter], now: datetime) -> KeptSearch:
    """Keep a query with its filters under a name; raises `UsageError` where it names nothing to look for, or the name is taken."""
    query, chosen = asked
    if parse_query(query) is None and (query.strip() or not chosen.labelled):
        raise UsageError("a search to keep needs words, a topic, a language or a source; exclusions alone name nothing")
    if len(store.kept_searches(owner)) >= MOST_KEPT:
        raise UsageError(f"{MOST_KEPT} searches are kept already: forget one first")
    labelled = SearchFilter(topic=_line(chosen.topic), language=_line(chosen.language), feed=_line(chosen.feed))
    words = _line(query)
    kept = KeptSearch(key=secrets.token_urlsafe(18), owner=owner, name=_named(name), query=words, chosen=labelled, kept_at=now)
    if not store.keep_search(kept):
        raise UsageError("a search of this name is kept already: choose another name")
    return kept


def rename(store: DeskStore, owner: str, key: str, name: str) -> None:
    """Give a kept search another name; raises `UsageError` where the name is taken or there is no such search."""
    if not store.rename_search(owner, key, _named(name)):
        raise UsageError("there is no such search, or another one has this name")


def forget(store: DeskStore, owner: str, key: str) -> None:
    """Forget a kept search, and with it its feed; raises `UsageError` where there is none."""
    if not store.forget_search(owner, key):
        raise UsageError("there is no such search: it was forgotten before")


def newest(store: DeskStore, kept: KeptSearch, limit: int = _LISTED) -> Sequence[Hit]:
    """Give the newest articles that a kept search finds."""
    return store.search(parse_query(kept.query), kept.chosen, best=False, limit=limit).items


def _named(name: str) -> str:
    plain = _line(name)
    if not plain or len(plain) > LONGEST_NAME:
        raise UsageError(f"a kept search needs a name of at most {LONGEST_NAME} characters")
    return plain


def _line(text: str) -> str:
    """Write a text as one line that every engine and every answer can hold."""
    return " ".join(_UNSPEAKABLE.sub(" ", text).split())

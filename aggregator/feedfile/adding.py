"""Add sources to feeds.yaml as text, so that every comment and every line a person wrote stays as it is."""

import re
from collections.abc import Collection, Sequence

import yaml

from aggregator.models import FeedSpec

_NOT_NAME = re.compile(r"[^a-z0-9]+")
_SECTION = re.compile(r"^feeds:[ \t]*(?:#.*)?$", re.MULTILINE)
_NEXT_SECTION = re.compile(r"^[A-Za-z_]+:", re.MULTILINE)


def feed_id(title: str, url: str, taken: Collection[str]) -> str:
    """Make an id of a title, or of the address where the title has no Latin letters; never one that is taken."""
    host_and_path = url.partition("://")[2].removeprefix("www.")
    name = _NOT_NAME.sub("-", title.lower()).strip("-")[:40].strip("-") or _NOT_NAME.sub("-", host_and_path.lower()).strip("-")[:40]
    name = name if name[:1].isalpha() else f"feed-{name}"
    candidates = (name if number == 1 else f"{name}-{number}" for number in range(1, len(taken) + 3))
    return next(candidate for candidate in candidates if candidate not in taken)


def as_yaml(feeds: Sequence[FeedSpec]) -> str:
    """Write sources as entries of the section feeds."""
    keys = ("id", "name", "publisher", "family", "language", "url")
    return "".join(
        "".join(f"{'  - ' if not place else '    '}{key}: {_scalar(getattr(feed, key))}\n" for place, key in enumerate(keys)) + "\n"
        for feed in feeds
    )


def with_feeds(text: str, feeds: Sequence[FeedSpec]) -> str | None:
    """Give the text of feeds.yaml with sources at the end of its section; None where that section is not found."""
    section = _SECTION.search(text)
    if not section:
        return None
    following = _NEXT_SECTION.search(text, section.end())
    end = following.start() if following else len(text)
    # Comments right above the next section belong to it.
    head = text[:end].rstrip("\n").split("\n")
    tail: list[str] = []
    while head and head[-1].startswith("#"):
        tail.insert(0, head.pop())
    before = "\n".join(head).rstrip("\n")
    return f"{before}\n\n{as_yaml(feeds)}" + ("\n".join(tail) + "\n" if tail else "") + text[end:]


def _scalar(value: str) -> str:
    return yaml.safe_dump(value, allow_unicode=True, width=10_000, default_style='"').strip()

"""Take texts, addresses and attributes out of an element exactly as feedparser would, or doubt."""

import re
from typing import Any

from aggregator.sources.elements import XML

_CONTROL = re.compile("[\x80-\x9f]")


class DoubtError(Exception):
    """Leave a document to feedparser."""


def only(root: Any, tag: str) -> Any:
    """Give the only child, which must be of this name."""
    if len(root) != 1 or root[0].tag != tag:
        raise DoubtError
    return root[0]


def attributes_of(element: Any) -> dict[str, str]:
    """Give the attributes by lower-case name; one with a namespace is a doubt."""
    known = {name.lower(): value for name, value in element.attrib.items()}
    if any("{" in name or ":" in name or name in ("base", "lang") for name in known):
        raise DoubtError
    return known


def address_of(text: str) -> str:
    """Let an address pass that feedparser would leave as it is."""
    if "///" in text or "[" in text or "]" in text:
        raise DoubtError
    return text


def text_of(element: Any, *, repaired: bool = True) -> str:
    """Give an element's text as feedparser does: stripped, and UTF-8 that was taken for Latin-1 set right."""
    if len(element) or any(name.startswith(XML) or name == "base" for name in element.attrib):
        raise DoubtError
    text: str = (element.text or "").strip()
    if text.isascii() or not repaired:
        return text
    if _CONTROL.search(text):
        raise DoubtError
    try:
        return text.encode("iso-8859-1").decode("utf-8")
    except (UnicodeEncodeError, UnicodeDecodeError):
        return text

"""Split a document into its raw items, so that only those not served before are parsed.

An item is cut out only where that is certain to change nothing else: tags, comments and CDATA sections must be balanced inside every
item and outside of them, and an identifier that two items share keeps the whole document, since what the second one is depends on the
first. At any doubt nothing is cut, no hash is given, and the document is parsed whole, this time and the next.
"""

import re
from dataclasses import dataclass
from hashlib import blake2b

MAX_ITEMS = 5_000
_SIZE = 8
_EDGE = re.compile(rb"<(/?)(item|entry)(?=[\s>/])")
_CLOSED = re.compile(rb"\s*>")
_IDENTIFIER = re.compile(rb"<(guid|id)(?=[\s>])[^>]*>(.*?)</\1\s*>", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Cut:
    """Hold a document without its known items; `hashes` are those of all items, 8 bytes each, in document order."""

    body: bytes
    hashes: bytes = b""
    items: int = 0
    known: int = 0


def cut_known(body: bytes, known: bytes) -> Cut:
    """Leave out the items whose hashes are in `known`, a row of 8-byte hashes that an earlier call gave."""
    if not _is_plain_xml(body):
        return Cut(body)
    places = _places(body)
    if not 0 < len(places) <= MAX_ITEMS or not _is_regular(body, places):
        return Cut(body)
    hashes = [blake2b(body[start:end], digest_size=_SIZE).digest() for start, end in places]
    seen = {known[place : place + _SIZE] for place in range(0, len(known), _SIZE)}
    old = [place for place, digest in zip(places, hashes, strict=True) if digest in seen]
    if old and len(old) < len(places) and _shares_identifiers(body, places):
        return Cut(body, b"".join(hashes), len(places))
    return Cut(_without(body, old), b"".join(hashes), len(places), len(old))


def _is_plain_xml(body: bytes) -> bool:
    """Tell whether a document is XML in UTF-8; for what else it may be, how it is to be read depends on all of it."""
    if not body.removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"<"):
        return False
    try:
        return body.isascii() or bool(body.decode("utf-8"))
    except UnicodeDecodeError:
        return False


def _places(body: bytes) -> list[tuple[int, int]]:
    """Give where items stand if each start tag has its end tag before the next start tag; nothing where one has not."""
    edges = list(_EDGE.finditer(body))
    places: list[tuple[int, int]] = []
    for opening, closing in zip(edges[::2], edges[1::2], strict=False):
        end = _CLOSED.match(body, closing.end())
        paired = not opening[1] and closing[1] and opening[2] == closing[2]
        if not end or not paired or body[opening.end() : opening.end() + 1] == b"/":
            return []
        places.append((opening.start(), end.end()))
    return places if len(edges) % 2 == 0 else []


def _is_regular(body: bytes, places: list[tuple[int, int]]) -> bool:
    """Tell whether no item begins or ends inside a comment or a CDATA section."""
    if b"<![CDATA[" not in body and b"<!--" not in body:
        return True
    outside = _without(body, places)
    return _is_balanced(outside) and all(_is_balanced(body[start:end]) for start, end in places)


def _is_balanced(part: bytes) -> bool:
    # A "]]>" or "-->" too many stands in text and does no harm; an opening too many does.
    return _closes(part, b"<![CDATA[", b"]]>") and _closes(part, b"<!--", b"-->")


def _closes(part: bytes, opening: bytes, closing: bytes) -> bool:
    last = part.rfind(opening)
    return last < 0 or part.find(closing, last) >= 0


def _shares_identifiers(body: bytes, places: list[tuple[int, int]]) -> bool:
    found = [match[2].strip() for start, end in places if (match := _IDENTIFIER.search(body, start, end))]
    return len(set(found)) < len(found)


def _without(body: bytes, places: list[tuple[int, int]]) -> bytes:
    pieces, last = list[bytes](), 0
    for start, end in places:
        pieces.append(body[last:start])
        last = end
    return b"".join([*pieces, body[last:]])

"""Break documents the way servers do: cut off, wrongly escaped, without an end, or no document at all."""

from collections.abc import Iterator

HOPELESS = b"\x00\x01\xfe\xff%~ upstream sent no document ~%\x00" * 24
PADDING = b"<!-- " + b"more of the same, and again " * 2340 + b" -->\n"
OVERSIZED_BYTES = 64 * 1024 * 1024


def broken(document: bytes) -> bytes:
    """Unescape the ampersands, name an unknown entity, and cut the closing tags off."""
    unescaped = document.replace(b"&amp;", b"&").replace(b"<description>", b"<description>&nbsp;&mdash; ", 1)
    return unescaped.removesuffix(b"\n").removesuffix(b"</rss>").removesuffix(b"</channel>")


def without_end(document: bytes) -> bytes:
    """Cut the closing tags off, so that more may follow."""
    return document.partition(b"</channel>")[0]


def padding(total: int = OVERSIZED_BYTES) -> Iterator[bytes]:
    """Give comments of some 64 KiB each until there are `total` bytes."""
    for _ in range(total // len(PADDING) + 1):
        yield PADDING

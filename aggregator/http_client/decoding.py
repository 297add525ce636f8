"""Unpack a body inside its limit.

At most one content coding is undone, gzip or deflate (zlib-wrapped or raw): stacked codings serve bombs only. Brotli and Zstandard are
never asked for and so refused. A gzip file that is served without saying so is unpacked too.
"""

import re
import zlib

from aggregator.http_client.failures import FetchError
from aggregator.models import FailureKind

_GZIP_MAGIC = b"\x1f\x8b"
_GZIP, _ZLIB, _RAW = 31, 15, -15
_MAX_MEMBERS = 64


def decode(body: bytes, content_encoding: str, limit: int) -> bytes:
    """Undo the content coding named by the header.

    :raises FetchError: the coding is refused, the result would be larger than `limit`, or the body is damaged.
    """
    coding = _only_coding(content_encoding)
    if coding in ("", "gzip", "x-gzip"):
        # Some servers name gzip and send plain text, others the reverse; the first two bytes know better.
        plain = body if not body.startswith(_GZIP_MAGIC) else _inflate(body, _GZIP, limit)
    elif coding == "deflate":
        plain = _inflate(body, _ZLIB if _has_zlib_header(body) else _RAW, limit)
    else:
        raise FetchError(FailureKind.SOFT, f"the body is packed as {_shown(coding)}, which was not asked for")
    if len(plain) > limit:
        raise oversized(limit)
    return plain


def decode_beginning(body: bytes, content_encoding: str, size: int) -> bytes:
    """Undo the content coding of a body that was cut, and give its first `size` bytes.

    :raises FetchError: the coding is refused, or the body is damaged.
    """
    coding = _only_coding(content_encoding)
    if coding == "deflate":
        return _piece(zlib.decompressobj(_ZLIB if _has_zlib_header(body) else _RAW), body, size)
    if coding not in ("", "gzip", "x-gzip"):
        raise FetchError(FailureKind.SOFT, f"the body is packed as {_shown(coding)}, which was not asked for")
    return _piece(zlib.decompressobj(_GZIP), body, size) if body.startswith(_GZIP_MAGIC) else body[:size]


def oversized(limit: int) -> FetchError:
    """Say that a body is too large."""
    return FetchError(FailureKind.SOFT, f"the body is larger than {limit / 1_000_000:g} MB")


def _only_coding(content_encoding: str) -> str:
    codings = [token for part in content_encoding.lower().split(",") if (token := part.strip()) not in ("", "identity")]
    if len(codings) > 1:
        raise FetchError(FailureKind.SOFT, f"the body is packed {len(codings)} times over, which is refused")
    return codings[0] if codings else ""


def _shown(coding: str) -> str:
    return f"'{coding}'" if re.fullmatch(r"[a-z0-9-]{1,20}", coding) else "something unknown"


def _has_zlib_header(body: bytes) -> bool:
    # RFC 1950 section 2.2: method 8, and the first two bytes are a multiple of 31.
    return len(body) > 1 and body[0] & 0x0F == 8 and int.from_bytes(body[:2], "big") % 31 == 0


def _inflate(body: bytes, window_bits: int, limit: int) -> bytes:
    """Inflate all members of a stream; stop one byte behind the limit."""
    plain = bytearray()
    for _ in range(_MAX_MEMBERS):
        inflater = zlib.decompressobj(window_bits)
        plain += _piece(inflater, body, limit + 1 - len(plain))
        if len(plain) > limit:
            raise oversized(limit)
        if not inflater.eof:
            raise FetchError(FailureKind.TEMPORARY, "the packed body ends too early")
        body = inflater.unused_data
        if window_bits != _GZIP or not body.startswith(_GZIP_MAGIC):
            return bytes(plain)
    raise FetchError(FailureKind.SOFT, f"the body has more than {_MAX_MEMBERS} gzip members")


def _piece(inflater: "zlib._Decompress", body: bytes, room: int) -> bytes:
    try:
        return inflater.decompress(body, room)
    except zlib.error as error:
        raise FetchError(FailureKind.TEMPORARY, "the packed body is damaged") from error

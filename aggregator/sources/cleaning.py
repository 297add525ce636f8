"""Make hostile text fit to keep: no character that XML forbids, one line where one line is meant, plain where plain is meant."""

import html
import re
import sys

# XML 1.0 section 2.2; lone surrogates are outside of it too.
_ILLEGAL = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
# The same characters, looked for: a search for few is much quicker than one for all but many.
_SUSPECT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
# Runs with a line break in them; other white space, such as an ideographic space, belongs to its title.
_BREAKS = re.compile(" *[\t\r\n\f\v\x1c-\x1e\x85\u2028\u2029]\\s*")
_MARKUP = re.compile(r"<[a-zA-Z/!?]|&#?\w+;")
_CONTROL_BYTES = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1a\x1c-\x1f]")
_REFERENCE = re.compile(rb"&#(?:[xX]0*(?P<hex>[0-9a-fA-F]+)|0*(?P<decimal>[0-9]+));?")
_WIDE = (b"\xff\xfe", b"\xfe\xff", b"\x00", b"<\x00")


def clean(text: str) -> str:
    """Drop characters that XML 1.0 forbids."""
    return _ILLEGAL.sub("", text) if _SUSPECT.search(text) else text


def one_line(text: str) -> str:
    """Clean a text and fold its line breaks."""
    return _BREAKS.sub(" ", clean(text)).strip()


def plain(markup: str) -> str:
    """Give the text of an HTML fragment; scripts and styles go with what they hold."""
    if not _MARKUP.search(markup):
        return markup
    import nh3  # for those who read documents; the service itself reads none

    return html.unescape(nh3.clean(markup, tags=set()))


def as_html(text: str) -> str:
    """Give plain text as HTML; it is escaped only where it would be read as markup."""
    return html.escape(text, quote=False) if _MARKUP.search(text) else text


def legal_bytes(body: bytes) -> bytes:
    """Drop control bytes and references to characters that do not exist: they make XML unreadable, and parsers fall over them.

    UTF-16 and UTF-32 documents, and the escapes of ISO-2022, stay as they are.
    """
    return body if body.startswith(_WIDE) else _REFERENCE.sub(_legal_reference, _CONTROL_BYTES.sub(b"", body))


def _legal_reference(match: re.Match[bytes]) -> bytes:
    digits, radix = (match["hex"], 16) if match["hex"] else (match["decimal"], 10)
    code = int(digits[:9], radix) if len(digits) < 9 else sys.maxunicode + 1
    return match[0] if code <= sys.maxunicode and not _ILLEGAL.match(chr(code)) else b""

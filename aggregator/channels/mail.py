"""Mail: a digest as one RFC 5322 message, text first and HTML last, the same bytes every time.

What a feed or a configuration says passes into headers only as one clean line without control characters, encoded words or
bidirectional tricks, so no header can be added from outside (older Python releases fold ``=?utf-8?q?a=0ABcc:...?=`` into one).
List headers stay ASCII and short: a long one would be encoded and break. The body is 7 bit, whatever it holds.
"""

import base64
import binascii
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr
from hashlib import sha256
from html import escape
from typing import ParamSpec, TypeVar

from aggregator.channels.letter import LEAVE_LINK, Letter, write
from aggregator.channels.mailbox import sender_address
from aggregator.channels.page import lay_out
from aggregator.channels.wording import clean, local, subject, web_link
from aggregator.models import Delivery, Digest

P = ParamSpec("P")
T = TypeVar("T")
_POLICY = SMTP.clone(cte_type="7bit")
_LONGEST_ID = 60
_BASE64_LINE = 57
_LONGEST_LINE = 76
_MOSTLY_ASCII = 6
"""Quoted-printable is the shorter and the more readable encoding where fewer than one byte in so many is not ASCII."""


_KEPT = 4
"""Digests whose common parts are remembered: those that go out at one time."""


def _remembered(make: Callable[P, T]) -> Callable[P, T]:
    """Make something once for one digest, known by identity: comparing it by value would cost as much as making it."""
    known: list[tuple[tuple[object, ...], T]] = []

    def remembered(*args: P.args, **kwargs: P.kwargs) -> T:
        wanted = (*args, *kwargs.values())
        for asked, made in known:
            if asked[0] is wanted[0] and asked[1:] == wanted[1:]:
                return made
        fresh = make(*args, **kwargs)
        known[:] = [*known[1 - _KEPT :], (wanted, fresh)]
        return fresh

    return remembered


@dataclass(frozen=True, slots=True)
class MailMessage:
    """Hold a rendered mail and the two writings in it, for previews."""

    parts: Mapping[str, bytes] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Sender:
    """Hold who mail comes from: a display name and a bare address."""

    name: str
    address: str

    @property
    def domain(self) -> str:
        """Give the domain that names our messages and lists."""
        return self.address.rpartition("@")[2]

    @classmethod
    def read(cls, text: str) -> "Sender":
        """Read ``Name <address>`` or a bare address; raises `UsageError` for anything else."""
        return cls(name=header_text(parseaddr(text)[0], 80), address=sender_address(text))


@dataclass(frozen=True, slots=True)
class Links:
    """Hold the addresses in a mail: the pages, and where its one recipient unsubscribes (RFC 8058 wants https for that).

    `verdicts` begins the addresses under which a story is called relevant or not, the same for all recipients.
    """

    public_url: str | None = None
    leave: str | None = None
    verdicts: str | None = None


def render_mail(digest: Digest, delivery: Delivery, sender: Sender, to: str | None, links: Links) -> MailMessage:
    """Render a digest as mail to one address; None leaves the recipient undisclosed."""
    leave = web_link(links.leave) if links.leave else None
    written = _letter(digest, links.public_url, leave=bool(leave), verdicts=web_link(links.verdicts) if links.verdicts else None)
    boundary = sha256(delivery.key.encode(errors="replace")).hexdigest()[:40].encode()
    eml = b"".join((*_head(_shared_head(digest, sender), delivery, to), _leave_headers(leave), *_body(written, leave, boundary)))
    return MailMessage(_Parts(eml, written.letter, leave))


class _Parts(Mapping[str, bytes]):
    """Hold a mail; its two writings are made for this recipient only when somebody looks at them."""

    def __init__(self, eml: bytes, letter: Letter, leave: str | None) -> None:
        self._eml, self._letter, self._leave = eml, letter, leave

    def __getitem__(self, suffix: str) -> bytes:
        if suffix == ".eml":
            return self._eml
        letter = self._letter.to(self._leave)
        return {".html": letter.html, ".txt": letter.text}[suffix].encode()

    def __iter__(self) -> Iterator[str]:
        return iter((".eml", ".html", ".txt"))

    def __len__(self) -> int:
        return 3


@dataclass(frozen=True, slots=True)
class _Head:
    """Hold the headers that are the same for all recipients: before the recipient, between it and the message's id, and after that."""

    first: bytes
    middle: bytes
    last: bytes
    domain: str


def _head(shared: _Head, delivery: Delivery, to: str | None) -> tuple[bytes, ...]:
    """Give a mail's headers; those of the body come last."""
    to_line = _line("To", to or "undisclosed-recipients:;")
    return shared.first, to_line, shared.middle, _line("Message-ID", f"<{identifier(delivery.key)}@{shared.domain}>"), shared.last


@_remembered
def _shared_head(digest: Digest, sender: Sender) -> _Head:
    threads = [
        _line(name, f"<story-{digest.items[0].story_id}.{identifier(digest.subscription)[-24:].strip('-')}@{sender.domain}>")
        for name in _thread_headers(digest)
    ]
    return _Head(
        first=_line("From", Address(sender.name, addr_spec=sender.address)),
        middle=_line("Subject", header_text(subject(digest), 200))
        + _line("Date", format_datetime(local(digest.decided_at, digest.time_zone))),
        last=b"".join(threads) + _line("List-Id", _list_id(digest.subscription, sender.domain)) + _line("Auto-Submitted", "auto-generated"),
        domain=sender.domain,
    )


def _line(name: str, value: str | Address) -> bytes:
    """Write one header; what is short and plain ASCII stands as it is, the library folds and encodes the rest."""
    text = f"{name}: {value}"
    if len(text) <= _LONGEST_LINE and text.isascii() and text.isprintable() and "=?" not in text:
        return text.encode() + b"\r\n"
    message = EmailMessage(_POLICY)
    message[name] = value
    return message.as_bytes().rstrip(b"\r\n") + b"\r\n"


def _thread_headers(digest: Digest) -> tuple[str, ...]:
    """Name the headers by which mail programs put what is told of one story into one thread; a digest starts a thread of its own."""
    if digest.kind != "alert" or len(digest.items) != 1:
        return ()
    return ("In-Reply-To", "References") if digest.items[0].kind == "update" else ("References",)


def _leave_headers(link: str | None) -> bytes:
    """Give the headers for unsubscribing; the address stands alone on its line, where nothing encodes or folds it."""
    if link is None:
        return b""
    one_click = b"List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n" if link.startswith("https:") else b""
    return b"List-Unsubscribe:\r\n <%s>\r\n" % link.encode() + one_click


def _body(letter: "_Encoded", leave: str | None, boundary: bytes) -> tuple[bytes, ...]:
    """Give both writings as ``multipart/alternative`` (RFC 2046 section 5.1.4), with the headers that say so."""
    kind = b'MIME-Version: 1.0\r\nContent-Type: multipart/alternative;\r\n boundary="=_%s"\r\n\r\n' % boundary
    start = b"--=_%s\r\n" % boundary
    parts = (start, *letter.text.to(leave), start, *letter.html.to(escape(leave) if leave else None))
    return (kind, *parts, b"--=_%s--\r\n" % boundary)


@dataclass(frozen=True, slots=True)
class _Part:
    """Hold one encoded writing: `head` is the same for all recipients, `tail` is encoded for each, with the address it leaves by."""

    encoding: str
    head: bytes
    tail: bytes

    def to(self, leave: str | None) -> tuple[bytes, ...]:
        """Give the part for one recipient, in pieces."""
        tail = self.tail.replace(LEAVE_LINK.encode(), leave.encode()) if leave else self.tail
        return self.head, _encoded(tail, self.encoding), b"\r\n"


@dataclass(frozen=True, slots=True)
class _Encoded:
    """Hold a letter, and both its writings encoded as parts."""

    letter: Letter
    text: _Part
    html: _Part


def _part(subtype: str, text: str) -> _Part:
    """Encode a writing up to the line in which recipients differ; 7 bit, whatever it holds.

    Both encodings go by lines: base64 by 57 bytes, quoted-printable by those of the text, so a piece of whole lines stands for itself.
    """
    encoding, lines = _encoding(text), text.replace("\n", "\r\n").encode()
    differs = lines.find(LEAVE_LINK.encode())
    common = len(lines) if differs < 0 else differs
    cut = common - common % _BASE64_LINE if encoding == "base64" else lines.rfind(b"\n", 0, common) + 1
    head = f'Content-Type: text/{subtype}; charset="utf-8"\r\nContent-Transfer-Encoding: {encoding}\r\n\r\n'
    return _Part(encoding, head.encode() + _encoded(lines[:cut], encoding), lines[cut:])


def _encoded(lines: bytes, encoding: str) -> bytes:
    """Encode by the C functions; the standard library's own for mail are a hundred times slower."""
    return _base64(lines) if encoding == "base64" else binascii.b2a_qp(lines)


def _base64(lines: bytes) -> bytes:
    return base64.encodebytes(lines).replace(b"\n", b"\r\n")


@_remembered
def _letter(digest: Digest, public_url: str | None, *, leave: bool, verdicts: str | None) -> _Encoded:
    """Write a digest's letter: it is the same for all its recipients but for one address."""
    letter = write(replace(lay_out(digest, public_url), leave=leave, verdicts=verdicts))
    return _Encoded(letter, _part("plain", letter.text), _part("html", letter.html))


def header_text(text: str, limit: int) -> str:
    """Give `text` as a header may carry it: one clean line in which nothing reads as an encoded word."""
    return clean(text, limit).replace("=?", "= ?").replace("?=", "? =")


def identifier(key: str) -> str:
    """Give a short ASCII name for `key` that is safe in a header and a file name; two keys never share one."""
    plain = re.sub(r"[^A-Za-z0-9_-]+", "-", key).strip("-")
    if plain and plain == key and len(plain) <= _LONGEST_ID:
        return plain
    digest = sha256(key.encode(errors="surrogatepass")).hexdigest()[:20]
    return f"{plain[: _LONGEST_ID - 21]}-{digest}".strip("-")


def _list_id(subscription: str, domain: str) -> str:
    """Name the list (RFC 2919) on one line: a name too long for that falls back to the unmanaged ``localhost``."""
    for namespace in (domain, "localhost"):
        name = f"<{identifier(subscription)}.{namespace}>"
        if len("List-Id: " + name) <= _LONGEST_LINE:
            return name
    return f"<{identifier(subscription)[-24:].strip('-')}.localhost>"


def _encoding(text: str) -> str:
    foreign = len(text) - len(text.encode("ascii", "ignore"))
    return "quoted-printable" if foreign * _MOSTLY_ASCII < len(text) else "base64"

"""What a variable may say: each check gives the value as it is used, or refuses it in words that never show it."""

import ipaddress
import re
from typing import NoReturn
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from pydantic import SecretStr
from pydantic_core import PydanticCustomError

from aggregator.models import SmtpServer

_DATABASES = ("sqlite", "postgresql", "postgresql+psycopg")
_PORTS = {"starttls": 587, "implicit": 465, "none": 25}
_MAILBOX = re.compile(r"(?:[^<>@\r\n]*<[^<>@\s]+@[^<>@\s]+>|[^<>@\s]+@[^<>@\s]+)")
_OPERATOR = re.compile(r"[^<>@\s,]+@[^<>@\s,]+|env:[A-Z][A-Z0-9_]*")
_PLACE = re.compile(r"(?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\]):[0-9]{1,5}")


def _refuse(message: str, allowed: str) -> NoReturn:
    raise PydanticCustomError("refused", "{message}", {"message": message, "allowed": allowed})


def _split(address: str, allowed: str) -> SplitResult:
    try:
        parts = urlsplit(address)
        _ = parts.port, parts.hostname
    except ValueError:
        _refuse("the value is no address", allowed)
    return parts


def database_address(address: str) -> str:
    """Check the address of a database."""
    allowed = "sqlite:///path/to/file.db, postgresql://user:password@host/name"
    address = re.sub(r"^postgres://", "postgresql://", address)
    if _split(address, allowed).scheme not in _DATABASES:
        _refuse("the value names no database that can be used", allowed)
    return address


def listen_place(text: str) -> str:
    """Check a host and port to listen on."""
    allowed = "host:port, such as 127.0.0.1:8080 or [::1]:8080"
    parts = _split(f"//{text}", allowed)
    if not parts.hostname or parts.port is None or parts.netloc != text or "@" in text:
        _refuse("the value is no host and port", allowed)
    return text


def site_address(address: str) -> str:
    """Check the address by which readers reach the site."""
    parts = _split(address, "https://news.example.org")
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.username or parts.query or parts.fragment:
        _refuse("the value is no address of a web site", "https://news.example.org")
    return address.rstrip("/")


def heartbeat_address(secret: SecretStr) -> SecretStr:
    """Check the address that is called to say that all is well."""
    parts = _split(secret.get_secret_value(), "https://checks.example.org/key")
    if parts.scheme not in ("http", "https") or not parts.hostname:
        _refuse("the value is no address that can be called", "https://checks.example.org/key")
    return secret


def mailbox(text: str) -> str:
    """Check a sender's address."""
    if not _MAILBOX.fullmatch(text):
        _refuse("the value is no sender's address", "News watch <watch@example.org>")
    return text


def places(value: object) -> object:
    """Read a list of addresses, networks and places."""
    if not isinstance(value, str):
        return value
    found = tuple(place for part in value.split(",") if (place := part.strip()))
    if not all(_PLACE.fullmatch(place) or is_network(place) for place in found):
        _refuse(
            "the value is no list of places",
            "addresses, networks and host:port with commas between them, such as 10.0.0.0/8,localhost:8000",
        )
    return found


def header_name(text: str) -> str:
    """Check the name of a header."""
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9-]{1,60}", text):
        _refuse("the value is no name of a header", "X-Remote-User")
    return text


def names(value: object) -> object:
    """Read names with commas between them."""
    return tuple(name for part in value.split(",") if (name := part.strip())) if isinstance(value, str) else value


def operators(value: object) -> object:
    """Read who is told of troubles."""
    told = names(value)
    if isinstance(told, tuple) and not all(_OPERATOR.fullmatch(name) for name in told):
        _refuse(
            "the value names nobody who can be told",
            "mail addresses and names of Slack webhooks: ops@example.org,env:OPS_SLACK",
        )
    return told


def is_network(text: str) -> bool:
    """Tell an address or a network."""
    try:
        ipaddress.ip_network(text, strict=False)
    except ValueError:
        return False
    return True


def lower(value: object) -> object:
    """Take a word in any case."""
    return value.lower() if isinstance(value, str) else value


def parse_smtp(address: str) -> SmtpServer:
    """Read ``smtp://user:password@host:587?tls=starttls`` or ``smtps://...``; user and password are percent-encoded.

    A password over an open line is refused, except to this machine itself. RFC 8314 (TLS from the start), RFC 3207 (STARTTLS).
    """
    allowed = "smtp://user:password@host:587?tls=starttls (or implicit, none), smtps://user:password@host"
    parts = _split(address, allowed)
    tls = _tls(parts, allowed)
    if not parts.hostname or parts.path not in ("", "/") or parts.fragment:
        _refuse("the value is no address of a mail server", allowed)
    if parts.password and tls == "none" and not _is_this_machine(parts.hostname):
        _refuse("the password would cross the network in the open", "tls=starttls or tls=implicit")
    return SmtpServer(
        host=parts.hostname,
        port=parts.port or _PORTS[tls],
        username=unquote(parts.username) if parts.username else None,
        password=unquote(parts.password) if parts.password else None,
        tls=tls,
    )


def _tls(parts: SplitResult, allowed: str) -> str:
    options = dict(parse_qsl(parts.query, keep_blank_values=True))
    tls = options.pop("tls", "implicit" if parts.scheme == "smtps" else "starttls")
    contradicts = parts.scheme == "smtps" and tls != "implicit"
    if parts.scheme not in ("smtp", "smtps") or options or tls not in _PORTS or contradicts:
        _refuse("the value is no address of a mail server", allowed)
    return tls


def _is_this_machine(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def smtp_address(secret: SecretStr) -> SecretStr:
    """Check the address of a mail server, and leave it a secret."""
    parse_smtp(secret.get_secret_value())
    return secret

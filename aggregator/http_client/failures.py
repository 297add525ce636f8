"""Turn what the network did into one plain sentence and a kind.

Foreign exceptions are translated by one table, at one place (`failure_of`); statuses by another (`failure_of_status`).
Sentences name the host only: paths, queries and passwords of an address may be secrets.
"""

import ssl
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from http import HTTPStatus

import h11
import httpx

from aggregator.errors import AggregatorError
from aggregator.models import Failed, FailureKind

SHORTEST_WAIT = timedelta(seconds=60)
LONGEST_WAIT = timedelta(hours=24)


class FetchError(AggregatorError):
    """Say why the network brought nothing; `kind` says what may help."""

    def __init__(self, kind: FailureKind, message: str) -> None:
        self.kind = kind
        super().__init__(message)


class UnresolvedError(FetchError):
    """Say that a host has no address."""

    def __init__(self, host: str) -> None:
        super().__init__(FailureKind.TEMPORARY, f"cannot resolve {host}")


# The first row that fits decides, so subclasses stand before their parents.
_TABLE: tuple[tuple[type[Exception], FailureKind, str], ...] = (
    (ssl.SSLCertVerificationError, FailureKind.TEMPORARY, "the TLS certificate of {host} cannot be trusted: {reason}"),
    (ssl.SSLError, FailureKind.TEMPORARY, "no TLS connection to {host}"),
    (TimeoutError, FailureKind.TEMPORARY, "{host} did not answer in time"),
    (ConnectionRefusedError, FailureKind.TEMPORARY, "{host} refused the connection"),
    (ConnectionError, FailureKind.TEMPORARY, "{host} broke the connection off"),
    (h11.RemoteProtocolError, FailureKind.TEMPORARY, "{host} did not answer in proper HTTP"),
    (h11.LocalProtocolError, FailureKind.PERMANENT, "the request to {host} cannot be put into proper HTTP"),
    (UnicodeError, FailureKind.PERMANENT, "the request to {host} cannot be put into proper HTTP"),
    # httpx reads the Location of every redirect, even of one that it does not follow.
    (httpx.InvalidURL, FailureKind.SOFT, "{host} redirects to something that is not a URL"),
    (httpx.HTTPError, FailureKind.TEMPORARY, "the exchange with {host} failed"),
    (OSError, FailureKind.TEMPORARY, "{host} cannot be reached"),
)
EXPECTED: tuple[type[Exception], ...] = (FetchError, *(row[0] for row in _TABLE))
"""Every exception that an exchange may raise for what the other side did."""


def failure_of(error: Exception, host: str) -> Failed:
    """Translate an exception of the `EXPECTED` kinds."""
    if isinstance(error, FetchError):
        return Failed(kind=error.kind, message=str(error), unresolved=isinstance(error, UnresolvedError))
    reason = getattr(error, "verify_message", "") or "unknown reason"
    kind, sentence = next((row[1], row[2]) for row in _TABLE if isinstance(error, row[0]))
    return Failed(kind=kind, message=sentence.format(host=host, reason=reason))


def failure_of_status(status: int, host: str, retry_after: str | None, now: datetime) -> Failed:
    """Translate an HTTP status that is no success; `retry_after` is the header as served."""
    return Failed(
        kind=_kind_of_status(status),
        message=f"{host} answered {status}{_phrase(status)}",
        status=status,
        retry_after=parse_retry_after(retry_after, now),
    )


def _kind_of_status(status: int) -> FailureKind:
    if status == HTTPStatus.GONE:
        return FailureKind.PERMANENT
    if status >= 500 or status in (HTTPStatus.FORBIDDEN, HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY, HTTPStatus.TOO_MANY_REQUESTS):
        return FailureKind.TEMPORARY
    return FailureKind.SOFT


def _phrase(status: int) -> str:
    # The server's own phrase is not repeated: it is hostile input.
    try:
        return f" {HTTPStatus(status).phrase}"
    except ValueError:
        return ""


def parse_retry_after(value: str | None, now: datetime) -> timedelta | None:
    """Read a Retry-After header (RFC 9110 section 10.2.3), seconds or a date, bounded to between 60 s and 24 h; garbage is None."""
    text = (value or "").strip()
    if text.isascii() and text.isdigit():
        return _bounded(timedelta(seconds=int(text[:9])))
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    wait = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)) - now
    return _bounded(wait) if wait > timedelta(0) else None


def _bounded(wait: timedelta) -> timedelta:
    return min(max(wait, SHORTEST_WAIT), LONGEST_WAIT)

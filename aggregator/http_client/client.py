"""Fetch and post: conditional headers out, one outcome back.

Redirects are followed by hand, because each hop is a new address to be judged and only a chain of permanent ones may be remembered.
A connection that breaks before an answer is tried once more at once; every other failure waits for the next poll.
"""

import asyncio
import logging
import re
import ssl
from base64 import b64encode
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from http.cookiejar import CookieJar, DefaultCookiePolicy

import httpx

from aggregator.http_client.decoding import decode, decode_beginning
from aggregator.http_client.failures import EXPECTED, FetchError, failure_of, failure_of_status
from aggregator.http_client.guard import Guard, parse_url
from aggregator.http_client.limits import Limits
from aggregator.http_client.resolver import Resolve, SystemResolver
from aggregator.http_client.transport import Exchange, GuardedTransport, RawHeaders
from aggregator.models import Failed, FailureKind, Fetched, FetchOutcome, FetchRequest, NotModified, Posted, PostOutcome

DEFAULT_USER_AGENT = "aggregator (news monitor)"
_SUCCESS = frozenset({200, 203, 226})
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_PERMANENT_REDIRECTS = frozenset({301, 308})
_VALIDATOR = re.compile(r"[\x20-\x7e\x80-\xff]{1,1000}")


@dataclass(frozen=True, slots=True)
class _Answer:
    """Hold one hop's answer; the body is read for a success only, and still packed."""

    url: httpx.URL
    status: int
    raw: RawHeaders
    headers: Mapping[str, str]
    body: bytes = b""


class HttpClient:
    """Be the one way out: a `Fetcher` and a `Poster` for one event loop.

    `allow` names addresses, CIDRs or ``host:port`` that may be private. `resolve` and `tls` replace the system's name resolution and the
    usual certificate authorities.
    """

    def __init__(
        self,
        limits: Limits | None = None,
        *,
        allow: Collection[str] = (),
        user_agent: str = DEFAULT_USER_AGENT,
        resolve: Resolve | None = None,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._limits = limits or Limits()
        self._resolver = SystemResolver()
        self._transport = GuardedTransport(Guard(allow), resolve or self._resolver, self._limits, tls)
        self._headers = (
            (b"User-Agent", user_agent.encode("ascii", "ignore")),
            (b"Accept-Encoding", b"gzip, deflate"),
            (b"Connection", b"close"),
        )
        self._client = httpx.AsyncClient(
            transport=self._transport,
            trust_env=False,
            follow_redirects=False,
            timeout=self._limits.deadline,
            cookies=CookieJar(DefaultCookiePolicy(allowed_domains=())),
            headers={"User-Agent": user_agent, "Accept-Encoding": "gzip, deflate", "Connection": "close"},
        )
        # httpx logs whole addresses at INFO, and the address of a webhook is a secret.
        logging.getLogger("httpx").setLevel(logging.WARNING)

    async def aclose(self) -> None:
        """Let go of everything held."""
        await self._client.aclose()
        self._resolver.close()

    async def fetch(self, request: FetchRequest) -> FetchOutcome:
        """Get one URL through its redirects, within the limits."""
        try:
            async with asyncio.timeout(self._limits.deadline):
                return await self._follow(request)
        except TimeoutError:
            message = f"{_host_of(request.url)} did not finish within {self._limits.deadline:g} s"
            return Failed(kind=FailureKind.TEMPORARY, message=message)

    async def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> PostOutcome:
        """Send one body once; every status is an answer, and a redirect is not followed."""
        try:
            async with asyncio.timeout(self._limits.deadline):
                return await self._post(url, body, headers)
        except EXPECTED as error:
            return failure_of(error, _host_of(url))

    async def _post(self, url: str, body: bytes, headers: Mapping[str, str]) -> Posted:
        request = self._client.build_request("POST", parse_url(url), content=body, headers={"Accept-Encoding": "identity", **headers})
        response = await self._client.send(request, stream=True)
        try:
            reply = await _beginning(response, self._limits.max_reply)
        finally:
            await response.aclose()
        return Posted(status=response.status_code, headers=dict(response.headers), body=reply)

    async def _follow(self, request: FetchRequest) -> FetchOutcome:
        target, seen, permanent = request.url, set[str](), True
        for _ in range(self._limits.max_redirects + 1):
            try:
                answer = await self._ask(parse_url(target), request)
                if answer.status not in _REDIRECTS or "location" not in answer.headers:
                    return self._outcome(answer, request, moved=bool(seen) and permanent)
                following = _location(answer)
                if not request.follow:
                    return _leading_elsewhere(answer, following)
            except EXPECTED as error:
                return failure_of(error, _host_of(target))
            permanent &= answer.status in _PERMANENT_REDIRECTS and not (answer.url.scheme == "https" and following.scheme == "http")
            seen.add(str(answer.url))
            target = str(following)
            if target in seen:
                return Failed(kind=FailureKind.SOFT, message=f"{answer.url.host} redirects in a circle")
        return Failed(kind=FailureKind.SOFT, message=f"more than {self._limits.max_redirects} redirects from {_host_of(request.url)}")

    async def _ask(self, url: httpx.URL, request: FetchRequest) -> _Answer:
        try:
            return await self._get(url, request)
        except ConnectionResetError:
            return await self._get(url, request)

    async def _get(self, url: httpx.URL, request: FetchRequest) -> _Answer:
        # Past httpx's client, whose request, response and headers cost as much again as the exchange itself.
        headers = [(b"Host", url.netloc), *self._headers, *_conditions(request), *_credentials(url)]
        head, exchange = await self._transport.ask("GET", url, headers)
        try:
            body = await _body(exchange, request.cut_at) if head.status_code in _SUCCESS else b""
        finally:
            await exchange.aclose()
        raw = list(head.headers)
        return _Answer(url, head.status_code, raw, _named(raw), body)

    def _outcome(self, answer: _Answer, request: FetchRequest, *, moved: bool) -> FetchOutcome:
        if answer.status == 304 and (request.etag or request.last_modified):
            return NotModified(
                etag=_opaque(answer.raw, b"etag"),
                last_modified=_opaque(answer.raw, b"last-modified"),
                headers=answer.headers,
                moved_to=str(answer.url) if moved else None,
            )
        if answer.status not in _SUCCESS:
            return failure_of_status(answer.status, answer.url.host, answer.headers.get("retry-after"), datetime.now(UTC))
        return Fetched(
            url=str(answer.url),
            status=answer.status,
            headers=answer.headers,
            body=_unpacked(answer, request.cut_at, self._limits.max_body),
            etag=_opaque(answer.raw, b"etag"),
            last_modified=_opaque(answer.raw, b"last-modified"),
            moved_to=str(answer.url) if moved else None,
        )


async def _body(exchange: Exchange, cut_at: int | None) -> bytes:
    """Read a body; one that is to be cut no further than a packed body of that size may reach."""
    if cut_at is None:
        return b"".join([piece async for piece in exchange])
    body = bytearray()
    async for piece in exchange:
        body += piece
        if len(body) >= cut_at:
            break
    return bytes(body[:cut_at])


def _unpacked(answer: _Answer, cut_at: int | None, limit: int) -> bytes:
    coding = answer.headers.get("content-encoding", "")
    return decode(answer.body, coding, limit) if cut_at is None else decode_beginning(answer.body, coding, cut_at)


def _leading_elsewhere(answer: _Answer, following: httpx.URL) -> Failed:
    message = f"{answer.url.host} answers {answer.status}: it is elsewhere"
    return Failed(kind=FailureKind.SOFT, message=message, status=answer.status, location=str(following))


async def _beginning(response: httpx.Response, size: int) -> bytes:
    """Read the first `size` bytes of a body and leave the rest on the wire."""
    body = bytearray()
    async for piece in response.aiter_raw():
        body += piece
        if len(body) >= size:
            break
    return bytes(body[:size])


def _location(answer: _Answer) -> httpx.URL:
    try:
        following = answer.url.join(answer.headers["location"])
    except (httpx.InvalidURL, ValueError):
        raise FetchError(FailureKind.SOFT, f"{answer.url.host} redirects to something that is not a URL") from None
    return parse_url(str(following) if "\\" not in answer.headers["location"] else "")


def _conditions(request: FetchRequest) -> list[tuple[bytes, bytes]]:
    """Give the request's own headers; a validator that cannot stand in a header is left out."""
    headers = [(b"Accept", request.accept.encode("ascii", "ignore"))]
    for name, value in ((b"If-None-Match", request.etag), (b"If-Modified-Since", request.last_modified)):
        if value and _VALIDATOR.fullmatch(value):
            headers.append((name, value.encode("latin-1")))
    return headers


def _credentials(url: httpx.URL) -> list[tuple[bytes, bytes]]:
    """Give the name and password that an address holds, as HTTP wants them (RFC 7617)."""
    if not url.userinfo:
        return []
    return [(b"Authorization", b"Basic " + b64encode(f"{url.username}:{url.password}".encode()))]


def _named(raw: RawHeaders) -> Mapping[str, str]:
    """Give headers by their lower-case names; those of one name are joined (RFC 9110 section 5.3)."""
    headers: dict[str, str] = {}
    for key, value in raw:
        name, text = key.decode("ascii", "replace").lower(), _text(value)
        headers[name] = f"{headers[name]}, {text}" if name in headers else text
    return headers


def _text(value: bytes) -> str:
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError:
        return value.decode("latin-1")


def _opaque(raw: RawHeaders, name: bytes) -> str | None:
    """Give a validator as served, byte for byte; one too long to be sent back is not remembered."""
    value = next((value.decode("latin-1") for key, value in raw if key.lower() == name), "")
    return value if _VALIDATOR.fullmatch(value) else None


def _host_of(text: str) -> str:
    try:
        return parse_url(text).host
    except FetchError:
        return "the address"

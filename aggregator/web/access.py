"""Access: who asks, and what that reader may do.

* Public are the login page, style sheets and the two health checks. Everything else is for viewers, every change for editors.
* A reader is known by a session (password), by a header of a trusted proxy, by a token (API), or, on loopback without any user, by
  sitting at this machine. An address outside the trusted proxies sets no header, and no forwarded address is believed.
* Every change by form carries the reader's form token and comes from this site. The API takes changes from tokens only.
* The Host header must name this site, so that no foreign name that points here (DNS rebinding) reaches it.
"""

import base64
import binascii
import ipaddress
import re
import secrets
import threading
from collections import OrderedDict, deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from urllib.parse import parse_qsl, quote, urlsplit

from anyio import to_thread
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response

from aggregator.ports import ReaderStore
from aggregator.web.hosts import is_ours, turned_away
from aggregator.web.passwords import fits, form_token, hashed, new_key, same

SESSION = timedelta(hours=12)
COOKIE = "session"
MOST_FORM = 65_536
MOST_RULE_FORM = 300_000
"""Bytes of the form that tries a rule: a letter of Korean takes nine."""
MOST_FIELDS = 50
_PUBLIC = ("/healthz", "/readyz", "/login")
_BY_OWN_KEY = ("/leave/", "/verdict/", "/metrics")
"""Addresses that carry their own key: the signed links of a mail, and the metrics' token."""
_FOR_ANY_READER = re.compile("/logout|/zone|/searches(/[^/]+/(rename|forget))?")
"""What changes only what is the reader's own."""
_FOR_FEED_READERS = re.compile(r"/feeds/.*|/feeds\.opml|/subscriptions/[^/]+/feed\.[^/]*|/export\.(atom|jsonfeed)")
"""What programs fetch: these know to answer a challenge, and nothing of a login page."""
_RANK = {"anonymous": 0, "viewer": 1, "editor": 2}
Next = Callable[[Request], Awaitable[Response]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Visitor:
    """Name who asks; `how` is "nobody", "machine", "session", "proxy" or "token"."""

    name: str = ""
    role: str = "anonymous"
    how: str = "nobody"
    form_token: str = ""

    def may(self, role: str) -> bool:
        """Tell whether the visitor has at least this role."""
        return _RANK[self.role] >= _RANK[role]


@dataclass(frozen=True, slots=True, kw_only=True)
class Door:
    """Hold who is let in: `local` admits whoever sits at this machine while there is no user; `hosts` empty takes any name."""

    store: ReaderStore
    clock: Callable[[], datetime]
    local: bool = True
    hosts: frozenset[str] = frozenset()
    proxies: Sequence[str] = ()
    proxy_header: str = ""
    proxy_editors: Sequence[str] = ()
    secure: bool = False
    logins: "Limit" = field(default_factory=lambda: Limit(10, timedelta(minutes=15)))
    calls: "Limit" = field(default_factory=lambda: Limit(240, timedelta(minutes=1)))
    key: str = field(default_factory=lambda: secrets.token_urlsafe(32), repr=False)


class Limit:
    """Count events by key; more than `most` within `span` is too many. Holds the newest ten thousand keys only."""

    def __init__(self, most: int, span: timedelta) -> None:
        self.most, self.span = most, span
        self._seen: OrderedDict[str, deque[datetime]] = OrderedDict()
        self._lock = threading.RLock()

    def take(self, keys: Sequence[str], now: datetime) -> bool:
        """Count one event for each key, unless one of them has had its share: one step, however many ask at once."""
        with self._lock:
            if any(self.reached(key, now) for key in keys):
                return False
            for key in keys:
                self.count(key, now)
            return True

    def give_back(self, keys: Sequence[str], now: datetime) -> None:
        """Take back an event that was counted at `now` and turned out to be none."""
        with self._lock:
            for key in keys:
                if now in (times := self._seen.get(key, deque())):
                    times.remove(now)

    def reached(self, key: str, now: datetime) -> bool:
        """Tell whether a key has had its share."""
        times = self._seen.get(key, deque())
        while times and times[0] <= now - self.span:
            times.popleft()
        return len(times) >= self.most

    def count(self, key: str, now: datetime) -> None:
        """Count one event."""
        self._seen.setdefault(key, deque(maxlen=self.most)).append(now)
        self._seen.move_to_end(key)
        while len(self._seen) > 10_000:
            self._seen.popitem(last=False)


def visitor_of(request: Request) -> Visitor:
    """Give who asks, as the guard found out."""
    found: Visitor = request.state.visitor
    return found


def form_of(request: Request) -> Mapping[str, str]:
    """Give the fields of a form that the guard has read and checked."""
    fields: Mapping[str, str] = request.state.form
    return fields


def guard(door: Door) -> Callable[[Request, Next], Awaitable[Response]]:
    """Make the middleware that lets a request in or turns it away."""

    async def check(request: Request, call_next: Next) -> Response:
        request.state.form = {}
        request.state.visitor = Visitor()
        if request.url.path in ("/healthz", "/readyz") or request.url.path.startswith("/static/"):
            return await call_next(request)
        if not is_ours(request.scope, door.hosts):
            return turned_away()
        if request.url.path.startswith(_BY_OWN_KEY):
            return await call_next(request)
        visitor = await to_thread.run_sync(recognise, door, request)
        request.state.visitor = visitor
        changes = request.method not in ("GET", "HEAD")
        refusal = _refused(door, request, visitor) or (await _bad_body(request, visitor) if changes else None)
        return refusal or await call_next(request)

    return check


def recognise(door: Door, request: Request) -> Visitor:
    """Find out who asks."""
    token = _bearer(request.headers.get("authorization", ""))
    if token is not None:
        known = door.store.token(hashed(token))
        return Visitor(name=known[0], role="editor" if known[1] == "write" else "viewer", how="token") if known else Visitor()
    if key := request.cookies.get(COOKIE):
        user = door.store.session_user(hashed(key), door.clock())
        if user:
            return Visitor(name=user.name, role=user.role, how="session", form_token=form_token(key))
    name = request.headers.get(door.proxy_header, "").strip() if door.proxy_header and _is_proxy(door, request) else ""
    if name:
        role = "editor" if name in door.proxy_editors else "viewer"
        return Visitor(name=name, role=role, how="proxy", form_token=form_token(f"{door.key} {name}"))
    if door.local and not door.proxy_header and not door.store.has_users():
        return Visitor(name="this machine", role="editor", how="machine", form_token=form_token(door.key))
    return Visitor(form_token=form_token(f"{door.key} login"))


def log_in(door: Door, request: Request, name: str, password: str) -> str | None:
    """Open a session under a new key and give the key; None for a wrong name or password, or after too many tries."""
    now = door.clock()
    keys = (f"address {client(request)}", f"user {name[:100]}")
    # Counted before the password is looked at: tries that run side by side would else all pass the limit.
    if not door.logins.take(keys, now):
        return None
    user = door.store.user(name)
    if not fits(password, user.password_hash if user else None) or user is None:
        return None
    door.logins.give_back(keys, now)
    key = new_key()
    door.store.open_session(hashed(key), user.name, now, now + SESSION)
    return key


def log_out(door: Door, request: Request) -> None:
    """End the session on the server, whatever the browser keeps."""
    if key := request.cookies.get(COOKIE):
        door.store.close_session(hashed(key))


def safe_next(address: str) -> str:
    """Give where to go after the login: a path of this site, else its home."""
    parts = urlsplit(address) if address.startswith("/") else None
    strange = any(character <= " " or character == "\\" for character in address) or "%5c" in address.lower() or "%2f" in address.lower()
    if parts is None or parts.scheme or parts.netloc or address.startswith("//") or strange:
        return "/"
    return address


def client(request: Request) -> str:
    """Give the address that is connected; what a header claims does not count."""
    return request.client.host if request.client else ""


def _refused(door: Door, request: Request, visitor: Visitor) -> Response | None:
    path, api = request.url.path, request.url.path.startswith("/api/")
    if path in _PUBLIC:
        return None
    if visitor.how == "token":
        now = door.clock()
        if door.calls.reached(visitor.name, now):
            return JSONResponse({"detail": "too many requests: wait a minute"}, status_code=429, headers={"Retry-After": "60"})
        door.calls.count(visitor.name, now)
    needed = "viewer" if request.method in ("GET", "HEAD") or _FOR_ANY_READER.fullmatch(path) else "editor"
    if visitor.may(needed) and not (api and needed == "editor" and visitor.how != "token"):
        return None
    if api or _FOR_FEED_READERS.fullmatch(path):
        status = 401 if visitor.role == "anonymous" else 403
        detail = "a token is needed: aggregator token add NAME" if status == 401 else "this needs a token with the scope write"
        challenge = {"WWW-Authenticate": 'Bearer realm="aggregator", Basic realm="aggregator"'} if status == 401 else {}
        return JSONResponse({"detail": detail}, status_code=status, headers=challenge)
    if visitor.role == "anonymous" and request.method in ("GET", "HEAD"):
        back = path + (f"?{request.url.query}" if request.url.query else "")
        return RedirectResponse(f"/login?next={quote(back, safe='')}", status_code=303)
    return PlainTextResponse("This needs the role of an editor.\n", status_code=403)


async def _bad_body(request: Request, visitor: Visitor) -> Response | None:
    """Say what is wrong with a body before it is read, and read a form; None where all is well."""
    if not request.url.path.startswith("/api/"):
        return await _bad_form(request, visitor)
    if "transfer-encoding" in request.headers or _length(request) > MOST_FORM:
        return JSONResponse({"detail": f"a body has at most {MOST_FORM:,} bytes and tells its size"}, status_code=413)
    return None


def _length(request: Request) -> int:
    """Give the size that a body tells, 0 where there is none; what cannot be read is too large."""
    told = request.headers.get("content-length", "0")
    return int(told[:12]) if told.isascii() and told.isdigit() else 2**62


async def _bad_form(request: Request, visitor: Visitor) -> Response | None:
    """Read a form and say what is wrong with it, or None."""
    origin = request.headers.get("origin")
    foreign = request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none")
    # A page that sends no referrer sends "null" for its origin as well; then the browser's own word and the form token decide.
    if foreign or (origin not in (None, "null") and urlsplit(origin or "").netloc != request.headers.get("host")):
        return PlainTextResponse("Forms are taken from this site only.\n", status_code=403)
    if request.headers.get("content-type", "").partition(";")[0].strip() != "application/x-www-form-urlencoded":
        return PlainTextResponse("This takes a form.\n", status_code=415)
    most = MOST_RULE_FORM if request.url.path == "/rules" else MOST_FORM
    if "content-length" not in request.headers or _length(request) > most:
        return PlainTextResponse("The form is too large, or does not tell its size.\n", status_code=413)
    body = await request.body()
    fields = dict(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True)) if body.count(b"&") < MOST_FIELDS else {}
    if not visitor.form_token or not same(fields.get("form_token", ""), visitor.form_token):
        return PlainTextResponse("The form is out of date: go back, load the page again, and send it once more.\n", status_code=403)
    request.state.form = fields
    return None


def _bearer(header: str) -> str | None:
    """Give the token of an Authorization header, as Bearer or as the password of Basic (feed readers know only that)."""
    scheme, _, value = header.partition(" ")
    if scheme.lower() == "bearer":
        return value.strip()
    if scheme.lower() != "basic":
        return None
    try:
        return base64.b64decode(value, validate=True).decode("utf-8").partition(":")[2]
    except (ValueError, binascii.Error):
        return ""


def _is_proxy(door: Door, request: Request) -> bool:
    try:
        address = ipaddress.ip_address(client(request))
    except ValueError:
        return False
    return any(address in ipaddress.ip_network(network, strict=False) for network in door.proxies)

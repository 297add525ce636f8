"""Canonical URLs: one spelling for every way a publisher's page is linked.

Two links share an article when their canonical URLs are equal. What is dropped only says where a click came from
(fragment, tracking parameters, default port) or how it is shown (mobile and AMP editions, ``index.html``, a slash at the end); what may
select a page stays, above all the article ids that Korean systems keep in the query (``?idxno=``), and routes (``#/news/1``). A link
through a redirector that carries its target is the target; a document of the United Nations goes by its symbol. Canonicalising twice
changes nothing. RFC 3986 section 6 is the ground. After a change of these rules a migration gives stored pages their new keys.
"""

import re
from functools import lru_cache
from unicodedata import normalize
from urllib.parse import parse_qsl, quote, unquote, urlsplit, urlunsplit

from aggregator.core.senders import is_senders, target_names
from aggregator.core.symbols import symbol_of

_DEFAULT_PORTS = {"http": "80", "https": "443"}
_EDITION = re.compile(r"^(?:(?:www|m|mobile|amp)\.)+(?=[^.]+\.)|^m-(?=[a-z]{2}\.yna\.co\.kr$)")
_AMP_CACHE = re.compile(r"(?:[a-z0-9-]+\.cdn\.ampproject\.org/(?:c|v)/(?:s/)?|(?:www\.)?google\.[a-z.]{2,6}/amp/(?:s/)?)(.+)")
_AMP_START, _AMP_END = re.compile(r"^/amp/(?=.)"), re.compile(r"(?:/amp/?|\.amp(?:\.html)?)$")
_AMP_PAGE = re.compile(r"(?<=/articleView)Amp(?=\.html$)")
"""The AMP edition in the publishing system of most Korean papers."""
_AMP_SECTION = {"hani.co.kr": re.compile(r"(?<=^/arti)/amp(?=/)")}
"""Inside a path `amp` may be a section of its own, so it is dropped only at sites known for it."""
_AMP_QUERY = re.compile(r"(?:amp|outputType=amp|amp=1|amp=true)(?:=)?")
_INDEX = re.compile(r"/index\.(?:html?|php|aspx?|jsp)$")
_ROUTE = re.compile(r"!?/.+|!.+")
"""A fragment that selects the page, as programs in the browser write it."""
_ESCAPED_AMPERSAND = re.compile(r"(^|&)(?:amp;)+")
_COMPOSABLE = re.compile(r"%[0-7][0-9A-F]|([A-Za-z]?(?:%[89A-F][0-9A-F])+)")
_UNSAFE = re.compile(r"[\x00-\x20\x7f-\x9f\u2028\u2029]+")
_UNRESERVED = re.compile(r"[A-Za-z0-9._~-]*")
_PATH_SAFE = "/:@!$&'()*+,;=~-._"
_QUERY_SAFE = _PATH_SAFE + "?"


def web_url(url: str | None) -> str | None:
    """Give the URL without stray white space where it is an absolute http(s) one with a host, else None."""
    if not url:
        return None
    cleaned = _UNSAFE.sub("", url)
    try:
        parts = urlsplit(cleaned)
        host = parts.hostname
    except ValueError:
        return None
    return cleaned if parts.scheme.lower() in _DEFAULT_PORTS and host else None


@lru_cache(maxsize=4_096)  # one entry asks three times: for its identity, its page and its article
def canonical_url(url: str) -> str:
    """Give the canonical form of an absolute http(s) URL; anything else comes back unchanged.

    The scheme becomes https: publishers serve one page under both, and only the key is built of it, never a request.
    What one rule uncovers may be another's, so the rules are applied until they change nothing.
    """
    seen: set[str] = set()
    while url not in seen:
        seen.add(url)
        url = _step(url)
    return url


def _step(url: str) -> str:
    """Apply every rule once."""
    cleaned = web_url(url)
    if cleaned is None:
        return url
    target = _unwrapped(cleaned)
    if target is not None:
        return target
    parts = urlsplit(cleaned)
    query = _query(parts.hostname or "", parts.query)
    authority, path, query = _shown_once(_authority(parts.netloc), _path(parts.path), query)
    symbol = symbol_of(authority, path, query)
    if symbol:
        return f"https://undocs.org/{symbol}"
    route = _recode(parts.fragment, _QUERY_SAFE) if _ROUTE.fullmatch(parts.fragment) else ""
    return urlunsplit(("https", authority, path, query, route))


def host_of(url: str) -> str:
    """Give host and port in lower case, the unit of politeness; empty for a URL without one."""
    try:
        return urlsplit(url).netloc.rpartition("@")[2].lower()
    except ValueError:
        return ""


def _unwrapped(url: str) -> str | None:
    """Give the target of a link through a redirector, or through an AMP cache; None for any other link."""
    parts = urlsplit(url)
    host = (parts.hostname or "").lower()
    if names := target_names(host, parts.path):
        given = dict(parse_qsl(parts.query))
        return next((target for name in names if (target := web_url(given.get(name)))), None)
    cached = _AMP_CACHE.fullmatch(f"{host}{parts.path}")
    if cached:
        return web_url(f"https://{cached[1]}{'?' + parts.query if parts.query else ''}")
    return None


def _shown_once(authority: str, path: str, query: str) -> tuple[str, str, str]:
    """Bring the editions of one page together: mobile host, AMP page, index file, slash at the end."""
    host = _EDITION.sub("", authority)
    if host in _AMP_SECTION:
        path = _AMP_SECTION[host].sub("", path)
    path = _AMP_PAGE.sub("", _AMP_END.sub("", _AMP_START.sub("/", path)))
    path = _INDEX.sub("/", path).rstrip("/") or "/"
    kept = "&".join(pair for pair in query.split("&") if pair and not _AMP_QUERY.fullmatch(pair))
    return host, path, kept


def _authority(netloc: str) -> str:
    """Give the host, with its port where that is none of the two that every site answers at."""
    name, bracket, rest = netloc.rpartition("@")[2].lower().rpartition("]")
    host, _, port = rest.partition(":")
    host = f"{name}{bracket}{host}" if bracket else _ascii(host)
    port = port.lstrip("0") if port.isdigit() else port
    host = host.rstrip(".")
    return f"{host}:{port}" if port and port not in _DEFAULT_PORTS.values() else host


def _ascii(host: str) -> str:
    """Write a host name of any script as it is looked up (RFC 3490); one that cannot be is left as it came."""
    try:
        return host if host.isascii() else host.encode("idna").decode("ascii").lower()
    except UnicodeError:
        return host


def _path(path: str) -> str:
    """Decode what needs no escape, escape the rest, and resolve dots."""
    segments: list[str] = []
    for segment in re.sub(r"/{2,}", "/", path or "/").split("/")[1:]:
        decoded = _recode(segment, _PATH_SAFE.replace("/", ""))
        if decoded == "..":
            segments = segments[:-1]
        elif decoded != ".":
            segments.append(decoded)
    return "/" + "/".join(segments)


def _query(host: str, query: str) -> str:
    """Drop what names the sender, whether ampersands or semicolons part it, and escaped ampersands."""
    pairs = (_chosen(host, pair) for pair in _ESCAPED_AMPERSAND.sub(r"\1", query).split("&"))
    return "&".join(_recode(pair.replace("+", "%20"), _QUERY_SAFE) for pair in pairs if pair)


def _chosen(host: str, pair: str) -> str:
    """Keep of one pair, or of several with semicolons between, what may select the page."""
    kept: list[str] = []
    dropping = False
    for part in pair.split(";"):
        name, equals, value = part.partition("=")
        dropping = is_senders(host, unquote(name).lower(), unquote(value)) if equals or not dropping else True
        kept += [] if dropping else [part]
    return ";".join(kept)


def _recode(text: str, safe: str) -> str:
    """Escape everything but unreserved characters and `safe`, keeping escapes that stand for reserved characters."""
    if _UNRESERVED.fullmatch(text):
        return text
    return _COMPOSABLE.sub(_composed, _escaped(text, safe))


def _composed(found: re.Match[str]) -> str:
    """Write letters with their marks as one (NFC): a path of Hangul is spelled in two ways."""
    try:
        return quote(normalize("NFC", unquote(found[1], errors="strict")), safe="") if found[1] else found[0]
    except UnicodeDecodeError:
        return found[0]


def _escaped(text: str, safe: str) -> str:
    out: list[str] = []
    position = 0
    for escape in re.finditer(r"(?:%[0-9A-Fa-f]{2})+", text):
        out += [quote(text[position : escape.start()], safe=safe), _recode_escapes(escape.group())]
        position = escape.end()
    return "".join([*out, quote(text[position:], safe=safe)])


def _recode_escapes(escapes: str) -> str:
    raw = bytes.fromhex(escapes.replace("%", ""))
    return "".join(chr(byte) if (byte < 128 and chr(byte).isalnum()) or byte in b"-._~" else f"%{byte:02X}" for byte in raw)

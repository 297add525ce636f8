"""Canonical URLs: one spelling for every way a publisher's page is linked.

Two links share an article when their canonical URLs are equal. What is dropped only says where a click came from
(fragment, tracking parameters, default port); what may select a page stays, above all the article ids that Korean
systems keep in the query (``?idxno=``). Canonicalising twice changes nothing. RFC 3986 section 6 is the ground.
"""

import re
from urllib.parse import quote, unquote, urlsplit, urlunsplit

TRACKING_PREFIXES = ("utm_", "mtm_", "pk_", "hsa_", "ga_", "stm_")
TRACKING_NAMES = frozenset(
    {
        "cmpid",
        "dclid",
        "fbclid",
        "ftcamp",
        "gbraid",
        "gclid",
        "gclsrc",
        "igshid",
        "mc_cid",
        "mc_eid",
        "mkt_tok",
        "msclkid",
        "ncid",
        "rss",
        "smid",
        "soc_src",
        "soc_trk",
        "twclid",
        "ved",
        "wbraid",
        "yclid",
        "_ga",
        "_hsenc",
        "_hsmi",
    }
)
_DEFAULT_PORTS = {"http": "80", "https": "443"}
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


def canonical_url(url: str) -> str:
    """Give the canonical form of an absolute http(s) URL; anything else comes back unchanged.

    The scheme becomes https: publishers serve one page under both, and only the key is built of it, never a request.
    """
    cleaned = web_url(url)
    if cleaned is None:
        return url
    parts = urlsplit(cleaned)
    return urlunsplit(("https", _authority(parts.scheme, parts.netloc), _path(parts.path), _query(parts.query), ""))


def host_of(url: str) -> str:
    """Give host and port in lower case, the unit of politeness; empty for a URL without one."""
    try:
        return urlsplit(url).netloc.rpartition("@")[2].lower()
    except ValueError:
        return ""


def _authority(scheme: str, netloc: str) -> str:
    host, _, port = netloc.rpartition("@")[2].lower().partition(":") if "[" not in netloc else (netloc.lower(), "", "")
    port = "" if port == _DEFAULT_PORTS[scheme.lower()] else port
    return f"{host.rstrip('.')}:{port}" if port else host.rstrip(".")


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


def _query(query: str) -> str:
    pairs = [pair for pair in query.split("&") if pair and not _tracks(pair.partition("=")[0])]
    return "&".join(_recode(pair, _QUERY_SAFE) for pair in pairs)


def _tracks(name: str) -> bool:
    lowered = unquote(name).lower()
    return lowered in TRACKING_NAMES or lowered.startswith(TRACKING_PREFIXES)


def _recode(text: str, safe: str) -> str:
    """Escape everything but unreserved characters and `safe`, keeping escapes that stand for reserved characters."""
    if _UNRESERVED.fullmatch(text):
        return text
    out: list[str] = []
    position = 0
    for escape in re.finditer(r"(?:%[0-9A-Fa-f]{2})+", text):
        out += [quote(text[position : escape.start()], safe=safe), _recode_escapes(escape.group())]
        position = escape.end()
    return "".join([*out, quote(text[position:], safe=safe)])


def _recode_escapes(escapes: str) -> str:
    raw = bytes.fromhex(escapes.replace("%", ""))
    return "".join(chr(byte) if (byte < 128 and chr(byte).isalnum()) or byte in b"-._~" else f"%{byte:02X}" for byte in raw)

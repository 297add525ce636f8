"""Canonical URLs: one spelling for every way a publisher's page is linked.

Two links share an article when their canonical URLs are equal. What is dropped only says where a click came from
(fragment, tracking parameters, default port) or how it is shown (mobile and AMP editions, ``index.html``); what may select a page stays,
above all the article ids that Korean systems keep in the query (``?idxno=``). A link through a redirector that carries its target is
the target; a document of the United Nations goes by its symbol. Canonicalising twice changes nothing. RFC 3986 section 6 is the ground.
"""

import re
from functools import lru_cache
from urllib.parse import parse_qsl, quote, unquote, urlsplit, urlunsplit

TRACKING_PREFIXES = (
    *("utm_", "mtm_", "pk_", "hsa_", "ga_", "stm_", "itm_", "bsft_", "vero_", "oly_", "cx_", "dpg_", "fb_", "__hs", "_sgm_", "guce_"),
    *("adjust_", "mindbox-", "ir_"),
)
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
        "_branch_match_id",
        "_ga",
        "_gl",
        "_kx",
        "_openstat",
        "admitad_uid",
        "awc",
        "erid",
        "external_click_id",
        "guccounter",
        "hsctatracking",
        "irclickid",
        "irgwc",
        "ml_subscriber",
        "ml_subscriber_hash",
        "oprtrack",
        "rb_clickid",
        "s_cid",
        "sscid",
        "usqp",
        "vc_lpp",
        "wt_mc",
        "xtor",
        "ysclid",
        "_hsenc",
        "_hsmi",
    }
)
SITE_TRACKING = {
    "news.google.com": frozenset({"hl", "gl", "ceid", "oc"}),
    "www.bbc.com": frozenset({"at_medium", "at_campaign"}),
    "www.bbc.co.uk": frozenset({"at_medium", "at_campaign"}),
    "yna.co.kr": frozenset({"input", "section", "site"}),
}
"""Parameters that say only where a click came from at one site or the hosts below it, and may select a page at another."""
WRAPPERS = {
    "www.google.com": ("/url", ("q", "url")),
    "l.facebook.com": ("/l.php", ("u",)),
    "lm.facebook.com": ("/l.php", ("u",)),
    "out.reddit.com": ("", ("url",)),
    "www.bing.com": ("/news/apiclick.aspx", ("url",)),
    "slack-redir.net": ("/link", ("url",)),
    "link.naver.com": ("/bridge", ("url",)),
    "news.url.google.com": ("/url", ("q", "url")),
}
"""Redirectors by host: the path they answer at, and the parameters that carry the target."""
_DEFAULT_PORTS = {"http": "80", "https": "443"}
_MOST_WRAPPINGS = 3
_EDITION = re.compile(r"^(?:(?:www|m|mobile|amp)\.)+(?=[^.]+\.)")
_AMP_CACHE = re.compile(r"(?:[a-z0-9-]+\.cdn\.ampproject\.org/(?:c|v)/(?:s/)?|www\.google\.[a-z.]{2,6}/amp/(?:s/)?)(.+)")
_AMP_START, _AMP_END = re.compile(r"^/amp/(?=.)"), re.compile(r"(?:/amp/?|\.amp(?:\.html)?)$")
_AMP_QUERY = re.compile(r"(?:amp|outputType=amp|amp=1|amp=true)(?:=)?")
_INDEX = re.compile(r"/index\.(?:html?|php|aspx?|jsp)$")
_SYMBOL = re.compile(r"(?<![A-Za-z])((?:S|A)/(?:RES/|PV\.|AC\.49/|HRC/)?\d{1,4}(?:/\d{1,4})*|SC/\d{4,6})\b", re.IGNORECASE)
_DOCUMENT_HOSTS = frozenset({"undocs.org", "documents.un.org", "docs.un.org", "daccess-ods.un.org"})
_DOCUMENT_PAGE = re.compile(r"/view_doc\.asp\?|/docs/\?")
_PRESS = re.compile(r"/(sc|ga|dc|hr)/?(\d{4,6})\.doc", re.IGNORECASE)
_HOST_NAME = re.compile(r"(?:[a-z0-9-]+\.)+[a-z]{2,12}", re.IGNORECASE)
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
    """
    cleaned = web_url(url)
    if cleaned is None:
        return url
    for _ in range(_MOST_WRAPPINGS):
        target = _unwrapped(cleaned)
        if target is None:
            break
        cleaned = target
    parts = urlsplit(cleaned)
    authority, path, query = _shown_once(_authority(parts.scheme, parts.netloc), _path(parts.path), _query(parts.netloc, parts.query))
    symbol = _symbol(authority, f"{path}?{unquote(query)}")
    if symbol:
        return f"https://undocs.org/{symbol}"
    return urlunsplit(("https", authority, path, query, ""))


def host_of(url: str) -> str:
    """Give host and port in lower case, the unit of politeness; empty for a URL without one."""
    try:
        return urlsplit(url).netloc.rpartition("@")[2].lower()
    except ValueError:
        return ""


def _symbol(authority: str, rest: str) -> str | None:
    """Give the symbol of a United Nations document, under whichever of its addresses: S/2024/215, S/RES/2397, SC/13141."""
    press = _PRESS.search(rest) if authority in ("un.org", "press.un.org") else None
    if press:
        return f"{press[1]}/{press[2]}".upper()
    shown = authority in _DOCUMENT_HOSTS or (authority == "un.org" and _DOCUMENT_PAGE.search(rest))
    found = _SYMBOL.search(rest) if shown else None
    return found[1].upper() if found else None


def _unwrapped(url: str) -> str | None:
    """Give the target of a link through a redirector, or through an AMP cache; None for any other link."""
    parts = urlsplit(url)
    host = (parts.hostname or "").lower()
    path, names = WRAPPERS.get(host, ("", ()))
    if names and parts.path.rstrip("/").startswith(path):
        given = dict(parse_qsl(parts.query))
        return next((target for name in names if (target := web_url(given.get(name)))), None)
    cached = _AMP_CACHE.fullmatch(f"{host}{parts.path}")
    if cached:
        return web_url(f"https://{cached[1]}{'?' + parts.query if parts.query else ''}")
    return None


def _shown_once(authority: str, path: str, query: str) -> tuple[str, str, str]:
    """Bring the editions of one page together: mobile host, AMP page, index file, slash at the end."""
    host = _EDITION.sub("", authority)
    path = _AMP_END.sub("", _AMP_START.sub("/", path)) or "/"
    path = _INDEX.sub("/", path)
    kept = "&".join(pair for pair in query.split("&") if pair and not _AMP_QUERY.fullmatch(pair))
    return host, path, kept


def _authority(scheme: str, netloc: str) -> str:
    host, _, port = netloc.rpartition("@")[2].lower().partition(":") if "[" not in netloc else (netloc.lower(), "", "")
    host = _ascii(host)
    port = "" if port == _DEFAULT_PORTS[scheme.lower()] else port
    return f"{host.rstrip('.')}:{port}" if port else host.rstrip(".")


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
    pairs = [pair for pair in query.split("&") if pair and not _tracks(host.lower(), *pair.partition("=")[::2])]
    return "&".join(_recode(pair.replace("+", "%20"), _QUERY_SAFE) for pair in pairs)


def _tracks(host: str, name: str, value: str = "") -> bool:
    lowered = unquote(name).lower()
    if lowered == "ref" and _HOST_NAME.fullmatch(value):
        return True  # the site that a reader came from
    return (
        any(lowered in names and f".{host}".endswith(f".{site}") for site, names in SITE_TRACKING.items())
        or lowered in TRACKING_NAMES
        or lowered.startswith(TRACKING_PREFIXES)
    )


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

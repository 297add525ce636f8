"""Symbols: the documents of the United Nations by the name they are cited by, under whichever of their addresses.

A symbol is kept whole: A/80/L.5 and A/80/L.6 are two drafts, S/2024/215/Corr.1 corrects S/2024/215. Only the year that resolutions
carry in brackets is left out, since their number says it already.
"""

import re
from urllib.parse import parse_qsl, unquote

_LIBRARIES = frozenset({"undocs.org", "docs.un.org"})
_LANGUAGE = re.compile(r"^/(?:(?:ar|de|en|es|fr|ru|zh)/)?", re.IGNORECASE)
_NAMES = ("symbol", "finalsymbol", "ds", "s")
_ASKING = {
    "undocs.org": re.compile(r"/(?:pdf|home/mobile|)", re.IGNORECASE),
    "docs.un.org": re.compile(r"/(?:pdf|)", re.IGNORECASE),
    "documents.un.org": re.compile(r"/(?:symbol-explorer|api/symbol/access|)", re.IGNORECASE),
    "daccess-ods.un.org": re.compile(r"/.*", re.DOTALL),
    "un.org": re.compile(r"/(?:.+/)?(?:view_doc\.asp|docs)", re.IGNORECASE),
}
"""Hosts whose pages carry the symbol in the query, and the paths of those pages."""
_SYMBOL = re.compile(r"[A-Z][A-Z.]*(?:/[A-Z0-9._()-]+)+")
_RESOLUTION_YEAR = re.compile(r"(?<=\d)\((?:19|20)\d\d\)$")
_PRESS = re.compile(r"/(sc|ga|dc|hr)/?(\d{4,6})\.doc(?:\.html?)?$", re.IGNORECASE)


def symbol_of(authority: str, path: str, query: str) -> str | None:
    """Give the symbol of a document: S/2024/215, S/RES/2397, SC/13141; None where the address shows none."""
    press = _PRESS.search(path) if authority in ("un.org", "press.un.org") else None
    if press:
        return f"{press[1]}/{press[2]}".upper()
    if asking := _ASKING.get(authority):
        given = {name.lower(): value for name, value in parse_qsl(query)}
        named = next((given[name] for name in _NAMES if name in given), None)
        if named and asking.fullmatch(path):
            return _symbol(f"/{named.lstrip('/')}")
    if authority in _LIBRARIES:
        return _symbol(path)
    return _symbol(path.removeprefix("/doc")) if authority == "documents.un.org" and path.startswith("/doc/") else None


def _symbol(shown: str) -> str | None:
    """Give the symbol that is all of a path but its language, in one spelling."""
    rest = "".join(_LANGUAGE.sub("", unquote(shown)).split()).removesuffix(".pdf").rstrip("/").upper()
    if not _SYMBOL.fullmatch(rest) or not any(sign.isdigit() for sign in rest) or "/GEN/" in rest:
        return None  # what stands under /undoc/gen/ are files of a job number
    return _RESOLUTION_YEAR.sub("", rest) if "/RES/" in rest else rest

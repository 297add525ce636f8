"""Read well-formed RSS 2.0, RDF and Atom with lxml, at a twentieth of feedparser's price, or not at all.

The answer has feedparser's shape and values, so that one piece of code makes entries of both. What is read here is what feedparser is
known to do with the elements named in the tables below; at anything else (an unknown element, markup inside a text, a language or base
below the root, a document type, another encoding, a stray control character) the reader gives None, and feedparser decides.
Children are taken in document order, because feedparser's answer depends on it.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from lxml import etree

Found: TypeAlias = dict[str, Any]
LooksLikeHtml: TypeAlias = Callable[[str], bool]

_ATOM, _RSS1 = "{http://www.w3.org/2005/Atom}", "{http://purl.org/rss/1.0/}"
_RDF, _DC = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}", "{http://purl.org/dc/elements/1.1/}"
_CONTENT = "{http://purl.org/rss/1.0/modules/content/}encoded"
_ORIGINAL = "{http://rssnamespace.org/feedburner/ext/1.0}origLink"
_MEDIA = ("{http://search.yahoo.com/mrss/}", "{http://search.yahoo.com/mrss}")
_XML = "{http://www.w3.org/XML/1998/namespace}"
_IGNORED_SPACES = (
    "{http://purl.org/rss/1.0/modules/slash/}",
    "{http://purl.org/rss/1.0/modules/syndication/}",
    "{http://wellformedweb.org/CommentAPI/}",
    "{http://purl.org/syndication/thread/1.0}",
    "{http://webns.net/mvcb/}",
    "{com-wordpress:feed-additions:1}",
)
_IGNORED = frozenset(
    (
        *(f"{space}{name}" for space in _MEDIA for name in ("thumbnail", "credit")),
        "comments",
        *(f"{_ATOM}{name}" for name in ("rights", "contributor", "generator", "icon", "logo", "subtitle")),
    )
)
_IGNORED_IN_HEAD = frozenset(
    (
        *("description", "copyright", "docs", "generator", "image", "managingEditor", "webMaster", "ttl", "cloud", "textInput"),
        *("skipHours", "skipDays", "rating", "category"),
        *(f"{_RSS1}{name}" for name in ("description", "items", "image", "textinput")),
        *(f"{_ATOM}{name}" for name in ("author", "category")),
        *(f"{_DC}{name}" for name in ("creator", "publisher", "rights", "subject")),
        "{http://rssnamespace.org/feedburner/ext/1.0}info",
    )
)
_DATES = {
    "pubDate": "published",
    "lastBuildDate": "updated",
    f"{_DC}date": "updated",
    f"{_ATOM}published": "published",
    f"{_ATOM}updated": "updated",
}
_TITLES, _LINKS, _AUTHORS = ("title", f"{_RSS1}title", f"{_ATOM}title"), ("link", f"{_RSS1}link"), ("author", f"{_DC}creator")
_DESCRIPTIONS, _LANGUAGES = ("description", f"{_RSS1}description"), ("language", f"{_DC}language")
_TYPES = {
    "text": "text/plain",
    "plain": "text/plain",
    "text/plain": "text/plain",
    "html": "text/html",
    "text/html": "text/html",
}
_CONTROL = re.compile("[\x80-\x9f]")
_CHARACTER_NAME = re.compile(r"&([A-Za-z0-9_]+);")
_DECLARED = re.compile(rb"""\A\s*<\?xml[^>]*?encoding\s*=\s*["'](?!utf-?8["'])""", re.IGNORECASE)
_PARSER_OPTIONS: Mapping[str, Any] = {
    "resolve_entities": False,
    "no_network": True,
    "remove_comments": True,
    "remove_pis": True,
    "load_dtd": False,
}


class _DoubtError(Exception):
    """Leave a document to feedparser."""


def read(body: bytes, content_type: str, looks_like_html: LooksLikeHtml) -> Found | None:
    """Give ``{"feed", "entries", "version"}`` as feedparser would, or None where that is not certain."""
    charset = content_type.lower().partition("charset=")[2].strip(" \"'")
    if b"<!DOCTYPE" in body or b"<!ENTITY" in body or _DECLARED.match(body) or charset.split(";")[0].strip(" \"'") not in ("", "utf-8"):
        return None
    try:
        body.decode("utf-8")
        root = etree.fromstring(body, etree.XMLParser(**_PARSER_OPTIONS))
        return _Reading(looks_like_html).document(root)
    except (_DoubtError, etree.XMLSyntaxError, UnicodeDecodeError, ValueError):
        return None


@dataclass(slots=True)
class _Reading:
    """Read one document; `atom` tells whether its texts say themselves what they are."""

    looks_like_html: LooksLikeHtml
    atom: bool = False
    language: str | None = None
    head: Found = field(default_factory=dict)
    entries: list[Found] = field(default_factory=list)

    def document(self, root: Any) -> Found:
        """Read from the root; RDF keeps its items beside the channel."""
        tag = root.tag
        self.atom = tag == f"{_ATOM}feed"
        declared = {f"{{{uri}}}" for uri in root.nsmap.values()}
        if tag == "rss":
            channel, version = _only(root, "channel"), "rss20"
        elif tag == f"{_RDF}RDF" and _ATOM not in declared:
            channel, version = root, "rss10"
        elif self.atom and _RSS1 not in declared:
            channel, version = root, "atom10"
        else:
            raise _DoubtError
        self._root_language(root, channel)
        for child in channel:
            self._top(child)
        if not self.entries:
            raise _DoubtError
        return {"feed": self.head, "entries": self.entries, "version": version}

    def _root_language(self, root: Any, channel: Any) -> None:
        language = root.attrib.get(f"{_XML}lang")
        if f"{_XML}base" in root.attrib or "base" in root.attrib or "lang" in root.attrib or (channel is not root and channel.attrib):
            raise _DoubtError
        if language:
            self.language = self.head["language"] = language.replace("_", "-")

    def _top(self, child: Any) -> None:
        tag = child.tag
        if tag in ("item", f"{_RSS1}item", f"{_ATOM}entry"):
            self.entries.append(self._entry(child))
        elif tag == f"{_RSS1}channel":
            for inner in child:
                self._head(inner)
        else:
            self._head(child)

    def _head(self, child: Any) -> None:
        tag, head = child.tag, self.head
        if tag in _IGNORED_IN_HEAD or tag in _IGNORED or tag.startswith(_IGNORED_SPACES):
            return
        if tag in _TITLES:
            self._title(child, head)
        elif tag in _LINKS:
            self._plain_link(child, head)
        elif tag == f"{_ATOM}link":
            self._atom_link(child, head)
        elif tag == f"{_ATOM}id":
            self._identifier(child, head)
        elif tag in _DATES:
            head[_DATES[tag]] = _text(child)
        elif tag in _LANGUAGES:
            head["language"] = _text(child)
        else:
            raise _DoubtError

    def _entry(self, element: Any) -> Found:
        item: Found = {"links": [], "authors": [], "tags": [], "media_content": []}
        about = element.attrib.get(f"{_RDF}about")
        if len(element.attrib) > (1 if about else 0):
            raise _DoubtError
        if about:
            item["id"] = about
        for child in element:
            tag = child.tag
            if tag in _IGNORED or tag.startswith(_IGNORED_SPACES):
                continue
            reader = _READERS.get(tag)
            if reader is None:
                raise _DoubtError
            reader(self, child, item)
        return item

    def _title(self, child: Any, item: Found) -> None:
        if item.get("title"):
            raise _DoubtError
        self._content_text(child, item, "title", "text/plain")

    def _content_text(self, child: Any, item: Found, key: str, default: str) -> Found:
        """Read a text that may be HTML, as feedparser types it."""
        kind = _TYPES.get(child.attrib.get("type", default).lower()) if self.atom else default
        if kind is None or any(name != "type" for name in child.attrib) or (not self.atom and child.attrib):
            raise _DoubtError
        value = _text(child)
        if not self.atom and kind == "text/plain" and self.looks_like_html(value):
            kind = "text/html"
        item[key] = value
        item[f"{key}_detail"] = detail = {"type": kind, "language": self.language, "value": value}
        return detail

    def _summary(self, child: Any, item: Found) -> None:
        if "summary_detail" in item or ("summary" in item and not item.get("content")):
            raise _DoubtError
        self._content_text(child, item, "summary", "text/plain" if self.atom else "text/html")

    def _content(self, child: Any, item: Found) -> None:
        scratch: Found = {}
        detail = self._content_text(child, scratch, "content", "text/plain" if self.atom else "text/html")
        item.setdefault("content", []).append(detail)
        item.setdefault("summary", detail["value"])

    def _plain_link(self, child: Any, item: Found) -> None:
        if child.attrib or ("link" in item and item["links"]):
            raise _DoubtError
        item["link"] = found = _CHARACTER_NAME.sub(r"&\1", _address(_text(child)).replace("&amp;", "&"))
        item.setdefault("links", []).append({"rel": "alternate", "type": "text/html", **({"href": found} if found else {})})

    def _atom_link(self, child: Any, item: Found) -> None:
        known = _attributes(child)
        href = _address(known.get("href") or "")
        if not href or len(child) or child.text:
            raise _DoubtError
        rel = known.get("rel", "alternate").lower()
        default = "application/atom+xml" if rel == "self" else "text/html"
        kind = known.get("type", default).lower()
        item.setdefault("links", []).append({**known, "rel": rel, "type": kind, "href": href})
        if rel == "alternate" and kind in ("text/html", "html", "xhtml", "application/xhtml+xml"):
            item["link"] = href

    def _identifier(self, child: Any, item: Found) -> None:
        permanent = {name.lower(): value for name, value in child.attrib.items()}
        if set(permanent) - {"ispermalink"}:
            raise _DoubtError
        is_link = permanent.get("ispermalink", "true") == "true"
        value = _text(child)
        item["id"] = value = _address(value) if is_link else value
        item.setdefault("guidislink", is_link and "link" not in item)
        if is_link:
            item.setdefault("link", value)

    def _date(self, child: Any, item: Found) -> None:
        item[_DATES[child.tag]] = _text(child)

    def _language(self, child: Any, item: Found) -> None:
        item["language"] = _text(child)

    def _author(self, child: Any, item: Found) -> None:
        name = _text(child)
        if "@" in name:
            raise _DoubtError
        item["author"] = name
        item["authors"].append({"name": name} if name else {})

    def _atom_author(self, child: Any, item: Found) -> None:
        known: Found = {}
        for part in child:
            key = {f"{_ATOM}name": "name", f"{_ATOM}email": "email", f"{_ATOM}uri": "href"}.get(part.tag)
            if key is None or key in known:
                raise _DoubtError
            known[key] = _text(part, repaired=key == "href")
        if child.attrib or (child.text or "").strip():
            raise _DoubtError
        item["authors"].append(known)
        name, email = known.get("name"), known.get("email")
        item["author"] = f"{name} ({email})" if name and email else name or email or ""

    def _category(self, child: Any, item: Found) -> None:
        known = _attributes(child)
        term, text = known.get("term"), _text(child)
        if (term and text) or (not term and known.get("label")):
            raise _DoubtError
        item["tags"].append({"term": term or text})

    def _enclosure(self, child: Any, item: Found) -> None:
        known = _attributes(child)
        href = known.get("url") or known.get("uri") or known.get("href")
        kind = {"type": known["type"].lower()} if "type" in known else {}
        item["links"].append({**known, **kind, "rel": "enclosure", "href": href})

    def _media_content(self, child: Any, item: Found) -> None:
        if any(part.tag not in _IGNORED for part in child):
            raise _DoubtError
        known = _attributes(child)
        item["media_content"].append({**known, **({"type": known["type"].lower()} if "type" in known else {})})

    def _source(self, child: Any, item: Found) -> None:
        title = _text(child)
        item["source"] = {"title": title} if title else {}

    def _original_link(self, child: Any, item: Found) -> None:
        item["feedburner_origlink"] = _text(child)


def _only(root: Any, tag: str) -> Any:
    if len(root) != 1 or root[0].tag != tag:
        raise _DoubtError
    return root[0]


def _attributes(element: Any) -> dict[str, str]:
    """Give the attributes by lower-case name; one with a namespace is a doubt."""
    known = {name.lower(): value for name, value in element.attrib.items()}
    if any("{" in name or ":" in name or name in ("base", "lang") for name in known):
        raise _DoubtError
    return known


def _address(text: str) -> str:
    """Let an address pass that feedparser would leave as it is."""
    if "///" in text or "[" in text or "]" in text:
        raise _DoubtError
    return text


def _text(element: Any, *, repaired: bool = True) -> str:
    """Give an element's text as feedparser does: stripped, and UTF-8 that was taken for Latin-1 set right."""
    if len(element) or any(name.startswith(_XML) or name == "base" for name in element.attrib):
        raise _DoubtError
    text: str = (element.text or "").strip()
    if text.isascii() or not repaired:
        return text
    if _CONTROL.search(text):
        raise _DoubtError
    try:
        return text.encode("iso-8859-1").decode("utf-8")
    except (UnicodeEncodeError, UnicodeDecodeError):
        return text


_READERS: Mapping[str, Callable[[_Reading, Any, Found], None]] = {
    **dict.fromkeys(_TITLES, _Reading._title),
    **dict.fromkeys(_LINKS, _Reading._plain_link),
    **dict.fromkeys((*_DESCRIPTIONS, f"{_ATOM}summary"), _Reading._summary),
    **dict.fromkeys((_CONTENT, f"{_ATOM}content"), _Reading._content),
    **dict.fromkeys(("guid", f"{_ATOM}id"), _Reading._identifier),
    **dict.fromkeys(_DATES, _Reading._date),
    **dict.fromkeys(_AUTHORS, _Reading._author),
    **dict.fromkeys(("category", f"{_ATOM}category", f"{_DC}subject"), _Reading._category),
    **{f"{space}content": _Reading._media_content for space in _MEDIA},
    f"{_DC}language": _Reading._language,
    f"{_ATOM}link": _Reading._atom_link,
    f"{_ATOM}author": _Reading._atom_author,
    "enclosure": _Reading._enclosure,
    "source": _Reading._source,
    _ORIGINAL: _Reading._original_link,
}

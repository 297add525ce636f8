"""Read well-formed RSS 2.0, RDF and Atom with lxml, at a twentieth of feedparser's price, or not at all.

The answer has feedparser's shape and values, so that one piece of code makes entries of both. What is read here is what feedparser is
known to do with the elements named in `elements`; at anything else (an unknown element, markup inside a text, a language or base
below the root, a document type, another encoding, a stray control character) the reader gives None, and feedparser decides.
Children are taken in document order, because feedparser's answer depends on it.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from lxml import etree

from aggregator.sources.elements import (
    ATOM,
    AUTHORS,
    CONTENT,
    DATES,
    DC,
    DESCRIPTIONS,
    IGNORED,
    IGNORED_IN_HEAD,
    IGNORED_SPACES,
    LANGUAGES,
    LINKS,
    MEDIA,
    ORIGINAL,
    RDF,
    RSS1,
    TITLES,
    TYPES,
    XML,
)
from aggregator.sources.strictness import DoubtError, address_of, attributes_of, only, text_of

Found: TypeAlias = dict[str, Any]
LooksLikeHtml: TypeAlias = Callable[[str], bool]

_CHARACTER_NAME = re.compile(r"&([A-Za-z0-9_]+);")
_DECLARED = re.compile(rb"""\A\s*<\?xml[^>]*?encoding\s*=\s*["'](?!utf-?8["'])""", re.IGNORECASE)
_PARSER_OPTIONS: Mapping[str, Any] = {
    "resolve_entities": False,
    "no_network": True,
    "remove_comments": True,
    "remove_pis": True,
    "load_dtd": False,
}


def read(body: bytes, content_type: str, looks_like_html: LooksLikeHtml) -> Found | None:
    """Give ``{"feed", "entries", "version"}`` as feedparser would, or None where that is not certain."""
    charset = content_type.lower().partition("charset=")[2].strip(" \"'")
    if b"<!DOCTYPE" in body or b"<!ENTITY" in body or _DECLARED.match(body) or charset.split(";")[0].strip(" \"'") not in ("", "utf-8"):
        return None
    try:
        body.decode("utf-8")
        root = etree.fromstring(body, etree.XMLParser(**_PARSER_OPTIONS))
        return _Reading(looks_like_html).document(root)
    except (DoubtError, etree.XMLSyntaxError, UnicodeDecodeError, ValueError):
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
        self.atom = tag == f"{ATOM}feed"
        declared = {f"{{{uri}}}" for uri in root.nsmap.values()}
        if tag == "rss":
            channel, version = only(root, "channel"), "rss20"
        elif tag == f"{RDF}RDF" and ATOM not in declared:
            channel, version = root, "rss10"
        elif self.atom and RSS1 not in declared:
            channel, version = root, "atom10"
        else:
            raise DoubtError
        self._root_language(root, channel)
        for child in channel:
            self._top(child)
        if not self.entries:
            raise DoubtError
        return {"feed": self.head, "entries": self.entries, "version": version}

    def _root_language(self, root: Any, channel: Any) -> None:
        language = root.attrib.get(f"{XML}lang")
        if f"{XML}base" in root.attrib or "base" in root.attrib or "lang" in root.attrib or (channel is not root and channel.attrib):
            raise DoubtError
        if language:
            self.language = self.head["language"] = language.replace("_", "-")

    def _top(self, child: Any) -> None:
        tag = child.tag
        if tag in ("item", f"{RSS1}item", f"{ATOM}entry"):
            self.entries.append(self._entry(child))
        elif tag == f"{RSS1}channel":
            for inner in child:
                self._head(inner)
        else:
            self._head(child)

    def _head(self, child: Any) -> None:
        tag, head = child.tag, self.head
        if tag in IGNORED_IN_HEAD or tag in IGNORED or tag.startswith(IGNORED_SPACES):
            return
        if tag in TITLES:
            self._title(child, head)
        elif tag in LINKS:
            self._plain_link(child, head)
        elif tag == f"{ATOM}link":
            self._atom_link(child, head)
        elif tag == f"{ATOM}id":
            self._identifier(child, head)
        elif tag in DATES:
            head[DATES[tag]] = text_of(child)
        elif tag in LANGUAGES:
            head["language"] = text_of(child)
        else:
            raise DoubtError

    def _entry(self, element: Any) -> Found:
        item: Found = {"links": [], "authors": [], "tags": [], "media_content": []}
        about = element.attrib.get(f"{RDF}about")
        if len(element.attrib) > (1 if about else 0):
            raise DoubtError
        if about:
            item["id"] = about
        for child in element:
            tag = child.tag
            if tag in IGNORED or tag.startswith(IGNORED_SPACES):
                continue
            reader = _READERS.get(tag)
            if reader is None:
                raise DoubtError
            reader(self, child, item)
        return item

    def _title(self, child: Any, item: Found) -> None:
        if item.get("title"):
            raise DoubtError
        self._content_text(child, item, "title", "text/plain")

    def _content_text(self, child: Any, item: Found, key: str, default: str) -> Found:
        """Read a text that may be HTML, as feedparser types it."""
        kind = TYPES.get(child.attrib.get("type", default).lower()) if self.atom else default
        if kind is None or any(name != "type" for name in child.attrib) or (not self.atom and child.attrib):
            raise DoubtError
        value = text_of(child)
        if not self.atom and kind == "text/plain" and self.looks_like_html(value):
            kind = "text/html"
        item[key] = value
        item[f"{key}_detail"] = detail = {"type": kind, "language": self.language, "value": value}
        return detail

    def _summary(self, child: Any, item: Found) -> None:
        if "summary_detail" in item or ("summary" in item and not item.get("content")):
            raise DoubtError
        self._content_text(child, item, "summary", "text/plain" if self.atom else "text/html")

    def _content(self, child: Any, item: Found) -> None:
        scratch: Found = {}
        detail = self._content_text(child, scratch, "content", "text/plain" if self.atom else "text/html")
        item.setdefault("content", []).append(detail)
        item.setdefault("summary", detail["value"])

    def _plain_link(self, child: Any, item: Found) -> None:
        if child.attrib or ("link" in item and item["links"]):
            raise DoubtError
        item["link"] = found = _CHARACTER_NAME.sub(r"&\1", address_of(text_of(child)).replace("&amp;", "&"))
        item.setdefault("links", []).append({"rel": "alternate", "type": "text/html", **({"href": found} if found else {})})

    def _atom_link(self, child: Any, item: Found) -> None:
        known = attributes_of(child)
        href = address_of(known.get("href") or "")
        if not href or len(child) or child.text:
            raise DoubtError
        rel = known.get("rel", "alternate").lower()
        default = "application/atom+xml" if rel == "self" else "text/html"
        kind = known.get("type", default).lower()
        item.setdefault("links", []).append({**known, "rel": rel, "type": kind, "href": href})
        if rel == "alternate" and kind in ("text/html", "html", "xhtml", "application/xhtml+xml"):
            item["link"] = href

    def _identifier(self, child: Any, item: Found) -> None:
        permanent = {name.lower(): value for name, value in child.attrib.items()}
        if set(permanent) - {"ispermalink"}:
            raise DoubtError
        is_link = permanent.get("ispermalink", "true") == "true"
        value = text_of(child)
        item["id"] = value = address_of(value) if is_link else value
        item.setdefault("guidislink", is_link and "link" not in item)
        if is_link:
            item.setdefault("link", value)

    def _date(self, child: Any, item: Found) -> None:
        item[DATES[child.tag]] = text_of(child)

    def _language(self, child: Any, item: Found) -> None:
        item["language"] = text_of(child)

    def _author(self, child: Any, item: Found) -> None:
        name = text_of(child)
        if "@" in name:
            raise DoubtError
        item["author"] = name
        item["authors"].append({"name": name} if name else {})

    def _atom_author(self, child: Any, item: Found) -> None:
        known: Found = {}
        for part in child:
            key = {f"{ATOM}name": "name", f"{ATOM}email": "email", f"{ATOM}uri": "href"}.get(part.tag)
            if key is None or key in known:
                raise DoubtError
            known[key] = text_of(part, repaired=key == "href")
        if child.attrib or (child.text or "").strip():
            raise DoubtError
        item["authors"].append(known)
        name, email = known.get("name"), known.get("email")
        item["author"] = f"{name} ({email})" if name and email else name or email or ""

    def _category(self, child: Any, item: Found) -> None:
        known = attributes_of(child)
        term, text = known.get("term"), text_of(child)
        if (term and text) or (not term and known.get("label")):
            raise DoubtError
        item["tags"].append({"term": term or text})

    def _enclosure(self, child: Any, item: Found) -> None:
        known = attributes_of(child)
        href = known.get("url") or known.get("uri") or known.get("href")
        kind = {"type": known["type"].lower()} if "type" in known else {}
        item["links"].append({**known, **kind, "rel": "enclosure", "href": href})

    def _media_content(self, child: Any, item: Found) -> None:
        if any(part.tag not in IGNORED for part in child):
            raise DoubtError
        known = attributes_of(child)
        item["media_content"].append({**known, **({"type": known["type"].lower()} if "type" in known else {})})

    def _source(self, child: Any, item: Found) -> None:
        title = text_of(child)
        item["source"] = {"title": title} if title else {}

    def _original_link(self, child: Any, item: Found) -> None:
        item["feedburner_origlink"] = text_of(child)


_READERS: Mapping[str, Callable[[_Reading, Any, Found], None]] = {
    **dict.fromkeys(TITLES, _Reading._title),
    **dict.fromkeys(LINKS, _Reading._plain_link),
    **dict.fromkeys((*DESCRIPTIONS, f"{ATOM}summary"), _Reading._summary),
    **dict.fromkeys((CONTENT, f"{ATOM}content"), _Reading._content),
    **dict.fromkeys(("guid", f"{ATOM}id"), _Reading._identifier),
    **dict.fromkeys(DATES, _Reading._date),
    **dict.fromkeys(AUTHORS, _Reading._author),
    **dict.fromkeys(("category", f"{ATOM}category", f"{DC}subject"), _Reading._category),
    **{f"{space}content": _Reading._media_content for space in MEDIA},
    f"{DC}language": _Reading._language,
    f"{ATOM}link": _Reading._atom_link,
    f"{ATOM}author": _Reading._atom_author,
    "enclosure": _Reading._enclosure,
    "source": _Reading._source,
    ORIGINAL: _Reading._original_link,
}

"""Feed: a subscription's digests as Atom (RFC 4287) and JSON Feed 1.1, for readers that come and fetch.

Nothing is sent: the digest is in the ledger, and the pages make the feed of it. An entry is one story in one version, under an id that
never changes (RFC 4151); text of feeds is clean, and only web links are links.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from aggregator.channels.wording import clean, language_tag, outlets_line, web_link
from aggregator.models import Delivery, Digest, Item, Receipt
from aggregator.ports import Message

if TYPE_CHECKING:
    from lxml.etree import _Element

ATOM = "http://www.w3.org/2005/Atom"
SINCE = "2026-01-01"
"""The date in the entries' ids, from which on the names are ours; it never changes."""
MOST_ENTRIES = 100


@dataclass(frozen=True, slots=True)
class FeedMessage:
    """Hold a digest's part of the feed."""

    parts: Mapping[str, bytes] = field(repr=False)


@dataclass(frozen=True, slots=True)
class FeedChannel:
    """Publish digests where readers fetch them, below `public_url`."""

    public_url: str | None = None

    def render(self, digest: Digest, delivery: Delivery) -> FeedMessage:
        """Render the digest alone as JSON Feed."""
        return FeedMessage({".json": json_feed([digest], self.public_url)})

    async def send(self, delivery: Delivery, message: Message) -> Receipt:
        """Say where the feed is; the ledger already holds what it shows."""
        return Receipt(detail=f"published at /subscriptions/{delivery.subscription}/feed.atom")


def atom(digests: Sequence[Digest], public_url: str | None) -> bytes:
    """Write digests of one subscription, newest first, as one Atom document."""
    from lxml import etree  # several MB, for the few installations whose feeds are asked for

    root = etree.Element(f"{{{ATOM}}}feed", nsmap={None: ATOM})
    head = digests[0]
    _add(root, "id", f"tag:{_authority(public_url)},{SINCE}:{head.subscription}")
    _add(root, "title", clean(head.name, 120) or head.subscription)
    _add(root, "updated", head.decided_at.isoformat())
    _add(_add(root, "author"), "name", "News watch")
    if public_url:
        _add(root, "link", rel="self", href=f"{public_url}/subscriptions/{head.subscription}/feed.atom")
    for digest, item in _told(digests):
        _entry(root, digest, item, public_url)
    return bytes(etree.tostring(root, xml_declaration=True, encoding="utf-8"))


def json_feed(digests: Sequence[Digest], public_url: str | None) -> bytes:
    """Write digests of one subscription, newest first, as one JSON Feed."""
    head = digests[0]
    document: dict[str, object] = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": clean(head.name, 120) or head.subscription,
        "items": [_json_item(digest, item, public_url) for digest, item in _told(digests)],
    }
    if public_url:
        document |= {"home_page_url": public_url, "feed_url": f"{public_url}/subscriptions/{head.subscription}/feed.json"}
    return json.dumps(document, ensure_ascii=False, sort_keys=True, indent=1).encode("utf-8", "replace")


def _told(digests: Sequence[Digest]) -> Iterator[tuple[Digest, Item]]:
    told = [(digest, item) for digest in digests for item in digest.items]
    yield from told[:MOST_ENTRIES]


def _entry(root: "_Element", digest: Digest, item: Item, public_url: str | None) -> None:
    entry, link = _add(root, "entry"), web_link(item.url)
    _add(entry, "id", _id(digest, item, public_url))
    _add(entry, "title", _title(item))
    _add(entry, "updated", digest.decided_at.isoformat())
    if item.published_at:
        _add(entry, "published", item.published_at.isoformat())
    if link:
        _add(entry, "link", rel="alternate", href=link, hreflang=language_tag(item.language) or "und")
    for topic in item.topics:
        _add(entry, "category", term=clean(topic, 80))
    _add(entry, "summary", _summary(item), type="text")


def _json_item(digest: Digest, item: Item, public_url: str | None) -> Mapping[str, object]:
    link = web_link(item.url)
    shown: dict[str, object] = {
        "id": _id(digest, item, public_url),
        "title": _title(item),
        "content_text": _summary(item),
        "date_modified": digest.decided_at.isoformat(),
        "tags": [clean(topic, 80) for topic in item.topics],
        "language": language_tag(item.language) or "und",
    }
    published = {"date_published": item.published_at.isoformat()} if item.published_at else {}
    return shown | published | ({"url": link} if link else {})


def _id(digest: Digest, item: Item, public_url: str | None) -> str:
    return f"tag:{_authority(public_url)},{SINCE}:{digest.subscription}/story-{item.story_id}-{item.version}"


def _authority(public_url: str | None) -> str:
    return (urlsplit(public_url).hostname if public_url else None) or "localhost"


def _title(item: Item) -> str:
    return clean(item.headline) or "(no headline)"


def _summary(item: Item) -> str:
    """Tell a story in lines: what changed, who reports, why, and the excerpt."""
    lines = [*(f"Changed: {clean(change, 240)}" for change in item.changes[:5]), outlets_line(item)]
    lines += [*(clean(line, 400) for line in item.why[:3]), clean(item.excerpt, 400)]
    return "\n".join(line for line in lines if line)


def _add(parent: "_Element", name: str, text: str | None = None, **attributes: str) -> "_Element":
    from lxml import etree

    child = etree.SubElement(parent, f"{{{ATOM}}}{name}", attrib=attributes)
    child.text = text
    return child

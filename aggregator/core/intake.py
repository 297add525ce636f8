"""Intake: which entries of a parsed feed are new, changed, or known.

Nothing is left out for its date or its content: an entry is new when its identity is, and changed when any of its words is.
Identity is scoped to the feed: the feed's own id, else the canonical URL, else title and date. Feeds reuse their ids: where an id
stands for more than one page, now or in what was stored, the page belongs to the identity, so no item takes another's place.
"""

from collections.abc import Mapping, Sequence

from aggregator.core.fingerprints import digest_of, raw_hash, words_of
from aggregator.core.urls import canonical_url, web_url
from aggregator.models import Entry
from aggregator.records import Intake, KnownEntry

LONGEST_KEY = 600
"""Longer identities and URLs are replaced by a hash of themselves: they are keys of an index."""


def identities(entries: Sequence[Entry]) -> tuple[str, ...]:
    """Give every identity under which these entries may be stored, for looking them up."""
    plain = (_identity(entry) for entry in entries)
    return (*plain, *(_paged(entry) for entry in entries if entry.id))


def decide(feed_id: str, entries: Sequence[Entry], known: Mapping[str, KnownEntry]) -> tuple[Intake, ...]:
    """Give the entries to store, last of the document first, so that the ingest sequence follows publication."""
    shared, intakes = _shared(entries), dict[str, Intake]()
    for entry in entries:
        identity, fingerprint = _chosen(feed_id, entry, known, shared), raw_hash(entry)
        before = known.get(identity)
        if identity in intakes or (before and before.raw_hash == fingerprint):
            continue
        intakes[identity] = Intake(
            entry_id=before.entry_id if before else None,
            identity=identity,
            raw_hash=fingerprint,
            article_key=article_key(feed_id, identity, entry),
            entry=entry,
        )
    return tuple(reversed(intakes.values()))


def _chosen(feed_id: str, entry: Entry, known: Mapping[str, KnownEntry], shared: frozenset[str]) -> str:
    """Choose between the plain identity and the one with the page in it."""
    plain, paged = _identity(entry), _paged(entry)
    before = known.get(plain)
    if before and before.article_key == article_key(feed_id, plain, entry):
        return plain
    if paged in known or (before is None and plain in shared):
        return paged
    return plain if before is None or _same_item(before, entry) else paged


def _same_item(before: KnownEntry, entry: Entry) -> bool:
    """Tell an item whose page moved, or whose headline changed, from another item: of that, both differ."""
    return not web_url(entry.url) or words_of(before.title) == words_of(entry.title)


def _shared(entries: Sequence[Entry]) -> frozenset[str]:
    """Name the identities that stand for more than one page in this document."""
    pages: dict[str, set[str]] = {}
    for entry in entries:
        pages.setdefault(_identity(entry), set()).add(_page(entry))
    return frozenset(identity for identity, found in pages.items() if len(found) > 1)


def _page(entry: Entry) -> str:
    url = web_url(entry.url)
    return canonical_url(url) if url else entry.title


def _paged(entry: Entry) -> str:
    return _bounded(f"{_identity(entry)}#{digest_of(_page(entry))}")


def article_key(feed_id: str, identity: str, entry: Entry) -> str:
    """Give the key under which feeds share an article: its canonical URL, else one that only this feed can have."""
    url = web_url(entry.url)
    return _bounded(canonical_url(url) if url else f"{feed_id}:{identity}")


def _identity(entry: Entry) -> str:
    if entry.id:
        return _bounded(entry.id)
    url = web_url(entry.url)
    if url:
        return _bounded(canonical_url(url))
    return digest_of(entry.title, entry.published_at.isoformat() if entry.published_at else entry.summary)


def _bounded(key: str) -> str:
    return key if len(key) <= LONGEST_KEY else f"{key[: LONGEST_KEY - 40]}~{digest_of(key)}"

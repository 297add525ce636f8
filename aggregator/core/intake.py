"""Intake: which entries of a parsed feed are new, changed, or known.

Nothing is left out for its date or its content: an entry is new when its identity is, and changed when any of its words is.
Identity is scoped to the feed: the feed's own id, else the canonical URL, else title and date.
"""

from collections.abc import Mapping, Sequence

from aggregator.core.fingerprints import digest_of, raw_hash
from aggregator.core.urls import canonical_url, web_url
from aggregator.models import Entry
from aggregator.records import Intake, KnownEntry

LONGEST_KEY = 600
"""Longer identities and URLs are replaced by a hash of themselves: they are keys of an index."""


def identities(entries: Sequence[Entry]) -> tuple[str, ...]:
    """Give each entry's identity, in order; a second, different entry under an id already used gets an id of its own.

    Feeds reuse guids for different items; entries that repeat each other to the letter keep one identity.
    """
    seen: dict[str, str] = {}
    found: list[str] = []
    for entry in entries:
        identity = _identity(entry)
        page = entry.url or entry.title
        if seen.setdefault(identity, page) != page:
            identity = _bounded(f"{identity}#{digest_of(page)}")
        found.append(identity)
    return tuple(found)


def decide(feed_id: str, entries: Sequence[Entry], known: Mapping[str, KnownEntry]) -> tuple[Intake, ...]:
    """Give the entries to store, oldest of the document first, so that the ingest sequence follows publication."""
    intakes: dict[str, Intake] = {}
    for identity, entry in zip(identities(entries), entries, strict=True):
        fingerprint, before = raw_hash(entry), known.get(identity)
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

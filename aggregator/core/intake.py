"""Intake: which entries of a parsed feed are new, changed, or known.

Nothing is left out for its date or its content: an entry is new when its identity is, and changed when any of its words is.
Identity is scoped to the feed: the feed's own id, else the canonical URL, else title and date. Feeds reuse their ids: where an id
stands for more than one page, now or in what was stored, the page belongs to the identity, so no item takes another's place.
"""

from collections.abc import Collection, Mapping, Sequence

from aggregator.core.fingerprints import digest_of, raw_hash, words_of
from aggregator.core.urls import canonical_url, web_url
from aggregator.models import Entry, Imprint
from aggregator.records import Intake, KnownEntry

LONGEST_KEY = 600
"""Longer identities and URLs are replaced by a hash of themselves: they are keys of an index."""


def imprint(entry: Entry) -> Imprint:
    """Find what tells an entry from others; a pure function of its words, which need not be told its feed."""
    url = web_url(entry.url)
    page = canonical_url(url) if url else entry.title
    if entry.id:
        identity = bounded(entry.id)
    elif url:
        identity = bounded(page)
    else:
        identity = digest_of(entry.title, entry.published_at.isoformat() if entry.published_at else entry.summary)
    return Imprint(identity, page, url is not None, raw_hash(entry))


def identities(entries: Sequence[Entry], imprints: Sequence[Imprint] = ()) -> tuple[str, ...]:
    """Give every identity under which these entries may be stored, for looking them up."""
    imprints = imprints or [imprint(entry) for entry in entries]
    return (*(one.identity for one in imprints), *(_paged(one) for entry, one in zip(entries, imprints, strict=True) if entry.id))


def decide(feed_id: str, entries: Sequence[Entry], known: Mapping[str, KnownEntry], imprints: Sequence[Imprint] = ()) -> tuple[Intake, ...]:
    """Give the entries to store, last of the document first, so that the ingest sequence follows publication."""
    imprints = imprints or [imprint(entry) for entry in entries]
    shared, intakes = _shared(imprints), dict[str, Intake]()
    for entry, one in zip(entries, imprints, strict=True):
        identity = _chosen(feed_id, entry, one, known, shared)
        before = known.get(identity)
        if identity in intakes or (before and before.raw_hash == one.raw_hash):
            continue
        intakes[identity] = Intake(
            entry_id=before.entry_id if before else None,
            identity=identity,
            raw_hash=one.raw_hash,
            article_key=_article_key(feed_id, identity, one),
            entry=entry,
        )
    return tuple(reversed(intakes.values()))


def _chosen(feed_id: str, entry: Entry, one: Imprint, known: Mapping[str, KnownEntry], shared: Collection[str]) -> str:
    """Choose between the plain identity and the one with the page in it."""
    if not known and one.identity not in shared:
        return one.identity
    plain, paged = one.identity, _paged(one)
    before = known.get(plain)
    if before and before.article_key == _article_key(feed_id, plain, one):
        return plain
    if paged in known or (before is None and plain in shared):
        return paged
    return plain if before is None or _same_item(before, entry) else paged


def _same_item(before: KnownEntry, entry: Entry) -> bool:
    """Tell an item whose page moved, or whose headline changed, from another item: of that, both differ."""
    return not web_url(entry.url) or words_of(before.title) == words_of(entry.title)


def _shared(imprints: Sequence[Imprint]) -> Collection[str]:
    """Name the identities that stand for more than one page in this document."""
    pages: dict[str, set[str]] = {}
    for one in imprints:
        pages.setdefault(one.identity, set()).add(one.page)
    return frozenset(identity for identity, found in pages.items() if len(found) > 1)


def _paged(one: Imprint) -> str:
    return bounded(f"{one.identity}#{digest_of(one.page)}")


def _article_key(feed_id: str, identity: str, one: Imprint) -> str:
    """Give the key under which feeds share an article: its canonical URL, else one that only this feed can have."""
    return bounded(one.page if one.linked else f"{feed_id}:{identity}")


def bounded(key: str) -> str:
    """Give a key as an index can hold it."""
    return key if len(key) <= LONGEST_KEY else f"{key[: LONGEST_KEY - 40]}~{digest_of(key)}"

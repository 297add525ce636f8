"""The tables: what is kept, under which keys, and which promises the database itself holds.

Entries and articles carry the sequence number of the revision that first showed them as their id. `current_seq` columns point
to a revision without a foreign key, because the revision points back. Migrations repeat these tables; a test compares the two.
"""

from aggregator.store.tables.decided import (
    copy_groups,
    copy_members,
    decisions,
    facts,
    matches,
    near_misses,
    stories,
    story_articles,
    story_events,
)
from aggregator.store.tables.metadata import counters, metadata
from aggregator.store.tables.proof import evidence, responses
from aggregator.store.tables.served import alarms, articles, entries, feeds, fetches, pages, revisions, sightings
from aggregator.store.tables.told import closures, deliveries, digest_items, digests, subscriptions

__all__ = [
    "alarms",
    "articles",
    "closures",
    "copy_groups",
    "copy_members",
    "counters",
    "decisions",
    "deliveries",
    "digest_items",
    "digests",
    "entries",
    "evidence",
    "facts",
    "feeds",
    "fetches",
    "matches",
    "metadata",
    "near_misses",
    "pages",
    "responses",
    "revisions",
    "sightings",
    "stories",
    "story_articles",
    "story_events",
    "subscriptions",
]

"""Releases: what was held, a first backlog or a flood, is told after all when a person says so.

A held entry that matched comes in once more, as a revision of its own under a new number, so that digests that went out stay as they
were and the next one tells it. Its feed's hash stays, so the feed repeating itself is no news.
"""

from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, insert, select, update

from aggregator.core import outcomes
from aggregator.core.watch import HELD, RELEASED
from aggregator.models import Entry
from aggregator.store.database import Section, batches
from aggregator.store.sequence import hold, take
from aggregator.store.tables import entries, revisions


class Releases(Section):
    """Let go of what was held."""

    def release_held(self, feed_id: str, now: datetime) -> int:
        """Put a feed's held entries up for judgement again, and give their number; they are told by what is decided from then on."""
        with self._database.write() as connection:
            last_seq = hold(connection)
            held = (
                select(revisions.c.entry_id, revisions.c.entry, revisions.c.raw_hash)
                .join(entries, entries.c.current_seq == revisions.c.seq)
                .where(entries.c.feed_id == feed_id, revisions.c.outcome == outcomes.HELD)
                .order_by(revisions.c.seq)
            )
            found = connection.execute(held).all()
            rows = [
                {"seq": seq, "entry_id": row.entry_id, "raw_hash": row.raw_hash, "observed_at": now, **_told(row.entry)}
                for seq, row in enumerate(found, last_seq + 1)
            ]
            take(connection, len(rows))
            for batch in batches(rows):
                connection.execute(insert(revisions), batch)
                shown = [{"shown_id": row["entry_id"], "current_seq": row["seq"]} for row in batch]
                connection.execute(update(entries).where(entries.c.id == bindparam("shown_id")), shown)
            return len(rows)


def _told(entry: Entry) -> dict[str, Any]:
    notes = tuple(note for note in entry.notes if note not in HELD)
    return {"entry": replace(entry, notes=(*notes, RELEASED)), "title": entry.title, "url": entry.url}

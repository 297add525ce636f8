"""Polls: finished ones are kept with all they brought, many in one transaction.

A poll's entries, its line of history and the feed's next due date are written together, so a killed process polls again and
loses nothing. An entry whose hash is the stored one is not written again.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, Select, delete, select

from aggregator.errors import StoreError
from aggregator.records import FeedState, KnownEntry, Poll, PollRecord
from aggregator.store.alarms import settle
from aggregator.store.columns import clean
from aggregator.store.database import Section, batches, insert_rows
from aggregator.store.evidence import Answer, keep_responses
from aggregator.store.feeds import save_states, states
from aggregator.store.intake import known_query, open_shelf
from aggregator.store.sequence import hold
from aggregator.store.tables import articles, entries, fetches, revisions


def _described_query(feed_id: str, identities: Collection[str]) -> Select[Any]:
    """Ask for stored entries with the page and the headline they have now."""
    return (
        known_query(feed_id, identities)
        .add_columns(articles.c.article_key, revisions.c.title)
        .join(articles, articles.c.id == entries.c.article_id)
        .join(revisions, revisions.c.seq == entries.c.current_seq)
    )


class Polls(Section):
    """Keep what polls brought."""

    def known_entries(self, feed_id: str, identities: Collection[str]) -> Mapping[str, KnownEntry]:
        """Give those of these entries that are stored, by identity as asked for."""
        asked = {clean(identity): identity for identity in identities}
        with self._database.read() as connection:
            found = [row for batch in batches(sorted(asked)) for row in connection.execute(_described_query(feed_id, batch))]
        return {
            asked[row.identity]: KnownEntry(
                entry_id=row.id, identity=asked[row.identity], raw_hash=row.raw_hash, article_key=row.article_key, title=row.title
            )
            for row in found
        }

    def record_polls(self, records: Sequence[PollRecord]) -> Sequence[Poll]:
        """Keep finished polls with all their entries, number the revisions in commit order, end the leases."""
        with self._database.write() as connection:
            shelf = open_shelf(connection, hold(connection), records)
            feeds = _feeds_of(connection, records)
            lines: list[dict[str, Any]] = []
            answers: list[Answer] = []
            for record in records:
                new, revised = shelf.put(record)
                lines.append(_line(record, new, revised))
                answers.append(Answer(record=record, last_seq=shelf.last_seq, count=new + revised))
                feeds[record.feed_id] = _after(feeds[record.feed_id], record, brought_new=new > 0)
            shelf.save(connection)
            keep_responses(connection, answers, self._database.evidence)
            # A deferred poll asked nobody and is no history.
            insert_rows(connection, fetches, [line for line in lines if line["outcome"] != "deferred"])
            save_states(connection, feeds.values())
            raised = settle(connection, records)
        return [replace(_poll(line), raised=tuple(alarm for alarm in raised if alarm.feed_id == line["feed_id"])) for line in lines]

    def polls(self, feed_id: str | None = None, limit: int = 50) -> Sequence[Poll]:
        """Give the history of one feed, or of all, newest first."""
        query = select(fetches).order_by(fetches.c.started_at.desc(), fetches.c.id.desc()).limit(limit)
        if feed_id is not None:
            query = query.where(fetches.c.feed_id == feed_id)
        with self._database.read() as connection:
            return [_poll(row) for row in connection.execute(query).mappings()]

    def prune_fetches(self, before: datetime) -> int:
        """Forget the history of polls older than `before`, and give their number; entries stay."""
        with self._database.write() as connection:
            return connection.execute(delete(fetches).where(fetches.c.started_at < before)).rowcount


def _feeds_of(connection: Connection, records: Sequence[PollRecord]) -> dict[str, FeedState]:
    wanted = {record.feed_id for record in records}
    found = dict(states(connection, wanted))
    if missing := sorted(wanted - set(found)):
        raise StoreError(f"polls of feeds that were never declared: {', '.join(missing)}; declare the configured feeds first")
    return found


def _after(state: FeedState, record: PollRecord, *, brought_new: bool) -> FeedState:
    """Give a feed's state after a poll; a failure keeps what the last success left.

    What another address than the feed's own answered teaches nothing of it, but that something came.
    """
    if record.asked_url is not None and record.asked_url != state.url:
        return replace(state, last_new_at=record.finished_at if brought_new else state.last_new_at)
    if record.outcome == "deferred":
        return replace(state, next_due_at=record.next_due_at)
    retired_at = record.finished_at if record.next_due_at is None else None
    state = replace(state, last_attempt_at=record.started_at, next_due_at=record.next_due_at, retired_at=retired_at)
    state = replace(state, habits=record.habits or state.habits)
    if record.outcome == "failed":
        message = record.failure.message if record.failure else "failed without a reason"
        return replace(state, failures=state.failures + 1, error=message)
    published = [moment for moment in (state.newest_published_at, record.newest_published_at) if moment]
    # A 304 need not repeat the validators; a 200 that leaves them out has none.
    kept = state if record.outcome == "not_modified" else FeedState(feed_id="", url="")
    return replace(
        state,
        failures=0,
        error=None,
        etag=record.etag or kept.etag,
        last_modified=record.last_modified or kept.last_modified,
        body_hash=record.body_hash or (kept.body_hash if record.outcome == "not_modified" else None),
        item_hashes=state.item_hashes if record.item_hashes is None else record.item_hashes,
        last_success_at=record.finished_at,
        last_new_at=record.finished_at if brought_new else state.last_new_at,
        newest_published_at=max(published, default=None),
    )


def _line(record: PollRecord, new: int, revised: int) -> dict[str, Any]:
    names = ("feed_id", "started_at", "finished_at", "outcome", "status", "size", "entries", "undated")
    message = record.failure.message if record.failure else record.note
    return {**{name: getattr(record, name) for name in names}, "new": new, "revised": revised, "message": message}


def _poll(line: Mapping[str, Any] | RowMapping) -> Poll:
    names = ("feed_id", "started_at", "outcome", "status", "entries", "new", "revised", "message")
    return Poll(**{name: line[name] for name in names})

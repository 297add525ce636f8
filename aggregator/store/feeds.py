"""Feeds: declared by configuration, claimed by lease, due by date.

A feed that leaves the configuration keeps its history and is never due. A changed URL forgets the validators of the old one.
A lease ends by `record_polls`, by time, or by `release_leases`.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import fields
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

from sqlalchemy import ARRAY, Connection, RowMapping, String, all_, bindparam, case, cast, func, or_, select, true, update

from aggregator.core.urls import host_of
from aggregator.models import FeedHealth, FeedSpec
from aggregator.records import FeedState, Habits
from aggregator.store.database import Section, batches, run_many
from aggregator.store.sequence import hold
from aggregator.store.tables import feeds

AHEAD = timedelta(minutes=5)
"""How far the clocks of machines that work together may differ."""
LONGEST_LEASE = timedelta(hours=1)
"""No feed is leased for longer."""
_STATE = tuple(field.name for field in fields(FeedState) if field.name != "feed_id")

_HOST = func.lower(func.substring(feeds.c.url, "^[^:]+://(?:[^/?#]*@)?([^/?#]*)"))
"""What `host_of` gives, in PostgreSQL's words: the feeds of a host that has very many are left out where they lie."""
_KEEP = update(feeds).where(feeds.c.id == bindparam("feed_id"))


class Feeds(Section):
    """Keep the configured feeds, their state and their leases."""

    def sync_feeds(self, specs: Sequence[FeedSpec], now: datetime) -> None:
        """Declare the configured feeds; new ones are due now, those no longer configured are kept but never due."""
        with self._database.write() as connection:
            hold(connection)  # two starters declare one after the other
            stored = {row["id"]: row for row in connection.execute(select(feeds)).mappings()}
            connection.execute(update(feeds).values(configured=False))
            new = [_declared(spec, now) for spec in specs if spec.id not in stored]
            known = [_changed(spec, stored[spec.id], now) for spec in specs if spec.id in stored]
            if new:
                connection.execute(feeds.insert(), new)
            if known:
                connection.execute(update(feeds).where(feeds.c.id == bindparam("feed_id")), known)

    def claim_feeds(self, now: datetime, lease: timedelta, limit: int, only: Collection[str] | None = None) -> Sequence[FeedState]:
        """Lease up to `limit` due feeds, longest due first; with `only`, these feeds whether due or not."""
        wanted = feeds.c.next_due_at <= now if only is None else feeds.c.id.in_(only)
        free = or_(feeds.c.leased_until.is_(None), feeds.c.leased_until <= now)
        choice = select(feeds).where(feeds.c.configured, feeds.c.enabled, wanted, free)
        with self._database.write() as connection:
            # Rows that another claimer holds are passed over; SQLite, with one writer, leaves the clause out.
            locked = choice.order_by(feeds.c.next_due_at, feeds.c.id).limit(limit).with_for_update(skip_locked=True, key_share=True)
            claimed = [state_of(row) for row in connection.execute(locked).mappings()]
            for batch in batches([state.feed_id for state in claimed]):
                connection.execute(update(feeds).where(feeds.c.id.in_(batch)).values(leased_until=now + lease))
        return claimed

    def due_feeds(
        self, now: datetime, limit: int, only: Collection[str] | None = None, beside: Collection[str] = ()
    ) -> Sequence[FeedState]:
        """Name feeds that are due, longest due first, leased or not, and lease none; none whose URL is at a host in `beside`."""
        wanted = feeds.c.id.in_(only) if only is not None else true()
        due = select(feeds).where(feeds.c.configured, feeds.c.enabled, feeds.c.next_due_at <= now, wanted)
        due = due.order_by(feeds.c.next_due_at, feeds.c.id)
        with self._database.read() as connection:
            if not beside or connection.dialect.name == "postgresql":
                elsewhere = all_(cast(sorted(beside), ARRAY(String))) != _HOST if beside else true()
                return [state_of(row) for row in connection.execute(due.where(elsewhere).limit(limit)).mappings()]
            found = (row for row in connection.execute(due).mappings() if host_of(row["url"]) not in beside)
            return [state_of(row) for row in islice(found, limit)]

    def mend_feed_dates(self, now: datetime) -> int:
        """Make due what was polled, and free what was leased, under a clock that ran ahead of this one; gives how many feeds."""
        early = feeds.c.last_attempt_at > now + AHEAD
        ahead = or_(early & (feeds.c.next_due_at > now), feeds.c.leased_until > now + LONGEST_LEASE)
        mended = (
            update(feeds)
            .where(ahead)
            .values(
                next_due_at=case((early & feeds.c.next_due_at.is_not(None), now), else_=feeds.c.next_due_at),
                leased_until=case((feeds.c.leased_until > now + LONGEST_LEASE, None), else_=feeds.c.leased_until),
            )
        )
        with self._database.write() as connection:
            return connection.execute(mended).rowcount

    def free_feeds(self, feed_ids: Collection[str]) -> None:
        """End the leases of feeds whose holder is known to be gone."""
        with self._database.write() as connection:
            connection.execute(update(feeds).where(feeds.c.id.in_(feed_ids), feeds.c.leased_until.is_not(None)).values(leased_until=None))

    def feed_health(self) -> Sequence[FeedHealth]:
        """Tell of every configured feed how it does, in order of id."""
        query = select(feeds).where(feeds.c.configured).order_by(feeds.c.id)
        with self._database.read() as connection:
            counted = self._database.tallies.entries_by_feed(connection)
            return [_health(row, counted.get(row["id"], 0)) for row in connection.execute(query).mappings()]


def states(connection: Connection, feed_ids: Collection[str]) -> Mapping[str, FeedState]:
    """Give the state of these feeds, by id."""
    found: dict[str, FeedState] = {}
    for batch in batches(sorted(feed_ids)):
        rows = connection.execute(select(feeds).where(feeds.c.id.in_(batch))).mappings()
        found.update((row["id"], state_of(row)) for row in rows)
    return found


def save_states(connection: Connection, changed: Collection[FeedState]) -> None:
    """Write back states after a poll, and end the leases."""
    rows = [{"feed_id": state.feed_id, "leased_until": None, **_values(state)} for state in changed]
    run_many(connection, _KEEP, rows)


def state_of(row: RowMapping) -> FeedState:
    """Read a row of feeds."""
    known = {name: row[name] for name in _STATE}
    return FeedState(feed_id=row["id"], **known | {"habits": row["habits"] or Habits(), "item_hashes": row["item_hashes"] or b""})


def _values(state: FeedState) -> dict[str, Any]:
    return {name: getattr(state, name) for name in _STATE if name != "url"}


def _facts(spec: FeedSpec) -> dict[str, Any]:
    """Give the columns that configuration decides."""
    names = ("name", "url", "publisher", "family", "language", "kind", "enabled")
    return {"configured": True, **{name: getattr(spec, name) for name in names}}


def _declared(spec: FeedSpec, now: datetime) -> dict[str, Any]:
    due = now if spec.enabled else None
    return {"id": spec.id, "declared_at": now, "failures": 0, "next_due_at": due, **_facts(spec)}


def _changed(spec: FeedSpec, row: RowMapping, now: datetime) -> dict[str, Any]:
    state = state_of(row)
    if spec.url != state.url:
        state = FeedState(feed_id=spec.id, url=spec.url, next_due_at=now, last_new_at=state.last_new_at)
    due = (state.next_due_at or now) if spec.enabled and state.retired_at is None else None
    return {"feed_id": spec.id, **_values(state), **_facts(spec), "next_due_at": due}


def _health(row: RowMapping, counted: int) -> FeedHealth:
    state = state_of(row)
    return FeedHealth(
        feed_id=state.feed_id,
        name=row["name"],
        status=_status(state, enabled=row["enabled"]),
        url=state.url,
        last_success_at=state.last_success_at,
        last_attempt_at=state.last_attempt_at,
        next_due_at=state.next_due_at,
        entries=counted,
        error=state.error,
    )


def _status(state: FeedState, *, enabled: bool) -> str:
    if not enabled:
        return "disabled"
    if state.retired_at is not None:
        return "retired"
    if state.last_attempt_at is None:
        return "never"
    return "failing" if state.failures else "ok"

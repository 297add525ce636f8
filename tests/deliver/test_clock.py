"""A clock that jumps loses nothing, repeats nothing, and what it wrote while it was wrong is put right."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from aggregator.deliver import LEASE, decide_due, decide_now, send_due
from aggregator.deliver.claims import Claims
from aggregator.errors import DeliveryError
from aggregator.store import SqlStore
from tests.conftest import Clock
from tests.deliver.outbox import RecordingChannel, delivering, failing, headlines, states, tell

DUE = datetime(2026, 3, 1, 22, 30, tzinfo=UTC)


def test_a_clock_set_back_by_seconds_does_not_repeat_the_digest(sqlite_store: SqlStore, clock: Clock) -> None:
    use = delivering(sqlite_store, clock, RecordingChannel())
    tell(sqlite_store, clock, "one")
    clock.now = DUE + timedelta(seconds=1)
    decide_due(use)
    clock.now = DUE - timedelta(seconds=2)
    assert decide_due(use) == ()
    clock.now = DUE + timedelta(seconds=2)
    assert decide_due(use) == ()
    assert headlines(sqlite_store) == [["Workers one"]]


def test_a_clock_that_ran_a_year_ahead_does_not_silence_the_digest_for_a_year(sqlite_store: SqlStore, clock: Clock) -> None:
    use = delivering(sqlite_store, clock, RecordingChannel())
    tell(sqlite_store, clock, "one")
    clock.now = DUE + timedelta(days=365)
    decide_due(use)
    clock.now = DUE + timedelta(hours=2)
    tell(sqlite_store, clock, "two")
    decide_due(use)
    days = 0
    while len(headlines(sqlite_store)) < 2:
        clock.pass_by(hours=12)
        days += 1
        decide_due(use)
        assert days < 6
    assert headlines(sqlite_store) == [["Workers one"], ["Workers two"]]


async def test_a_retry_put_off_under_a_clock_that_ran_ahead_is_made_when_the_clock_is_right(sqlite_store: SqlStore, clock: Clock) -> None:
    use = delivering(sqlite_store, clock, failing(DeliveryError("later")))
    tell(sqlite_store, clock, "one")
    decide_now(use, "morning")
    right = clock()
    clock.pass_by(days=300)
    await send_due(use)
    clock.now = right + timedelta(minutes=1)
    await send_due(replace(use, channels={"email": RecordingChannel()}))
    assert states(sqlite_store) == {"a@example.org": "sent"}


async def test_a_lease_from_the_future_does_not_hold_a_message_for_ever(sqlite_store: SqlStore, clock: Clock) -> None:
    use = delivering(sqlite_store, clock, RecordingChannel())
    tell(sqlite_store, clock, "one")
    decide_now(use, "morning")
    assert sqlite_store.claim_delivery(clock() + timedelta(days=300), LEASE)
    await send_due(use)
    assert states(sqlite_store) == {"a@example.org": "sent"}


async def test_a_clock_set_forward_hands_nothing_out_twice(sqlite_store: SqlStore, clock: Clock) -> None:
    use = delivering(sqlite_store, clock, RecordingChannel())
    tell(sqlite_store, clock, "one")
    decide_now(use, "morning")
    async with Claims(use) as claims:
        assert await claims.take()
        clock.now += 2 * LEASE
        assert await claims.take() is None

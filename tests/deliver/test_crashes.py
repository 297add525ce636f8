"""Senders killed, stopped or run side by side: each message goes out under its one key."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest

from aggregator.core.receipt_book import MemoryBook
from aggregator.deliver import LEASE, Sent, decide_now, send_due
from aggregator.deliver.sending import MOST_ATTEMPTS
from aggregator.errors import StoreError
from aggregator.models import Delivery, Receipt
from aggregator.ports import Message
from aggregator.store import SqlStore, open_store
from aggregator.store.database import Database
from aggregator.store.engine import database_url
from tests.conftest import Clock
from tests.deliver.outbox import (
    HERE,
    THERE,
    Crash,
    FailingChannel,
    RecordingChannel,
    delivering,
    failing,
    headlines,
    row,
    states,
    tell,
)


def crash() -> FailingChannel:
    return failing(Crash())


async def test_killed_between_decision_and_sending_it_is_sent_once_after_the_restart(sqlite_store: SqlStore, clock: Clock) -> None:
    use = delivering(sqlite_store, clock, crash(), parallel=1)
    tell(sqlite_store, clock, "one")
    decide_now(use, "morning")
    key = row(sqlite_store).delivery.key
    with pytest.raises(Crash):
        await send_due(use)
    assert row(sqlite_store).status == "sending"
    sqlite_store.release_leases()
    channel = RecordingChannel()
    await send_due(replace(use, channels={"email": channel}))
    assert [delivery.key for delivery in channel.sent] == [key]
    assert decide_now(use, "morning") is not None  # an empty digest: nothing of the first is told again
    assert headlines(sqlite_store) == [["Workers one"], []]


class ForgetfulStore(SqlStore):
    """Die, or fail, before a receipt is kept."""

    error: BaseException = Crash()

    def record_all_sent(self, receipts: object, now: object) -> Sequence[bool]:
        raise self.error


@pytest.fixture
def forgetful(store_url: str) -> ForgetfulStore:
    return ForgetfulStore(Database(database_url(store_url)))


async def test_killed_between_sending_and_recording_it_goes_out_again_under_the_same_key(
    sqlite_store: SqlStore, forgetful: ForgetfulStore, clock: Clock
) -> None:
    channel = RecordingChannel()
    use = delivering(sqlite_store, clock, channel, parallel=1)
    tell(sqlite_store, clock, "one")
    decide_now(use, "morning")
    with pytest.raises(Crash):
        await send_due(replace(use, store=forgetful))
    forgetful.close()
    sqlite_store.release_leases()
    await send_due(replace(use, book=MemoryBook()))  # the next process knows nothing of the one before
    first, second = channel.sent
    assert first.key == second.key
    assert channel.pages[0] == channel.pages[1]
    assert states(sqlite_store) == {"a@example.org": "sent"}


async def test_without_a_restart_the_lease_ends_by_time(sqlite_store: SqlStore, clock: Clock) -> None:
    use = delivering(sqlite_store, clock, crash(), parallel=1)
    tell(sqlite_store, clock, "one")
    decide_now(use, "morning")
    with pytest.raises(Crash):
        await send_due(use)
    channel = RecordingChannel()
    again = replace(use, channels={"email": channel})
    clock.now += LEASE - timedelta(seconds=1)
    assert await send_due(again) == ()
    clock.pass_by(seconds=1)
    await send_due(again)
    assert len(channel.sent) == 1


async def test_a_message_that_kills_its_sender_again_and_again_is_given_up(sqlite_store: SqlStore, clock: Clock) -> None:
    use = delivering(sqlite_store, clock, crash(), parallel=1)
    tell(sqlite_store, clock, "one")
    decide_now(use, "morning")
    for _ in range(MOST_ATTEMPTS):
        with pytest.raises(Crash):
            await send_due(use)
        sqlite_store.release_leases()
    (sent,) = await send_due(use)
    assert sent.error == "every attempt so far broke off without an answer"
    assert row(sqlite_store).status == "dead"


async def test_a_store_that_fails_breaks_off_no_message_on_its_way(sqlite_store: SqlStore, forgetful: ForgetfulStore, clock: Clock) -> None:
    meeting = asyncio.Barrier(2)

    class Slow(RecordingChannel):
        async def send(self, delivery: Delivery, message: Message) -> Receipt:
            await asyncio.wait_for(meeting.wait(), 10)
            if delivery.recipient == "b@example.org":
                await asyncio.sleep(0.02)
            return await super().send(delivery, message)

    channel, forgetful.error = Slow(), StoreError("the database refused: disk full")
    use = delivering(sqlite_store, clock, channel, to=(HERE, THERE), parallel=2, receipt_patience=timedelta(0))
    tell(sqlite_store, clock, "one")
    decide_now(use, "morning")
    with pytest.raises(StoreError, match="disk full"):
        await send_due(replace(use, store=forgetful))
    forgetful.close()
    assert sorted(channel.recipients) == ["a@example.org", "b@example.org"]


class SlowChannel(RecordingChannel):
    """Take a message over, and answer only when it is let."""

    def __init__(self) -> None:
        super().__init__()
        self.taken, self.answer = asyncio.Event(), asyncio.Event()

    async def send(self, delivery: Delivery, message: Message) -> Receipt:
        receipt = await super().send(delivery, message)
        self.taken.set()
        await self.answer.wait()
        return receipt


async def test_told_to_stop_it_waits_for_the_answer_on_its_way_and_takes_up_nothing_new(sqlite_store: SqlStore, clock: Clock) -> None:
    channel = SlowChannel()
    use = delivering(sqlite_store, clock, channel, to=(HERE, THERE), parallel=1)
    tell(sqlite_store, clock, "one")
    decide_now(use, "morning")
    sending = asyncio.create_task(send_due(use))
    await channel.taken.wait()
    sending.cancel()
    await asyncio.sleep(0)
    channel.answer.set()
    with pytest.raises(asyncio.CancelledError):
        await sending
    assert sorted(states(sqlite_store).values()) == ["pending", "sent"]


async def test_claims_that_waited_for_half_their_lease_are_given_back_and_taken_anew(sqlite_store: SqlStore, clock: Clock) -> None:
    class Endless(RecordingChannel):
        async def send(self, delivery: Delivery, message: Message) -> Receipt:
            clock.now += LEASE * 0.6
            return await super().send(delivery, message)

    people = tuple(replace(HERE, recipient=f"{name}@example.org") for name in "abc")
    channel = Endless()
    use = delivering(sqlite_store, clock, channel, to=people, parallel=1)
    tell(sqlite_store, clock, "one")
    decide_now(use, "morning")
    assert [sent.claimed.delivery.attempts for sent in await send_due(use)] == [1, 1, 1]
    assert channel.recipients == [address.recipient for address in people]


async def test_no_message_is_begun_before_the_receipt_of_its_senders_last_one_is_kept(sqlite_store: SqlStore, clock: Clock) -> None:
    class Watching(RecordingChannel):
        async def send(self, delivery: Delivery, message: Message) -> Receipt:
            kept = [found.delivery.recipient for found in sqlite_store.deliveries(status="sent")]
            unknown.append(len(set(self.recipients) - set(kept)))
            return await super().send(delivery, message)

    people, unknown = tuple(replace(HERE, recipient=f"{number}@example.org") for number in range(20)), list[int]()
    use = delivering(sqlite_store, clock, Watching(), to=people, parallel=3)
    tell(sqlite_store, clock, "one")
    decide_now(use, "morning")
    await send_due(use)
    assert len(unknown) == 20
    assert max(unknown) < 3


async def test_two_senders_never_claim_one_delivery(sqlite_store: SqlStore, store_url: str, clock: Clock) -> None:
    other, channel = open_store(store_url), RecordingChannel()
    use = delivering(sqlite_store, clock, channel)
    for number in range(20):
        tell(sqlite_store, clock, f"story {number}")
        decide_now(use, "morning")
    both = await asyncio.gather(send_due(use), send_due(replace(use, store=other)))
    other.close()
    assert sum(map(len, both)) == 20
    assert len({delivery.key for delivery in channel.sent}) == len(channel.sent) == 20


async def test_a_sender_whose_lease_ran_out_cannot_say_how_it_went(sqlite_store: SqlStore, clock: Clock) -> None:
    use = delivering(sqlite_store, clock, RecordingChannel())
    tell(sqlite_store, clock, "one")
    decide_now(use, "morning")
    slow = sqlite_store.claim_delivery(clock(), LEASE)
    assert slow is not None
    clock.now += LEASE
    await send_due(use)
    assert not sqlite_store.record_not_sent(slow, "too late", None, clock())
    assert states(sqlite_store) == {"a@example.org": "sent"}


async def test_messages_go_out_side_by_side_up_to_the_limit(sqlite_store: SqlStore, clock: Clock) -> None:
    meeting = asyncio.Barrier(3)

    class Meeting(RecordingChannel):
        async def send(self, delivery: Delivery, message: Message) -> Receipt:
            await asyncio.wait_for(meeting.wait(), 10)
            return await super().send(delivery, message)

    people = tuple(replace(HERE, recipient=f"{name}@example.org") for name in "abcdef")
    use = delivering(sqlite_store, clock, Meeting(), to=people, parallel=3)
    tell(sqlite_store, clock, "one")
    decide_now(use, "morning")
    seen: list[Sent] = []
    assert len(await send_due(use, seen.append)) == len(seen) == 6

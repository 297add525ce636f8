"""What the operator learns and can do: alarms, dead letters, closed addresses."""

from dataclasses import replace
from datetime import timedelta

from aggregator.alarms import GRACE, PATIENCE, Watchman, alarms
from aggregator.deliver import decide_due, decide_now, render_again, send_due
from aggregator.errors import DeliveryError
from aggregator.records import Address, Closure
from aggregator.store import SqlStore
from tests.conftest import Clock
from tests.deliver.outbox import HERE, THERE, RecordingChannel, delivering, failing, row, states, tell

GONE = DeliveryError("550 5.1.1 no such user", closes=True)


def unsubscribed(address: Address, clock: Clock) -> Closure:
    return Closure(subscription="morning", address=address, cause="unsubscribed", detail="asked by mail", closed_at=clock())


async def test_a_permanent_error_closes_the_recipient_and_tells_the_operator(sqlite_store: SqlStore, clock: Clock) -> None:
    channel = failing(GONE, "b@example.org")
    use = delivering(sqlite_store, clock, channel, to=(HERE, THERE))
    for name in ("one", "two"):
        tell(sqlite_store, clock, name)
        decide_now(use, "morning")
    await send_due(replace(use, parallel=1))
    assert [(closure.address, closure.cause) for closure in sqlite_store.closures()] == [(THERE, "refused")]
    assert {found.status for found in sqlite_store.deliveries() if found.delivery.recipient == "b@example.org"} == {"dead"}
    tell(sqlite_store, clock, "three")
    decide_now(use, "morning")
    assert [found.delivery.recipient for found in sqlite_store.deliveries(digest_id=3)] == ["a@example.org"]
    (alarm,) = alarms(use)
    assert (alarm.kind, alarm.text) == ("closed", "email to b@example.org is closed: 550 5.1.1 no such user")


async def test_when_nobody_is_left_the_window_stays_open_and_that_is_an_alarm(sqlite_store: SqlStore, clock: Clock) -> None:
    use = delivering(sqlite_store, clock, failing(GONE))
    tell(sqlite_store, clock, "one")
    decide_now(use, "morning")
    await send_due(use)
    tell(sqlite_store, clock, "two")
    assert decide_now(use, "morning") is None
    assert [alarm.kind for alarm in alarms(use)] == ["nobody"]


async def test_dead_letters_are_listed_and_sent_again_under_their_old_key(sqlite_store: SqlStore, clock: Clock) -> None:
    use = delivering(sqlite_store, clock, failing(GONE))
    tell(sqlite_store, clock, "one")
    decide_now(use, "morning")
    await send_due(use)
    (dead,) = sqlite_store.deliveries(status="dead")
    channel = RecordingChannel()
    again = replace(use, channels={"email": channel})
    assert await send_due(again) == ()
    assert sqlite_store.resend([dead.delivery.id], clock()) == 1
    assert sqlite_store.closures() == []
    await send_due(again)
    assert [delivery.key for delivery in channel.sent] == [dead.delivery.key]
    assert sqlite_store.resend([dead.delivery.id], clock()) == 0
    assert alarms(use) == ()


async def test_who_unsubscribed_gets_neither_what_waits_nor_what_is_sent_again(sqlite_store: SqlStore, clock: Clock) -> None:
    channel = RecordingChannel()
    use = delivering(sqlite_store, clock, channel, to=(HERE, THERE))
    tell(sqlite_store, clock, "one")
    decide_now(use, "morning")
    assert sqlite_store.close_address(unsubscribed(THERE, clock))
    assert not sqlite_store.close_address(unsubscribed(THERE, clock))
    await send_due(use)
    assert channel.recipients == ["a@example.org"]
    assert sqlite_store.resend([row(sqlite_store, "b@example.org").delivery.id], clock()) == 0
    assert alarms(use) == ()
    assert sqlite_store.reopen_address("morning", THERE)
    assert not sqlite_store.reopen_address("morning", THERE)


def test_who_unsubscribed_did_so_in_every_spelling_of_the_mailbox(sqlite_store: SqlStore, clock: Clock) -> None:
    shouted = Address(channel="email", recipient="B@Example.org")
    use = delivering(sqlite_store, clock, RecordingChannel(), to=(HERE, shouted))
    assert sqlite_store.close_address(unsubscribed(THERE, clock))
    tell(sqlite_store, clock, "one")
    decide_now(use, "morning")
    assert list(states(sqlite_store)) == ["a@example.org"]


def test_a_digest_that_was_due_and_did_not_go_raises_an_alarm(sqlite_store: SqlStore, clock: Clock) -> None:
    use = delivering(sqlite_store, clock, RecordingChannel())
    state = sqlite_store.subscription_state("morning")
    assert state is not None
    assert state.next_due_at is not None
    clock.now = state.next_due_at + GRACE - timedelta(seconds=1)
    assert alarms(use) == ()
    clock.pass_by(seconds=1)
    (alarm,) = alarms(use)
    assert (alarm.kind, alarm.since) == ("overdue", state.next_due_at)
    assert "was due 2026-03-01 22:30 UTC and did not go; none went so far" in alarm.text
    decide_due(use)
    assert alarms(use) == ()


async def test_a_decided_message_that_nobody_takes_raises_an_alarm_and_a_dead_one_does(sqlite_store: SqlStore, clock: Clock) -> None:
    use = delivering(sqlite_store, clock, failing(DeliveryError("the server does not answer")))
    tell(sqlite_store, clock, "one")
    decide_now(use, "morning")
    await send_due(use)
    clock.now += PATIENCE + timedelta(seconds=1)
    (alarm,) = alarms(use)
    assert (alarm.kind, alarm.text) == (
        "unsent",
        "digest 1 by email to a@example.org waits since it was decided: the server does not answer",
    )
    await send_due(replace(use, channels={"email": failing(DeliveryError("554 spam", permanent=True))}))
    (alarm,) = alarms(use)
    assert alarm.kind == "dead"
    assert "`aggregator digest resend 1` sends it again" in alarm.text
    assert sqlite_store.closures() == []  # a refused message says nothing about the next one


def test_the_watchman_tells_each_alarm_once(sqlite_store: SqlStore, clock: Clock) -> None:
    use, watchman = delivering(sqlite_store, clock, RecordingChannel()), Watchman()
    clock.pass_by(days=2)
    assert [alarm.kind for alarm in watchman.watch(use)] == ["overdue"]
    decide_due(use)
    assert watchman.watch(use) == ()


async def test_a_sent_digest_renders_again_to_the_same_bytes(sqlite_store: SqlStore, clock: Clock) -> None:
    channel = RecordingChannel()
    use = delivering(sqlite_store, clock, channel)
    tell(sqlite_store, clock, "one")
    digest_id = decide_now(use, "morning")
    assert digest_id is not None
    await send_due(use)
    tell(sqlite_store, clock, "two")
    clock.pass_by(days=40)
    renamed = replace(use, label=lambda concept, language: "another word", topics=())
    assert render_again(renamed, digest_id, row(sqlite_store).delivery.id) == (channel.pages[0], True)
    assert states(sqlite_store) == {"a@example.org": "sent"}

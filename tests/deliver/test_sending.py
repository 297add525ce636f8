"""Sending: each delivery succeeds or fails alone, is tried again by date, and keeps its key for ever."""

import socket
from dataclasses import replace
from datetime import timedelta

import pytest

from aggregator.channels import EmailChannel
from aggregator.core.timing import DELIVERY_RETRIES
from aggregator.deliver import decide_now, send_due
from aggregator.errors import DeliveryError
from aggregator.models import Delivery, SmtpServer
from aggregator.ports import Message
from aggregator.store import SqlStore
from tests.conftest import Clock
from tests.deliver.outbox import (
    HERE,
    HOOK,
    THERE,
    FailingChannel,
    RecordingChannel,
    delivering,
    failing,
    headlines,
    row,
    states,
    tell,
)

REFUSED = DeliveryError("the server does not answer")
UNKNOWN = DeliveryError("550 no such user", permanent=True)


async def test_a_failed_smtp_server_leaves_the_message_unsent(sqlite_store: SqlStore, clock: Clock) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    channel = EmailChannel(SmtpServer(host="127.0.0.1", port=port, tls="none"), "watch@example.org")
    use = delivering(sqlite_store, clock, channel)
    tell(sqlite_store, clock, "one")
    decide_now(use, "morning")
    (sent,) = await send_due(use)
    assert sent.error
    found = row(sqlite_store)
    assert (found.status, found.sent_at, found.due_at) == ("retry", None, clock() + DELIVERY_RETRIES[0])
    assert found.detail == sent.error


async def test_a_failed_window_is_sent_again_as_it_was_decided(sqlite_store: SqlStore, clock: Clock) -> None:
    down, up = failing(REFUSED), RecordingChannel()
    use = delivering(sqlite_store, clock, down)
    tell(sqlite_store, clock, "one")
    decide_now(use, "morning")
    await send_due(use)
    tell(sqlite_store, clock, "two")
    decide_now(use, "morning")
    clock.pass_by(minutes=1)
    await send_due(replace(use, channels={"email": up}))
    assert headlines(sqlite_store) == [["Workers one"], ["Workers two"]]
    assert sorted(page.splitlines()[1] for page in up.pages) == [b"1.1 Workers one", b"2.1 Workers two"]
    assert states(sqlite_store) == {"a@example.org": "sent"}


async def test_one_failed_recipient_does_not_make_the_others_get_it_twice(sqlite_store: SqlStore, clock: Clock) -> None:
    channel = failing(REFUSED, "b@example.org")
    use = delivering(sqlite_store, clock, channel, to=(HERE, THERE))
    tell(sqlite_store, clock, "one")
    decide_now(use, "morning")
    for _ in range(3):
        await send_due(use)
        clock.pass_by(hours=1)
    assert channel.recipients == ["a@example.org"]
    assert states(sqlite_store) == {"a@example.org": "sent", "b@example.org": "retry"}


async def test_success_on_one_channel_does_not_count_for_the_others(sqlite_store: SqlStore, clock: Clock) -> None:
    mail, chat = RecordingChannel(), failing(REFUSED)
    use = delivering(sqlite_store, clock, mail, to=(HERE, HOOK), channels={"email": mail, "slack": chat})
    tell(sqlite_store, clock, "one")
    decide_now(use, "morning")
    await send_due(use)
    assert states(sqlite_store) == {"a@example.org": "sent", "env:HOOK": "retry"}
    chat.error = lambda delivery: None
    clock.pass_by(minutes=1)
    await send_due(use)
    assert states(sqlite_store) == {"a@example.org": "sent", "env:HOOK": "sent"}
    assert len(mail.sent) == 1


@pytest.mark.parametrize("error", [REFUSED, UNKNOWN, RuntimeError("unexpected")], ids=["refused", "permanent", "unexpected"])
async def test_a_failing_message_does_not_lose_the_rest(sqlite_store: SqlStore, clock: Clock, error: Exception) -> None:
    channel = FailingChannel(error=lambda delivery: error if delivery.digest_id == 3 else None)
    use = delivering(sqlite_store, clock, channel, parallel=1)
    for name in "abcde":
        tell(sqlite_store, clock, name)
        decide_now(use, "morning")
    results = await send_due(use)
    assert [sent.claimed.delivery.digest_id for sent in results if sent.error is None] == [1, 2, 4, 5]
    assert len(channel.sent) == 4


async def test_a_message_that_cannot_be_rendered_is_one_deliverys_failure(sqlite_store: SqlStore, clock: Clock) -> None:
    class Unrenderable(RecordingChannel):
        def render(self, digest: object, delivery: Delivery) -> Message:
            raise RecursionError

    use = delivering(sqlite_store, clock, RecordingChannel(), to=(HERE, HOOK))
    tell(sqlite_store, clock, "one")
    decide_now(use, "morning")
    await send_due(replace(use, channels={**use.channels, "slack": Unrenderable()}))
    assert states(sqlite_store) == {"a@example.org": "sent", "env:HOOK": "retry"}
    assert row(sqlite_store, "env:HOOK").detail == "internal error: RecursionError; see the log"


async def test_a_permanent_error_is_a_dead_letter_and_is_not_tried_again(sqlite_store: SqlStore, clock: Clock) -> None:
    channel = failing(UNKNOWN)
    use = delivering(sqlite_store, clock, channel)
    tell(sqlite_store, clock, "one")
    decide_now(use, "morning")
    (sent,) = await send_due(use)
    assert (sent.error, sent.retry_at) == ("550 no such user", None)
    found = row(sqlite_store)
    assert (found.status, found.due_at, found.detail) == ("dead", None, "550 no such user")
    clock.pass_by(days=30)
    assert await send_due(use) == ()


async def test_retries_come_by_date_ever_later_and_end_among_the_dead(sqlite_store: SqlStore, clock: Clock) -> None:
    use = delivering(sqlite_store, clock, failing(REFUSED))
    tell(sqlite_store, clock, "one")
    decide_now(use, "morning")
    for wait in DELIVERY_RETRIES:
        (sent,) = await send_due(use)
        assert sent.retry_at == clock() + wait
        clock.now = sent.retry_at - timedelta(seconds=1)
        assert await send_due(use) == ()
        clock.pass_by(seconds=1)
    (last,) = await send_due(use)
    assert (last.retry_at, row(sqlite_store).status) == (None, "dead")


async def test_a_receiver_that_asks_for_a_pause_gets_it(sqlite_store: SqlStore, clock: Clock) -> None:
    use = delivering(sqlite_store, clock, failing(DeliveryError("429", retry_after=3600)))
    tell(sqlite_store, clock, "one")
    decide_now(use, "morning")
    (sent,) = await send_due(use)
    assert sent.retry_at == clock() + timedelta(hours=1)


async def test_a_message_that_waited_for_weeks_does_not_expire(sqlite_store: SqlStore, clock: Clock) -> None:
    channel = RecordingChannel()
    use = delivering(sqlite_store, clock, channel)
    tell(sqlite_store, clock, "one")
    decide_now(use, "morning")
    clock.pass_by(days=60)
    await send_due(use)
    assert len(channel.sent) == 1


async def test_a_channel_that_is_not_configured_for_a_while_loses_nothing(sqlite_store: SqlStore, clock: Clock) -> None:
    channel = RecordingChannel()
    use = delivering(sqlite_store, clock, channel)
    tell(sqlite_store, clock, "one")
    decide_now(use, "morning")
    (sent,) = await send_due(replace(use, channels={}))
    assert sent.error == "channel 'email' is not configured: set what it needs in the environment"
    clock.pass_by(minutes=1)
    await send_due(use)
    assert states(sqlite_store) == {"a@example.org": "sent"}

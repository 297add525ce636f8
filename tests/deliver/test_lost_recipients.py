"""A variable that was lost diverts nothing in silence: what went by mail waits for mail, and the operator is told."""

from dataclasses import replace
from datetime import timedelta
from functools import partial

import pytest

from aggregator.alarms import alarms
from aggregator.app.recipients import addresses, standing_addresses, unset
from aggregator.deliver import Delivering, decide_due, decide_now, send_due
from aggregator.errors import DeliveryError
from aggregator.models import SubscriptionSpec
from aggregator.records import Address
from aggregator.settings import Settings, load_settings
from aggregator.store import SqlStore
from tests.conftest import Clock
from tests.deliver.outbox import ALERTS, DIGEST, RecordingChannel, delivering, failing, headlines, row, tell

MAIL = {"AGGREGATOR_SMTP_URL": "smtp://127.0.0.1:2525?tls=none", "AGGREGATOR_MAIL_FROM": "watch@example.org"}
READERS = replace(DIGEST, recipients=("env:MAILTO", "env:MISSING"))
HOOKS = replace(ALERTS, recipients=("env:HOOK", "env:MISSING"))


def installed(store: SqlStore, clock: Clock, channel: RecordingChannel, spec: SubscriptionSpec, **environment: str) -> Delivering:
    settings: Settings = load_settings(environment)
    return delivering(
        store,
        clock,
        channel,
        spec,
        channels={"email": channel, "slack": channel, "file": channel},
        addresses=lambda subscription: standing_addresses(settings, subscription, store),
        unset=partial(unset, settings),
    )


@pytest.mark.parametrize("lost", [{"MAILTO": "a@example.org"}, MAIL, {}], ids=["server", "people", "both"])
async def test_who_had_mail_loses_none_of_it_to_a_folder(sqlite_store: SqlStore, clock: Clock, lost: dict[str, str]) -> None:
    channel, spec = RecordingChannel(), replace(DIGEST, recipients=("env:MAILTO",))
    whole = installed(sqlite_store, clock, channel, spec, **MAIL, MAILTO="a@example.org")
    tell(sqlite_store, clock, "one")
    decide_now(whole, "morning")
    await send_due(whole)
    broken = installed(sqlite_store, clock, channel, spec, **lost)
    tell(sqlite_store, clock, "two")
    clock.pass_by(days=2)
    assert (decide_now(broken, "morning"), decide_due(broken)) == (None, ())
    (alarm,) = alarms(broken)
    assert (alarm.kind, alarm.since) == ("nobody", clock() - timedelta(days=2))
    assert "is not set, and email went out until" in alarm.text
    decide_due(whole)
    await send_due(whole)
    assert [len(digest) for digest in headlines(sqlite_store)] == [1, 1]
    assert {delivery.channel for delivery in channel.sent} == {"email"}
    assert alarms(whole) == ()


async def test_what_never_sent_mail_is_written_to_files_and_that_is_no_alarm(sqlite_store: SqlStore, clock: Clock) -> None:
    channel = RecordingChannel()
    first = installed(sqlite_store, clock, channel, READERS)
    tell(sqlite_store, clock, "one")
    decide_now(first, "morning")
    await send_due(first)
    refused = installed(
        sqlite_store, clock, failing(DeliveryError("no server")), READERS, **MAIL, MAILTO="a@example.org", MISSING="b@e.org"
    )
    tell(sqlite_store, clock, "two")
    decide_now(refused, "morning")
    await send_due(refused)  # mail was tried, and never worked
    assert [address.channel for address in first.addresses(READERS)] == ["file"]
    assert alarms(first) == ()


def test_one_missing_of_several_is_an_alarm_that_is_told_each_week(sqlite_store: SqlStore, clock: Clock) -> None:
    use = installed(sqlite_store, clock, RecordingChannel(), READERS, **MAIL, MAILTO="a@example.org")
    (alarm,) = alarms(use)
    assert (alarm.kind, alarm.about) == ("unset", "MISSING")
    assert "MISSING is not set" in alarm.text
    (again,) = alarms(replace(use, clock=lambda: clock() + timedelta(minutes=1)))
    assert again == alarm
    assert alarm.since <= clock() < alarm.since + timedelta(days=7)


async def test_a_missing_webhook_beside_others_keeps_its_messages_waiting(sqlite_store: SqlStore, clock: Clock) -> None:
    waits = failing(DeliveryError("MISSING is not set"), "env:MISSING")
    use = installed(sqlite_store, clock, waits, HOOKS, HOOK="C0123456789")
    tell(sqlite_store, clock, "one")
    decide_now(use, "alerts")
    await send_due(use)
    assert waits.recipients == ["env:HOOK"]
    assert row(sqlite_store, "env:MISSING").status == "retry"
    assert [alarm.kind for alarm in alarms(use)] == ["unset"]
    clock.pass_by(hours=1)
    both = installed(sqlite_store, clock, waits, HOOKS, HOOK="C0123456789", MISSING="C0123456780")
    channel = RecordingChannel()
    await send_due(replace(both, channels={"slack": channel}))
    assert channel.recipients == ["env:MISSING"]
    assert alarms(both) == ()


async def test_webhooks_that_are_all_lost_are_an_alarm_once_they_worked(sqlite_store: SqlStore, clock: Clock) -> None:
    channel = RecordingChannel()
    assert alarms(installed(sqlite_store, clock, channel, HOOKS)) == ()
    use = installed(sqlite_store, clock, channel, HOOKS, HOOK="C0123456789", MISSING="C0123456780")
    tell(sqlite_store, clock, "one")
    decide_now(use, "alerts")
    await send_due(use)
    (alarm,) = alarms(installed(sqlite_store, clock, channel, HOOKS))
    assert (alarm.kind, alarm.about) == ("nobody", "HOOK, MISSING")


def test_two_spellings_of_a_mailbox_are_one_recipient_written_to_as_it_stands_first() -> None:
    people = "Desk@Example.org, desk@example.org, Ann <ann@example.org>, ANN@EXAMPLE.ORG, bob@example.org"
    found = addresses(load_settings({**MAIL, "MAILTO": people}), replace(DIGEST, recipients=("env:MAILTO", "bob@Example.org")))
    expected = ["Desk@Example.org", "Ann <ann@example.org>", "bob@example.org"]
    assert found == tuple(Address(channel="email", recipient=person) for person in expected)
